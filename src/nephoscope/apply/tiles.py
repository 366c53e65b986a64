"""Tiles that overlap and truly blend, or are left out where they do: where they fall is not seen.

Tiles blend unless a network sees no farther than half of their overlap: then each says of its inner
pixels what any other would, and what is left out at the edges need not be computed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from nephoscope.errors import UsageError

FloatArray = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Array = npt.NDArray[Any]
_LEAST = 1e-6
_NOTHING = 1e-5
"""Weights: the least of a pixel, and what moves no statement."""


@dataclass(frozen=True)
class Axis:
    """Tiles along one axis of a scene.

    Attributes:
        size: length of every tile, a multiple of the network's divisor.
        starts: first pixel of each tile; may be negative or reach past the end: such pixels are
            wrapped around where the axis wraps and missing elsewhere.
        weights: (tile, size) float32; over all tiles the weights at a pixel add up to one.
    """

    size: int
    starts: tuple[int, ...]
    weights: FloatArray

    def counted_from(self, pixel: int) -> Axis:
        """The same tiles, with `pixel` as pixel 0."""
        return Axis(self.size, tuple(start - pixel for start in self.starts), self.weights)


@dataclass(frozen=True)
class Tile:
    """One tile: indices into the scene and the weights of its pixels.

    Attributes:
        rows: (y,) row numbers, possibly outside the scene where the scene is smaller.
        cols: (x,) column numbers, wrapped where the scene wraps, else possibly outside it.
        row_weights: (y,) float32.
        col_weights: (x,) float32.
    """

    rows: npt.NDArray[np.intp]
    cols: npt.NDArray[np.intp]
    row_weights: FloatArray
    col_weights: FloatArray

    def inner(self, margin: int) -> Tile:
        """The tile without so many pixels at each edge."""
        if not margin:
            return self
        kept = slice(margin, -margin)
        return Tile(
            self.rows[kept], self.cols[kept], self.row_weights[kept], self.col_weights[kept]
        )

    @property
    def weighty(self) -> tuple[slice, slice]:
        """Rows and columns of the tile from the first to the last that count."""
        rows, cols = (np.flatnonzero(w > _NOTHING) for w in (self.row_weights, self.col_weights))
        return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(cols[0]), int(cols[-1]) + 1)


def plan_axis(
    first: int,
    stop: int,
    tile: int,
    overlap: int,
    divisor: int,
    *,
    period: int | None = None,
    blend: bool = True,
) -> Axis:
    """Lay equal tiles over pixels `first` to `stop`.

    A network that halves its input sees the same pixels differently when they are shifted by one,
    so every tile starts at a multiple of `divisor`, wherever the range begins.

    Args:
        first: first pixel to cover.
        stop: one past the last pixel to cover.
        tile: largest tile, pixels.
        overlap: fewest pixels that neighbours share; rounded up to a multiple of `divisor`.
        divisor: tile lengths and starts are multiples of it.
        period: length of the whole axis if it wraps; then all of it is covered and the last tile
            overlaps the first.
        blend: whether tiles fade into each other; else half of the overlap is left out at each
            edge of a tile, also at the ends, and `overlap` is a multiple of twice the divisor.

    Returns:
        The smallest equal tiles that do it.

    Raises:
        ValueError: the tile is not larger than the overlap.
        UsageError: half of an overlap that is left out is no multiple of the divisor.
    """
    shared = -(-overlap // divisor) * divisor
    largest = tile // divisor * divisor - shared
    if largest <= 0:
        raise ValueError(f"overlap {overlap} must be smaller than the tile, {tile}")
    begin = 0 if period is not None else first // divisor * divisor
    extent = period if period is not None else max(stop - begin - shared, 1)
    count = -(-extent // largest)
    step = -(-extent // (count * divisor)) * divisor
    # Rounded steps may need fewer tiles than planned.
    count = -(-extent // step)
    starts = [begin + index * step for index in range(count)]
    if not blend and overlap % (2 * divisor):
        problem = f"an overlap of {overlap} has no halves that are multiples of {divisor}"
        raise UsageError(f"apply.blend: false: {problem}, as the network wants")
    ramp = _ramp(step + shared, overlap) if blend else _inside_of(step + shared, overlap // 2)
    return Axis(step + shared, tuple(starts), _weights(starts, ramp, period))


def _ramp(size: int, overlap: int) -> Floats:
    """Trapezoid, next to nothing in the outer quarter of the overlap."""
    distance = np.minimum(np.arange(size) + 0.5, np.arange(size)[::-1] + 0.5)
    margin = overlap / 4
    ramp: Floats = np.clip((distance - margin) / max(overlap - 2 * margin, 1.0), _LEAST, 1.0)
    return ramp


def _inside_of(size: int, margin: int) -> Floats:
    """One, and nothing in a margin."""
    inside = np.zeros(size)
    inside[margin : size - margin] = 1
    return inside


def _weights(starts: list[int], ramp: Floats, period: int | None) -> FloatArray:
    """(tile, size): of each tile the ramp, normalised to add up to one wherever it is not 0."""
    size = len(ramp)
    low = min(starts)
    length = period if period is not None else max(starts) + size - low
    total = np.zeros(length)
    places = [(np.arange(start - low, start - low + size) % length) for start in starts]
    for place in places:
        np.add.at(total, place, ramp)
    total[total == 0] = 1
    return np.stack([ramp / total[place] for place in places]).astype(np.float32)


def lay_tiles(rows: Axis, cols: Axis, period: int | None) -> Iterator[list[Tile]]:
    """Yield the tiles row by row of tiles; `period`: columns of a scene that wraps, else None."""
    columns = [np.arange(col, col + cols.size) for col in cols.starts]
    for row, row_weights in zip(rows.starts, rows.weights, strict=True):
        yield [
            Tile(
                np.arange(row, row + rows.size),
                numbers if period is None else numbers % period,
                row_weights,
                col_weights,
            )
            for numbers, col_weights in zip(columns, cols.weights, strict=True)
        ]


def cut(array: Array, tile: Tile, fill: float = 0) -> Array:
    """The tile's part of (…, y, x), `fill` where the tile reaches beyond the scene."""
    rows, cols = _inside(tile.rows, array.shape[-2]), _inside(tile.cols, array.shape[-1])
    within = tile.rows[rows]
    part = _columns(array[..., within[0] : within[-1] + 1, :], tile.cols[cols])
    if part.shape[-2:] == (tile.rows.size, tile.cols.size):
        return part
    whole = np.full((*array.shape[:-2], tile.rows.size, tile.cols.size), fill, array.dtype)
    whole[..., rows, cols] = part
    return whole


def _inside(numbers: npt.NDArray[np.intp], size: int) -> slice:
    """The run of a tile's numbers that lie within the scene; wrapped ones all do."""
    inside = np.flatnonzero((numbers >= 0) & (numbers < size))
    return slice(int(inside[0]), int(inside[-1]) + 1)


def _columns(band: Array, cols: npt.NDArray[np.intp]) -> Array:
    runs = _runs(cols)
    if len(runs) == 1:
        return band[..., runs[0]]
    return np.concatenate([band[..., run] for run in runs], axis=-1)


def _runs(cols: npt.NDArray[np.intp]) -> list[slice]:
    """Columns that wrap at most a few times: slices, which are far faster than an index array."""
    parts = np.split(cols, np.flatnonzero(np.diff(cols) != 1) + 1)
    return [slice(int(part[0]), int(part[-1]) + 1) for part in parts]


class Blend:
    """Fields put together from tiles line by line; rows that no more tile reaches are handed out.

    Args:
        rows: of the scene that are wanted.
        width: columns of the scene.
    """

    def __init__(self, rows: slice, width: int) -> None:
        self._first, self._stop, self._width = rows.start, rows.stop, width
        self._sums: dict[str, FloatArray] = {}

    def add(self, fields: Mapping[str, FloatArray], tile: Tile) -> None:
        """Add a tile's fields, (..., y, x) float32."""
        local = replace(tile, rows=tile.rows - self._first)
        height = min(int(tile.rows[-1]) + 1, self._stop) - self._first
        for name, values in fields.items():
            empty = np.zeros((*values.shape[:-2], 0, self._width), np.float32)
            sums = _as_high(self._sums.get(name, empty), height)
            add_tile(sums, values, local)
            self._sums[name] = sums

    def finished(self, row: int) -> tuple[slice, dict[str, FloatArray]]:
        """Hand out the rows before `row`: which they are, and the fields there."""
        count = min(row, self._stop) - self._first
        rows = slice(self._first, self._first + count)
        whole = {name: _as_high(sums, count) for name, sums in self._sums.items()}
        done = {name: sums[..., :count, :] for name, sums in whole.items()}
        self._sums = {name: sums[..., count:, :].copy() for name, sums in whole.items()}
        self._first = rows.stop
        return rows, done


def _as_high(sums: FloatArray, height: int) -> FloatArray:
    """(..., y, x) with zeros below, at least so many rows high."""
    if (have := sums.shape[-2]) >= height:
        return sums
    higher = np.zeros((*sums.shape[:-2], height, sums.shape[-1]), np.float32)
    higher[..., :have, :] = sums
    return higher


def add_tile(total: FloatArray, values: FloatArray, tile: Tile) -> None:
    """Add a tile's weighted values (..., y, x) to the running total (..., y, x), in place."""
    rows, cols = _inside(tile.rows, total.shape[-2]), _inside(tile.cols, total.shape[-1])
    weighted = values[..., rows, cols]
    if not (tile.row_weights == 1).all() or not (tile.col_weights == 1).all():
        weighted = weighted * tile.row_weights[rows, None]
        weighted *= tile.col_weights[cols]
    first, last = tile.rows[rows][0], tile.rows[rows][-1] + 1
    offset = 0
    for run in _runs(tile.cols[cols]):
        end = offset + run.stop - run.start
        total[..., first:last, run] += weighted[..., offset:end]
        offset = end
