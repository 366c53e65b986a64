"""Reference of A-Train Cloud Segmentation's matching of profiles to pixels.

Written from its description: oracle of the tests, and what `collocation.py` is measured against.

A k-d tree in degrees over the places of all valid pixels gives 20 neighbours of each profile; their
geodesic distances are computed one by one; of those north-west, north-east, south-west and
south-east the nearest is a corner, weighted by inverse distance. Degrees are no distances, and
180 is no neighbour of -180: beyond 80 degrees of latitude, where one of longitude is short, the 20
lie along a meridian and the corner may be the pixel behind the nearest; within a pixel of the date
line two quadrants are empty. Only valid pixels are asked: beside a gap the corners lie farther off,
where ours leave the profile out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

NEIGHBOURS = 20
MAJOR, FLATTENING = 6378137.0, 1 / 298.257223563
_MINOR = MAJOR * (1 - FLATTENING)

Reals = NDArray[np.float64]
Distance = Callable[[tuple[float, float], tuple[float, float]], float]
"""Of two (latitude, longitude), degrees; km."""


class Matches(NamedTuple):
    """Corners of each profile.

    Args:
        enclosed: (profile,) bool.
        pixel: (profile, 4) int64, number of the pixel NW, NE, SW, SE; -1 where there is none.
        weight: (profile, 4) float64, inverse distances that sum to 1, NaN where not enclosed.
    """

    enclosed: NDArray[np.bool_]
    pixel: NDArray[np.int64]
    weight: Reals


def match(places: tuple[Reals, Reals], pixels: tuple[Reals, Reals], distance: Distance) -> Matches:
    """Match profiles to pixels.

    Args:
        places: latitude and longitude of the profiles, (profile,) degrees, -180 to 180.
        pixels: of the valid pixels, (pixel,).
        distance: geodesic of two places, called for each pair.
    """
    there = np.stack(pixels, axis=1)
    profiles = np.stack(places, axis=1)
    _, near = KDTree(there).query(profiles, k=NEIGHBOURS)
    pixel = np.full((len(profiles), 4), -1, np.int64)
    away = np.full((len(profiles), 4), np.inf)
    for number, (here, neighbours) in enumerate(zip(profiles.tolist(), near, strict=True)):
        for index in neighbours:
            other = there[index].tolist()
            length = distance((here[0], here[1]), (other[0], other[1]))
            quadrant = _quadrant(here, other)
            if quadrant is not None and length < away[number, quadrant]:
                away[number, quadrant], pixel[number, quadrant] = length, index
    enclosed = (pixel >= 0).all(axis=1)
    inverse = 1 / np.where(enclosed[:, None], away, np.nan)
    return Matches(enclosed, pixel, inverse / inverse.sum(axis=1, keepdims=True))


def _quadrant(here: list[float], other: list[float]) -> int | None:
    if other[0] == here[0] or other[1] == here[1]:
        return None
    return 2 * (other[0] < here[0]) + (other[1] > here[1])


def vincenty(here: tuple[float, float], there: tuple[float, float]) -> float:
    """Geodesic on WGS 84 in plain Python (Vincenty 1975), km; exact to 0.1 mm below 1,000 km."""
    (lat, lon), (lat_2, lon_2) = here, there
    reduced = [math.atan((1 - FLATTENING) * math.tan(math.radians(each))) for each in (lat, lat_2)]
    sines, cosines = [math.sin(each) for each in reduced], [math.cos(each) for each in reduced]
    east = math.radians(lon_2 - lon)
    turned = east
    for _ in range(200):
        sine = math.hypot(
            cosines[1] * math.sin(turned),
            cosines[0] * sines[1] - sines[0] * cosines[1] * math.cos(turned),
        )
        if sine == 0:
            return 0.0
        cosine = sines[0] * sines[1] + cosines[0] * cosines[1] * math.cos(turned)
        arc = math.atan2(sine, cosine)
        azimuth = cosines[0] * cosines[1] * math.sin(turned) / sine
        level = 1 - azimuth**2
        middle = cosine - 2 * sines[0] * sines[1] / level if level else 0.0
        part = FLATTENING / 16 * level * (4 + FLATTENING * (4 - 3 * level))
        before = turned
        turned = east + (1 - part) * FLATTENING * azimuth * (
            arc + part * sine * (middle + part * cosine * (2 * middle**2 - 1))
        )
        if abs(turned - before) < 1e-12:
            break
    return _length(level, middle, arc, sine, cosine) / 1000


def _length(level: float, middle: float, arc: float, sine: float, cosine: float) -> float:
    square = level * (MAJOR**2 - _MINOR**2) / _MINOR**2
    large = 1 + square / 16384 * (4096 + square * (square * (320 - 175 * square) - 768))
    small = square / 1024 * (256 + square * (square * (74 - 47 * square) - 128))
    rest = cosine * (2 * middle**2 - 1) - small / 6 * middle * (4 * sine**2 - 3) * (
        4 * middle**2 - 3
    )
    return _MINOR * large * (arc - small * sine * (middle + small / 4 * rest))
