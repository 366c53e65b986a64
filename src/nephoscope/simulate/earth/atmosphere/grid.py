"""Horizontal grid of a simulated atmosphere: equal areas around a centre.

Lambert's azimuthal equal-area projection of a sphere (Snyder 1987, USGS Professional Paper 1395,
section 24): a column is as wide at the edge as at the centre, to 2 % at 1,500 km.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

RADIUS = 6_371_007.0
"""Of the sphere with the area of the Earth, m (WGS 84)."""

Reals = NDArray[np.float64]


@dataclass(frozen=True)
class LocalGrid:
    """Square columns of air around a centre; row 0 in the north, column 0 in the west.

    Args:
        latitude: of the centre, degrees north.
        longitude: of the centre, degrees east.
        rows: number of rows, southwards.
        cols: number of columns, eastwards.
        spacing: width of a column, m.
    """

    latitude: float
    longitude: float
    rows: int
    cols: int
    spacing: float

    @classmethod
    def covering(
        cls, latitude: ArrayLike, longitude: ArrayLike, spacing: float, margin: float = 0.0
    ) -> Self:
        """The smallest grid that holds all places and `margin` metres around them; NaN is left out.

        Args:
            latitude: any shape, degrees north.
            longitude: the same shape, degrees east; may cross the date line.
            spacing: m.
            margin: m.
        """
        there = np.isfinite(latitude) & np.isfinite(longitude)
        places = [np.asarray(degrees, float)[there] for degrees in (latitude, longitude)]
        middle = cls(*_mean_place(*places), 1, 1, spacing)
        row, col = middle.to_index(*places)
        centre = middle.to_place((row.min() + row.max()) / 2, (col.min() + col.max()) / 2)
        middle = cls(float(centre[0]), float(centre[1]), 1, 1, spacing)
        row, col = middle.to_index(*places)
        size = [2 * (int(np.abs(one).max() + margin / spacing) + 1) for one in (row, col)]
        return cls(middle.latitude, middle.longitude, size[0], size[1], spacing)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows, columns."""
        return self.rows, self.cols

    def to_index(self, latitude: ArrayLike, longitude: ArrayLike) -> tuple[Reals, Reals]:
        """Fractional row and column of places (degrees), same shape, float64.

        Whole numbers are the centres of columns; they may lie outside the grid.
        """
        lat, centre = np.deg2rad(np.asarray(latitude, float)), np.deg2rad(self.latitude)
        turned = np.deg2rad(np.asarray(longitude, float) - self.longitude)
        towards = np.sin(centre) * np.sin(lat) + np.cos(centre) * np.cos(lat) * np.cos(turned)
        scale = RADIUS / self.spacing * np.sqrt(2 / (1 + towards))
        east = scale * np.cos(lat) * np.sin(turned)
        north = scale * (
            np.cos(centre) * np.sin(lat) - np.sin(centre) * np.cos(lat) * np.cos(turned)
        )
        return (self.rows - 1) / 2 - north, (self.cols - 1) / 2 + east

    def to_place(self, row: ArrayLike, col: ArrayLike) -> tuple[Reals, Reals]:
        """Latitude (degrees north) and longitude (-180 to 180) of fractional rows and columns."""
        north = ((self.rows - 1) / 2 - np.asarray(row, float)) * self.spacing / RADIUS
        east = (np.asarray(col, float) - (self.cols - 1) / 2) * self.spacing / RADIUS
        north, east = np.broadcast_arrays(north, east)
        centre, distance = np.deg2rad(self.latitude), np.hypot(north, east)
        angle = 2 * np.arcsin(np.minimum(distance / 2, 1))
        share = np.divide(np.sin(angle), distance, out=np.ones_like(distance), where=distance > 0)
        latitude = np.arcsin(np.cos(angle) * np.sin(centre) + north * share * np.cos(centre))
        turned = np.arctan2(
            east * share, np.cos(centre) * np.cos(angle) - north * share * np.sin(centre)
        )
        longitude = self.longitude + np.rad2deg(turned)
        return np.rad2deg(latitude), (longitude + 180) % 360 - 180

    def places(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Latitude and longitude of every column: (row, col) float32, degrees."""
        latitude, longitude = self.to_place(
            np.arange(self.rows)[:, None], np.arange(self.cols)[None]
        )
        return latitude.astype(np.float32), longitude.astype(np.float32)


def _mean_place(latitude: Reals, longitude: Reals) -> tuple[float, float]:
    """Mean place of points on the sphere, which date line and poles do not disturb."""
    lat, lon = np.deg2rad(latitude), np.deg2rad(longitude)
    x, y = (np.cos(lat) * np.cos(lon)).mean(), (np.cos(lat) * np.sin(lon)).mean()
    centre = np.arctan2(np.sin(lat).mean(), np.hypot(x, y)), np.arctan2(y, x)
    return float(np.rad2deg(centre[0])), float(np.rad2deg(centre[1]))
