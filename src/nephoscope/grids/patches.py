"""Patches of a sinusoidal grid: square pieces around a meridian, and where places lie in them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nephoscope.grids.corners import Corners, corners_between
from nephoscope.grids.sinusoidal import POLDER, Reals, Sinusoidal, Whole

Geometry = Literal["native", "equirectangular"]


@dataclass(frozen=True)
class Patch:
    """Rows of a sinusoidal grid, and as many columns around one meridian.

    Of the geometry "native" it holds pixels of the grid: of each row those nearest to the meridian,
    so that its columns lean more towards the poles. "equirectangular": its columns stand at equal
    steps of longitude, those of the grid in its middle row; its rows are those of the grid.

    Args:
        first_row: first row of the grid.
        longitude: of the middle, degrees east.
        size: rows and columns.
        geometry: how columns of neighbouring rows stand to one another.
        grid: that it is of.
    """

    first_row: int
    longitude: float
    size: int
    geometry: Geometry = "native"
    grid: Sinusoidal = POLDER

    @cached_property
    def rows(self) -> Whole:
        """Rows of the grid, (y,)."""
        return np.arange(self.first_row, self.first_row + self.size)

    @cached_property
    def fits(self) -> bool:
        """Whether all rows are of the grid, and no pixel of a row would be there twice."""
        inside = self.first_row >= 0 and self.first_row + self.size <= self.grid.rows
        return inside and bool((2 * self.grid.half_length(self.rows) > self.width).all())

    @cached_property
    def step(self) -> float:
        """Degrees of longitude between columns, in the middle row."""
        return float(180 / self.grid.half_length(self.first_row + self.size // 2))

    @cached_property
    def columns(self) -> Reals:
        """Column of the grid of each pixel, (y, x): whole of native ones, else fractional.

        Beyond either end of a row they go on counting.
        """
        middle = self.grid.to_col(self.rows, self.longitude)[:, None]
        if self.geometry == "native":
            return np.floor(middle + 0.5) - self.size // 2 + np.arange(self.size)
        pixels = np.arange(self.size) - (self.size - 1) / 2
        return middle + pixels * self.step * self.grid.half_length(self.rows)[:, None] / 180

    @cached_property
    def origin(self) -> Whole:
        """First column of the grid that is needed of each row, (y,)."""
        return np.floor(self.columns[:, 0]).astype(np.int64)

    @cached_property
    def width(self) -> int:
        """Columns of the grid that are needed of each row, from its origin on."""
        if self.geometry == "native":
            return self.size
        return int((np.floor(self.columns[:, -1]) - self.origin).max()) + 2

    def places(self) -> tuple[Reals, Reals]:
        """Latitude and longitude of each pixel, (y, x), degrees."""
        latitude = np.repeat(self.grid.to_latitude(self.rows)[:, None], self.size, 1)
        return latitude, self.grid.to_longitude(self.rows[:, None], self.columns)

    def corners(self, latitude: ArrayLike, longitude: ArrayLike) -> Corners:
        """The four pixels of the patch around places.

        Args:
            latitude: (place,) degrees north.
            longitude: (place,) degrees east.
        """
        if self.geometry == "native":
            return self._of_grid(self.grid.corners(latitude, longitude))
        degrees = np.asarray(longitude, float) - self.longitude
        col = (np.mod(degrees + 180, 360) - 180) / self.step + (self.size - 1) / 2
        row = self.grid.to_row(latitude) - self.first_row
        return corners_between(row, col, (self.size, self.size))

    def _of_grid(self, found: Corners) -> Corners:
        """Corners of the grid as pixels of the patch."""
        y = found.row - self.first_row
        inside = (y >= 0) & (y < self.size)
        y = np.where(inside, y, 0)
        x = np.mod(found.col - self.origin[y], 2 * self.grid.half_length(self.rows)[y])
        inside &= x < self.size
        beside = (x[:, 1::2] == x[:, ::2] + 1).all(axis=1)
        return Corners(y, x, found.weight).only(inside.all(axis=1) & beside)

    def meets(self, other: Patch) -> bool:
        """Whether two patches share a pixel, or columns between pixels that both need."""
        rows = np.intersect1d(self.rows, other.rows)
        if not rows.size:
            return False
        mine, theirs = self.origin[rows - self.first_row], other.origin[rows - other.first_row]
        around = 2 * self.grid.half_length(rows)
        ahead = np.mod(theirs - mine, around)
        return bool(((ahead < self.width) | (around - ahead < other.width)).any())


def interpolation(patch: Patch) -> tuple[Whole, NDArray[np.float64]]:
    """How an equirectangular patch is made of the columns that it needs.

    Returns:
        Of each pixel (y, x) the column to the west of it, counted from the origin of its row, and
        the weight, 0 to 1, of the column to the east.
    """
    west = np.floor(patch.columns)
    return (west - patch.origin[:, None]).astype(np.int64), patch.columns - west
