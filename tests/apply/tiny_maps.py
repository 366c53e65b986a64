"""A stand-in for a reader and a network, importable by name so that worker processes find it.

A map is `P01_dayNN.npy` with (3, 19, 36) float32; a network is a threshold on blue.
"""

import os
import time
from pathlib import Path

import numpy as np
import xarray as xr

from nephoscope.errors import InputError
from nephoscope.instruments import SceneFile
from nephoscope.instruments.alone import (  # noqa: F401
    CONDITIONS,
    conditions,
    corners,
    label,
    one_each,
    reading,
    wanted,
)
from nephoscope.instruments.marci import (  # noqa: F401
    SEASON,
    blank,
    columns,
    depends_on,
    dress,
    layout,
    out_of_season,
    outside,
)
from nephoscope.instruments.registry import IMAGERS

ROWS, COLS = 19, 36
IMAGERS["tiny_maps"] = __name__
UNIT, NOUN, WRAPS, GRID = "day", "maps", True, None
FORMAT, OPTIONS, REFERENCE = "netcdf", frozenset(), None
SAMPLES = PATCHES = SLOTS = None


def recognises(path):
    return Path(path).suffix == ".npy"


def read(path):
    try:
        image = np.load(path)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(path, f"cannot be read: {error}", field="image") from error
    return xr.Dataset(
        {
            "image": (("channel", "y", "x"), image),
            "known": (("y", "x"), ~np.isnan(image[0])),
        },
        coords={
            "channel": ["red", "green", "blue"],
            "latitude": ("y", np.linspace(90, -90, ROWS)),
            "longitude": ("x", np.arange(-180.0, 180, 10)),
            "solar_longitude": 132.5,
            "mars_year": 28,
        },
        attrs={
            "instrument": "tiny_maps",
            "source_files": [str(path)],
            "id": Path(path).stem,
            "missing_share": float(np.isnan(image[0]).mean()),
        },
    )


def find(path, left_out=None):
    root = Path(path)
    files = [root] if root.is_file() else sorted(root.rglob("*.npy"))
    if not files:
        raise InputError(root, "holds no map")
    base = root.parent if root.is_file() else root
    return [_scene_file(file, base) for file in files]


def _scene_file(file, base):
    series, _, day = file.stem.partition("_day")
    return SceneFile(file, file.stem, series, int(day), file.parent.relative_to(base))


def blue_threshold(view):
    blue = view.channel("blue")
    reference = 90 if view.background is None else view.background[0]
    probability = np.where(blue > reference + 20, 0.9, 0.1).astype(np.float32)
    probability[~view.known] = np.nan
    return probability


def slow(view):
    time.sleep(0.2)
    return blue_threshold(view)


def die(view):
    os._exit(9)
