"""Scores of published profiles: voxels, types, columns, tops, bases, layers and calibration.

A voxel is one level of one profile; a column without a prediction counts as clear. NaN is what is
not defined: the precision of cloud where none is said, say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from nephoscope.tasks import Counts
from nephoscope.tasks.mask_metrics import BINS, calibration, calibration_error, ratio
from nephoscope.tasks.profile_blocks import Blocks, Shapes
from nephoscope.tasks.profile_counts import CLASSES, MOST_LAYERS
from nephoscope.track import CLOUD_TYPES

Floats = npt.NDArray[np.float64]
Tables = Mapping[str, Counts]


def untyped_shapes(levels: int) -> Shapes:
    """Tables of what is published without types."""
    return {
        "voxels": (levels, 2, 2),  # truth, said
        "probabilities": (2, BINS),  # truth, published probability of a voxel
        **column_shapes(levels),
        # Whether the column is called cloudy; levels by which a truly cloudy column's top is too
        # high, counted from the lowest error on, and last those without a prediction.
        "tops": (2, 2 * levels),
        "within": (2,),  # true tops outside and inside of their bounds, of columns called cloudy
        "bases": (2 * levels,),  # error; last those where no level is called cloud
        "layers": (MOST_LAYERS + 1, MOST_LAYERS + 1),  # truth, said
    }


def typed_shapes(levels: int) -> Shapes:
    """Tables of what is published with types."""
    return {"types": (CLASSES, CLASSES), **untyped_shapes(levels)}  # truth, said


def column_shapes(levels: int) -> Shapes:
    """Tables of what is published of columns alone."""
    return {"columns": (2, 2), "column_probabilities": (2, BINS), "profiles": (1,)}


UNTYPED, TYPED, COLUMNS = Blocks(untyped_shapes), Blocks(typed_shapes), Blocks(column_shapes)


def scores_of(tables: Tables, step: float) -> dict[str, Any]:
    """Every score that the tables know.

    Args:
        tables: name → (..., *shape) int64.
        step: of the levels, m.

    Returns:
        name → (...) float64; `profiles` int64.
    """
    found: dict[str, Any] = {}
    if "voxels" in tables:
        voxels = tables["voxels"].sum(axis=-3)
        found |= overlap(voxels) | {
            "ece": calibration_error(tables["probabilities"]),
            "cloud_share": ratio(voxels[..., 1, :].sum(-1), voxels.sum(axis=(-2, -1))),
        }
    if "types" in tables:
        found |= _typed(tables["types"])
    found |= _columns(tables)
    if "voxels" in tables:
        found |= _tops(tables, step) | errors_of("base", tables["bases"], step)
        found |= _layers(tables["layers"])
    return found | {"profiles": tables["profiles"][..., 0]}


def overlap(voxels: Counts) -> dict[str, Floats]:
    """Dice, IoU, precision and recall (...) of (..., truth, said) counts."""
    voxels = voxels.astype(np.float64)
    hit, false, missed = voxels[..., 1, 1], voxels[..., 0, 1], voxels[..., 1, 0]
    return {
        "dice": ratio(2 * hit, 2 * hit + false + missed),
        "precision": ratio(hit, hit + false),
        "recall": ratio(hit, hit + missed),
        "iou": ratio(hit, hit + false + missed),
    }


def by_class(confusion: Counts) -> dict[str, Floats]:
    """`overlap` (..., class) of each class of a confusion (..., truth, said)."""
    hit = np.diagonal(confusion, axis1=-2, axis2=-1)
    true, said = confusion.sum(axis=-1), confusion.sum(axis=-2)
    rest = confusion.sum(axis=(-2, -1))[..., None] - true - said + hit
    flat = np.stack([rest, said - hit, true - hit, hit], axis=-1)
    return overlap(flat.reshape(*hit.shape, 2, 2))


def details_of(tables: Tables) -> dict[str, Any]:
    """Tables for reports: `confusion`, `by_type`, `by_level` and `reliability`, where known.

    Args:
        tables: name → (*shape) int64.
    """
    if "voxels" not in tables:
        return {"reliability": _reliability(tables["column_probabilities"], "columns")}
    voxels = tables["voxels"].astype(np.float64)
    total = voxels.sum(axis=(-2, -1))
    levels: dict[str, Floats] = overlap(tables["voxels"]) | {
        "true_share": ratio(voxels[..., 1, :].sum(-1), total),
        "said_share": ratio(voxels[..., 1].sum(-1), total),
    }
    found = {
        "confusion": tables.get("types", tables["voxels"].sum(axis=0)),
        "by_level": levels,
        "reliability": _reliability(tables["probabilities"], "voxels"),
    }
    if "types" in tables:
        types = tables["types"]
        share = ratio(types.sum(axis=-1), types.sum(axis=(-2, -1))[..., None])
        found["by_type"] = by_class(types) | {"true_share": share}
    return found


def cut_at_each(counts: Counts) -> Counts:
    """Counts (step - 1, truth, said) of calling cloud what is at a step or above, from step 1 on.

    Args:
        counts: (truth, step) of how many items have that step.
    """
    above = counts[:, ::-1].cumsum(axis=1)[:, -2::-1]
    total = counts.sum(axis=1)[:, None]
    return np.stack([total - above, above], axis=-1).swapaxes(0, 1)


def mean_iou(columns: Counts) -> Floats:
    """Mean (...) of the IoU of clear and of cloud that are there, of (..., truth, said)."""
    each = by_class(columns)["iou"]
    there = np.isfinite(each)
    return ratio(np.where(there, each, 0).sum(axis=-1), there.sum(axis=-1))


def _typed(types: Counts) -> dict[str, Floats]:
    """Scores of each type, their mean over the types that are true anywhere, and of all at once."""
    each = by_class(types)
    true = types.sum(axis=-1)[..., 1:] > 0
    found = {}
    for score, values in each.items():
        cloud = np.nan_to_num(values[..., 1:])  # a type that is true and never said scores 0
        found[f"macro_{score}"] = ratio((cloud * true).sum(axis=-1), true.sum(axis=-1))
        for place, name in enumerate(CLOUD_TYPES[1:], start=1):
            found[f"{score}_{name}"] = values[..., place]
    right = np.diagonal(types, axis1=-2, axis2=-1)
    hit, both = right[..., 1:].sum(axis=-1), types[..., 1:, 1:].sum(axis=(-2, -1))
    true_cloud, said_cloud = types[..., 1:, :].sum((-2, -1)), types[..., 1:].sum((-2, -1))
    return found | {
        "micro_precision": ratio(hit, said_cloud),
        "micro_recall": ratio(hit, true_cloud),
        "micro_dice": ratio(2 * hit, said_cloud + true_cloud),
        "micro_iou": ratio(hit, said_cloud + true_cloud - hit),
        "type_accuracy": ratio(hit, both),
        "accuracy": ratio(right.sum(axis=-1), types.sum(axis=(-2, -1))),
    }


def _columns(tables: Tables) -> dict[str, Floats]:
    columns = tables["columns"]
    found = {f"{name}_2d": value for name, value in overlap(columns).items()}
    return found | {
        "miou_2d": mean_iou(columns),
        "accuracy_2d": ratio(columns[..., 0, 0] + columns[..., 1, 1], columns.sum((-2, -1))),
        "ece_2d": calibration_error(tables["column_probabilities"]),
    }


def _tops(tables: Tables, step: float) -> dict[str, Floats]:
    tops, columns = tables["tops"], tables["columns"]
    every, cloudy = tops.sum(axis=-2), tops[..., 1, :]
    clear, right = columns[..., 0, 0], cloudy[..., tops.shape[-1] // 2 - 1]
    total = every.sum(axis=-1)
    mean, bias = _error(every, step)
    mean_found, bias_found = _error(cloudy, step)
    return {
        "top_mae": mean,
        "top_bias": bias,
        "top_mae_found": mean_found,
        "top_bias_found": bias_found,
        "top_found": ratio(cloudy.sum(axis=-1), total),
        "top_bin_accuracy": ratio(clear + right, columns[..., 0, :].sum(axis=-1) + total),
        "top_within": ratio(tables["within"][..., 1], tables["within"].sum(axis=-1)),
    }


def errors_of(name: str, errors: Counts, step: float) -> dict[str, Floats]:
    """Mean absolute error and bias of heights that are found, m, and the share that is found.

    Args:
        name: of the heights.
        errors: (..., error in levels), of truly cloudy columns; the last has no prediction.
        step: of the levels, m.
    """
    mean, bias = _error(errors, step)
    found = ratio(errors[..., :-1].sum(axis=-1), errors.sum(axis=-1))
    return {f"{name}_mae": mean, f"{name}_bias": bias, f"{name}_found": found}


def _layers(layers: Counts) -> dict[str, Floats]:
    """Scores of "two layers or more", and how often a cloudy column's number is right."""
    many = np.add.reduceat(np.add.reduceat(layers, (0, 2), axis=-1), (0, 2), axis=-2)
    right = np.diagonal(layers, axis1=-2, axis2=-1)[..., 1:].sum(axis=-1)
    found = {f"multilayer_{name}": value for name, value in overlap(many).items()}
    return found | {"layers_right": ratio(right, layers[..., 1:, :].sum(axis=(-2, -1)))}


def _error(errors: Counts, step: float) -> tuple[Floats, Floats]:
    """Mean absolute error and bias (...), m, of (..., error); the last has no prediction."""
    seen, levels = errors[..., :-1], errors.shape[-1] // 2
    off = np.arange(1 - levels, levels) * step
    total = seen.sum(axis=-1)
    return ratio(seen @ np.abs(off), total), ratio(seen @ off, total)


def _reliability(probabilities: Counts, items: str) -> dict[str, Floats]:
    probability, share, number = calibration(probabilities)
    return {"probability": probability, "cloud_share": share, items: number}
