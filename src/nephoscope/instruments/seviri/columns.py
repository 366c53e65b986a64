"""Time of a slot: what a sample keeps of it."""

from __future__ import annotations

import numpy as np
import xarray as xr


def columns(scene: xr.Dataset) -> dict[str, xr.Variable]:
    """Scalars `time`, the nominal one of the slot, and `order` float64, its s since 1970."""
    time = np.datetime64(scene.attrs["nominal_time"], "ns")
    order = np.float64(time.astype(np.int64) / 1e9)
    return {"time": xr.Variable((), time), "order": xr.Variable((), order)}
