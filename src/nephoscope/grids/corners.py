"""Corners: the four pixels around a place, and what each weighs in it."""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

_DIGITS = 9
"""Of a pixel: what is left beyond is binary noise, so that a pixel's own centre is exactly it."""


class Corners(NamedTuple):
    """Pixels north-west, north-east, south-west and south-east of some places.

    Attributes:
        row: (place, 4) int64, -1 where a place is not enclosed by four pixels.
        col: (place, 4) int64, likewise.
        weight: (place, 4) float64, bilinear, sums to 1; NaN where it is not enclosed.
    """

    row: NDArray[np.int64]
    col: NDArray[np.int64]
    weight: NDArray[np.float64]

    @property
    def enclosed(self) -> NDArray[np.bool_]:
        """(place,) whether four pixels lie around a place."""
        return np.isfinite(self.weight[:, 0])

    def only(self, where: NDArray[np.bool_]) -> Self:
        """The same with all places not enclosed but those `where` (place,) is true."""
        kept = where[:, None]
        row, col = (np.where(kept, number, -1) for number in (self.row, self.col))
        return self._replace(row=row, col=col, weight=np.where(kept, self.weight, np.nan))

    def at(self, places: NDArray[np.int64]) -> Corners:
        """Those of some places, by number."""
        return Corners(self.row[places], self.col[places], self.weight[places])


def corners_between(row: ArrayLike, col: ArrayLike, shape: tuple[int, int]) -> Corners:
    """Corners on a grid whose columns stand below one another.

    Args:
        row: (place,) fractional rows, NaN where unknown.
        col: (place,) fractional columns.
        shape: rows and columns of the grid.
    """
    north, down = cell(row, shape[0])
    west, east = cell(col, shape[1])
    rows = np.stack([north, north, north + 1, north + 1], axis=1)
    cols = np.stack([west, west + 1] * 2, axis=1)
    found = Corners(rows, cols, bilinear(down, east, east))
    return found.only(np.asarray(np.isfinite(found.weight).all(axis=1)))


def cell(place: ArrayLike, size: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Pixel before each place along an axis, and how far behind it the place lies.

    Args:
        place: any shape, fractional number of pixel.
        size: number of pixels.

    Returns:
        The pixel, int64, and 0 to 1, float64: NaN where not between two pixels.
    """
    place = np.round(np.asarray(place, float), _DIGITS)
    inside = (place >= 0) & (place <= size - 1) & (size > 1)
    place = np.where(inside, place, 0)
    before = np.minimum(np.floor(place), max(size - 2, 0)).astype(np.int64)
    return before, np.where(inside, place - before, np.nan)


def bilinear(down: ArrayLike, east_above: ArrayLike, east_below: ArrayLike) -> NDArray[np.float64]:
    """Bilinear weights where each of two rows has columns of its own.

    Args:
        down: (place,) 0 to 1, from the upper row to the lower.
        east_above: (place,) 0 to 1, from the western pixel of the upper row to the eastern.
        east_below: the same of the lower row.

    Returns:
        (place, 4) float64: north-west, north-east, south-west, south-east.
    """
    down, above, below = (np.asarray(part, float) for part in (down, east_above, east_below))
    up = 1 - down
    return np.stack([up * (1 - above), up * above, down * (1 - below), down * below], axis=1)
