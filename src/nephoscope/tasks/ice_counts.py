"""Counts of the head's raw numbers: all that calibration, threshold and scores are chosen by.

What follows a decision exactly is counted by the bin of the logit of cloud. Scores that do not are
those of what would be published without any calibration; levels are then taken to be 240 m deep.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from nephoscope.tasks import Counts
from nephoscope.tasks.histogram import NOTHING
from nephoscope.tasks.ice_decision import SCORES, IceDecision
from nephoscope.tasks.ice_head import IceHead, IceNumbers
from nephoscope.tasks.ice_metrics import FINE, ice_shapes
from nephoscope.tasks.ice_metrics import PUBLISHED as TOLD
from nephoscope.tasks.ice_mixture import MEDIAN, cloud_scores
from nephoscope.tasks.ice_published import tally_ice
from nephoscope.tasks.ice_truth import IWC, LEAST_IWC, NUMBER, clouds_of, number_of
from nephoscope.tasks.ice_variables import (
    MOST_IWC,
    MOST_NUMBER,
    ice_fields,
    ice_variables,
    power_of_ten,
)
from nephoscope.tasks.mask import threshold_step
from nephoscope.tasks.profile_blocks import Blocks, Shapes, Tables, table
from nephoscope.tasks.profile_counts import LOGITS, PLACES
from nephoscope.tasks.profile_decision import first_cloudy, published_probabilities
from nephoscope.tasks.profile_truth import columns_of

STEP = 240.0
"""Depth of a level of the samples, m."""
IWC_UNIT, NUMBER_UNIT = 1e-9, 1.0
SCORE_PLACES = SCORES.number + 1
_ITEMS = 4096  # counted at once
_TOLD = "told_"  # before the names of tables of what would be published

Array = npt.NDArray[Any]


def raw_shapes(levels: int) -> Shapes:
    """Tables of raw numbers, by the place of the logit of cloud."""
    return {
        "voxels": (levels, 2, PLACES),  # truth, logit
        "columns": (2, PLACES),
        "iwc_sums": (PLACES, 2),  # mean in cloud and truth of all known voxels
        "number_sums": (PLACES, 2),
        "iwc_scores": (PLACES, SCORE_PLACES),  # normal score of the truth of cloudy voxels
        "ice_scores": (PLACES, SCORE_PLACES),  # and of cloudy columns
        "log_errors": (levels, PLACES, 2),  # number of cloudy voxels; error of log10 of the median
        **{f"{_TOLD}{name}": shape for name, shape in ice_shapes(levels).items()},
    }


RAW = Blocks(raw_shapes)


def count_ice(raw: npt.NDArray[np.float32], truth: Mapping[str, Array]) -> Counts:
    """Counts of items.

    Args:
        raw: (item, output) float32, NaN where there is no prediction.
        truth: `iwc` kg m-3 and `ice_number` m-3 (item, level), NaN unknown.
    """
    levels = truth[IWC].shape[1]
    total: Counts = np.zeros(RAW.size(levels), np.int64)
    held = {IWC: truth[IWC], NUMBER: number_of(truth)}
    for start in range(0, len(raw), _ITEMS):
        some = slice(start, start + _ITEMS)
        part = {name: values[some] for name, values in held.items()}
        total += RAW.join(_tables(raw[some].T, part, levels), levels)
    return total


def publish_ice(raw: Tables, decision: IceDecision) -> Tables:
    """Tables of what is published: exact of cloud on levels and its probability, and of `log_mae`.

    The others are those of the head without calibration.
    """
    found = {name.removeprefix(_TOLD): each for name, each in raw.items() if _TOLD in name}
    cut = first_cloudy(decision, LOGITS, threshold_step(decision.threshold))
    said = raw["voxels"][:, :, cut:].sum(axis=2)
    off = raw["log_errors"][:, cut:].sum(axis=1)
    errors = found["errors"].copy()
    errors[0] = off.sum(axis=0)
    found |= {
        "voxels": np.stack([raw["voxels"].sum(axis=2) - said, said], axis=-1),
        "probabilities": published_probabilities(raw["voxels"].sum(axis=0), decision, LOGITS),
        "column_probabilities": published_probabilities(raw["columns"], decision.column, LOGITS),
        "level_errors": off,
        "errors": errors,
    }
    return found


def _tables(raw: npt.NDArray[np.float32], truth: Mapping[str, Array], levels: int) -> Tables:
    """Tables of some items: raw (output, item), truth (item, level)."""
    amount, crystals = (np.asarray(truth[name].T, np.float64) for name in (IWC, NUMBER))
    said, types = IceHead(levels).parts(raw), clouds_of(amount)
    place, column_place = LOGITS.place(said.cloud), LOGITS.place(said.column)
    missing = np.isnan(raw).any(axis=0)
    place[:, missing] = column_place[missing] = NOTHING
    known, columns = types >= 0, columns_of(types)
    level = np.broadcast_to(np.arange(levels)[:, None], types.shape)
    there = columns >= 0
    told = TOLD.split(_told(raw, truth, levels))
    seen = known & ~missing
    counted = seen & np.isfinite(crystals)
    return {
        "voxels": table((levels, 2, PLACES), level[known], 1 * (types[known] > 0), place[known]),
        "columns": table((2, PLACES), 1 * (columns[there] > 0), column_place[there]),
        "iwc_sums": _sums(place, power_of_ten(said.mean_iwc, MOST_IWC), amount, seen, IWC_UNIT),
        "number_sums": _sums(
            place, power_of_ten(said.mean_number, MOST_NUMBER), crystals, counted, NUMBER_UNIT
        ),
        **_scores(said, amount, types, (place, column_place)),
        "log_errors": _log_errors(said, amount, (types > 0) & ~missing, level, place),
        **{f"{_TOLD}{name}": each for name, each in told.items()},
    }


def _told(raw: npt.NDArray[np.float32], truth: Mapping[str, Array], levels: int) -> Counts:
    """Counts of what would be published without calibration."""
    altitude = tuple((STEP * np.arange(levels + 1, 1, -1)).tolist())
    decision = IceDecision(altitude=altitude)
    return tally_ice(ice_variables(ice_fields(raw, decision), decision), truth)


def _sums(place: Counts, mean: Array, true: Array, chosen: Array, unit: float) -> Counts:
    """(place, said and true), as whole numbers of units."""
    found = np.zeros((PLACES, 2), np.int64)
    for column, values in enumerate((mean[chosen], true[chosen])):
        whole = np.rint(np.asarray(values, np.float64) / unit).astype(np.int64)
        np.add.at(found[:, column], place[chosen], whole)
    return found


def _scores(said: IceNumbers, amount: Array, types: Array, places: tuple[Counts, Counts]) -> Tables:
    """Normal scores of the truth among the quantiles of cloudy voxels and columns."""
    cloud, whole = types > 0, (types >= 0).all(axis=0) & (types > 0).any(axis=0)
    path = amount[:, whole].sum(axis=0)
    pairs = {
        "iwc_scores": (said.iwc[:, cloud], amount[cloud], places[0][cloud]),
        "ice_scores": (said.ice[:, whole], path, places[1][whole]),
    }
    found = {}
    for name, (quantiles, values, place) in pairs.items():
        score = SCORES.place(cloud_scores(quantiles, np.log10(values)))
        found[name] = table((PLACES, SCORE_PLACES), place, score)
    return found


def _log_errors(
    said: IceNumbers, amount: Array, cloud: Array, level: Array, place: Counts
) -> Counts:
    off = np.abs(said.iwc[MEDIAN][cloud] - np.log10(np.maximum(amount[cloud], LEAST_IWC)))
    found = np.zeros((len(amount), PLACES, 2), np.int64)
    where = level[cloud], place[cloud]
    np.add.at(found[..., 0], where, 1)
    np.add.at(found[..., 1], where, np.rint(off / FINE).astype(np.int64))
    return found
