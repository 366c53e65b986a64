"""From logits on validation pixels to calibration and threshold, by mergeable histograms.

A histogram of logits, per label, holds all that calibration, threshold and pooled scores need,
whatever the number of pixels, and two of them add up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from nephoscope.evaluation.scores import best_threshold, metrics
from nephoscope.evaluation.sums import Counts
from nephoscope.tasks.mask import (
    PROBABILITY_STEPS,
    Calibration,
    probability,
    steps_of,
    threshold_step,
)

LIMIT, WIDTH = 25.0, 0.01
BINS = round(2 * LIMIT / WIDTH)
CENTRES = (np.arange(BINS) + 0.5) * WIDTH - LIMIT
KEPT = ("f1", "precision", "recall", "iou", "auc", "ece", "cloud_share")


@dataclass(frozen=True)
class LogitCounts:
    """Counted pixels.

    Attributes:
        pixels: (label, bin) int64, pixels by label (0 clear, 1 cloud) and logit.
        unseen: (label,) int64, labelled pixels without image data: they count as clear.
    """

    pixels: npt.NDArray[np.int64]
    unseen: npt.NDArray[np.int64]

    def __add__(self, other: LogitCounts) -> LogitCounts:
        return LogitCounts(self.pixels + other.pixels, self.unseen + other.unseen)


def no_counts() -> LogitCounts:
    """The neutral element of the sum."""
    return LogitCounts(np.zeros((2, BINS), np.int64), np.zeros(2, np.int64))


def count_logits(logits: Tensor, label: Tensor, known: Tensor) -> LogitCounts:
    """Count the labelled pixels.

    Args:
        logits: any shape, float32.
        label: as many int8, -1 unknown, 0 clear, 1 cloud.
        known: as many bool, false without image data.
    """
    label, known, logits = label.reshape(-1).long(), known.reshape(-1), logits.reshape(-1)
    used = (label >= 0) & known
    place = ((logits[used] + LIMIT) / WIDTH).long().clamp(0, BINS - 1)
    pixels = torch.bincount(label[used] * BINS + place, minlength=2 * BINS).reshape(2, BINS)
    unseen = torch.bincount(label[(label >= 0) & ~known], minlength=2)
    return LogitCounts(pixels.cpu().numpy(), unseen.cpu().numpy())


def best_f1(counts: LogitCounts) -> float:
    """The highest F1 of any threshold on the logit, pooled over all pixels; 0 without clouds."""
    return float(_f1(counts.pixels, counts.unseen).max())


def fit_calibration(counts: LogitCounts, rounds: int = 50) -> Calibration:
    """Platt's straight line, by Newton's method on the histogram.

    One label alone says nothing of the line: then it is the identity.
    """
    if not counts.pixels.sum(axis=1).all():
        return Calibration()
    total = counts.pixels.sum(axis=0).astype(float)
    design = np.stack([CENTRES, np.ones(BINS)])
    line = np.array([1.0, 0.0])
    for _ in range(rounds):
        expected = 1 / (1 + np.exp(-np.clip(line @ design, -60, 60)))
        gradient = design @ (counts.pixels[1] - total * expected)
        weights = total * expected * (1 - expected)
        curvature = (design * weights) @ design.T + 1e-9 * np.eye(2)
        step = np.clip(np.linalg.solve(curvature, gradient), -1, 1)
        line = line + step
        line[0] = max(line[0], 1e-3)
        if np.abs(step).max() < 1e-9:
            break
    return Calibration(slope=float(line[0]), intercept=float(line[1]))


def choose_threshold(counts: LogitCounts, calibration: Calibration) -> float:
    """The published threshold with the highest F1 pooled over all pixels, a multiple of 1/250."""
    return best_threshold(published(counts, calibration))


def scores(counts: LogitCounts, calibration: Calibration, threshold: float) -> dict[str, float]:
    """What `nephoscope evaluate` would say, without intervals, and the number of pixels."""
    found = published(counts, calibration)
    values = metrics(found, threshold_step(threshold))
    kept = {name: float(np.nan_to_num(values[name])) for name in KEPT}
    return {**kept, "pixels": int(found.sum())}


def published(counts: LogitCounts, calibration: Calibration) -> Counts:
    """(truth, bin) int64, as `nephoscope.evaluation.sums` counts published probabilities."""
    step = steps_of(probability(CENTRES.astype(np.float32), calibration))
    steps = [np.bincount(step, row, PROBABILITY_STEPS + 1) for row in counts.pixels]
    return np.concatenate([counts.unseen[:, None], np.stack(steps).astype(np.int64)], axis=1)


def _f1(pixels: npt.NDArray[np.int64], unseen: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """F1 when cloud is bin >= n, for each n."""
    hit = pixels[1, ::-1].cumsum()[::-1]
    false = pixels[0, ::-1].cumsum()[::-1]
    cloudy = pixels[1].sum() + unseen[1]
    return np.asarray(2 * hit / np.maximum(hit + false + cloudy, 1))
