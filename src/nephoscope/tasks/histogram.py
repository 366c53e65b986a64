"""Histograms of a network's raw score, by label: all that calibration and pooled scores need.

Bins are fixed, so that two histograms add up whatever the number of items. They are linear, or as
wide as the score is large (inverse hyperbolic sine).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from nephoscope.tasks import Counts

Floats = npt.NDArray[np.floating]
NOTHING = 0
"""Bin of the items without a prediction; bin 1 + k counts the scores of place k."""


@dataclass(frozen=True)
class Bins:
    """Places of a score.

    Attributes:
        limit: scores beyond ±limit are counted in the outermost bins; of relative bins it is that
            of the score's inverse hyperbolic sine.
        width: of a bin, likewise.
        relative: whether bins are as wide as the score is large.
    """

    limit: float
    width: float
    relative: bool = False

    @property
    def number(self) -> int:
        """Bins, without that of the items that have no prediction."""
        return round(2 * self.limit / self.width)

    @cached_property
    def centres(self) -> npt.NDArray[np.float64]:
        """(bin,) float64, the score in the middle of each bin."""
        middles = (np.arange(self.number) + 0.5) * self.width - self.limit
        return np.asarray(np.sinh(middles) if self.relative else middles, np.float64)

    def count(self, score: Floats, label: npt.NDArray[np.integer]) -> Counts:
        """Count labelled items.

        Args:
            score: (item,) float32, NaN where there is no prediction.
            label: (item,) int8, -1 unknown, 0 or 1.

        Returns:
            (label, 1 + bin) int64, the first for those without a prediction.
        """
        used = label >= 0
        place, label = self.place(score[used]), label[used]
        flat = label.astype(np.int64) * (self.number + 1) + place
        found: Counts = np.bincount(flat, minlength=2 * (self.number + 1)).reshape(2, -1)
        return found

    def place(self, score: Floats) -> npt.NDArray[np.int64]:
        """1 + bin of scores of any shape, `NOTHING` where one is NaN, int64."""
        score = score.astype(np.float32, copy=False)
        there = ~np.isnan(score)
        score = np.where(there, np.arcsinh(score) if self.relative else score, np.float32(0))
        limit, width = np.float32(self.limit), np.float32(self.width)
        found = np.clip((score + limit) / width, 0, self.number - 1)
        return np.where(there, found.astype(np.int64) + 1, NOTHING)


class Line(BaseModel):
    """Straight line from a raw score to log odds; the decision of a task is one, and more.

    Attributes:
        slope: factor on the score.
        intercept: added to it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    slope: float = 1.0
    intercept: float = 0.0


def fit_line(
    counts: Counts,
    centres: npt.NDArray[np.float64],
    prior: float = 0.0,
    least: float = 1e-3,
    rounds: int = 50,
) -> tuple[float, float]:
    """Slope and intercept from score to log odds: Platt's line (1999), by Newton's method.

    One label alone says nothing of the line: then it is the identity.

    Args:
        counts: (label, bin) int64, as many bins as centres.
        centres: (bin,) float64.
        prior: weight of half the square of the slope, against a slope without end where the labels
            are separated.
        least: the smallest slope.
        rounds: most steps.
    """
    if not counts.sum(axis=1).all():
        return 1.0, 0.0
    total = counts.sum(axis=0).astype(float)
    # Scores that lie far from 0 would tie slope and intercept to one another.
    middle = float(total @ centres) / total.sum()
    design = np.stack([centres - middle, np.ones(len(centres))])
    line = np.array([1.0, 0.0])
    penalty = np.array([prior, 0.0])
    for _ in range(rounds):
        expected = 1 / (1 + np.exp(-np.clip(line @ design, -60, 60)))
        gradient = design @ (counts[1] - total * expected) - penalty * line
        weights = total * expected * (1 - expected)
        curvature = (design * weights) @ design.T + np.diag(penalty + 1e-9)
        step = np.linalg.solve(curvature, gradient)
        step /= max(float(np.abs(step).max()), 1.0)
        line = line + step
        line[0] = max(line[0], least)
        if np.abs(step).max() < 1e-9:
            break
    return float(line[0]), float(line[1] - line[0] * middle)


def best_f1(counts: Counts) -> float:
    """The highest F1 of any threshold, label 1 being at or above it; 0 without items of label 1.

    Args:
        counts: (label, 1 + bin) int64, as `Bins.count` gives them.
    """
    hit, false = (counts[label, :NOTHING:-1].cumsum()[::-1] for label in (1, 0))
    return float((2 * hit / np.maximum(hit + false + counts[1].sum(), 1)).max())
