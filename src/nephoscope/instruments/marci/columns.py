"""Season and day of a map: what a sample keeps of it."""

from __future__ import annotations

import numpy as np
import xarray as xr

_YEAR = 360.0  # degrees of solar longitude


def columns(scene: xr.Dataset) -> dict[str, xr.Variable]:
    """Scalars `day`, `mars_year` int32 (0 unknown), `solar_longitude` and `order` float64.

    `order` rises with time: degrees of solar longitude since Mars year 0, or the day within the
    sub-phase where the season is not known.
    """
    day = int(scene.attrs.get("day", 0))
    year, ls = np.float64(0), np.float64(np.nan)
    if "mars_year" in scene.variables and np.isfinite(scene["mars_year"].values):
        year = np.float64(scene["mars_year"].item())
    if "solar_longitude" in scene.variables:
        ls = np.float64(scene["solar_longitude"].item())
    order = year * _YEAR + ls if np.isfinite(ls) else np.float64(day)
    about = {"units": "degree", "long_name": "areocentric solar longitude"}
    return {
        "day": xr.Variable((), np.int32(day)),
        "mars_year": xr.Variable((), np.int32(year)),
        "solar_longitude": xr.Variable((), ls, about),
        "order": xr.Variable((), order),
    }
