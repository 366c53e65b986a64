"""Samples store: every labelled scene of a pipeline in one Zarr v3 store.

Dims and variables (all open in plain xarray):

- `image` (sample, channel, y, x) uint8, DN, 0 where missing (`_FillValue`); float32 with NaN where
  the unit is any other,
- `known` (sample, y, x) bool, where there is image data,
- `id`, `group`, `split` (sample) str; `order` (sample) float64, which rises with time; and what
  else the instrument says of a scene (season, temperatures),
- the truth, in the form that the attribute `truth` names. `pixels`: `label` (sample, y, x) int8,
  -1 unknown, 0 clear, 1 cloud. `frame`: `label` (sample) int8. `points`: `row_size` (sample) int64,
  how many of the points are of each sample (a contiguous ragged array of CF), `row`, `col` and
  `time_offset` (point), and the task's variables (point[, level]); those whose attribute `role` is
  "beside the truth" are never read as truth,
- `rows`, `columns` (sample) int64, where pictures are of several sizes: each lies in the upper left
  corner of its arrays, and the rest of them is missing,
- `source` (sample) int64, once frames are split of which some are copies of others (turned,
  mirrored, saved again): those of one picture have the same number,
- `latitude` (y) and `longitude` (x) float64, degrees, of maps alone,
- `channel_mean`, `_std`, `_min`, `_max` and `_pixels` (period, channel) of slots: what the channels
  say in all samples, in those by day and in those by night,
- `background_*` (by, bx) float32: the clear scene on a coarse grid, where the recipe asks for it.

Attributes: `task`, `recipe`, `instrument`; `unit`, what is independent of one another; `wraps`,
whether the first column follows the last; `truth`, `labelled`, `samples_id`, `nephoscope`, `side`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.arguments import path_of
from nephoscope.background import sample_background
from nephoscope.errors import InputError
from nephoscope.folders import is_store
from nephoscope.grids.corners import Corners
from nephoscope.recipe import PointTruth
from nephoscope.samples.levels import BESIDE_TRUTH, on_levels
from nephoscope.samples.truth import Points, joined
from nephoscope.scene import Truth

PARTS = ("train", "validation", "test")
PLACES = ("row", "col", "time_offset")
"""Variables that say where and when points are; the others along `point` are the task's."""
SIDES = ("rows", "columns")
"""Variables that say how much of its arrays each picture takes."""
SOURCE = "source"
"""Variable of frames: number of the picture that each is, or is a changed copy of."""
_REQUIRED = ("image", "known", "id", "group", "split")
_TRUE: dict[Truth, tuple[str, ...]] = {
    "pixels": ("label",),
    "frame": ("label",),
    "points": ("row_size", *PLACES),
}
_CORNERS = ("corner_row", "corner_col")
_BLOCK = 16_384
"""Points of which the truth is held as stored while levels are chosen."""
_EARLIER = {"map_id", "file", "state"}


def open_samples(path: str | Path) -> xr.Dataset:
    """Open a samples store lazily, in its stored integers (nothing is turned into NaN).

    Raises:
        InputError: there is no such store, or a variable is missing from it.
    """
    path = path_of(path, "open_samples: the folder of a samples store")
    if not is_store(path):
        problem = "is not a samples store" if path.exists() else "does not exist"
        raise InputError(path, problem, remedy="make one: nephoscope build")
    try:
        store: xr.Dataset = xr.open_zarr(
            path, chunks=None, mask_and_scale=False, consolidated=False
        )
    except (ValueError, KeyError, OSError) as error:
        raise InputError(path, f"cannot be read as Zarr: {error}") from error
    return check_samples(store, path)


def check_samples(store: xr.Dataset, path: str | Path) -> xr.Dataset:
    """Return an open store that has what every store of samples has.

    Raises:
        InputError: a variable is missing from it, or it was built by an earlier version.
    """
    if _EARLIER & {str(name) for name in store.variables}:
        remedy = "build it anew: nephoscope build"
        raise InputError(path, "was built by an earlier version", remedy=remedy)
    if store.attrs.get("truth") not in _TRUE:
        raise InputError(path, "does not say the form of its truth", field="truth")
    for name in (*_REQUIRED, *_TRUE[store.attrs["truth"]]):
        if name not in store.variables:
            raise InputError(path, "is missing from the samples", field=name)
    if store.attrs["truth"] == "points":
        sizes, points = store["row_size"].values, store["row"].size
        if (sizes < 0).any() or sizes.sum() != points:
            problem = f"counts {sizes.sum()} points of the samples, there are {points}"
            raise InputError(path, problem, field="row_size")
    return store


def source_of(store: xr.Dataset) -> str:
    """Path that a store was opened from, for messages."""
    return str(store.encoding.get("source", "samples"))


def part_indices(store: xr.Dataset, part: str) -> list[int]:
    """Indices of the samples of a part.

    Raises:
        InputError: the part is empty.
    """
    found: list[int] = np.flatnonzero(store["split"].values == part).tolist()
    if not found:
        problem, remedy = f"no sample in '{part}'", "nephoscope split"
        raise InputError(source_of(store), problem, field="split", remedy=remedy)
    return found


def sizes_of(store: xr.Dataset, indices: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Rows and columns of the pictures of some samples; none where all fill their arrays."""
    if not {*SIDES} <= {str(name) for name in store.variables}:
        return ()
    rows, cols = (store[name].values for name in SIDES)
    return tuple((int(rows[index]), int(cols[index])) for index in indices)


def axis_of(store: xr.Dataset, name: str, dim: str) -> npt.NDArray[np.float64]:
    """A coordinate of the samples, (dim,) degrees; zeros where they have none of rows, columns."""
    if name in store.variables and store[name].dims == (dim,):
        return np.asarray(store[name].values, np.float64)
    return np.zeros(store.sizes[dim])


def points_of(
    store: xr.Dataset, indices: Sequence[int], wanted: PointTruth | None = None
) -> list[Points]:
    """The points of some samples; none where the truth has another form.

    Args:
        store: an open samples store.
        indices: of the samples: one call for many is much faster than many calls.
        wanted: which levels of the truth, and which weights of the four pixels around a point.

    Raises:
        InputError: the store does not hold the levels or the weights.
    """
    if store.attrs["truth"] != "points":
        return []
    wanted = wanted or PointTruth()
    kind = "bilinear" if wanted.interpolation == "nearest" else wanted.interpolation
    weight = f"weight_{kind}"
    cornered = _CORNERS[0] in store.variables
    if cornered and weight not in store.variables:
        raise InputError(source_of(store), "is missing from the samples", field=weight)
    names = [
        str(name)
        for name, variable in store.data_vars.items()
        if variable.dims[:1] == ("point",)
        and variable.dims[-1] != "corner"
        and variable.attrs.get("role") != BESIDE_TRUTH
    ]
    ends = np.concatenate([[0], np.cumsum(store["row_size"].values)])
    spans = [(int(ends[index]), int(ends[index + 1])) for index in indices]
    chosen = np.zeros(int(ends[-1]), bool)
    for start, stop in spans:
        chosen[start:stop] = True
    blocks = []
    for start in range(0, len(chosen), _BLOCK):
        part = slice(start, start + _BLOCK)
        if chosen[part].any():
            held = {
                name: store[name][part].values[chosen[part]]
                for name in [*names, *((*_CORNERS, weight) if cornered else ())]
            }
            blocks.append(_points(held, wanted, weight, source_of(store)))
    places = np.concatenate([[0], np.cumsum(chosen)])
    whole = joined(blocks)
    return [whole.chosen(slice(places[start], places[stop])) for start, stop in spans]


def _points(
    held: dict[str, npt.NDArray[Any]], wanted: PointTruth, weight: str, source: str
) -> Points:
    """Points of arrays as stored: (point, ...)."""
    row, col = (np.asarray(held.pop(name), np.float64) for name in ("row", "col"))
    held.pop("time_offset")
    corners = None
    if weight in held:
        rows, cols = (np.asarray(held.pop(name), np.int64) for name in _CORNERS)
        weights = np.asarray(held.pop(weight), np.float64)
        if wanted.interpolation == "nearest":  # the heaviest alone
            weights = np.eye(weights.shape[1])[weights.argmax(axis=1)]
        corners = Corners(rows, cols, weights)
    return Points(row, col, on_levels(held, wanted, source), corners)


def background_of(store: xr.Dataset, channels: Sequence[str]) -> npt.NDArray[np.float32] | None:
    """The background at full resolution, (channel, y, x) float32, or None where there is none.

    Args:
        store: an open samples store.
        channels: the recipe's background channels, in the order wanted.
    """
    names = [f"background_{channel}" for channel in channels]
    if not names or not set(names) <= set(store.data_vars):
        return None
    coarse: xr.Dataset = store[names].rename(by="y", bx="x").load()
    centres = {"background_latitude": "latitude", "background_longitude": "longitude"}
    coarse = coarse.drop_vars([name for name in coarse.coords if name not in centres])
    coarse = coarse.rename({old: new for old, new in centres.items() if old in coarse.coords})
    coarse.attrs = {
        str(key).removeprefix("background_"): value
        for key, value in store.attrs.items()
        if str(key).startswith("background_")
    }
    axes = axis_of(store, "latitude", "y"), axis_of(store, "longitude", "x")
    return sample_background(coarse, *axes, channels)
