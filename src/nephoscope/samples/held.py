"""Arrays of a part of the samples, in memory or on disk, and windows of them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt
import xarray as xr
import zarr

from nephoscope.inputs import reads_place
from nephoscope.recipe import Recipe
from nephoscope.samples.coding import Chosen, Coding, coding_of
from nephoscope.samples.pairing import channels_needed
from nephoscope.samples.store import axis_of
from nephoscope.workers import cores, in_threads

Bools = npt.NDArray[np.bool_]


class Held(NamedTuple):
    """Arrays of a part: of its samples alone in memory, or of the whole store on disk."""

    in_memory: bool
    image: Any
    known: Any
    label: Any
    latitude: Any
    longitude: Any
    coding: Coding | None


def hold(path: Path, store: xr.Dataset, indices: list[int], recipe: Recipe, budget: int) -> Held:
    """The arrays of a part, of as many channels as the recipe's features read.

    Args:
        path: of the store.
        store: the same, open.
        indices: of the part's samples.
        recipe: names the features.
        budget: bytes that pictures may take in memory; larger ones stay on disk.
    """
    arrays = zarr.open_group(path, mode="r", use_consolidated=False)
    image, known = (cast("Any", arrays[name]) for name in ("image", "known"))
    label: Any = None if store.attrs["truth"] == "points" else arrays["label"]
    coding = coding_of(store, channels_needed(recipe, store["channel"].values.tolist()))
    if coding is not None:
        image = Chosen(image, coding)
    names = ("latitude", "longitude")
    places: tuple[Any, Any] = (axis_of(store, names[0], "y"), axis_of(store, names[1], "x"))
    if "latitude" in store.variables and store["latitude"].ndim == 3:
        if reads_place(recipe.inputs.names):
            places = arrays[names[0]], arrays[names[1]]
    each = (image.shape[1] * image.dtype.itemsize + 1) * image.shape[2] * image.shape[3]
    if len(indices) * each > budget:
        return Held(False, image, known, label, *places, coding)
    pictures = np.empty((len(indices), *image.shape[1:]), image.dtype)
    read = partial(_read_picture, image)
    for place, picture in enumerate(in_threads(read, indices, cores())):
        pictures[place] = picture
    label = None if label is None else np.stack([label[n] for n in indices])
    if places[0].ndim == 3:
        places = (
            np.stack([places[0][n] for n in indices]),
            np.stack([places[1][n] for n in indices]),
        )
    return Held(True, pictures, Bits(known[n] for n in indices), label, *places, coding)


def _read_picture(image: Any, index: int) -> npt.NDArray[Any]:  # noqa: ANN401 - a zarr array
    return np.asarray(image[index, :, :, :])


def wrapped(array: Any, lead: tuple[Any, ...], col: int, width: int) -> npt.NDArray[Any]:  # noqa: ANN401
    """Columns `col` .. `col + width` of the last axis, going on at column 0 after the last."""
    total = int(array.shape[-1])
    col %= total
    if col + width <= total:
        return np.asarray(array[(*lead, slice(col, col + width))])
    left = array[(*lead, slice(col, total))]
    right = array[(*lead, slice(0, col + width - total))]
    return np.concatenate([left, right], axis=-1)


class Bits:
    """Flags (sample, y, x) as bits, an eighth of bool's memory; read by windows, as arrays are.

    Args:
        flags: (y, x) of each sample.
    """

    def __init__(self, flags: Iterable[Bools]) -> None:
        each = [(np.packbits(one, axis=-1), one.shape) for one in flags]
        self._packed = np.stack([packed for packed, _ in each])
        self.shape = (len(each), *each[0][1])

    def __getitem__(self, window: tuple[int, slice, slice]) -> Bools:
        """(y, x) of a window: sample, rows and columns."""
        sample, rows, cols = window
        first, last, _ = cols.indices(self.shape[2])
        start = first // 8
        bits = np.unpackbits(self._packed[sample, rows, start : -(-last // 8)], axis=-1)
        return bits[:, first - 8 * start : last - 8 * start].view(np.bool_)
