"""A simulated truth with the picture and the track that belong to it."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import NamedTuple

import numpy as np
import xarray as xr

from nephoscope.errors import InputError
from nephoscope.instruments import open_scene
from nephoscope.instruments.polder import read as read_half_orbit
from nephoscope.instruments.polder.windows import Window
from nephoscope.instruments.tracks import open_track


class Simulated(NamedTuple):
    """Simulated scene as read back from its files.

    Args:
        scene: what the imager's file holds, on the truth's pixels.
        truth: the air.
        track: what the profilers' file holds; None where none crosses this picture.
    """

    scene: xr.Dataset
    truth: xr.Dataset
    track: xr.Dataset | None


def find_truths(place: str | PathLike[str]) -> list[Path]:
    """Truth stores of a folder written by `nephoscope simulate`, or the store itself; sorted."""
    place = Path(place)
    if place.suffix == ".zarr":
        return [place]
    return sorted(path for path in place.rglob("*.zarr") if path.parent.name == "truth")


def open_simulated(truth_path: str | PathLike[str]) -> Simulated:
    """Open a truth, and its picture and track by the names it holds.

    Args:
        truth_path: `OUT/truth/NAME.zarr`; picture and track are where they were written, below
            `OUT`.

    Raises:
        InputError: it is no truth of `nephoscope simulate`, or a file is gone or damaged.
    """
    path = Path(truth_path)
    try:
        truth = xr.open_zarr(path)
        # Read now what tells whether the store is whole: a damaged chunk is seen only when read.
        for name in ("altitude", "latitude", "longitude", "cloud_top_height", "optical_depth"):
            truth[name].load()
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        raise InputError(path, f"cannot be read: {error}", remedy="simulate it again") from error
    if not np.isfinite(truth["altitude"]).all():
        raise InputError(path, "is damaged", field="altitude", remedy="simulate it again")
    if "picture" not in truth.attrs:
        raise InputError(path, "is missing", field="picture", remedy="is it a simulated truth?")
    out = path.resolve().parents[1]
    for name in ("picture", "track"):
        if name in truth.attrs and not (out / truth.attrs[name]).is_file():
            raise InputError(out / truth.attrs[name], f"is gone; it is the {name} of {path}")
    track = open_track(out / truth.attrs["track"]) if "track" in truth.attrs else None
    return Simulated(_scene(out / truth.attrs["picture"], truth), truth, track)


def _scene(picture: Path, truth: xr.Dataset) -> xr.Dataset:
    if "origin" not in truth.variables:
        return open_scene(picture)
    window = Window(int(truth["row"][0]), truth["origin"].values, truth.sizes["x"])
    return read_half_orbit(picture, "directional", window=window)
