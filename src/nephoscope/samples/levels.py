"""Levels of truth at points: chosen as a store is read, by the nearest bin; doubtful bins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.errors import InputError
from nephoscope.levels import nearest_bins
from nephoscope.recipe import PointTruth

HEIGHT, SCENARIO = "height", "cloud_scenario"
BESIDE = frozenset({HEIGHT, SCENARIO, "profile", "profile_time"})
"""Variables of points that are no truth, where there are others: where, when and how sure."""
BESIDE_TRUTH = "beside the truth"
"""Attribute `role` of variables of points that are never read as truth."""
TYPE = "cloud_type"
_LOOKED_AT = 16_384
"""Points whose median height is the altitude of a stored level."""
_NO_CODE = np.int16(-9999)
_QUALITY_BIT, _QUALITY_MASK, _CONFIDENT = 11, 3, 1
"""Of a cloud scenario (CloudSat 2B-CLDCLASS, PDICD, table 5)."""

Arrays = dict[str, npt.NDArray[Any]]


def altitude_of(store: xr.Dataset, wanted: PointTruth) -> npt.NDArray[np.float64] | None:
    """Altitude of the levels that are wanted: (level,) m, the highest first.

    Args:
        store: open samples with truth at points.
        wanted: which levels.

    Returns:
        the centres asked for; of stored levels their median over the first points; None where the
        store has no heights.
    """
    centres = wanted.levels.centres() if wanted.levels else None
    if centres is not None:
        return centres
    if HEIGHT not in store.variables:
        return None
    height = store[HEIGHT].isel(point=slice(0, _LOOKED_AT)).values
    height = height[np.isfinite(height).all(axis=1)]
    return np.median(height, axis=0).astype(np.float64)[_stored(wanted)] if len(height) else None


def on_levels(held: Mapping[str, npt.NDArray[Any]], wanted: PointTruth, source: str) -> Arrays:
    """Truth of some points on the levels that are wanted.

    Each level takes the bin whose centre is nearest, if it is within half a bin; else it is
    unknown: -1, or NaN of floats.

    Args:
        held: name → (point[, level]) as stored.
        wanted: which levels, and whether what is not confident is unknown.
        source: of the store, for messages.

    Returns:
        name → (point[, level]).

    Raises:
        InputError: levels are asked for by altitude, and the store has no heights; or by their
            number, and there are fewer.
    """
    truth = {name: values for name, values in held.items() if name not in BESIDE} or dict(held)
    if wanted.low_quality == "unknown" and SCENARIO in held and TYPE in truth:
        truth[TYPE] = np.where(_is_confident(held[SCENARIO]), truth[TYPE], np.int8(-1))
    if wanted.levels is None:
        return truth
    leveled = {name: values for name, values in truth.items() if values.ndim > 1}
    centres, bins = wanted.levels.centres(), wanted.levels.bins
    if centres is not None:
        if HEIGHT not in held:
            raise InputError(source, "holds no heights to find levels by", field=HEIGHT)
        nearest, missing = nearest_bins(held[HEIGHT], centres)
        return truth | {name: _taken(each, nearest, missing) for name, each in leveled.items()}
    for name, values in leveled.items():
        if bins and bins[1] > values.shape[1]:
            problem = f"has {values.shape[1]} levels, and truth.levels.bins ends at {bins[1]}"
            raise InputError(source, problem, field=name)
    return truth | {name: values[:, _stored(wanted)] for name, values in leveled.items()}


def _taken(
    values: npt.NDArray[Any], nearest: npt.NDArray[np.intp], missing: npt.NDArray[np.bool_]
) -> npt.NDArray[Any]:
    found = np.take_along_axis(values, nearest, axis=1)
    found[missing] = np.nan if values.dtype.kind == "f" else -1
    return found


def _is_confident(scenario: npt.NDArray[np.int16]) -> npt.NDArray[np.bool_]:
    quality = (scenario.view(np.uint16) >> _QUALITY_BIT) & _QUALITY_MASK
    return np.asarray((quality == _CONFIDENT) & (scenario != _NO_CODE))


def _stored(wanted: PointTruth) -> slice:
    bins = wanted.levels and wanted.levels.bins
    return slice(*bins) if bins else slice(None)
