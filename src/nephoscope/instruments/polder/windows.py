"""Windows of the POLDER grid: rows, and in each row its own first column."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nephoscope.errors import UsageError
from nephoscope.grids.sinusoidal import POLDER


@dataclass(frozen=True)
class Window:
    """Rows of the grid and as many columns of each, from an origin of its own.

    Args:
        first_row: first row, from 0.
        origin: first column of each row, (y,) int64; with `wraps` it may lie beyond the row's end.
        width: columns.
        wraps: whether columns beyond a row's end are those of its other end (the date line), or
            off the globe.
    """

    first_row: int
    origin: NDArray[np.int64]
    width: int
    wraps: bool = True

    def __post_init__(self) -> None:
        if len(self.origin) < 1 or self.width < 1:
            raise UsageError("a window needs at least one row and one column")
        if self.first_row < 0 or self.first_row + len(self.origin) > POLDER.rows:
            last = self.first_row + len(self.origin) - 1
            raise UsageError(
                f"rows {self.first_row} to {last} are not all in 0 to {POLDER.rows - 1}"
            )

    @property
    def rows(self) -> NDArray[np.int64]:
        """Rows of the grid, (y,) int64."""
        return np.arange(self.first_row, self.first_row + len(self.origin))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows, columns."""
        return len(self.origin), self.width

    def rows_of(self, first: int, stop: int) -> Window:
        """The same window of some of its rows, counted from its first; the last is excluded."""
        return replace(self, first_row=self.first_row + first, origin=self.origin[first:stop])

    def columns(self) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Column of the file for each pixel, (y, x) int64, and whether it is one of the globe.

        A window wider than a row near a pole holds each of its pixels once, around the middle.
        """
        rows = self.rows[:, None]
        cols = self.origin[:, None] + np.arange(self.width)
        if not self.wraps:
            return np.clip(cols, 0, POLDER.cols - 1), POLDER.on_globe(rows, cols)
        half = POLDER.half_length(rows)
        middle = np.arange(self.width) - self.width // 2
        return POLDER.wrap_col(rows, cols), np.asarray((middle >= -half) & (middle < half))


def box(rows: tuple[int, int], cols: tuple[int, int]) -> Window:
    """Window of the array's own rectangle, the last excluded; off the globe is missing.

    Raises:
        UsageError: empty, or outside the array.
    """
    if not 0 <= cols[0] < cols[1] <= POLDER.cols:
        raise UsageError(f"columns {cols[0]} to {cols[1]} are not in 0 to {POLDER.cols}")
    return Window(
        rows[0], np.full(max(rows[1] - rows[0], 0), cols[0]), cols[1] - cols[0], wraps=False
    )


def along(rows: tuple[int, int], longitude: float, width: int) -> Window:
    """Window of `width` columns of each row around one meridian, whose middle stands upright.

    Args:
        rows: first row, and the row after the last.
        longitude: of the middle, degrees east.
        width: columns.

    Raises:
        UsageError: empty, or outside the array.
    """
    if not 0 <= rows[0] < rows[1] <= POLDER.rows:
        raise UsageError(f"rows {rows[0]} to {rows[1]} are not in 0 to {POLDER.rows}")
    nearest = np.floor(POLDER.to_col(np.arange(*rows), longitude) + 0.5).astype(np.int64)
    return Window(rows[0], nearest - width // 2, width)


def patch(latitude: float, longitude: float, size: int = 100) -> Window:
    """Window of `size` x `size` pixels around a place, degrees.

    Raises:
        UsageError: the patch reaches over a pole.
    """
    middle = int(POLDER.to_pixel(latitude, longitude)[0])
    first = middle - size // 2
    return along((first, first + size), longitude, size)


def swath(seen: NDArray[np.bool_], first_row: int = 0) -> Window | None:
    """The window that holds everything seen, each row centred on what was seen of it.

    Args:
        seen: (row, column) bool of whole rows of the grid.
        first_row: the grid's row that `seen` begins with.

    Returns:
        The window; None where nothing is seen.
    """
    filled = np.flatnonzero(seen.any(axis=1))
    if not filled.size:
        return None
    rows = np.arange(filled[0], filled[-1] + 1)
    arcs = {int(row): _arc(seen[row], first_row + int(row)) for row in filled}
    width = max(stop - start for start, stop in arcs.values())
    centres = [(start + stop) // 2 for start, stop in arcs.values()]
    # A row without any pixel lies where the nearest row with some lies.
    nearest = np.abs(rows[:, None] - filled).argmin(axis=1)
    rows = rows + first_row
    half = POLDER.half_length(first_row + filled)
    longitude = 180 * (np.asarray(centres) - POLDER.rows) / half
    origin = (
        np.round(POLDER.rows + longitude[nearest] * POLDER.half_length(rows) / 180) - width // 2
    )
    return Window(int(rows[0]), origin.astype(np.int64), int(width))


def _arc(seen: NDArray[np.bool_], row: int) -> tuple[int, int]:
    """First column and the one after the last of the shortest arc that holds all seen of a row."""
    half = int(POLDER.half_length(row))
    first = POLDER.rows - half
    places = np.flatnonzero(seen[first : first + 2 * half])
    if not places.size:
        return first, first + 1
    gaps = np.diff(places, append=places[0] + 2 * half)
    widest = int(gaps.argmax())
    start = int(places[(widest + 1) % places.size])
    return first + start, first + start + 2 * half - int(gaps[widest]) + 1
