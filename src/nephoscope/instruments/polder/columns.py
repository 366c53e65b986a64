"""Orbit and start of a half orbit: what a sample keeps of it."""

from __future__ import annotations

import numpy as np
import xarray as xr


def columns(scene: xr.Dataset) -> dict[str, xr.Variable]:
    """Scalars `time`, `cycle`, `orbit` int32 (-1 unknown) and `order` float64, s since 1970."""
    time = scene["time"].values.astype("datetime64[ns]")
    seconds = np.nan if np.isnat(time) else time.astype(np.int64) / 1e9
    numbers = {
        name: xr.Variable((), np.int32(scene.attrs.get(name, -1))) for name in ("cycle", "orbit")
    }
    return {"time": xr.Variable((), time), **numbers, "order": xr.Variable((), np.float64(seconds))}
