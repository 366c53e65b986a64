"""Scores of published cloud ice: cloud on levels, ice water content and path, intervals and tops.

Amounts are counted as whole multiples of a small unit, so that counts add up exactly. The CRPS is
the mean of twice the quantile loss of the published quantiles: that of the median and the 90 %
interval (the weighted interval score of Bracher et al. 2021, doi 10.1371/journal.pcbi.1008618).
NaN is what is not defined.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from nephoscope.tasks import Counts
from nephoscope.tasks.mask_metrics import BINS, calibration, calibration_error, ratio
from nephoscope.tasks.profile_blocks import Blocks, Shapes, Tables
from nephoscope.tasks.profile_metrics import errors_of, mean_iou, overlap

Floats = npt.NDArray[np.float64]

ERRORS = ("log_mae", "log_mae_p50", "log_mae_all", "number_log_mae", "mae", "mae_in_cloud")
"""Mean absolute errors, and of which voxels; see `ice_published.tally_ice`."""
FINE = 1e-6
"""Unit in which errors are counted: of log10, and of g m-3."""
MOMENTS = {"linear": (1e-6, 1e-9), "log": (1e-6, 1e-6), "in_cloud": (1e-6, 1e-6)}
"""What is compared, and units of its sums and of the sums of its squares and products."""
PATH_UNIT = 1e-6
"""Unit in which ice water paths are counted, kg m-2."""
DECADES = tuple(10.0**power for power in range(-4, 2))
"""Ice water paths, kg m-2, between which biases are told; what is less is counted first."""
COVERED = ("all", "possible", "cloudy", "column")
"""Where intervals are looked at: at every voxel; where they are more than clear; where there is
cloud; and of columns' paths where they are more than clear."""


def ice_shapes(levels: int) -> Shapes:
    """Tables of what is published."""
    return {
        "voxels": (levels, 2, 2),  # truth, said
        "probabilities": (2, BINS),
        "columns": (2, 2),
        "column_probabilities": (2, BINS),
        "profiles": (1,),
        "level_errors": (levels, 2),  # number and sum of `log_mae`
        "errors": (len(ERRORS), 2),  # number and sum
        "moments": (len(MOMENTS), 6),  # number, sums of said, true, said^2, true^2, both
        "quantile_scores": (3,),  # number, sums of the CRPS in g m-3 and of the scaled logarithm
        "covered": (len(COVERED), 3),  # number, inside, sum of shares inside
        "paths": (1 + len(DECADES), 3),  # number, sums of said and true
        "numbers": (2,),  # sums of said and true
        "tops": (2 * levels,),  # error in levels; last those without a top
    }


PUBLISHED = Blocks(ice_shapes)


def scores_of(tables: Tables, step: float) -> dict[str, Any]:
    """Every score that the tables know.

    Args:
        tables: name → (..., *shape) int64.
        step: of the levels, m.

    Returns:
        name → (...) float64; `profiles` int64.
    """
    voxels = tables["voxels"].sum(axis=-3)
    cloud = overlap(voxels)
    right = voxels[..., 0, 0] + voxels[..., 1, 1]
    return {
        "f1": cloud["dice"],
        "precision": cloud["precision"],
        "recall": cloud["recall"],
        "iou": cloud["iou"],
        "accuracy": ratio(right, voxels.sum(axis=(-2, -1))),
        "cloud_share": ratio(voxels[..., 1, :].sum(axis=-1), voxels.sum(axis=(-2, -1))),
        "ece": calibration_error(tables["probabilities"]),
        **_errors(tables["errors"]),
        **_moments(tables["moments"]),
        **_quantiles(tables),
        **_paths(tables["paths"]),
        "number_bias": _bias(tables["numbers"][..., 0], tables["numbers"][..., 1]),
        **_columns(tables),
        **errors_of("top", tables["tops"], step),
        "profiles": tables["profiles"][..., 0],
    }


def details_of(tables: Tables) -> dict[str, Any]:
    """Tables for reports: `confusion`, `by_level`, `by_path` and `reliability`.

    Args:
        tables: name → (*shape) int64.
    """
    voxels = tables["voxels"].astype(np.float64)
    total = voxels.sum(axis=(-2, -1))
    errors, paths = tables["level_errors"], tables["paths"]
    probability, share, number = calibration(tables["probabilities"])
    return {
        "confusion": tables["voxels"].sum(axis=0),
        "by_level": overlap(tables["voxels"])
        | {
            "true_share": ratio(voxels[..., 1, :].sum(-1), total),
            "said_share": ratio(voxels[..., 1].sum(-1), total),
            "log_mae": ratio(errors[..., 1] * FINE, errors[..., 0]),
        },
        "by_path": {
            "lowest": np.array([0.0, *DECADES]),
            "columns": paths[:, 0],
            "true_mean": ratio(paths[:, 2] * PATH_UNIT, paths[:, 0]),
            "said_mean": ratio(paths[:, 1] * PATH_UNIT, paths[:, 0]),
            "bias": _bias(paths[:, 1], paths[:, 2]),
        },
        "reliability": {"probability": probability, "cloud_share": share, "voxels": number},
    }


def _errors(errors: Counts) -> dict[str, Floats]:
    return {
        name: ratio(errors[..., place, 1] * FINE, errors[..., place, 0])
        for place, name in enumerate(ERRORS)
    }


def _moments(moments: Counts) -> dict[str, Floats]:
    """R² (1 less the squared error over the variance of the truth) and r of each comparison."""
    found = {}
    for place, (name, (unit, square)) in enumerate(MOMENTS.items()):
        number = moments[..., place, 0].astype(np.float64)
        said, true = (ratio(moments[..., place, n] * unit, number) for n in (1, 2))
        said_2, true_2, both = (ratio(moments[..., place, n] * square, number) for n in (3, 4, 5))
        off, spread = said_2 - 2 * both + true_2, true_2 - true**2
        found[f"r2_{name}"] = np.where(
            spread > 0, 1 - off / np.where(spread > 0, spread, 1), np.nan
        )
        product = np.sqrt(np.maximum(said_2 - said**2, 0) * np.maximum(spread, 0))
        found[f"r_{name}"] = ratio(both - said * true, np.nan_to_num(product))
    return found


def _quantiles(tables: Tables) -> dict[str, Floats]:
    """CRPS, and shares of the truth that 90 % intervals hold.

    `coverage` and `iwp_coverage` take a clear truth for ranks drawn evenly from those of clear sky
    (see `ice_mixture.clear_share_inside`): 0.9 is right. `held` are plain shares of the published
    intervals, which are larger, as an interval that holds clear sky holds all of it.
    """
    scores, covered = tables["quantile_scores"], tables["covered"]
    share = {
        name: (
            ratio(covered[..., place, 1], covered[..., place, 0]),
            ratio(covered[..., place, 2] * FINE, covered[..., place, 0]),
        )
        for place, name in enumerate(COVERED)
    }
    return {
        "crps": ratio(scores[..., 1] * FINE, scores[..., 0]),
        "crps_log": ratio(scores[..., 2] * FINE, scores[..., 0]),
        "coverage": share["possible"][1],
        "coverage_all": share["all"][1],
        "held": share["possible"][0],
        "held_all": share["all"][0],
        "held_in_cloud": share["cloudy"][0],
        "iwp_coverage": share["column"][1],
        "iwp_held": share["column"][0],
    }


def _paths(paths: Counts) -> dict[str, Floats]:
    every = paths.sum(axis=-2)
    found = {"iwp_bias": _bias(every[..., 1], every[..., 2])}
    for place, lowest in enumerate(DECADES, start=1):
        found[f"iwp_bias_{lowest:.0e}"] = _bias(paths[..., place, 1], paths[..., place, 2])
    return found


def _bias(said: Counts, true: Counts) -> Floats:
    """Share by which what is said is too large."""
    return ratio(said.astype(np.float64) - true, true)


def _columns(tables: Tables) -> dict[str, Floats]:
    columns = tables["columns"]
    cloud = overlap(columns)
    return {
        "f1_2d": cloud["dice"],
        "precision_2d": cloud["precision"],
        "recall_2d": cloud["recall"],
        "miou_2d": mean_iou(columns),
        "ece_2d": calibration_error(tables["column_probabilities"]),
    }
