"""A fifth instrument, as a stranger would add one: two channels on a grid that lies aslant.

A picture is `S_20200101T0015.tiny`, a NumPy archive with `image` (channel, y, x) float32,
reflectance, NaN where missing, and the corner `latitude`, `longitude` of its grid, degrees. Its
truth is `S_20200101T0015.truth` beside it, an archive with any of `mask` (y, x) int8, `state` ()
int8, and `row`, `col`, `time_offset` (point), `layer` (point, level) of a track. A picture is taken
every 15 minutes.
"""

from datetime import datetime
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import xarray as xr

from nephoscope.errors import InputError
from nephoscope.folders import LeftOut, files_below
from nephoscope.instruments.alone import (  # noqa: F401
    CONDITIONS,
    SEASON,
    blank,
    conditions,
    corners,
    depends_on,
    layout,
    one_each,
    out_of_season,
    outside,
    reading,
    wanted,
)
from nephoscope.instruments.coordinates import placed, time_of
from nephoscope.instruments.finding import scene_files
from nephoscope.instruments.given import one_path
from nephoscope.instruments.scene_file import SceneFile
from nephoscope.scene import check_scene, missing_share, seen_in

UNIT, NOUN, WRAPS, GRID = "picture", "tiny pictures", False, None
FORMAT, OPTIONS, REFERENCE = "netcdf", frozenset(), None
SAMPLES = PATCHES = SLOTS = None

CHANNELS, SUFFIX, DAMAGED = ("near", "far"), ".tiny", (OSError, ValueError, EOFError, BadZipFile)
STEP, SLANT = 0.1, 0.02  # degrees from pixel to pixel, along and across


def recognises(path):
    path = Path(path)
    if path.is_dir():
        return any(map(recognises, files_below(path, LeftOut())))
    return path.suffix == SUFFIX and path.is_file()


def find(path, left_out=None):
    return scene_files(path, recognises, _scene_file, "tiny picture", left_out)


def _scene_file(file, base):
    start = _start(file)
    order = 0.0 if np.isnat(start) else float(start.astype(np.int64))
    return SceneFile(file, file.stem, "S", order, file.parent.relative_to(base))


def _start(file):
    try:
        return np.datetime64(datetime.strptime(file.stem[2:], "%Y%m%dT%H%M"), "s")
    except ValueError:
        return np.datetime64("NaT", "s")


def read(path):
    path = one_path(path, "tiny")
    held = _archive(path)
    image = held["image"]
    rows, cols = np.indices(image.shape[1:])
    known = seen_in(image)
    scene = xr.Dataset(
        {"image": (("channel", "y", "x"), image, {"units": "1"}), "known": (("y", "x"), known)},
        {
            "channel": list(CHANNELS),
            "latitude": (("y", "x"), held["latitude"] - STEP * rows - SLANT * cols),
            "longitude": (("y", "x"), held["longitude"] + STEP * cols - SLANT * rows),
            "time": _start(path).astype("datetime64[ns]"),
        },
        {"instrument": "tiny", "source_files": [str(path)], "id": path.stem, "slot_seconds": 900},
    )
    return check_scene(scene.assign_attrs(missing_share=missing_share(known)))


def label(path, truth):
    source = Path(path).with_suffix(".truth")
    held = _archive(source) if source.exists() else {}
    forms = {"pixels": ("mask", ("y", "x")), "frame": ("state", ())}
    if truth in forms:
        name, dims = forms[truth]
        found = {"label": (dims, held[name])} if name in held else {}
    else:
        of_points = ("row", "col", "time_offset", "layer")
        found = {n: (("point", "level")[: held[n].ndim], held[n]) for n in of_points if n in held}
    return xr.Dataset(found, attrs={"source": str(source)}) if found else None


def _archive(path):
    try:
        with path.open("rb") as file, np.load(file) as held:
            return dict(held)
    except DAMAGED as error:
        raise InputError(path, f"cannot be read: {error}") from error


def columns(scene):
    seconds = scene["time"].values.astype("datetime64[s]").astype(np.float64)
    return {"time": scene["time"].variable, "order": xr.Variable((), seconds)}


def dress(product, scene, options):
    product = product.assign_attrs(title=f"Clouds in tiny pictures, {scene.attrs['id']}")
    return placed(product, scene, time_of(scene["time"]))
