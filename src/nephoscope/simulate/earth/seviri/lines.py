"""Lines of sight of pixels: direction, the ground they meet, and the place of the Sun."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from nephoscope.grids.geostationary import DISK, Geostationary
from nephoscope.instruments.seviri.slot import FORWARD_SCAN
from nephoscope.simulate.earth.atmosphere import Atmosphere
from nephoscope.simulate.earth.sight import QUARTERS, Sight
from nephoscope.sun import solar_angles

Floats = NDArray[np.float32]

_LOWEST_SUN = 85.0  # degrees from the zenith, in a flat atmosphere
_MOISTURE_HEIGHT = 3000.0  # m: half of the vapour of a line of sight is below


@dataclass(frozen=True)
class Lines:
    """Four lines of sight of each pixel: fields (4 * rows * cols,) float32, `QUARTERS` slowest.

    Args:
        latitude: degrees north, at sea level.
        cos_view: cosine of the satellite's zenith angle.
        cos_sun: cosine of the Sun's, 0 at night.
        azimuth: between Sun and satellite, degrees: 180 where the sea mirrors one into the other.
        sight: towards the satellite.
        sun: towards the Sun, from the same places.
        ground: int32, flat index of the column whose ground is seen.
        altitude: of that ground, m.
        moisture: of the air on the line.
    """

    latitude: Floats
    cos_view: Floats
    cos_sun: Floats
    azimuth: Floats
    sight: Sight
    sun: Sight
    ground: NDArray[np.int32]
    altitude: Floats
    moisture: Floats

    @classmethod
    def of(
        cls, atmosphere: Atmosphere, grid: Geostationary, rows: slice, start: np.datetime64
    ) -> Self:
        """The lines of some rows of an image.

        Args:
            atmosphere: the one that is measured.
            grid: of the image.
            rows: of the image.
            start: of the scan of the full disk, UTC.
        """
        latitude, longitude = (one.ravel() for one in places_of(grid, rows))
        times = np.tile(np.repeat(line_times(grid, start)[rows], grid.cols), len(QUARTERS))
        view, view_azimuth = grid.view_angles(latitude, longitude)
        sun, sun_azimuth = solar_angles(latitude, longitude, times)
        sight = Sight.towards(atmosphere.grid, latitude, longitude, view, view_azimuth)
        low = np.minimum(sun, _LOWEST_SUN)
        altitude = atmosphere.surface.altitude.ravel()
        # The ground seen is that at the height of the ground below the pixel's place.
        ground = sight.at(altitude[sight.at(0.0)])
        return cls(
            latitude=latitude,
            cos_view=np.asarray(1 / sight.slant, np.float32),
            cos_sun=np.maximum(np.cos(np.deg2rad(sun)), 0).astype(np.float32),
            azimuth=np.asarray(view_azimuth - sun_azimuth, np.float32),
            sight=sight,
            sun=Sight.towards(atmosphere.grid, latitude, longitude, low, sun_azimuth),
            ground=ground,
            altitude=altitude[ground],
            moisture=atmosphere.moisture.ravel()[sight.at(_MOISTURE_HEIGHT)],
        )


def places_of(grid: Geostationary, rows: slice | None = None) -> tuple[Floats, Floats]:
    """Places where lines of sight meet the sea.

    Args:
        grid: of the image.
        rows: of it; by default all.

    Returns:
        Latitude and longitude, (4, row, col) float32, degrees.
    """
    part = rows or slice(0, grid.rows)
    row = np.arange(part.start, part.stop, dtype=float)[:, None]
    col = np.arange(grid.cols, dtype=float)[None]
    placed = [grid.to_place(row + down, col + right) for down, right in QUARTERS]
    latitude, longitude = (
        np.stack([one[axis] for one in placed]).astype(np.float32) for axis in (0, 1)
    )
    return latitude, longitude


def line_times(grid: Geostationary, start: np.datetime64) -> NDArray[np.datetime64]:
    """Times at which lines are scanned, as in the files: evenly through the disk, from the south.

    Args:
        grid: a window of the full disk.
        start: of the scan of the full disk, UTC.

    Returns:
        (row,) datetime64[ms].
    """
    first = round(DISK / 2 - grid.centre_row)
    from_south = DISK - 1 - (first + np.arange(grid.rows))
    share = from_south * FORWARD_SCAN.astype(np.int64) // (DISK - 1)
    return np.asarray(start.astype("datetime64[ms]") + share * np.timedelta64(1, "ms"))
