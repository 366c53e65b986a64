"""Viewing geometry of PARASOL: up to 16 views of each pixel, and where the Sun then stands.

A wide lens looks straight down at a detector of 274 x 242 elements, the longer side along the
track: 51 degrees fore and aft, 43 degrees to the sides (as the page of DLR's World Data Centre on
PARASOL has it; the detector is POLDER's of Deschamps et al. 1994, turned by 90 degrees); here these
are the angles of the centres of the outermost elements, which are still in the picture. A picture
through all filters is taken every 19.6 s.

A place on the track is in view for 277 to 292 s, the longer the higher the satellite flies: 14 or
15 views, at 60 degrees south mostly 15. Far to the sides, where the Earth curves away, it is in
view for longer, up to 16 times. Nothing was widened to fill the last slot more often: by the
statistics of the original patches of the archive (mean I443, absent views counted as 0: 0.24 in the
8th view, 0.09 in the 15th, 3e-5 in the 16th) near the track two pixels in five have 15 views, and
hardly one in a thousand has 16.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nephoscope.grids.sinusoidal import POLDER
from nephoscope.instruments.polder.fields import VIEWS
from nephoscope.instruments.polder.windows import Window
from nephoscope.simulate.earth.atmosphere.grid import RADIUS
from nephoscope.simulate.earth.atrain import HEIGHT, Revolution
from nephoscope.sun import solar_angles

INTERVAL = 19.6
"""Between two pictures, s."""
HALF_FIELD = (51.0, 43.0)
"""Half the field of view along and across the track, degrees."""
DETECTOR = (274, 242)
"""Elements along and across the track."""
ECCENTRICITY = 0.0012
"""Of the orbit, frozen with its lowest point in the north: usual for 705 km (value chosen here)."""
HALF_WIDTH = 132
"""Pixels of the grid from the track to the edge of the swath, 816 km."""
_REACH = 1_150_000.0  # m along the track from below the satellite to the end of its field of view

Reals = NDArray[np.float64]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Views:
    """All views of the pixels of a stretch of a half orbit; NaN where there is none.

    Args:
        window: the pixels of POLDER's grid.
        latitude: (y, x) float32, degrees north.
        longitude: (y, x) float32, degrees east.
        thetav: (view, y, x) float32, zenith angle of the satellite, degrees; the first view is the
            earliest, in which the pixel lies ahead.
        azimuth: (view, y, x) float32, of the satellite, clockwise from north, degrees.
        thetas: (view, y, x) float32, zenith angle of the Sun, degrees.
        phis: (view, y, x) float32, azimuth of the Sun, clockwise from north, degrees.
        ccd: element of the detector along and across the track, each (view, y, x) float32.
    """

    window: Window
    latitude: Floats
    longitude: Floats
    thetav: Floats
    azimuth: Floats
    thetas: Floats
    phis: Floats
    ccd: tuple[Floats, Floats]

    @property
    def phi(self) -> Floats:
        """Relative azimuth phis - azimuth, 0 to 360 degrees.

        0 with the Sun behind the satellite, so that cos(scattering angle) =
        -cos(thetas) cos(thetav) - sin(thetas) sin(thetav) cos(phi).
        """
        return np.asarray(np.mod(self.phis - self.azimuth, np.float32(360)))


def swath_window(revolution: Revolution, rows: tuple[int, int]) -> Window:
    """The swath of an ascending half orbit: each row centred on the track.

    Args:
        revolution: of the satellite.
        rows: first row of POLDER's grid, and the row after the last.
    """
    number = np.arange(*rows)
    latitude = POLDER.to_latitude(number)
    _, longitude = revolution.place(revolution.time_at(latitude))
    middle = np.floor(POLDER.to_col(number, longitude) + 0.5).astype(np.int64)
    return Window(rows[0], middle - HALF_WIDTH, 2 * HALF_WIDTH + 1)


def views_of(revolution: Revolution, window: Window) -> Views:
    """All views of the pixels of a window as the satellite flies over on its way north."""
    columns, on_globe = window.columns()
    rows = window.rows[:, None]
    latitude = np.broadcast_to(POLDER.to_latitude(rows), window.shape).astype(np.float32)
    longitude = POLDER.to_longitude(rows, columns).astype(np.float32)
    places = _directions(latitude, longitude)
    count = np.where(on_globe, 0, VIEWS)
    planes = np.full((6, VIEWS, *window.shape), np.nan, np.float32)
    for time in _pictures(revolution, latitude):
        camera = _camera(revolution, time)
        near = np.flatnonzero((np.abs(places @ camera[1]) < _REACH / RADIUS).any(axis=1))
        if not near.size:
            continue
        band = slice(near[0], near[-1] + 1)
        seen, angles = _observe(places[band], camera)
        seen &= count[band] < VIEWS
        y, x = np.nonzero(seen)
        y = y + band.start
        sun = solar_angles(latitude[y, x], longitude[y, x], time)
        planes[:, count[y, x], y, x] = [*(angle[seen] for angle in angles), *sun]
        count[y, x] += 1
    thetav, azimuth, along, across, thetas, phis = planes
    return Views(window, latitude, longitude, thetav, azimuth, thetas, phis, (along, across))


def _pictures(revolution: Revolution, latitude: Floats) -> NDArray[np.datetime64]:
    """Times of the pictures that may show the latitudes: (picture,) datetime64[ms]."""
    ends = revolution.time_at(np.array([latitude.min(), latitude.max()]))
    seconds = (ends - revolution.node_time) / np.timedelta64(1, "s")
    # Below the satellite a place moves 6.75 km each second.
    first, last = (seconds + np.array([-1, 1]) * (_REACH / 6_500)) / INTERVAL
    number = np.arange(np.floor(first), np.ceil(last) + 1)
    late = np.rint(number * INTERVAL * 1000).astype("timedelta64[ms]")
    return np.asarray(revolution.node_time + late)


def _camera(revolution: Revolution, time: np.datetime64) -> tuple[Reals, Reals, Reals]:
    """Unit vectors: towards the satellite from the Earth's centre, forwards, and to the right."""
    step = np.timedelta64(500, "ms")
    before, up, after = _directions(*revolution.place(np.array([time - step, time, time + step])))
    forward = after - before
    forward -= (forward @ up) * up
    forward /= np.linalg.norm(forward)
    return up, forward, np.cross(forward, up)


def _observe(
    places: Reals, camera: tuple[Reals, Reals, Reals]
) -> tuple[NDArray[np.bool_], tuple[Reals, Reals, Reals, Reals]]:
    """Places in a picture, with their zenith, azimuth and detector element along and across.

    Args:
        places: (y, x, 3) unit vectors.
        camera: of `_camera`.
    """
    up, forward, right = camera
    height = 1 + height_at(np.arcsin(up[2])) / RADIUS
    depth = height - places @ up
    tangents = [(places @ axis) / depth for axis in (forward, right)]
    limits = [np.tan(np.deg2rad(half)) for half in HALF_FIELD]
    seen = (np.abs(tangents[0]) <= limits[0]) & (np.abs(tangents[1]) <= limits[1])
    # Beyond the horizon the satellite stands below the place's own.
    towards = height * up - places
    upwards = (towards * places).sum(axis=-1)
    seen &= upwards > 0
    east = np.stack([-places[..., 1], places[..., 0], np.zeros(places.shape[:2])], -1)
    east /= np.linalg.norm(east, axis=-1, keepdims=True)
    eastwards = (towards * east).sum(axis=-1)
    northwards = (towards * np.cross(places, east)).sum(axis=-1)
    zenith = np.rad2deg(np.arctan2(np.hypot(eastwards, northwards), upwards))
    azimuth = np.rad2deg(np.arctan2(eastwards, northwards)) % 360
    elements = [
        (1 + tangent / limit) / 2 * (size - 1) + 1
        for tangent, limit, size in zip(tangents, limits, DETECTOR, strict=True)
    ]
    return seen, (zenith, azimuth, elements[0], elements[1])


def height_at(latitude: float) -> float:
    """Height of the satellite above ground, m: 698 km at the equator, 710 and 727 at the turns.

    The orbit's distance from the Earth's centre is a (1 - e sin(latitude)), whose mean a stands
    `HEIGHT` above a sphere; the ground is the ellipsoid of WGS 84, so flat that its distance is
    6,378,137 m less 21,385 m times the square of the sine.

    Args:
        latitude: radians.
    """
    sine = np.sin(latitude)
    orbit = (RADIUS + HEIGHT) * (1 - ECCENTRICITY * sine)
    return float(orbit - (6_378_137.0 - 21_385.0 * sine**2))


def _directions(latitude: NDArray[np.floating], longitude: NDArray[np.floating]) -> Reals:
    """Unit vectors (..., 3) float64 from the centre of the Earth, taken as a sphere."""
    lat, lon = (np.deg2rad(np.asarray(angle, np.float64)) for angle in (latitude, longitude))
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], -1)
