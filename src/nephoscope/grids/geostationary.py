"""Geostationary grid: row and column ↔ latitude and longitude of an imager, in closed form.

Formulas: CGMS 03, LRIT/HRIT Global Specification, section 4.4.3.2 (normalised geostationary
projection), for an imager that scans east-west within a line (`sweep=y` of PROJ).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

EQUATORIAL_RADIUS, POLAR_RADIUS = 6378169.0, 6356583.8
"""Metres; the Earth of Meteosat (CGMS 03)."""
HEIGHT = 35785831.0
"""Of the satellite over the equator, metres (CGMS 03)."""
DISK = 3712
"""Rows and columns of the whole disk at 3 km."""
STEP = float(np.deg2rad(2**16 / 13642337)) * HEIGHT
"""Pixel at the sub-satellite point, metres: from the scaling CFAC = LFAC = 13642337."""

_SQUASH = (POLAR_RADIUS / EQUATORIAL_RADIUS) ** 2
_BLOCK = 256  # rows of a grid whose places are found at a time

Floats = NDArray[np.float64]
Angles = NDArray[np.floating]


class Bounds(NamedTuple):
    """A box of degrees; `west` above `east` crosses the date line."""

    south: float
    west: float
    north: float
    east: float

    def hold(self, latitude: ArrayLike, longitude: ArrayLike) -> NDArray[np.bool_]:
        """Whether places, degrees, any shape, lie in the box; those that are NaN do not."""
        north, east = np.asarray(latitude, float), np.asarray(longitude, float)
        inside = (north >= self.south) & (north <= self.north)
        width = self.east - self.west if self.east > self.west else self.east - self.west + 360
        return np.asarray(inside & ((east - self.west) % 360 <= width))


EVERYWHERE = Bounds(-90.0, -180.0, 90.0, 180.0)


@dataclass(frozen=True)
class Geostationary:
    """A grid whose row 0 is north and whose column 0 is west; pixel centres.

    Args:
        longitude: of the sub-satellite point, degrees east.
        rows: number of rows, southwards.
        cols: number of columns, eastwards.
        centre_row: fractional row of the sub-satellite point.
        centre_col: its fractional column.
        step: pixel at the sub-satellite point, metres (scanning angle times height).
    """

    longitude: float = 0.0
    rows: int = DISK
    cols: int = DISK
    centre_row: float = DISK / 2
    centre_col: float = DISK / 2
    step: float = STEP

    @property
    def shape(self) -> tuple[int, int]:
        """Rows, columns."""
        return self.rows, self.cols

    def window(self, row: int, col: int, rows: int, cols: int) -> Geostationary:
        """The grid of the part whose first pixel is (`row`, `col`) of this one."""
        centre = {"centre_row": self.centre_row - row, "centre_col": self.centre_col - col}
        return replace(self, rows=rows, cols=cols, **centre)

    def to_pixel(self, latitude: ArrayLike, longitude: ArrayLike) -> tuple[Floats, Floats]:
        """Fractional row and column of places.

        Args:
            latitude: any shape, degrees north.
            longitude: the same shape, degrees east, any number of turns.

        Returns:
            Row and column, float64; NaN where the satellite does not see the place. They may lie
            outside the grid.
        """
        geocentric = np.arctan(_SQUASH * np.tan(np.deg2rad(np.asarray(latitude, float))))
        turned = np.deg2rad(np.asarray(longitude, float) - self.longitude)
        cosine, sine = np.cos(geocentric), np.sin(geocentric)
        radius = POLAR_RADIUS / np.sqrt(1 - (1 - _SQUASH) * cosine**2)
        axis = EQUATORIAL_RADIUS + HEIGHT
        towards = radius * cosine * np.cos(turned)
        east, north = radius * cosine * np.sin(turned), radius * sine
        away = axis - towards
        seen = away * towards - east**2 - north**2 / _SQUASH > 0
        angle_x = np.arctan(east / away)
        angle_y = np.arctan(north / np.hypot(east, away))
        scale = HEIGHT / self.step
        row = np.where(seen, self.centre_row - angle_y * scale, np.nan)
        col = np.where(seen, self.centre_col + angle_x * scale, np.nan)
        return row, col

    def to_place(self, row: ArrayLike, col: ArrayLike) -> tuple[Floats, Floats]:
        """Latitude (degrees north) and longitude (degrees east, -180 to 180) of pixels.

        Args:
            row: fractional rows; broadcast against `col`.
            col: fractional columns.

        Returns:
            Latitude and longitude, float64; NaN off the disk.
        """
        scale = self.step / HEIGHT
        angle_x = (np.asarray(col, float) - self.centre_col) * scale
        angle_y = (self.centre_row - np.asarray(row, float)) * scale
        stretch = 1 / _SQUASH
        axis = EQUATORIAL_RADIUS + HEIGHT
        level, up = np.cos(angle_y), np.sin(angle_y)
        ahead = np.cos(angle_x) * level
        # The line of sight meets the ellipsoid where a distance² - 2 b distance + c = 0.
        a, b = level**2 + stretch * up**2, axis * ahead
        inside = b**2 - a * (axis**2 - EQUATORIAL_RADIUS**2)
        distance = (b - np.sqrt(np.where(inside >= 0, inside, np.nan))) / a
        towards, east = axis - distance * ahead, distance * np.sin(angle_x) * level
        latitude = np.arctan(stretch * distance * up / np.hypot(towards, east))
        longitude = np.rad2deg(np.arctan2(east, towards)) + self.longitude
        return np.rad2deg(latitude), (longitude + 180) % 360 - 180

    def raised(
        self, latitude: ArrayLike, longitude: ArrayLike, height: ArrayLike
    ) -> tuple[Floats, Floats]:
        """Fractional row and column where what is above a place is seen.

        Args:
            latitude: any shape, degrees north.
            longitude: the same shape, degrees east.
            height: above the ellipsoid, m, broadcast against them.

        Returns:
            Row and column, float64, whether or not the Earth hides it.
        """
        lat, high = np.deg2rad(np.asarray(latitude, float)), np.asarray(height, float)
        turned = np.deg2rad(np.asarray(longitude, float) - self.longitude)
        curve = EQUATORIAL_RADIUS / np.sqrt(1 - (1 - _SQUASH) * np.sin(lat) ** 2)
        level, north = (curve + high) * np.cos(lat), (curve * _SQUASH + high) * np.sin(lat)
        away = EQUATORIAL_RADIUS + HEIGHT - level * np.cos(turned)
        east, scale = level * np.sin(turned), HEIGHT / self.step
        row = self.centre_row - np.arctan(north / np.hypot(east, away)) * scale
        return row, self.centre_col + np.arctan(east / away) * scale

    def parallax(self, latitude: ArrayLike, longitude: ArrayLike) -> tuple[Floats, Floats]:
        """By how much, and which way, the picture shows displaced what is high above places.

        Args:
            latitude: any shape, degrees north.
            longitude: the same shape, degrees east.

        Returns:
            Pixels for each km of height (the mean of the lowest 10), and the direction: degrees
            clockwise from the top of the picture, 0 to 360.
        """
        ground, high = (self.raised(latitude, longitude, metres) for metres in (0.0, 1e4))
        down, right = (there - here for there, here in zip(high, ground, strict=True))
        return np.hypot(down, right) / 10, np.rad2deg(np.arctan2(right, -down)) % 360

    def places(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Latitude and longitude of every pixel: (rows, cols) float32, degrees, NaN off the disk.

        They are true two-dimensional fields: on this grid neither is a function of row or column
        alone.
        """
        latitude, longitude = (np.empty(self.shape, np.float32) for _ in range(2))
        cols = np.arange(self.cols)[None]
        for first in range(0, self.rows, _BLOCK):
            part = slice(first, min(first + _BLOCK, self.rows))
            latitude[part], longitude[part] = self.to_place(
                np.arange(part.start, part.stop)[:, None], cols
            )
        return latitude, longitude

    def covering(self, bounds: Bounds) -> tuple[int, int, int, int] | None:
        """First row, first column, rows and columns of what holds a box of degrees.

        The box is sampled at least as finely as pixels; None if nothing of it is in the grid.
        """
        width = (bounds.east - bounds.west) % 360 or 360.0
        height = bounds.north - bounds.south
        latitude = bounds.south + np.linspace(0, height, max(2, round(height * 8)))[:, None]
        longitude = bounds.west + np.linspace(0, width, max(2, round(width * 8)))[None]
        row, col = self.to_pixel(latitude, longitude)
        inside = (row > -0.5) & (row < self.rows - 0.5) & (col > -0.5) & (col < self.cols - 0.5)
        if not inside.any():
            return None
        top, left = (int(np.floor(line[inside].min())) for line in (row, col))
        bottom, right = (int(np.ceil(line[inside].max())) for line in (row, col))
        top, left = max(top, 0), max(left, 0)
        return (
            top, left, min(bottom, self.rows - 1) - top + 1, min(right, self.cols - 1) - left + 1
        )  # fmt: skip

    def view_angles(
        self,
        latitude: ArrayLike,
        longitude: ArrayLike,
        position: tuple[float, float, float] | None = None,
    ) -> tuple[Angles, Angles]:
        """Zenith and azimuth of the satellite at places.

        Args:
            latitude: any shape, degrees north. Where both are float32, so is what comes back:
                enough for a thousandth of a degree, and several times faster.
            longitude: the same shape, degrees east.
            position: longitude, latitude (degrees) and height (m) of the satellite, where it is
                known better than by the projection.

        Returns:
            Zenith angle (0 is overhead) and azimuth (clockwise from north, 0 to 360), degrees;
            NaN where the place is NaN.
        """
        given = [np.asarray(degrees) for degrees in (latitude, longitude)]
        kind = np.float32 if all(one.dtype == np.float32 for one in given) else np.float64
        lat, lon = (np.deg2rad(one.astype(kind)) for one in given)
        there = position or (self.longitude, 0.0, HEIGHT)
        # Seen from the meridian of each place, which then lies in the plane y = 0.
        turned = kind(np.deg2rad(there[0])) - lon
        level, high = _meridian(np.float64(np.deg2rad(there[1])), there[2])
        cosine, sine = np.cos(lat), np.sin(lat)
        curve = EQUATORIAL_RADIUS / np.sqrt(1 - (1 - _SQUASH) * sine**2)
        outward = kind(level) * np.cos(turned) - curve * cosine
        z = kind(high) - curve * kind(_SQUASH) * sine
        up = outward * cosine + z * sine
        north = z * cosine - outward * sine
        east = kind(level) * np.sin(turned)
        zenith = np.rad2deg(np.arctan2(np.hypot(north, east), up))
        return zenith, np.rad2deg(np.arctan2(east, north)) % 360


def _meridian(lat: np.float64, height: float) -> tuple[float, float]:
    """Distance from the axis, and from the plane of the equator (m), of a geodetic latitude."""
    curve = EQUATORIAL_RADIUS / np.sqrt(1 - (1 - _SQUASH) * np.sin(lat) ** 2)
    return float((curve + height) * np.cos(lat)), float((curve * _SQUASH + height) * np.sin(lat))


SEVIRI_0 = Geostationary()
"""Full Earth scanning of Meteosat, 0 degrees."""
