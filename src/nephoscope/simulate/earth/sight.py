"""Lines of sight through an atmosphere: which column each crosses at which altitude.

A cloud at altitude h, seen at zenith angle z, appears h tan(z) away from the satellite; so the line
of sight that meets the sea at a pixel crosses altitude h that far towards the satellite.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nephoscope.simulate.earth.atmosphere.grid import RADIUS, LocalGrid

Floats = NDArray[np.float32]
QUARTERS = ((-0.25, -0.25), (-0.25, 0.25), (0.25, -0.25), (0.25, 0.25))
"""Rows and columns from the centre of a pixel to its four lines of sight."""
_STEP = 1000.0  # m: over which a direction on the grid is measured


@dataclass(frozen=True)
class Sight:
    """Lines of sight; every field has the shape of the pixels.

    Args:
        grid: of the atmosphere.
        row: float32, fractional row where the line meets sea level.
        col: float32, fractional column.
        rows_per_metre: float32, rows gained per metre of altitude.
        cols_per_metre: float32, columns gained per metre of altitude.
        slant: float32, length of path per metre of altitude: 1 / cos(zenith).
    """

    grid: LocalGrid
    row: Floats
    col: Floats
    rows_per_metre: Floats
    cols_per_metre: Floats
    slant: Floats

    @classmethod
    def towards(
        cls,
        grid: LocalGrid,
        latitude: ArrayLike,
        longitude: ArrayLike,
        zenith: ArrayLike,
        azimuth: ArrayLike,
    ) -> Self:
        """Lines from places towards a satellite or the Sun; the Earth is flat over their length.

        Args:
            grid: of the atmosphere.
            latitude: any shape, degrees north, of the place at sea level.
            longitude: the same shape, degrees east.
            zenith: the same shape, degrees, below 90.
            azimuth: the same shape, degrees clockwise from north, of the satellite or the Sun.
        """
        lat, lon = np.asarray(latitude, float), np.asarray(longitude, float)
        angle = np.deg2rad(np.asarray(azimuth, float))
        north = lat + np.rad2deg(_STEP * np.cos(angle) / RADIUS)
        east = lon + np.rad2deg(_STEP * np.sin(angle) / (RADIUS * np.cos(np.deg2rad(lat))))
        row, col = grid.to_index(lat, lon)
        row_there, col_there = grid.to_index(north, east)
        tangent = np.tan(np.deg2rad(np.asarray(zenith, float))) / _STEP
        fields = (
            row,
            col,
            (row_there - row) * tangent,
            (col_there - col) * tangent,
            1 / np.cos(np.deg2rad(np.asarray(zenith, float))),
        )
        return cls(grid, *(np.asarray(field, np.float32) for field in fields))

    def at(self, altitude: ArrayLike) -> NDArray[np.int32]:
        """Flat index (row * cols + col) of the column crossed at `altitude` (m): nearest, int32.

        Beyond the edge of the grid stands its outermost column.
        """
        height = np.asarray(altitude, np.float32)
        row = np.rint(self.row + self.rows_per_metre * height)
        col = np.rint(self.col + self.cols_per_metre * height)
        row = np.clip(row, 0, self.grid.rows - 1).astype(np.int32)
        col = np.clip(col, 0, self.grid.cols - 1).astype(np.int32)
        return np.asarray(row * np.int32(self.grid.cols) + col)
