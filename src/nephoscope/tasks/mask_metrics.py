"""Scores of a mask from a histogram of published probabilities: F1, ROC, calibration and others.

Definitions are those of scikit-learn (F1, precision, recall, Matthews correlation, ROC area by
trapezoids, average precision as a step sum); the expected calibration error is that of Guo et al.
2017 (doi 10.48550/arXiv.1706.04599) with 15 bins of equal width. A pixel without a prediction
counts as clear, with probability 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nephoscope.tasks import Counts

Floats = NDArray[np.float64]

PROBABILITY_STEPS = 250
"""Probabilities are published, and counted, as multiples of 1 / PROBABILITY_STEPS."""
MISSING = 0
"""Bin of the pixels without a prediction; bin 1 + k counts k / PROBABILITY_STEPS."""
BINS = PROBABILITY_STEPS + 2
CALIBRATION_BINS = 15
LEVELS = np.concatenate([[0], np.arange(PROBABILITY_STEPS + 1)])
"""Level (probability * 250) of each bin; pixels without a prediction have probability 0."""

THRESHOLD_METRICS = (
    "f1", "iou", "iou_clear", "mean_iou", "precision", "recall", "mcc", "accuracy", "error_rate"
)  # fmt: skip
RANK_METRICS = ("auc", "average_precision")
PROBABILITY_METRICS = ("ece", "brier", "bce")
SUREST = 0.5 / PROBABILITY_STEPS
"""The cross-entropy takes 0 and 1 for this much less sure: half a step, as they were rounded."""
FACTS = ("cloud_share", "coverage")
METRICS = (*THRESHOLD_METRICS, *RANK_METRICS, *PROBABILITY_METRICS, *FACTS)


def metrics(counts: Counts, level: int) -> dict[str, Floats]:
    """Every metric of histograms.

    Args:
        counts: (..., truth, bin) int64, shape (..., 2, BINS).
        level: `threshold_step` of the threshold; a bin at or above it is cloud.

    Returns:
        name → (...) float64, NaN where a metric is not defined (no cloud at all, say).
    """
    found = _threshold_metrics(counts, level) | _rank_metrics(counts)
    found |= _probability_metrics(counts)
    return {name: found[name] for name in METRICS}


def confusion(counts: Counts, level: int) -> tuple[Floats, Floats, Floats, Floats]:
    """True positives, false positives, false negatives and true negatives of (..., 2, BINS)."""
    first = 1 + level
    cloud = counts[..., first:].sum(-1, dtype=np.float64)
    total = counts.sum(-1, dtype=np.float64)
    clear = total - cloud
    return cloud[..., 1], cloud[..., 0], clear[..., 1], clear[..., 0]


def _threshold_metrics(counts: Counts, level: int) -> dict[str, Floats]:
    tp, fp, fn, tn = confusion(counts, level)
    n = tp + fp + fn + tn
    spread = np.sqrt(tp + fp) * np.sqrt(tp + fn) * np.sqrt(tn + fp) * np.sqrt(tn + fn)
    return {
        "f1": ratio(2 * tp, 2 * tp + fp + fn),
        "iou": ratio(tp, tp + fp + fn),
        "precision": ratio(tp, tp + fp),
        "recall": ratio(tp, tp + fn),
        "mcc": ratio(tp * tn - fp * fn, spread),
        "accuracy": ratio(tp + tn, n),
        "error_rate": ratio(fp + fn, n),
        "iou_clear": ratio(tn, tn + fp + fn),
        "mean_iou": (ratio(tp, tp + fp + fn) + ratio(tn, tn + fp + fn)) / 2,
        "cloud_share": ratio(tp + fn, n),
        "coverage": 1 - ratio(counts[..., 0].sum(-1, dtype=np.float64), n),
    }


def roc(counts: Counts) -> tuple[Floats, Floats]:
    """False and true positive rates (..., point) as the threshold falls from 1 to 0."""
    rates = ratio(_above(counts), counts.sum(-1, keepdims=True, dtype=np.float64))
    start = np.zeros_like(rates[..., :1])
    rates = np.concatenate([start, rates], axis=-1)
    return rates[..., 0, :], rates[..., 1, :]


def precision_recall(counts: Counts) -> tuple[Floats, Floats]:
    """Precision and recall (..., point) as the threshold falls from 1 to 0."""
    above = _above(counts)
    fp, tp = above[..., 0, :], above[..., 1, :]
    return ratio(tp, tp + fp), ratio(tp, tp[..., -1:])


def _above(counts: Counts) -> Floats:
    """Pixels at or above each level from 250 down to 0; missing ones join probability 0."""
    merged = counts[..., 1:].astype(np.float64)
    merged[..., 0] += counts[..., 0]
    return np.cumsum(merged[..., ::-1], axis=-1)


def _rank_metrics(counts: Counts) -> dict[str, Floats]:
    false_rate, true_rate = roc(counts)
    precision, recall = precision_recall(counts)
    step = np.diff(recall, axis=-1, prepend=0)
    return {
        "auc": np.trapezoid(true_rate, false_rate, axis=-1),
        # Where nothing lies above the threshold precision is undefined, and the step is 0.
        "average_precision": np.where(step == 0, 0.0, precision * step).sum(-1),
    }


def calibration(counts: Counts) -> tuple[Floats, Floats, Floats]:
    """Mean probability, cloud share and pixels of the 15 calibration bins, each (..., 15).

    A bin holds what is above its lower and up to its upper edge; the first holds 0 too.
    """
    which = np.maximum(0, (LEVELS * CALIBRATION_BINS - 1) // PROBABILITY_STEPS)
    member = (which[:, None] == np.arange(CALIBRATION_BINS)).astype(np.float64)
    total = counts.sum(-2, dtype=np.float64)
    pixels = total @ member
    probability = ratio((total * LEVELS / PROBABILITY_STEPS) @ member, pixels)
    return probability, ratio(counts[..., 1, :] @ member, pixels), pixels


def calibration_error(counts: Counts) -> Floats:
    """Expected calibration error (...) of (..., truth, bin) counts; NaN of none."""
    probability, share, pixels = calibration(counts)
    gap = np.nan_to_num(np.abs(probability - share))
    return ratio((gap * pixels).sum(-1), pixels.sum(-1))


def _probability_metrics(counts: Counts) -> dict[str, Floats]:
    n = counts.sum(axis=(-2, -1), dtype=np.float64)
    value = LEVELS / PROBABILITY_STEPS
    clear, cloud = counts[..., 0, :] @ value**2, counts[..., 1, :] @ (1 - value) ** 2
    sure = value.clip(SUREST, 1 - SUREST)
    entropy = -(counts[..., 0, :] @ np.log(1 - sure) + counts[..., 1, :] @ np.log(sure))
    return {
        "ece": calibration_error(counts),
        "brier": ratio(clear + cloud, n),
        "bce": ratio(entropy, n),
    }


def best_threshold(counts: Counts) -> float:
    """The threshold (a multiple of 1/250 above 0) with the highest F1 on (truth, bin) counts."""
    above = _above(counts)[:, ::-1]
    f1 = ratio(2 * above[1], above.sum(0) + counts[1].sum())
    return (1 + int(np.nan_to_num(f1[1:]).argmax())) / PROBABILITY_STEPS


def ratio(above: NDArray[Any], below: NDArray[Any]) -> Floats:
    """`above / below`, NaN where `below` is 0."""
    above, below = np.broadcast_arrays(above, below)
    quotient = np.full(below.shape, np.nan)
    np.divide(above, below, out=quotient, where=below > 0)
    return quotient
