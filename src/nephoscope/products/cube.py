"""Cube: a Zarr v3 store of one fixed grid that grows along time, slot by slot, in any order.

A slot is a pure function of time: number (time - epoch) / step. Of each variable it is one file, a
shard, so processes that make different slots never touch the same bytes, and the bytes of the store
do not depend on the order in which slots were made. `time` is there for the whole axis; a slot that
nobody made holds fill values. `status` (time) is written last and is the journal. Whatever is
written is whole or not there: a run may be killed at any byte and run again to the same end.

Plain `xarray.open_zarr` reads it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from nephoscope.errors import InputError, OutputError, shown
from nephoscope.files import (
    atomic_path,
    locked,
    remove_stale_parts,
    sha256_of_files,
    short_name,
    write_bytes,
)
from nephoscope.products.cube_layout import (
    DONE,
    RESOLUTION,
    difference,
    layout_of,
    length_and_step,
    lengthen,
    write_layout,
)
from nephoscope.products.held import in_parts, let_go

if TYPE_CHECKING:
    import zarr

CHUNKS = {"y": 128, "x": 128}


@dataclass(frozen=True)
class Cube:
    """An open cube, made by `open_cube`; other processes can be given it.

    Attributes:
        path: of the store.
        epoch: time of slot 0, datetime64[s].
        step: seconds from slot to slot.
    """

    path: Path
    epoch: np.datetime64
    step: int

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
        """Whether a slot is made: its status says so, and its files are there.

        Raises:
            InputError: no slot has that time.
        """
        return all(file.is_file() for file in self.files(time))

    def files(self, time: np.datetime64) -> list[Path]:
        """The files of a slot, of which its status comes last.

        Raises:
            InputError: no slot has that time.
        """
        number = self.number(time)
        shards = [self._shard(array, number) for array in self._arrays.values()]
        return [*shards, self._status(number)]

    def write(self, time: np.datetime64, product: xr.Dataset, *, last: bool = False) -> None:
        """Write a slot, variable by variable: no more than one of them is in memory once more.

        Args:
            time: of the slot.
            product: its variables, packed as the template's, without time.
            last: whether nothing more is wanted of the product: what is large is let go once it
                is in the store.

        Raises:
            InputError: no slot has that time.
            OutputError: it cannot be written.
            ValueError: the variables are not the cube's, or of another type or shape.
        """
        number = self.number(time)
        _check_fits(product, self._arrays)
        with _alone(self.path):
            self._status(number).unlink(missing_ok=True)
            lengthen(self.path, number + 1, self.step)
        for name, array in self._arrays.items():
            write_bytes(self._shard(array, number), _encode(product[name].variable, array))
            if last:
                let_go(product[name].variable)
        write_bytes(self._status(number), bytes([DONE]))

    def sha256_of(self, time: np.datetime64) -> str:
        """The sha256 of the files of a slot and their names."""
        number = self.number(time)
        shards = [self._shard(array, number) for array in self._arrays.values()]
        return sha256_of_files(shards, self.path)

    @cached_property
    def _arrays(self) -> dict[str, zarr.Array[Any]]:
        """The variables of a slot, by name; how long they are now is not to be asked of them."""
        import zarr

        arrays = sorted(zarr.open_group(self.path, mode="r").arrays())
        return {name: array for name, array in arrays if array.shards is not None}

    def _shard(self, array: zarr.Array[Any], number: int) -> Path:
        return self.path / array.basename / f"c.{number}{'.0' * (array.ndim - 1)}"

    def _status(self, number: int) -> Path:
        return self.path / "status" / f"c.{number}"


def slots_made(path: Path) -> list[int]:
    """Numbers of the slots of a cube that are made, rising; slots that are not made cost nothing.

    Args:
        path: of the cube, on this machine.
    """
    marks = _marks(path)
    return sorted(int(mark.name[2:]) for mark in marks if mark.read_bytes() == bytes([DONE]))


def _marks(path: Path) -> Iterator[Path]:
    """The files of `status` of a cube; others there are being written."""
    return (mark for mark in (path / "status").glob("c.*") if mark.name[2:].isdigit())


def finish_cube(path: Path) -> None:
    """Make the axis of a cube hold all slots that are made, if it does not.

    Args:
        path: of the cube, on this machine.

    Raises:
        OutputError: it cannot be read or written.
    """
    last = max((int(mark.name[2:]) for mark in _marks(path)), default=-1)
    length, step = length_and_step(path)
    if last >= length:
        with _alone(path):
            lengthen(path, last + 1, step)


def open_cube(
    path: str | PathLike[str],
    template: xr.Dataset,
    epoch: np.datetime64,
    step: int,
    *,
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
        epoch: time of slot 0, datetime64[s], UTC.
        step: seconds from slot to slot.
        chunks: sizes of the pieces that are compressed and read alone; other dimensions are whole.
        key: what all slots are made with (model's sha256, recipe): stored as attributes.

    Raises:
        OutputError: it cannot be written or read; or what is there was made with another key or
            template, whose first difference is named.
        ValueError: time is not a variable's first dimension.
    """
    path, key = Path(path), dict(key or {}) | {RESOLUTION: f"PT{step}S"}
    layout = layout_of(template.assign_attrs(key), epoch)
    with _alone(path):
        remove_stale_parts(path.parent)
        if not path.exists():
            with atomic_path(path) as part:
                write_layout(layout, part, chunks)
        if other := difference(path, layout, chunks, key):
            raise OutputError(
                f"{shown(path)}: was made with another {other}: name another place, or remove it"
            )
        for folder in (path, *path.iterdir()):
            remove_stale_parts(folder)
        lengthen(path, 0, step)
    return Cube(path, epoch, step)


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


def _check_fits(product: xr.Dataset, arrays: Mapping[str, zarr.Array[Any]]) -> None:
    if odd := sorted(arrays.keys() ^ set(map(str, product.data_vars))):
        raise ValueError(f"{odd[0]} is not in the cube, or not in the product")
    for name, array in arrays.items():
        data, dims = product[name], getattr(array.metadata, "dimension_names", ())
        sizes = dict(zip(dims[1:], array.shape[1:], strict=True))
        if list(data.sizes.items()) != list(sizes.items()) or data.dtype != array.dtype:
            found = f"{name} is {data.dtype} {dict(data.sizes)}"
            raise ValueError(f"{found}, in the cube {array.dtype} {sizes}")


def _encode(variable: xr.Variable, array: zarr.Array[Any]) -> bytes:
    """The shard of one slot, as zarr makes it; also of one that holds the fill value only."""
    import zarr

    stored: dict[str, Any] = {}
    shard = zarr.create_array(
        zarr.storage.MemoryStore(stored),
        shape=(1, *variable.shape),
        dtype=variable.dtype,
        chunks=array.chunks,
        shards=array.shards,
        fill_value=array.fill_value,
        compressors=array.compressors,
        config={"write_empty_chunks": True},
    )
    for part, values in in_parts(variable):
        shard[0, *part] = values
    (content,) = (stored[name] for name in stored if name.startswith("c/"))
    return bytes(content.to_bytes())
