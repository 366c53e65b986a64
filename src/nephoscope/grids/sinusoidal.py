"""The POLDER sinusoidal grid: equal rows in latitude, each of its own whole number of pixels.

Source: POLDER/PARASOL Level-1 product data format (CNES), appendix B. With 1-based line `lin` and
column `col`, R = 3240 rows and R / 180 = 18 rows a degree

    lat = 90 - (lin - 0.5) / 18
    N   = NINT(3240 sin((lin - 0.5) / 18))          half the number of pixels of the row
    lon = 180 / N (col - 3240.5)

and back lin = 18 (90 - lat) + 0.5, col = 3240.5 + N lon / 180. Here rows and columns count from 0.
A row holds 2 N pixels from column R - N on, so the same longitude lies in another column of the
next row: neighbours must be taken row by row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nephoscope.grids.corners import Corners, bilinear, cell

Whole = NDArray[np.int64]
Reals = NDArray[np.float64]


@dataclass(frozen=True)
class Sinusoidal:
    """A global sinusoidal grid of `rows` x 2 `rows` places, of which the outline is filled.

    Args:
        rows: number of rows, southwards: 3240 at level 1 (1/18 degree), 1080 at level 2.
    """

    rows: int = 3240

    @property
    def cols(self) -> int:
        """Columns of the array; only rows at the equator fill it."""
        return 2 * self.rows

    @property
    def shape(self) -> tuple[int, int]:
        """Rows, columns."""
        return self.rows, self.cols

    def half_length(self, row: ArrayLike) -> Whole:
        """Half the number of pixels of each whole `row`, same shape, int64."""
        polar_angle = np.radians((np.asarray(row, float) + 0.5) * 180 / self.rows)
        return _nearest(self.rows * np.sin(polar_angle))

    def first_col(self, row: ArrayLike) -> Whole:
        """First column of each whole `row` that lies on the globe, same shape, int64."""
        return np.asarray(self.rows - self.half_length(row))

    def on_globe(self, row: ArrayLike, col: ArrayLike) -> NDArray[np.bool_]:
        """Whether whole `row` and `col` (broadcast) are a pixel of the grid."""
        row, col = np.broadcast_arrays(row, col)
        inside = (row >= 0) & (row < self.rows)
        half = self.half_length(np.clip(row, 0, self.rows - 1))
        return np.asarray(inside & (col >= self.rows - half) & (col < self.rows + half))

    def to_latitude(self, row: ArrayLike) -> Reals:
        """Latitude (degrees north) of a fractional `row`, same shape, float64."""
        return np.asarray(90 - (np.asarray(row, float) + 0.5) * 180 / self.rows)

    def to_row(self, latitude: ArrayLike) -> Reals:
        """Fractional row of `latitude` (degrees north), -0.5 at the north pole, float64."""
        return np.asarray((90 - np.asarray(latitude, float)) * self.rows / 180 - 0.5)

    def to_longitude(self, row: ArrayLike, col: ArrayLike) -> Reals:
        """Longitude (degrees east, -180 <= lon < 180) of fractional `col` in whole `row`."""
        offset = np.asarray(col, float) - (self.rows - 0.5)
        return _wrapped(180 * offset / self.half_length(row))

    def to_col(self, row: ArrayLike, longitude: ArrayLike) -> Reals:
        """Fractional column of any `longitude` (degrees east) in whole `row`, float64.

        It lies half a pixel or less outside the row's pixels: those of its ends meet at 180.
        """
        offset = self.half_length(row) * _wrapped(np.asarray(longitude, float)) / 180
        return np.asarray(self.rows - 0.5 + offset)

    def to_pixel(self, latitude: ArrayLike, longitude: ArrayLike) -> tuple[Whole, Whole]:
        """Row and column of the pixel that holds each place (degrees, broadcast), int64."""
        latitude, longitude = np.broadcast_arrays(latitude, longitude)
        row = np.clip(_nearest(self.to_row(latitude)), 0, self.rows - 1)
        return row, self.wrap_col(row, _nearest(self.to_col(row, longitude)))

    def corners(self, latitude: ArrayLike, longitude: ArrayLike) -> Corners:
        """The four pixels around places, in closed form; each row is asked for its own columns.

        Across the date line the eastern pixel is the first of its row. Nearer to a pole than the
        centres of the last row no place is enclosed.

        Args:
            latitude: (place,) degrees north.
            longitude: (place,) degrees east, any number of turns.

        Returns:
            Rows and columns of the whole grid.
        """
        latitude, longitude = (np.asarray(degrees, float) for degrees in (latitude, longitude))
        known = np.isfinite(longitude)
        north, down = cell(self.to_row(latitude), self.rows)
        rows = north[:, None] + np.arange(2)
        place = self.to_col(rows, np.where(known, longitude, 0)[:, None])
        west, east = cell(place + 1, self.cols + 2)  # a row's ends lie half a pixel farther out
        cols = self.wrap_col(rows[..., None], west[..., None] - 1 + np.arange(2))
        found = Corners(np.repeat(rows, 2, axis=1), cols.reshape(-1, 4), bilinear(down, *east.T))
        return found.only(known & np.isfinite(down))

    def wrap_col(self, row: ArrayLike, col: ArrayLike) -> Whole:
        """Bring whole `col` back into whole `row` across the date line, int64."""
        half = self.half_length(row)
        first = self.rows - half
        return np.asarray(first + np.mod(np.asarray(col) - first, 2 * half), np.int64)


def _wrapped(longitude: Reals) -> Reals:
    return np.asarray(np.mod(longitude + 180, 360) - 180)


def _nearest(value: Reals) -> Whole:
    """NINT of positive numbers: halves go up."""
    return np.floor(value + 0.5).astype(np.int64)


POLDER = Sinusoidal()
"""The level-1 grid of POLDER: 3240 x 6480, about 6.18 km."""
