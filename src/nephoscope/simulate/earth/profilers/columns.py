"""Columns of an atmosphere below a track, as all profilers of the A-Train see them."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nephoscope.errors import UsageError
from nephoscope.simulate.earth.atmosphere.state import Atmosphere
from nephoscope.simulate.earth.atrain import Revolution
from nephoscope.sun import solar_angles

Reals = NDArray[np.float64]
Floats = NDArray[np.float32]


PROFILE = np.timedelta64(160, "ms")
"""From profile to profile of CloudSat and DARDAR: 1.1 km."""


@dataclass(frozen=True)
class Columns:
    """Profiles along a track; cubes of the atmosphere became (profile, level), the lowest first.

    Args:
        latitude: (profile,) float64, degrees north.
        longitude: (profile,) float64, degrees east, -180 to 180.
        time: (profile,) datetime64[ns], UTC.
        daylight: (profile,) bool, the Sun is up.
        kind: (profile,) uint8, of the ground: `SEA`, `LAND` or `SNOW`.
        ground: (profile,) float32, altitude of the ground, m.
        temperature: float32, K.
        pressure: float32, Pa.
        vapour: float32, density of water vapour, kg m-3.
        lwc: float32, kg m-3.
        iwc: float32, kg m-3.
        liquid_extinction: float32, m-1.
        ice_extinction: float32, m-1.
        rain: float32, kg m-3.
        cloud_type: int8, 0 to 8.
    """

    latitude: Reals
    longitude: Reals
    time: NDArray[np.datetime64]
    daylight: NDArray[np.bool_]
    kind: NDArray[np.uint8]
    ground: Floats
    temperature: Floats
    pressure: Floats
    vapour: Floats
    lwc: Floats
    iwc: Floats
    liquid_extinction: Floats
    ice_extinction: Floats
    rain: Floats
    cloud_type: NDArray[np.int8]


def fly_over(atmosphere: Atmosphere, orbit: Revolution, northwards: bool) -> Columns:
    """Sample the columns nearest to an orbit's track, profile by profile.

    Args:
        atmosphere: what is flown over.
        orbit: its revolution.
        northwards: which half of it.

    Raises:
        UsageError: the track misses the atmosphere.
    """
    grid = atmosphere.grid
    half = (grid.rows * grid.spacing / 2) / 111_000
    edges = np.clip(grid.latitude + np.array([-1.2, 1.2]) * half, -82, 82)
    start, stop = np.sort(orbit.time_at(edges, northwards)).astype("datetime64[ns]")
    time = np.arange(start, stop, PROFILE)
    latitude, longitude = orbit.place(time)
    row, col = (np.rint(one).astype(int) for one in grid.to_index(latitude, longitude))
    inside = (row >= 0) & (row < grid.rows) & (col >= 0) & (col < grid.cols)
    if not inside.any():
        raise UsageError("the track misses the simulated atmosphere")
    kept = latitude[inside], longitude[inside], time[inside]
    return _sampled(atmosphere, *kept, row[inside], col[inside])


def _sampled(
    atmosphere: Atmosphere,
    latitude: Reals,
    longitude: Reals,
    time: NDArray[np.datetime64],
    row: NDArray[np.int_],
    col: NDArray[np.int_],
) -> Columns:
    names = ("lwc", "iwc", "liquid_extinction", "ice_extinction", "rain", "cloud_type")
    cubes: dict[str, Any] = {
        name: getattr(atmosphere, name)[:, row, col].T.copy() for name in names
    }
    air, surface = atmosphere.air, atmosphere.surface
    gases: dict[str, Any] = {
        name: air.at(getattr(air, name), latitude).T.astype(np.float32)
        for name in ("temperature", "pressure", "vapour")
    }
    gases["vapour"] *= atmosphere.moisture[row, col][:, None]
    return Columns(
        latitude,
        longitude,
        time,
        solar_angles(latitude, longitude, time)[0] < 90,
        surface.kind[row, col],
        surface.altitude[row, col],
        **gases,
        **cubes,
    )


def thinned(columns: Columns, chosen: NDArray[np.int_]) -> Columns:
    """Some profiles of a track, by their numbers."""
    fields = {each.name: getattr(columns, each.name)[chosen] for each in dataclass_fields(columns)}
    return Columns(**fields)
