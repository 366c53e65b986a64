"""Time and temperatures of a frame: what a sample keeps of it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import xarray as xr
from astropy.io import fits

from nephoscope.errors import shown
from nephoscope.scene import source_of

_SENSORS = ("fpa", "ambient", "shutter")


def columns(scene: xr.Dataset) -> dict[str, xr.Variable]:
    """Scalars `time`, `<sensor>_temperature` float32 (deg C, NaN unknown), `order` and `group`.

    `order` is the time in seconds since 1970, float64, NaN where it is not known. `group` is the
    camera of a simulated frame, else the folder of the frame.
    """
    time = scene["time"].values.astype("datetime64[ns]")
    seconds = np.nan if np.isnat(time) else time.astype(np.int64) / 1e9
    found = {
        f"{name}_temperature": xr.Variable(
            (), np.float32(scene.attrs.get(f"{name}_temperature", math.nan)), {"units": "degC"}
        )
        for name in _SENSORS
    }
    return {
        "time": xr.Variable((), time),
        **found,
        "order": xr.Variable((), np.float64(seconds)),
        "group": xr.Variable((), _group_of(scene)),
    }


def _group_of(scene: xr.Dataset) -> str:
    cards = fits.Header.fromstring(scene.attrs.get("header", ""), sep="\n")
    seed = cards.get("CAMSEED")
    return shown(Path(source_of(scene)).parent) if seed is None else str(seed)
