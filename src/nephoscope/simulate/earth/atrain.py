"""Orbit of the A-Train: CloudSat, CALIPSO and PARASOL on one sun-synchronous orbit.

A circular orbit repeats after 233 revolutions in 16 days, inclined by 98.2 degrees, and crosses the
equator northwards at 13:30 mean local time (Stephens et al. 2002, BAMS 83, 1771). Its plane turns
with the mean Sun, so the Earth turns below it once in exactly 24 hours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nephoscope.errors import UsageError

CYCLE = 233
"""Revolutions in 16 days, after which the track repeats."""
PERIOD = 16 * 86_400 / CYCLE
"""Of a revolution, s."""
INCLINATION = 98.2
"""Degrees."""
HEIGHT = 705_000.0
"""Above the Earth, m."""
NODE_HOUR = 13.5
"""Mean local time of the crossing of the equator northwards, hours."""
PARASOL_LAG = np.timedelta64(131, "s")
"""PARASOL flies over a place this long after CALIPSO and CloudSat (two minutes in 2008)."""
CLOUDSAT_LAUNCH = np.datetime64("2006-04-28T10:02", "ms")
REACH = 180 - INCLINATION
"""The track turns back at this latitude, degrees (geocentric)."""

_DAY = 86_400.0
# tan(geocentric latitude) over tan(geodetic), WGS 84.
_SQUASH = 0.993_305_62
_INCLINED = np.deg2rad(INCLINATION)

Reals = NDArray[np.float64]


@dataclass(frozen=True)
class Revolution:
    """Revolution from one crossing of the equator northwards to the next.

    Args:
        node_time: when it crosses the equator northwards, UTC.
        node_longitude: where, degrees east.
    """

    node_time: np.datetime64
    node_longitude: float

    @classmethod
    def over(
        cls, latitude: float, longitude: float, date: np.datetime64, northwards: bool = True
    ) -> Self:
        """The revolution that passes over a place, in the 24 hours of `date` at its node.

        Args:
            latitude: degrees north, geodetic.
            longitude: degrees east.
            date: the day, UTC, on which it crosses the equator.
            northwards: at about 13:30 local time; else at about 01:30, southwards.

        Raises:
            UsageError: the track never comes to this latitude.
        """
        geocentric = np.arctan(_SQUASH * np.tan(np.deg2rad(latitude)))
        if abs(np.rad2deg(geocentric)) > REACH:
            raise UsageError(f"the A-Train never flies over latitude {latitude:g}")
        angle = float(np.arcsin(np.sin(geocentric) / np.sin(_INCLINED)))
        angle = angle if northwards else float(np.pi - angle)
        node = (longitude - _eastwards(np.asarray(angle)) + 180) % 360 - 180
        seconds = ((NODE_HOUR - float(node) / 15) % 24) * 3600
        start = date.astype("datetime64[D]").astype("datetime64[ms]")
        return cls(start + np.timedelta64(round(seconds * 1000), "ms"), float(node))

    def place(self, time: ArrayLike) -> tuple[Reals, Reals]:
        """The place below at some times.

        Args:
            time: any shape, datetime64, UTC.

        Returns:
            Latitude (geodetic, degrees north) and longitude (-180 to 180), float64, same shape.
        """
        since = np.asarray(time, "datetime64[ns]") - self.node_time.astype("datetime64[ns]")
        angle = np.asarray(since / np.timedelta64(1, "s")) * 2 * np.pi / PERIOD
        geocentric = np.arcsin(np.sin(_INCLINED) * np.sin(angle))
        latitude = np.rad2deg(np.arctan(np.tan(geocentric) / _SQUASH))
        longitude = self.node_longitude + _eastwards(angle)
        return latitude, (longitude + 180) % 360 - 180

    @property
    def number(self) -> int:
        """Revolutions since CloudSat was launched."""
        since = self.node_time.astype("datetime64[ms]") - CLOUDSAT_LAUNCH
        return int(since / np.timedelta64(1, "s") / PERIOD)

    def half_start(self, northwards: bool = True) -> np.datetime64:
        """Start of its half, at the turn of the track, UTC; it names half orbits."""
        quarter = np.timedelta64(round(PERIOD * 250), "ms")
        node = self.node_time.astype("datetime64[ms]")
        start: np.datetime64 = node - quarter if northwards else node + quarter
        return start

    def time_at(self, latitude: ArrayLike, northwards: bool = True) -> NDArray[np.datetime64]:
        """Time at which it is at latitudes (degrees, geodetic), same shape, datetime64[ms].

        Args:
            latitude: any shape; beyond the turn of the track it is the time of the turn.
            northwards: on the way north, which begins a quarter before the node; else after it.
        """
        geocentric = np.arctan(_SQUASH * np.tan(np.deg2rad(np.asarray(latitude, float))))
        angle = np.arcsin(np.clip(np.sin(geocentric) / np.sin(_INCLINED), -1, 1))
        angle = angle if northwards else np.pi - angle
        late = np.round(angle / (2 * np.pi) * PERIOD * 1000).astype("timedelta64[ms]")
        return np.asarray(self.node_time.astype("datetime64[ms]") + late)


def _eastwards(angle: Reals) -> Reals:
    """Longitude gained since the node (degrees) at an angle flown (radians, within one turn)."""
    flown = np.arctan2(np.cos(_INCLINED) * np.sin(angle), np.cos(angle))
    return np.asarray(np.rad2deg(flown) - angle / (2 * np.pi) * PERIOD / _DAY * 360)
