"""Scores from sums: every metric is a function of two histograms, with intervals by bootstrap.

Definitions are those of scikit-learn (F1, precision, recall, Matthews correlation, ROC area by
trapezoids, average precision as a step sum); the expected calibration error is that of Guo et al.
2017 (doi 10.48550/arXiv.1706.04599) with 15 bins of equal width. A pixel without a prediction
counts as clear, with probability 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nephoscope.evaluation.sums import STEPS, Counts, Sums
from nephoscope.tasks.mask import threshold_step

Floats = NDArray[np.float64]

CALIBRATION_BINS = 15
LEVELS = np.concatenate([[0], np.arange(STEPS + 1)])
"""Level (probability * 250) of each bin; pixels without a prediction have probability 0."""

THRESHOLD_METRICS = (
    "f1", "iou", "iou_clear", "mean_iou", "precision", "recall", "mcc", "accuracy", "error_rate"
)  # fmt: skip
RANK_METRICS = ("auc", "average_precision")
PROBABILITY_METRICS = ("ece", "brier", "bce")
SUREST = 0.5 / STEPS
"""The cross-entropy takes 0 and 1 for this much less sure: half a step, as they were rounded."""
FACTS = ("cloud_share", "coverage")
METRICS = (*THRESHOLD_METRICS, *RANK_METRICS, *PROBABILITY_METRICS, *FACTS)


@dataclass(frozen=True)
class Score:
    """One metric: its value, its 95 % interval (None where there is none) and the pixels in it."""

    value: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True)
class Scores:
    """All metrics, pooled, by day and by latitude band, and the sums they come from."""

    sums: Sums
    threshold: float
    overall: dict[str, Score]
    by_day: dict[str, dict[str, Score]]
    by_band: dict[int, dict[str, Score]]


def score_sums(
    sums: Sums, threshold: float, *, block: int | None = None, draws: int = 1000, seed: int = 0
) -> Scores:
    """All metrics of `sums`, with 95 % percentile intervals by bootstrap of days.

    Args:
        sums: what `sums_of_map` counted, merged.
        threshold: cloud where the stored probability is at or above it.
        block: days drawn together; by default 1, or 3 when there are 12 days or more, since
            neighbouring days look alike.
        draws: bootstrap samples.
        seed: of the resampling.

    Raises:
        ValueError: `block` or `draws` is below 1.
    """
    weights = bootstrap_weights(len(sums.days), block, draws, seed)
    level = threshold_step(threshold)
    return Scores(
        sums=sums,
        threshold=threshold,
        overall=with_intervals(sums.by_day(), level, weights),
        by_day={
            day: with_intervals(counts[None], level, None)
            for day, counts in zip(sums.days, sums.by_day(), strict=True)
        },
        by_band={band: with_intervals(sums.by_day(band), level, weights) for band in sums.bands},
    )


def bootstrap_weights(
    days: int, block: int | None = None, draws: int = 1000, seed: int = 0
) -> NDArray[np.int64] | None:
    """How often each day is in each bootstrap sample: (draw, day); None for a single block.

    Days are cut into runs of `block` neighbours, and whole runs are drawn with replacement.
    """
    block = block or (3 if days >= 12 else 1)
    if block < 1 or draws < 1:
        raise ValueError(f"block and draws must be at least 1, not {block} and {draws}")
    blocks = -(-days // block)
    if blocks < 2:
        return None
    drawn = np.random.default_rng(seed).multinomial(blocks, np.full(blocks, 1 / blocks), draws)
    return np.repeat(drawn, block, axis=1)[:, :days]


def with_intervals(
    by_day: Counts, level: int, weights: NDArray[np.int64] | None
) -> dict[str, Score]:
    """All metrics of (day, truth, bin) counts, pooled, with intervals from `bootstrap_weights`."""
    pooled = by_day.sum(axis=0)
    values = metrics(pooled, level)
    n = int(pooled.sum())
    if weights is None:
        return {name: Score(_finite(value), None, None, n) for name, value in values.items()}
    samples = metrics(np.tensordot(weights, by_day, axes=1), level)
    return {
        name: Score(_finite(value), *_interval(samples[name]), n) for name, value in values.items()
    }


def _interval(sample: Floats) -> tuple[float | None, float | None]:
    sample = sample[np.isfinite(sample)]
    if not sample.size:
        return None, None
    low, high = np.percentile(sample, [2.5, 97.5])
    return float(low), float(high)


def _finite(value: Floats) -> float | None:
    return float(value) if np.isfinite(value) else None


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
        "f1": _ratio(2 * tp, 2 * tp + fp + fn),
        "iou": _ratio(tp, tp + fp + fn),
        "precision": _ratio(tp, tp + fp),
        "recall": _ratio(tp, tp + fn),
        "mcc": _ratio(tp * tn - fp * fn, spread),
        "accuracy": _ratio(tp + tn, n),
        "error_rate": _ratio(fp + fn, n),
        "iou_clear": _ratio(tn, tn + fp + fn),
        "mean_iou": (_ratio(tp, tp + fp + fn) + _ratio(tn, tn + fp + fn)) / 2,
        "cloud_share": _ratio(tp + fn, n),
        "coverage": 1 - _ratio(counts[..., 0].sum(-1, dtype=np.float64), n),
    }


def roc(counts: Counts) -> tuple[Floats, Floats]:
    """False and true positive rates (..., point) as the threshold falls from 1 to 0."""
    rates = _ratio(_above(counts), counts.sum(-1, keepdims=True, dtype=np.float64))
    start = np.zeros_like(rates[..., :1])
    rates = np.concatenate([start, rates], axis=-1)
    return rates[..., 0, :], rates[..., 1, :]


def precision_recall(counts: Counts) -> tuple[Floats, Floats]:
    """Precision and recall (..., point) as the threshold falls from 1 to 0."""
    above = _above(counts)
    fp, tp = above[..., 0, :], above[..., 1, :]
    return _ratio(tp, tp + fp), _ratio(tp, tp[..., -1:])


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
    which = np.maximum(0, (LEVELS * CALIBRATION_BINS - 1) // STEPS)
    member = (which[:, None] == np.arange(CALIBRATION_BINS)).astype(np.float64)
    total = counts.sum(-2, dtype=np.float64)
    pixels = total @ member
    probability = _ratio((total * LEVELS / STEPS) @ member, pixels)
    return probability, _ratio(counts[..., 1, :] @ member, pixels), pixels


def _probability_metrics(counts: Counts) -> dict[str, Floats]:
    probability, share, pixels = calibration(counts)
    n = pixels.sum(-1)
    gap = np.nan_to_num(np.abs(probability - share))
    value = LEVELS / STEPS
    clear, cloud = counts[..., 0, :] @ value**2, counts[..., 1, :] @ (1 - value) ** 2
    sure = value.clip(SUREST, 1 - SUREST)
    entropy = -(counts[..., 0, :] @ np.log(1 - sure) + counts[..., 1, :] @ np.log(sure))
    return {
        "ece": _ratio((gap * pixels).sum(-1), n),
        "brier": _ratio(clear + cloud, n),
        "bce": _ratio(entropy, n),
    }


def best_threshold(counts: Counts) -> float:
    """The threshold (a multiple of 1/250 above 0) with the highest F1 on (truth, bin) counts."""
    above = _above(counts)[:, ::-1]
    f1 = _ratio(2 * above[1], above.sum(0) + counts[1].sum())
    return (1 + int(np.nan_to_num(f1[1:]).argmax())) / STEPS


def _ratio(above: Floats, below: Floats) -> Floats:
    """`above / below`, NaN where `below` is 0."""
    above, below = np.broadcast_arrays(above, below)
    quotient = np.full(below.shape, np.nan)
    np.divide(above, below, out=quotient, where=below > 0)
    return quotient
