"""Truth of the pixels of a simulated scene, of each kind of samples: types of cloud, or ice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.errors import InputError, UsageError
from nephoscope.instruments import instrument_named
from nephoscope.instruments.ice_truth import read_ice_truth
from nephoscope.instruments.swath_truth import read_swath_truth
from nephoscope.levels import nearest_bins

DEPTH, THICK = "optical_depth", 0.3
"""Stratum of ice, and the visible optical depth of cloud that parts it."""
THIN_LABEL, THICK_LABEL = f"below {THICK:g}", f"from {THICK:g}"

Pixels = tuple[NDArray[np.intp], NDArray[np.intp]]
"""Rows and columns of the scene."""


@dataclass(frozen=True)
class PixelTruth:
    """What is true of some pixels.

    Attributes:
        values: name → (point, level), as the task takes it.
        strata: name → label of each pixel, (point,).
    """

    values: dict[str, NDArray[Any]]
    strata: dict[str, NDArray[Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class SwathTruth:
    """How the truth of scenes is read for one kind of samples.

    Attributes:
        read: from the store, the name of the instrument, the scene, pixels, and the altitude of the
            levels, m.
        most: pixels of a scene that are scored off the track; more are drawn from.
        words: what is true, for a report.
        conditions: whether pixels are told apart by the conditions of their instrument; else by
            light and by the angle of the satellite.
    """

    read: Callable[[Path, str, xr.Dataset, Pixels, NDArray[np.floating]], PixelTruth]
    most: int | None
    words: str
    conditions: bool


def _types(
    path: Path, instrument: str, scene: xr.Dataset, seen: Pixels, altitude: NDArray[np.floating]
) -> PixelTruth:
    """Types on the model's levels, -1 where the truth has no such level."""
    patches = instrument_named(instrument).PATCHES
    if patches is None:
        raise UsageError(f"of {instrument} there is no truth of the swath")
    row, col = scene["row"].values[seen[0]], scene["column"].values[seen]
    truth = read_swath_truth(path, patches.GRID, row, col)
    nearest, missing = nearest_bins(truth["height"].values[:1], altitude)
    types = truth["cloud_type"].values[:, nearest[0]]
    types[:, missing[0]] = -1
    return PixelTruth({"cloud_type": types})


def _ice(
    path: Path, instrument: str, scene: xr.Dataset, seen: Pixels, altitude: NDArray[np.floating]
) -> PixelTruth:
    """Ice on the model's levels, NaN where the truth has no such level; thin cloud and thick."""
    del instrument
    row, col = (place.astype(np.int64) for place in seen)
    truth = read_ice_truth(path, row, col, np.asarray(altitude, np.float64))
    values = {name: truth[name].values for name in ("iwc", "ice_number")}
    with xr.open_zarr(path, chunks=None, consolidated=False) as store:
        if DEPTH not in store:
            raise InputError(path, "is missing from the truth", field=DEPTH)
        depth = store[DEPTH].values[seen]
    return PixelTruth(values, {DEPTH: np.where(depth >= THICK, THICK_LABEL, THIN_LABEL)})


TRUTHS: Mapping[str, SwathTruth] = {
    "cloud_type": SwathTruth(_types, None, "cloud where half of a pixel is", True),
    "cloud_ice": SwathTruth(
        _ice, 40_000, "the mean ice of a pixel on each level, upright over its place", False
    ),
}
"""By the task of the samples that a model learned from."""
