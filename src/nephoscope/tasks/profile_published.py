"""Counts of published profiles: from variables, or as they follow from counts of raw numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.tasks import Counts
from nephoscope.tasks.mask import FILL, threshold_step
from nephoscope.tasks.mask_metrics import BINS, MISSING
from nephoscope.tasks.profile_blocks import Tables, table
from nephoscope.tasks.profile_counts import (
    CLASSES,
    COLUMN_LOGITS,
    CUTS,
    LOGITS,
    LOWEST_CUT,
    MOST_LAYERS,
)
from nephoscope.tasks.profile_decision import (
    ColumnDecision,
    ProfileDecision,
    first_cloudy,
    gate_of,
    published_probabilities,
    through_gate,
)
from nephoscope.tasks.profile_truth import Types, bases_of, columns_of, layers_of, tops_of

Array = npt.NDArray[Any]
_ITEMS = 16384  # counted at once


def publish_columns(raw: Tables, decision: ColumnDecision) -> Tables:
    """Tables of published columns, of tables of raw numbers."""
    cut = first_cloudy(decision.column, COLUMN_LOGITS, decision.column_step)
    return {
        "columns": _cut(raw["columns"], cut),
        "column_probabilities": published_probabilities(
            raw["columns"], decision.column, COLUMN_LOGITS
        ),
        "profiles": raw["profiles"],
    }


def publish_profiles(raw: Tables, decision: ProfileDecision) -> Tables:
    """Tables of published profiles, of tables of raw numbers.

    Of a column called clear nothing is said on levels: no cloud, no base, no layer.
    """
    cut = first_cloudy(decision, LOGITS, threshold_step(decision.threshold))
    column = first_cloudy(decision.column, COLUMN_LOGITS, decision.column_step)
    gate, nearest = gate_of(column), min(max(cut - 1 - LOWEST_CUT, 0), CUTS - 1)
    cloud = through_gate(raw["voxels"][:, :, cut:].sum(axis=2), gate)
    bases, layers = (raw[name][nearest] for name in ("bases", "layers"))
    found = publish_columns(raw, decision) | {
        "voxels": np.stack([raw["voxels"].sum(axis=(2, 3)) - cloud, cloud], axis=-1),
        "probabilities": published_probabilities(raw["voxels"].sum(axis=(0, 3)), decision, LOGITS),
        "tops": np.stack([raw["tops"][:column].sum(axis=0), raw["tops"][column:].sum(axis=0)]),
        "within": _within(through_gate(raw["ranks"].T, gate), decision),
        "bases": _with_rest(through_gate(bases.T, gate), bases.sum(), -1),
        "layers": _with_rest(
            through_gate(np.moveaxis(layers, 0, -1), gate), layers.sum(axis=(0, 2)), 0
        ),
    }
    if "types" in raw:
        kinds = through_gate(np.moveaxis(raw["types"][cut:].sum(axis=0), 0, -1), gate)
        kinds = np.concatenate([np.zeros_like(kinds[:, :1]), kinds], axis=1)
        found["types"] = _with_rest(kinds, raw["types"].sum(axis=(0, 1, 3)), 0)
    return found


def _within(ranks: Counts, decision: ProfileDecision) -> Counts:
    """(outside, inside) of the bounds, from counts by the share below the true top."""
    low, high = decision.top_quantiles[0], decision.top_quantiles[-1]
    share = (np.arange(len(ranks)) + 0.5) / len(ranks)
    inside = ranks[(low <= share) & (share <= high)].sum()
    return np.array([ranks.sum() - inside, inside], np.int64)


def _with_rest(said: Counts, total: Counts, place: int) -> Counts:
    """Counts (..., said), where `place` has all else of the `total` (...)."""
    said[..., place] += total - said.sum(axis=-1)
    return said


def _cut(counts: Counts, cut: int) -> Counts:
    """(..., said) from (..., place): cloud is the place `cut` and all above it."""
    return np.stack([counts[..., :cut].sum(axis=-1), counts[..., cut:].sum(axis=-1)], axis=-1)


def tally_columns(variables: xr.Dataset, truth: Array) -> Tables:
    """Tables of published columns.

    Args:
        variables: `cloud_mask` and `column_cloud_probability` on any dims.
        truth: cloud types (..., level), or (level, ...) where the variables have no dim `point`.
    """
    types = levels_first(np.asarray(truth, np.int8), variables)
    return column_tables(flat_variables(variables, "cloud_mask", "column_cloud_probability"), types)


def tally_profiles(variables: xr.Dataset, truth: Array, typed: bool) -> Tables:
    """Tables of published profiles.

    Args:
        variables: as `profile_variables` gives them, on any dims.
        truth: as for `tally_columns`.
        typed: whether they tell types.
    """
    types = levels_first(np.asarray(truth, np.int8), variables)
    said = "cloud_type" if typed else "cloud_mask_3d"
    names = (
        "cloud_mask", "column_cloud_probability", "cloud_probability", said,
        "cloud_top_height_if_cloudy", "cloud_top_height_lower", "cloud_top_height_upper",
    )  # fmt: skip
    flat, altitude = flat_variables(variables, *names), variables["altitude"].values
    total: Tables = {}
    for start in range(0, max(types.shape[1], 1), _ITEMS):
        some = slice(start, start + _ITEMS)
        part = {name: values[..., some] for name, values in flat.items()}
        found = _tally_part(part, types[:, some], altitude, typed)
        total = {name: total.get(name, 0) + counts for name, counts in found.items()}
    return total


def _tally_part(
    flat: dict[str, Array],
    types: Types,
    altitude: npt.NDArray[np.float64],
    typed: bool,
) -> Tables:
    """Tables of some items, (level, item) and (item,)."""
    said = flat["cloud_type" if typed else "cloud_mask_3d"].astype(np.int64)
    said[flat["cloud_probability"] == FILL] = 0
    known, levels = types >= 0, len(types)
    truth = types.astype(np.int64)
    cloud, level = truth > 0, np.broadcast_to(np.arange(levels)[:, None], types.shape)
    steps = bins_of(flat["cloud_probability"])
    found = column_tables(flat, types) | {
        "voxels": table((levels, 2, 2), level[known], 1 * cloud[known], 1 * (said[known] > 0)),
        "probabilities": table((2, BINS), 1 * cloud[known], steps[known]),
        **_tops(flat, types, altitude),
        "bases": _bases(said, types),
        "layers": _layers(said, types),
    }
    if typed:
        found["types"] = table((CLASSES, CLASSES), truth[known], said[known])
    return found


def column_tables(flat: Mapping[str, Array], types: Types) -> Tables:
    """Tables of published columns: flat variables (item,) beside types (level, item)."""
    truth = columns_of(types)
    known = truth >= 0
    true, mask = truth[known].astype(np.int64), flat["cloud_mask"][known]
    likely = flat["column_cloud_probability"][known]
    return {
        "columns": table((2, 2), true, (mask == 1).astype(np.int64)),
        "column_probabilities": table((2, BINS), true, bins_of(likely)),
        "profiles": np.array([(types >= 0).any(axis=0).sum()], np.int64),
    }


def bins_of(steps: Array) -> Counts:
    """Bins of published probabilities."""
    return np.where(steps == FILL, MISSING, 1 + steps.astype(np.int64))


def _tops(
    flat: dict[str, Array], types: Types, altitude: npt.NDArray[np.float64]
) -> dict[str, Counts]:
    levels, true = len(types), tops_of(types)
    cloudy = (true >= 0) & (true < levels)
    true, called = true[cloudy], flat["cloud_mask"][cloudy] == 1
    top, low, high = (
        flat[f"cloud_top_height_{name}"][cloudy] for name in ("if_cloudy", "lower", "upper")
    )
    seen = ~np.isnan(top)
    error = level_errors(top, true, altitude)
    inside = (low <= altitude[true]) & (altitude[true] <= high)
    found = seen & called
    return {
        "tops": table((2, 2 * levels), called.astype(np.int64), error),
        "within": table((2,), inside[found].astype(np.int64)),
    }


def level_errors(
    said: Array, true: npt.NDArray[np.intp], altitude: npt.NDArray[np.float64]
) -> npt.NDArray[np.intp]:
    """Errors of heights (item,) in levels, as columns of a table count them.

    Args:
        said: m, NaN where there is none, which is the last column.
        true: level.
        altitude: of the levels, m, the highest first.
    """
    levels, seen = len(altitude), ~np.isnan(said)
    between = (altitude[1:] + altitude[:-1]) / 2
    level = np.searchsorted(-between, -np.where(seen, said, 0))
    return np.where(seen, true - level + levels - 1, 2 * levels - 1)


def _bases(said: Types, types: Types) -> Counts:
    levels, true = len(types), bases_of(types)
    cloudy = true >= 0
    base = bases_of(said[:, cloudy])
    error = np.where(base < 0, 2 * levels - 1, true[cloudy] - base + levels - 1)
    return table((2 * levels,), error)


def _layers(said: Types, types: Types) -> Counts:
    true = layers_of(types)
    known = true >= 0
    shape = MOST_LAYERS + 1, MOST_LAYERS + 1
    return table(
        shape, *(np.minimum(each, MOST_LAYERS) for each in (true[known], layers_of(said[:, known])))
    )


def levels_first(truth: Array, variables: xr.Dataset) -> Array:
    """Truth on levels as (level, item); it is (item, level) beside variables at points."""
    turned = truth.T if "point" in variables["cloud_mask"].dims else truth
    return turned.reshape(len(turned), -1)


def flat_variables(variables: xr.Dataset, *names: str) -> dict[str, Array]:
    """Variables as (level, item) or (item,), by name."""
    found = {}
    for name in names:
        values = variables[name]
        levels = values.sizes.get("level")
        turned = values.transpose("level", ...) if levels else values
        found[name] = turned.values.reshape((levels, -1) if levels else -1)
    return found
