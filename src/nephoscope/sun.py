"""Position of the Sun: formulas of the Astronomical Almanac, right to 0.01 degree."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

_EPOCH = np.datetime64("2000-01-01T12:00:00", "ns")  # J2000.0
_DAY = np.timedelta64(86_400_000_000_000, "ns")

Floats = NDArray[np.float64]
Angles = NDArray[np.floating]


def sun_position(time: ArrayLike) -> tuple[Floats, Floats]:
    """Where the Sun is overhead: latitude (its declination) and longitude, degrees, float64.

    Source: Astronomical Almanac, section C, "low precision formulas for the Sun" (0.01 degree from
    1950 to 2050); sidereal time: section B.

    Args:
        time: any shape, datetime64, UTC. NaT gives NaN.
    """
    moment = np.asarray(time, "datetime64[ns]")
    days = np.where(np.isnat(moment), np.nan, (moment - _EPOCH) / _DAY)
    anomaly = np.deg2rad(357.528 + 0.9856003 * days)
    mean = 280.460 + 0.9856474 * days
    ecliptic = np.deg2rad(mean + 1.915 * np.sin(anomaly) + 0.020 * np.sin(2 * anomaly))
    tilt = np.deg2rad(23.439 - 4e-7 * days)
    declination = np.arcsin(np.sin(tilt) * np.sin(ecliptic))
    ascension = np.arctan2(np.cos(tilt) * np.sin(ecliptic), np.cos(ecliptic))
    sidereal = 280.46061837 + 360.98564736629 * days
    longitude = (np.rad2deg(ascension) - sidereal + 180) % 360 - 180
    return np.rad2deg(declination), longitude


def solar_angles(
    latitude: ArrayLike, longitude: ArrayLike, time: ArrayLike
) -> tuple[Angles, Angles]:
    """Zenith and azimuth of the Sun, refraction left out.

    Args:
        latitude: degrees north; broadcast against the others. Where both are float32, so is what
            comes back: enough for a thousandth of a degree, and several times faster.
        longitude: degrees east.
        time: datetime64, UTC.

    Returns:
        Zenith angle (above 90 the Sun is down) and azimuth (clockwise from north, 0 to 360),
        degrees; NaN where place or time is unknown.
    """
    exact = not all(np.asarray(angle).dtype == np.float32 for angle in (latitude, longitude))
    kind = np.float64 if exact else np.float32
    declination, overhead = (np.deg2rad(angle).astype(kind) for angle in sun_position(time))
    lat = np.deg2rad(np.asarray(latitude, kind))
    hour = np.deg2rad(np.asarray(longitude, kind)) - overhead
    east = -np.cos(declination) * np.sin(hour)
    north = np.sin(declination) * np.cos(lat) - np.cos(declination) * np.sin(lat) * np.cos(hour)
    up = np.sin(declination) * np.sin(lat) + np.cos(declination) * np.cos(lat) * np.cos(hour)
    zenith = np.rad2deg(np.arctan2(np.hypot(east, north), up))
    return zenith, np.rad2deg(np.arctan2(east, north)) % 360
