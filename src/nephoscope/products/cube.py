"""Cube: a Zarr v3 store of one fixed grid that grows along time, slot by slot, in any order.

A slot is a pure function of time: number (time - epoch) / step. Of each variable it is one file, a
shard, so processes that make different slots never touch the same bytes, and the bytes of the store
do not depend on the order in which slots were made. `time` is there for the whole axis; a slot that
nobody made holds fill values. `status` (time) is written last and is the journal. Whatever is
written is whole or not there: a run may be killed at any byte and run again to the same end.

Plain `xarray.open_zarr` reads it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.errors import InputError, OutputError, shown
from nephoscope.files import atomic_path, locked, remove_stale_parts, short_name, write_bytes
from nephoscope.products.cube_layout import (
    DONE,
    FAILED,
    differences,
    dims_of,
    layout_of,
    lengthen,
    write_layout,
)
from nephoscope.products.pack import check_band, rows_of
from nephoscope.products.shard import Shard, is_whole

if TYPE_CHECKING:
    import zarr

CHUNKS = {"y": 128, "x": 128}


class Slot:
    """A slot while it is written, band by band: no more than a row of chunks is in memory.

    Args:
        arrays: the variables of a slot in the store.
        shards: their files.
        numbers: one of the whole slot each, filled here.
        rows: the dimension along which the bands lie.
    """

    def __init__(
        self,
        arrays: Mapping[str, zarr.Array[Any]],
        shards: Mapping[str, Shard],
        numbers: Mapping[str, npt.NDArray[Any]],
        rows: str,
    ) -> None:
        self._arrays = arrays
        self._shards = shards
        self._numbers = numbers
        self._rows = rows

    def put(self, band: xr.Dataset, row: int = 0) -> None:
        """Add a band of rows; bands come in order, and rows left out hold fill values.

        Args:
            band: packed variables (`nephoscope.products.pack`) without time; of those without rows
                numbers of the whole slot are kept, and others left aside.
            row: the grid's row that is the band's first.

        Raises:
            ValueError: a variable is not in the cube, or of another type or shape; or its rows do
                not lie behind those that were put before.
        """
        for name, number in self._numbers.items():
            if name in band:
                number[...] = band[name].values
        for name, variable in rows_of(band, self._rows).items():
            if name not in self._arrays:
                raise ValueError(f"{name} is not in the cube")
            array = self._arrays[name]
            sizes: dict[Hashable, int] = dict(zip(dims_of(array)[1:], array.shape[1:], strict=True))
            check_band(variable, name, sizes, array.dtype, row, self._rows)
            self._shards[name].put(variable.values, row)


@dataclass(frozen=True)
class Cube:
    """An open cube, made by `open_cube`; other processes can be given it.

    Attributes:
        path: of the store.
        epoch: time of slot 0, datetime64[s].
        step: seconds from slot to slot.
        rows: the dimension along which a slot is written.
    """

    path: Path
    epoch: np.datetime64
    step: int
    rows: str = "y"

    def number(self, time: np.datetime64) -> int:
        """Number of the slot of a time, UTC.

        Raises:
            InputError: no slot has that time.
        """
        if not np.isnat(time):
            number, rest = divmod(time - self.epoch, np.timedelta64(self.step, "s"))
            if number >= 0 and not rest:
                return int(number)
        problem = f"{time} is the time of no slot: they are {self.step} s apart from {self.epoch}"
        raise InputError(self.path, problem, field="time")

    def done(self, time: np.datetime64) -> bool:
        """Whether a slot is made: its status says so, and its files are as long as they should be.

        Raises:
            InputError: no slot has that time.
        """
        status = self._status(self.number(time))
        if not status.is_file() or status.read_bytes() != bytes([DONE]):
            return False
        numbers = (self._place(array, time).is_file() for array in self._numbers.values())
        shards = (is_whole(self._place(array, time), array) for array in self._arrays.values())
        return all(numbers) and all(shards)

    @contextmanager
    def slot(self, time: np.datetime64) -> Iterator[Slot]:
        """Write a slot: made once the block has ended; if the block raises, as it was before.

        Raises:
            InputError: no slot has that time.
            OutputError: it cannot be written.
        """
        arrays, shards = self._arrays, {}
        numbers = {n: np.array(a.fill_value, a.dtype) for n, a in self._numbers.items()}
        with ExitStack() as stack:
            for name, array in arrays.items():
                part = stack.enter_context(atomic_path(self._place(array, time)))
                file = stack.enter_context(part.open("wb"))
                shards[name] = Shard(file, array, dims_of(array).index(self.rows))
            yield Slot(arrays, shards, numbers, self.rows)
            for shard in shards.values():
                shard.close()
            _remove(self._status(self.number(time)))
            for name, number in numbers.items():
                write_bytes(self._place(self._numbers[name], time), number.tobytes())
        self._end(time, DONE)

    def fail(self, time: np.datetime64) -> None:
        """Note that a slot could not be made; what was there of it is removed.

        Raises:
            InputError: no slot has that time.
            OutputError: it cannot be written.
        """
        _remove(self._status(self.number(time)))
        for array in (*self._arrays.values(), *self._numbers.values()):
            _remove(self._place(array, time))
        self._end(time, FAILED)

    def _end(self, time: np.datetime64, status: int) -> None:
        number = self.number(time)
        with _alone(self.path):
            lengthen(self.path, number + 1, self.step)
        write_bytes(self._status(number), bytes([status]))

    @cached_property
    def _arrays(self) -> dict[str, zarr.Array[Any]]:
        """The variables of a slot, by name; how long they are now is not to be asked of them."""
        import zarr

        arrays = sorted(zarr.open_group(self.path, mode="r").arrays())
        return {name: array for name, array in arrays if array.shards is not None}

    @cached_property
    def _numbers(self) -> dict[str, zarr.Array[Any]]:
        """The numbers of a whole slot, by name."""
        import zarr

        arrays = sorted(zarr.open_group(self.path, mode="r").arrays())
        return {n: a for n, a in arrays if dims_of(a) == ("time",) and n not in {"time", "status"}}

    def _place(self, array: zarr.Array[Any], time: np.datetime64) -> Path:
        key = ".".join(("c", str(self.number(time)), *("0" for _ in array.shape[1:])))
        return self.path / array.basename / key

    def _status(self, number: int) -> Path:
        return self.path / "status" / f"c.{number}"


def open_cube(
    path: str | PathLike[str],
    template: xr.Dataset,
    epoch: np.datetime64,
    step: np.timedelta64,
    *,
    rows: str = "y",
    chunks: Mapping[str, int] = CHUNKS,
    key: Mapping[str, str] | None = None,
) -> Cube:
    """Open a cube to write to; it is made if it is not there.

    Args:
        path: of the store.
        template: its variables, packed and with CF attributes; those of a slot have the dimensions
            (time, ...), of which time may have any length: values do not matter, so
            `nephoscope.products.pack.unfilled` does; slots that are not made hold `_FillValue`, or
            what has none `encoding["fill_value"]`. The others, coordinates, bounds and grid
            mapping, are stored once.
        epoch: time of slot 0, whole seconds, UTC.
        step: from slot to slot, whole seconds.
        rows: the dimension along which slots are written.
        chunks: sizes of the pieces that are compressed and read alone; other dimensions are whole.
        key: what all slots are made with (model's sha256, recipe): stored as attributes.

    Raises:
        OutputError: it cannot be written or read; or what is there was made with another key or
            template, whose first difference is named.
        ValueError: epoch or step are not of whole seconds; or a variable of a slot has other
            dimensions than time, and not rows among them.
    """
    path, seconds = Path(path), int(step // np.timedelta64(1, "s"))
    if seconds < 1 or step != np.timedelta64(seconds, "s") or epoch != epoch.astype("M8[s]"):
        raise ValueError(f"epoch {epoch} and step {step} are not of whole seconds")
    key = dict(key or {}) | {"time_coverage_resolution": f"PT{seconds}S"}
    epoch = epoch.astype("datetime64[s]")
    layout = layout_of(template.assign_attrs(key), epoch, seconds)
    with _alone(path):
        remove_stale_parts(path.parent)
        if not path.exists():
            with atomic_path(path) as part:
                write_layout(layout, part, rows, chunks)
        _check(path, layout, rows, chunks, key)
        for folder in (path, *path.iterdir()):
            remove_stale_parts(folder)
        lengthen(path, 0, seconds)
    return Cube(path, epoch, seconds, rows)


def read_slot(path: str | PathLike[str], time: np.datetime64) -> xr.Dataset:
    """A slot of a cube, packed as it is stored, as `write_netcdf` takes it; time has the size 1.

    Raises:
        InputError: it cannot be read, or its axis does not hold the time.
    """
    try:
        cube = xr.open_zarr(path, chunks=None, mask_and_scale=False, decode_times=False)
        (found,) = np.nonzero(xr.decode_cf(cube[["time"]])["time"].values == time)
        if not found.size:
            raise InputError(path, f"holds no slot of {time}", field="time")
        slot = cube.isel(time=found).load().drop_encoding()
    except (ValueError, KeyError, OSError) as error:
        raise InputError(path, f"cannot be read as Zarr: {error}") from error
    for variable in slot.variables.values():
        for name in variable.attrs.keys() & {"flag_values", "flag_masks", "valid_range"}:
            # JSON does not say of which type a number is; CF wants the variable's.
            variable.attrs[name] = np.array(variable.attrs[name], variable.dtype)
    bounds = [v.attrs["bounds"] for v in slot.variables.values() if "bounds" in v.attrs]
    with_bounds: xr.Dataset = slot.set_coords(bounds)
    return with_bounds


def _check(
    path: Path, layout: xr.Dataset, rows: str, chunks: Mapping[str, int], key: Mapping[str, str]
) -> None:
    """See that a store is the cube of a layout.

    Raises:
        OutputError: it is not.
    """
    import zarr

    if not (path / "status" / "zarr.json").is_file():
        raise OutputError(f"{shown(path)}: is there and is no cube: name another place")
    try:
        found = zarr.open_group(path, mode="r")
        memory = zarr.storage.MemoryStore()
        write_layout(layout, memory, rows, chunks)
        wrong = [
            f"{name} ({there}, not {key[name]})"
            for name in key
            if (there := found.attrs.get(name)) != key[name]
        ]
        wrong += differences(zarr.open_group(memory, mode="r"), found)
    except (ValueError, KeyError) as error:
        raise OutputError(f"{shown(path)}: cannot be read as Zarr: {error}") from error
    if wrong:
        raise OutputError(
            f"{shown(path)}: was made with another {wrong[0]}: name another place, or remove it"
        )


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep out other processes that make or lengthen the same cube.

    Raises:
        OutputError: it cannot be read or written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with locked(path.with_name(short_name(f".{path.name}", ".lock"))):
            yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"{shown(path)}: could not be written: {reason}") from error


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{shown(path)}: could not be removed: {error.strerror}") from error
