"""Time and light of a slot: what a sample keeps of it."""

from __future__ import annotations

import numpy as np
import xarray as xr

from nephoscope.instruments.seviri.channels import DAY, NIGHT, TWILIGHT, UNSEEN

_LIGHT = {"flag_values": [NIGHT, TWILIGHT, DAY], "flag_meanings": "night twilight day"}


def columns(scene: xr.Dataset) -> dict[str, xr.Variable]:
    """Scalars that a sample keeps.

    Returns:
        `time`, the nominal one of the slot; `order` float64, its s since 1970; `group`, its day:
        slots of one day show the same clouds; `month` int8; `daylight` int8, of most pixels; and
        `satellite_longitude` float32, degrees, of the service.
    """
    time = np.datetime64(scene.attrs["nominal_time"], "ns")
    seen = scene["daylight"].values
    counts = np.bincount(seen[seen != UNSEEN].ravel(), minlength=1)
    return {
        "time": xr.Variable((), time),
        "order": xr.Variable((), np.float64(time.astype(np.int64) / 1e9)),
        "group": xr.Variable((), str(time.astype("datetime64[D]"))),
        "month": xr.Variable((), np.int8(time.astype("datetime64[M]").astype(int) % 12 + 1)),
        "daylight": xr.Variable((), np.int8(counts.argmax()), _LIGHT),
        "satellite_longitude": xr.Variable(
            (), np.float32(scene.attrs["sub_satellite_longitude"]), {"units": "degrees_east"}
        ),
    }
