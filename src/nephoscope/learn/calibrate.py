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

from nephoscope.tasks.mask import PROBABILITY_STEPS, Calibration, probability, steps_of

LIMIT, WIDTH = 25.0, 0.01
BINS = round(2 * LIMIT / WIDTH)
CENTRES = (np.arange(BINS) + 0.5) * WIDTH - LIMIT
CALIBRATION_BINS = 20


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
    f1 = _f1(_by_step(counts, calibration), counts.unseen)
    return float((1 + np.argmax(f1[1:])) / PROBABILITY_STEPS)


def scores(counts: LogitCounts, calibration: Calibration, threshold: float) -> dict[str, float]:
    """F1, precision, recall, IoU and expected calibration error, pooled over labelled pixels."""
    steps = _by_step(counts, calibration)
    cut = round(threshold * PROBABILITY_STEPS)
    hit, false = int(steps[1, cut:].sum()), int(steps[0, cut:].sum())
    missed = int(steps[1, :cut].sum() + counts.unseen[1])
    return {
        "f1": 2 * hit / max(2 * hit + false + missed, 1),
        "precision": hit / max(hit + false, 1),
        "recall": hit / max(hit + missed, 1),
        "iou": hit / max(hit + false + missed, 1),
        "expected_calibration_error": calibration_error(steps),
        "pixels": int(steps.sum() + counts.unseen.sum()),
        "cloud_share": (hit + missed) / max(int(steps.sum() + counts.unseen.sum()), 1),
    }


def calibration_error(steps: npt.NDArray[np.int64]) -> float:
    """Mean distance of predicted and observed cloud share over 20 equal bins, by pixel.

    Args:
        steps: (label, step) counted pixels by probability step.
    """
    level = np.arange(PROBABILITY_STEPS + 1) / PROBABILITY_STEPS
    place = np.minimum((level * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    total = steps.sum(axis=0)
    predicted = np.bincount(place, total * level, CALIBRATION_BINS)
    observed = np.bincount(place, steps[1], CALIBRATION_BINS)
    return float(np.abs(predicted - observed).sum() / max(total.sum(), 1))


def _by_step(counts: LogitCounts, calibration: Calibration) -> npt.NDArray[np.int64]:
    """(label, step) pixels by published probability step."""
    step = steps_of(probability(CENTRES.astype(np.float32), calibration))
    bins = PROBABILITY_STEPS + 1
    return np.stack([np.bincount(step, row, bins) for row in counts.pixels]).astype(np.int64)


def _f1(pixels: npt.NDArray[np.int64], unseen: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """F1 when cloud is bin >= n, for each n."""
    hit = pixels[1, ::-1].cumsum()[::-1]
    false = pixels[0, ::-1].cumsum()[::-1]
    cloudy = pixels[1].sum() + unseen[1]
    return np.asarray(2 * hit / np.maximum(hit + false + cloudy, 1))
