"""Plate carrée (simple cylindrical) grids: row and column are linear in latitude and longitude."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Degrees and pixels are decimal fractions: rounding at this digit removes the binary noise of
# `0.1 * row`, so that integer rows come back as exactly those integers.
_DIGITS = 9


@dataclass(frozen=True)
class PlateCarree:
    """A global grid whose row 0 is `north` and whose column 0 is `west`; pixel centres.

    Args:
        rows: number of rows, southwards.
        cols: number of columns, eastwards; longitude wraps after 360 degrees.
        north: latitude of row 0, degrees.
        west: longitude of column 0, degrees east.
        step: distance of neighbouring rows, and columns, degrees.
    """

    rows: int = 1801
    cols: int = 3600
    north: float = 90.0
    west: float = -180.0
    step: float = 0.1

    @property
    def shape(self) -> tuple[int, int]:
        """Rows, columns."""
        return self.rows, self.cols

    def latitude(self) -> NDArray[np.float64]:
        """Latitude of every row: (rows,) float64, degrees north."""
        return self.to_latitude(np.arange(self.rows))

    def longitude(self) -> NDArray[np.float64]:
        """Longitude of every column: (cols,) float64, degrees east."""
        return self.to_longitude(np.arange(self.cols))

    def to_row(self, latitude: ArrayLike) -> NDArray[np.float64]:
        """Fractional row of `latitude` (degrees north), same shape, float64."""
        return np.round((self.north - np.asarray(latitude, float)) / self.step, _DIGITS)

    def to_col(self, longitude: ArrayLike) -> NDArray[np.float64]:
        """Fractional column, 0 <= col < 360 / step, of any `longitude` (degrees east), float64."""
        turn = 360.0 / self.step
        degrees = np.mod(np.asarray(longitude, float) - self.west, 360.0)
        return np.asarray(np.mod(np.round(degrees / self.step, _DIGITS), np.round(turn, _DIGITS)))

    def to_latitude(self, row: ArrayLike) -> NDArray[np.float64]:
        """Latitude (degrees north) of a fractional `row`, same shape, float64."""
        return np.round(self.north - np.asarray(row, float) * self.step, _DIGITS)

    def to_longitude(self, col: ArrayLike) -> NDArray[np.float64]:
        """Longitude (degrees east) of a fractional `col`, same shape, float64; not wrapped."""
        return np.round(self.west + np.asarray(col, float) * self.step, _DIGITS)
