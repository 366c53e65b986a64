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
  `time_offset` (point), and the task's variables (point[, level]),
- `latitude` (y) and `longitude` (x) float64, degrees, of maps alone,
- `background_*` (by, bx) float32: the clear scene on a coarse grid, where the recipe asks for it.

Attributes: `task`, `recipe`, `instrument`; `unit`, what is independent of one another; `wraps`,
whether the first column follows the last; `truth`, `labelled`, `samples_id`, `nephoscope`, `side`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.arguments import path_of
from nephoscope.background import sample_background
from nephoscope.errors import InputError
from nephoscope.samples.truth import Points
from nephoscope.scene import Truth

PARTS = ("train", "validation", "test")
PLACES = ("row", "col", "time_offset")
"""Variables that say where and when points are; the others along `point` are the task's."""
_REQUIRED = ("image", "known", "id", "group", "split")
_TRUE: dict[Truth, tuple[str, ...]] = {
    "pixels": ("label",),
    "frame": ("label",),
    "points": ("row_size", *PLACES),
}
_EARLIER = {"map_id", "file", "state"}


def open_samples(path: str | Path) -> xr.Dataset:
    """Open a samples store lazily, in its stored integers (nothing is turned into NaN).

    Raises:
        InputError: there is no such store, or a variable is missing from it.
    """
    path = path_of(path, "open_samples: the folder of a samples store")
    if not (path / "zarr.json").is_file():
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


def axis_of(store: xr.Dataset, name: str, dim: str) -> npt.NDArray[np.float64]:
    """A coordinate of the samples, (dim,) degrees; zeros where they have none."""
    if name in store.variables:
        return np.asarray(store[name].values, np.float64)
    return np.zeros(store.sizes[dim])


def points_of(store: xr.Dataset, indices: Sequence[int]) -> list[Points]:
    """The points of some samples; none where the truth has another form."""
    if store.attrs["truth"] != "points":
        return []
    ends = np.concatenate([[0], np.cumsum(store["row_size"].values)])
    spans = list(pairwise(ends.tolist()))
    row, col = (np.asarray(store[name].values, np.float64) for name in ("row", "col"))
    said = {
        str(name): variable.values
        for name, variable in store.data_vars.items()
        if variable.dims[:1] == ("point",) and name not in PLACES
    }
    whole = Points(row, col, said)
    return [whole.chosen(slice(*spans[index])) for index in indices]


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
