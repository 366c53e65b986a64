"""Time and temperatures of a frame: what a sample keeps of it."""

from __future__ import annotations

import math

import numpy as np
import xarray as xr

_SENSORS = ("fpa", "ambient", "shutter")


def columns(scene: xr.Dataset) -> dict[str, xr.Variable]:
    """Scalars `time`, `<sensor>_temperature` float32 (deg C, NaN unknown) and `order` float64.

    `order` is the time in seconds since 1970, NaN where it is not known.
    """
    time = scene["time"].values.astype("datetime64[ns]")
    seconds = np.nan if np.isnat(time) else time.astype(np.int64) / 1e9
    found = {
        f"{name}_temperature": xr.Variable(
            (), np.float32(scene.attrs.get(f"{name}_temperature", math.nan)), {"units": "degC"}
        )
        for name in _SENSORS
    }
    return {"time": xr.Variable((), time), **found, "order": xr.Variable((), np.float64(seconds))}
