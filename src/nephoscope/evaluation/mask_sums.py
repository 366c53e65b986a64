"""Sums and scores of cloud masks that are at hand as probabilities, without a samples store."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nephoscope.evaluation.intervals import Scores, score_sums
from nephoscope.evaluation.items import latitude_band
from nephoscope.evaluation.sums import Cell, Sums
from nephoscope.tasks import Counts, task_named
from nephoscope.tasks.mask import MaskDecision, count_published


def sums_of_map(
    unit: str,
    probability: NDArray[np.float32],
    label: NDArray[np.int8],
    latitude: NDArray[np.float64],
) -> Sums:
    """Sums of one map.

    Args:
        unit: what the bootstrap resamples, e.g. the map's id.
        probability: (y, x) float32, 0..1, NaN where there is no prediction.
        label: (y, x) int8, -1 unknown, 0 clear, 1 cloud; only known pixels are counted.
        latitude: (y,) degrees.

    Raises:
        ValueError: the shapes do not fit.
    """
    if probability.shape != label.shape or label.shape[:1] != latitude.shape:
        raise ValueError(f"{unit}: {probability.shape=}, {label.shape=}, {latitude.shape=} differ")
    rows = np.broadcast_to(latitude[:, None], label.shape)
    known = label >= 0
    return sums_of_pixels(unit, probability[known], label[known], rows[known])


def sums_of_pixels(
    unit: str,
    probability: NDArray[np.float32],
    label: NDArray[np.int8],
    latitude: NDArray[np.float64],
) -> Sums:
    """Sums of loose pixels, all (pixel,): probability 0..1 or NaN, label 0 or 1, latitude."""
    bands = latitude_band(latitude)
    chosen = {int(band): bands == band for band in np.unique(bands)}
    found: dict[Cell, Counts] = {
        (unit, b): count_published(probability[at], label[at]) for b, at in chosen.items()
    }
    return Sums(found, count_published(probability[:0], label[:0]).shape)


def score_masks(
    sums: Sums, threshold: float, *, block: int | None = None, draws: int = 1000
) -> Scores:
    """All scores of a mask with 95 % intervals; see `nephoscope.evaluation.intervals.score_sums`.

    Args:
        sums: of masks.
        threshold: cloud where the stored probability is at or above it, above 0.
        block: units drawn together.
        draws: bootstrap samples.
    """
    decision = MaskDecision(threshold=threshold)
    return score_sums(sums, task_named("mask"), decision, block=block, draws=draws)
