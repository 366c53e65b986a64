"""Variables that are filled part by part; large ones are held compressed, in memory.

A whole picture with numbers on levels is gigabytes, of which most are zeros and rounded bits. What
is written is decompressed variable by variable.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from xarray.backends import BackendArray
from xarray.core.indexing import (
    ExplicitIndexer,
    IndexingSupport,
    LazilyIndexedArray,
    explicit_indexing_adapter,
)

from nephoscope.products.pack import fill_value_of

if TYPE_CHECKING:
    import zarr

LARGE = 1 << 27
"""Bytes from which on a variable is held compressed."""
SIDE = 128
"""Rows of what is read together, of which products compress no fewer."""
_ROWS, _COLS = 16, 128  # of what is compressed together; other dimensions are whole
_HELD = "held"


class Filling:
    """The variables of a picture, of which parts come one after the other.

    Args:
        part: variables on (..., y, x) of some pixels, packed.
        shape: rows and columns of the whole.
    """

    def __init__(self, part: xr.Dataset, shape: tuple[int, int]) -> None:
        self._about = part.isel(y=slice(0, 0))
        self._arrays = {
            str(name): _empty(each, (*each.shape[:-2], *shape))
            for name, each in part.data_vars.items()
        }

    def put(self, part: xr.Dataset, row: int, col: int = 0) -> None:
        """Fill in a part whose first pixel is (`row`, `col`).

        Raises:
            ValueError: a variable of the part is not one of the whole, or does not fit there.
        """
        for name, each in part.data_vars.items():
            if (array := self._arrays.get(str(name))) is None:
                raise ValueError(f"{name} is in the part and not in the whole")
            if each.dtype != array.dtype:
                raise ValueError(f"{name} is {each.dtype}, not {array.dtype}")
            rows, cols = (
                slice(first, first + size)
                for first, size in zip((row, col), each.shape[-2:], strict=True)
            )
            _check_within(str(name), (rows, cols), array.shape[-2:])
            if isinstance(array, _Compressed):
                array.put(rows, cols, each.values)
            else:
                array[..., rows, cols] = each.values

    def whole(self) -> xr.Dataset:
        """All of them; what was never filled in holds its fill value."""
        found = {
            name: (self._about[name].dims, _shown(array), self._about[name].attrs)
            for name, array in self._arrays.items()
        }
        whole = xr.Dataset(found, self._about.coords)
        for name, array in self._arrays.items():
            if isinstance(array, _Compressed):
                whole[name].encoding[_HELD] = array
        return whole


class _Compressed:
    """A variable that is held compressed, but for the rows which are being filled.

    Parts are far smaller than what is compressed together: put there at once, each would have its
    surroundings decompressed and compressed again.

    Args:
        array: (..., y, x), whose chunks have `_ROWS` rows.
        stored: where these lie.
    """

    def __init__(self, array: zarr.Array[Any], stored: dict[str, Any]) -> None:
        self.array, self.dtype, self.shape = array, array.dtype, array.shape
        self._stored = stored
        self._open: tuple[slice, npt.NDArray[Any]] | None = None

    def put(self, rows: slice, cols: slice, values: npt.NDArray[Any]) -> None:
        """Fill in a part, (..., y, x)."""
        for first in range(rows.start // _ROWS * _ROWS, rows.stop, _ROWS):
            start, stop = max(first, rows.start), min(first + _ROWS, rows.stop)
            part = values[..., start - rows.start : stop - rows.start, :]
            self._opened(first)[..., start - first : stop - first, cols] = part

    def close(self) -> None:
        """Compress the rows that are being filled."""
        if self._open is not None:
            rows, values = self._open
            self.array[..., rows, :] = values
            self._open = None
            _give_back()

    def let_go(self) -> None:
        """Forget what was put."""
        self._stored.clear()
        _give_back()

    def _opened(self, first: int) -> npt.NDArray[Any]:
        """The rows from `first` on, to be filled; others are compressed before."""
        if self._open is None or self._open[0].start != first:
            self.close()
            rows = slice(first, min(first + _ROWS, self.shape[-2]))
            self._open = rows, np.array(self.array[..., rows, :])
        return self._open[1]


def is_held(variable: xr.Variable) -> bool:
    """Whether a variable is held compressed: to ask for its values is to ask for gigabytes."""
    return _HELD in variable.encoding


def let_go(variable: xr.Variable) -> None:
    """Give back the memory of a variable that is held compressed, which then has no values."""
    if is_held(variable):
        variable.encoding[_HELD].let_go()


def in_rows(variable: xr.Variable) -> Iterator[tuple[slice, npt.NDArray[Any]]]:
    """Rows of a variable on (..., y, x), and what it holds there: a view of one in memory."""
    step = SIDE if is_held(variable) else max(variable.shape[-2], 1)
    for first in range(0, variable.shape[-2], step):
        rows = slice(first, min(first + step, variable.shape[-2]))
        yield rows, variable[..., rows, :].values


def in_parts(variable: xr.Variable) -> Iterator[tuple[tuple[Any, ...], npt.NDArray[Any]]]:
    """Where each part of a variable lies in it, and what it holds there; one if it is in memory."""
    if not is_held(variable):
        yield (...,), variable.values
        return
    for rows, values in in_rows(variable):
        yield (..., rows, slice(None)), values


def blank(variable: xr.Variable, nothing: npt.NDArray[np.bool_]) -> None:
    """Set a variable on (..., y, x) to its fill value where (y, x) `nothing` is."""
    held, fill = variable.encoding.get(_HELD), variable.attrs.get("_FillValue", np.nan)
    if held is None:
        np.copyto(variable.values, fill, where=nothing)
        return
    for rows, values in in_rows(variable):
        if nothing[rows].any():
            values[..., nothing[rows]] = fill
            held.array[..., rows, :] = values


def _give_back() -> None:
    """Return to the system the holes that parts leave which were compressed again.

    They would add up to as much as what is held. Only glibc keeps them, and has a name for this.
    """
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
        libc.malloc_trim(0)


def _check_within(name: str, places: tuple[slice, ...], shape: tuple[int, ...]) -> None:
    for what, place, size in zip(("rows", "columns"), places, shape, strict=True):
        if place.start < 0 or place.stop > size:
            ends = f"{what} {place.start} to {place.stop}"
            raise ValueError(f"{name}: {ends} do not lie within 0 to {size}")


def _empty(variable: xr.DataArray, shape: tuple[int, ...]) -> npt.NDArray[Any] | _Compressed:
    fill = fill_value_of(variable.dtype, variable.attrs)
    if variable.dtype.itemsize * np.prod(shape, dtype=np.int64) < LARGE:
        return np.full(shape, fill, variable.dtype)
    import zarr
    from zarr.codecs import BloscCodec

    stored: dict[str, Any] = {}
    array = zarr.create_array(
        zarr.storage.MemoryStore(stored),
        shape=shape,
        dtype=variable.dtype,
        chunks=(*shape[:-2], min(_ROWS, shape[-2]), min(_COLS, shape[-1])),
        fill_value=fill,
        compressors=[BloscCodec(cname="zstd", clevel=1, shuffle="shuffle")],
    )
    return _Compressed(array, stored)


def _shown(array: npt.NDArray[Any] | _Compressed) -> Any:  # noqa: ANN401 - or what xarray asks for parts
    if isinstance(array, np.ndarray):
        return array
    array.close()
    return LazilyIndexedArray(_OnDemand(array.array))


class _OnDemand(BackendArray):
    """What xarray asks for parts of an array that is held compressed; nothing is kept."""

    def __init__(self, array: zarr.Array[Any]) -> None:
        self._array = array
        self.shape, self.dtype = array.shape, array.dtype

    def __getitem__(self, key: ExplicitIndexer) -> npt.NDArray[Any]:
        """The part that is asked for."""
        found: npt.NDArray[Any] = explicit_indexing_adapter(
            key, self.shape, IndexingSupport.BASIC, self._part
        )
        return found

    def _part(self, key: tuple[Any, ...]) -> npt.NDArray[Any]:
        return np.asarray(self._array[key])
