"""Decisions of tasks on levels: calibration, thresholds and the altitudes of the levels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field, field_validator

from nephoscope.errors import UsageError
from nephoscope.tasks import Counts
from nephoscope.tasks.histogram import NOTHING, Bins, Line, fit_line
from nephoscope.tasks.mask import probability, steps_of, threshold_step
from nephoscope.tasks.mask_metrics import BINS, PROBABILITY_STEPS
from nephoscope.tasks.profile_counts import COLUMN_LOGITS, GATE, LOGITS
from nephoscope.tasks.profile_metrics import cut_at_each, mean_iou, overlap
from nephoscope.track import height_bounds

TOP_SHARES = (0.05, 0.16, 0.84, 0.95)
"""Shares of the true tops below their lower bound, within the inner range, and below the upper."""


class ColumnDecision(Line):
    """What turns the logit of a column into cloudy or clear.

    Attributes:
        threshold: a column is cloudy at a published probability at or above it; a multiple of
            1/250.
        altitude: of the middles of the levels that the truth was on, m, the highest first.
    """

    threshold: float = Field(0.5, gt=0, le=1)
    altitude: tuple[float, ...] = ()

    @field_validator("altitude")
    @classmethod
    def _falls_in_equal_steps(cls, altitude: tuple[float, ...]) -> tuple[float, ...]:
        steps = -np.diff(altitude)
        if len(altitude) == 1 or (steps <= 0).any():
            raise ValueError("altitudes of levels fall from level to level, and are at least 2")
        if steps.size and np.abs(steps - steps.mean()).max() > _UNEVEN * steps.mean():
            raise ValueError("levels are not in equal steps")
        return altitude

    @property
    def step(self) -> float:
        """Of the levels, m; NaN where their altitudes are not known."""
        altitude = self.altitude
        return (altitude[0] - altitude[-1]) / (len(altitude) - 1) if altitude else math.nan

    @property
    def column(self) -> Line:
        """Calibration of the logit of a column."""
        return Line(slope=self.slope, intercept=self.intercept)

    @property
    def column_step(self) -> int:
        """The first step of the probability of a column that is called cloudy."""
        return threshold_step(self.threshold)

    def edges(self, levels: int) -> npt.NDArray[np.float64]:
        """Edges of the levels (level + 1,) m, the highest first.

        Raises:
            UsageError: the altitudes are those of another number of levels.
        """
        if len(self.altitude) != levels:
            known = len(self.altitude)
            raise UsageError(f"the decision knows altitudes of {known} levels, not of {levels}")
        bounds = height_bounds(np.array(self.altitude))
        return np.concatenate([bounds[:1, 1], bounds[:, 0]])


class LevelDecision(ColumnDecision):
    """A decision whose own line is of cloud on a level, with another for the column.

    Attributes:
        column_slope, column_intercept: Platt's line of the logit of a cloudy column.
    """

    column_slope: float = 1.0
    column_intercept: float = 0.0

    @property
    def column(self) -> Line:
        """Calibration of the logit of a column."""
        return Line(slope=self.column_slope, intercept=self.column_intercept)


class ProfileDecision(LevelDecision):
    """What turns the head's numbers into cloud on levels.

    Attributes:
        slope, intercept: Platt's line of the logit of cloud on a level.
        threshold: a level is cloud at a published probability at or above it.
        column_slope, column_intercept: Platt's line of the logit of a cloudy column.
        column_threshold: a column is cloudy at or above it; of a clear one no level is cloud.
        top_quantiles: shares of a top's distribution below its bounds: below 5, 16, 84 and 95 % of
            the true tops.
    """

    column_threshold: float = Field(0.5, gt=0, le=1)
    top_quantiles: tuple[float, float, float, float] = TOP_SHARES

    @field_validator("top_quantiles")
    @classmethod
    def _rise(cls, shares: tuple[float, ...]) -> tuple[float, ...]:
        if not 0 <= shares[0] <= shares[1] <= 0.5 <= shares[2] <= shares[3] <= 1:
            raise ValueError("top_quantiles rise from 0 to 1, two of them below a half")
        return shares

    @property
    def column_step(self) -> int:
        """The first step of the probability of a column that is called cloudy."""
        return threshold_step(self.column_threshold)


_FEWEST = 100  # true tops that tell quantiles
_UNEVEN = 0.25  # of the mean step
_SAME = 1e-12  # scores that differ by less are the same


def steps_of_logits(line: Line, bins: Bins) -> npt.NDArray[np.intp]:
    """Place (0 without a prediction, 1 + bin) of a logit → bin of the published probability."""
    steps = steps_of(probability(bins.centres.astype(np.float32), line)).astype(np.intp)
    return np.concatenate([[NOTHING], steps + 1])


def published_probabilities(counts: Counts, line: Line, bins: Bins) -> Counts:
    """Counts (truth, bin) of published probabilities from those (truth, place) of logits."""
    published = steps_of_logits(line, bins)
    return np.stack([np.bincount(published, row, BINS) for row in counts]).astype(np.int64)


def first_cloudy(line: Line, bins: Bins, step: int) -> int:
    """The first place of a logit that is cloud, where that is the probability's step and up."""
    return int(np.searchsorted(steps_of_logits(line, bins), 1 + step))


def decide_columns(counts: Counts) -> ColumnDecision:
    """The decision that suits the columns (truth, place): Platt's line, and the best mean IoU."""
    line = platt(counts, COLUMN_LOGITS)
    step = best_step(mean_iou(cuts_at_steps(counts, line, COLUMN_LOGITS)))
    return ColumnDecision(**line.model_dump(), threshold=step / PROBABILITY_STEPS)


def decide_profiles(voxels: Counts, columns: Counts, ranks: Counts) -> ProfileDecision:
    """The decision that suits the counts: best mean IoU of columns, then best Dice of levels.

    Args:
        voxels: (truth, place, gate) of the logits of cloud on a level and of its column.
        columns: (truth, place) of the logit of a cloudy column.
        ranks: (gate, share of a top's distribution below the true top).
    """
    column = decide_columns(columns)
    line = platt(voxels.sum(axis=-1), LOGITS)
    gate = gate_of(first_cloudy(column, COLUMN_LOGITS, column.column_step))
    seen = through_gate(voxels, gate)
    seen[:, NOTHING] += voxels.sum(axis=(1, 2)) - seen.sum(axis=1)
    step = best_step(overlap(cuts_at_steps(seen, line, LOGITS))["dice"])
    return ProfileDecision(
        **line.model_dump(),
        threshold=step / PROBABILITY_STEPS,
        column_slope=column.slope,
        column_intercept=column.intercept,
        column_threshold=column.threshold,
        top_quantiles=_quantiles(through_gate(ranks.T, gate)),
    )


def _quantiles(ranks: Counts) -> tuple[float, float, float, float]:
    """Shares of the distributions below which so many true tops lie as there should be."""
    if ranks.sum() < _FEWEST:
        return TOP_SHARES
    reached = np.concatenate([[0], ranks.cumsum()]) / ranks.sum()
    edges = np.arange(len(reached)) / len(ranks)
    low, less, more, high = np.interp(TOP_SHARES, reached, edges)
    return min(low, 0.5), min(less, 0.5), max(more, 0.5), max(high, 0.5)


def gate_of(place: int) -> float:
    """Where the gate is cut if the column's logit is at a place: whole at edges of its places."""
    edge = math.asinh((place - 1) * COLUMN_LOGITS.width - COLUMN_LOGITS.limit)
    return 1 + min(max((edge + GATE.limit) / GATE.width, 0.0), GATE.number - 1.0)


def through_gate(counts: Counts, gate: float) -> Counts:
    """Counts (...) of the columns that are called cloudy, from (..., gate).

    Of the place in which the gate is cut, it is the share above the cut.
    """
    first = math.floor(gate)
    share = np.floor((1 - (gate - first)) * counts[..., first]).astype(np.int64)
    return np.asarray(counts[..., first + 1 :].sum(axis=-1) + share)


def best_step(scores: npt.NDArray[np.float64]) -> int:
    """The step of the highest score, of several the middle one; that of a half where none is.

    Args:
        scores: of steps 1, 2, 3 ...; NaN where one is not defined.
    """
    highest = np.nanmax(scores, initial=0.0)
    if highest == 0:
        return min(PROBABILITY_STEPS // 2, len(scores))
    best = np.flatnonzero(scores >= highest - _SAME)
    return int(best[len(best) // 2]) + 1


def platt(counts: Counts, bins: Bins) -> Line:
    """Platt's line of counts (truth, place) of logits."""
    slope, intercept = fit_line(counts[:, NOTHING + 1 :], bins.centres)
    return Line(slope=slope, intercept=intercept)


def cuts_at_steps(counts: Counts, line: Line, bins: Bins) -> Counts:
    """`cut_at_each` of published steps; what has no prediction is called clear."""
    published = published_probabilities(counts, line, bins)
    published[:, 1] += published[:, NOTHING]
    return cut_at_each(published[:, NOTHING + 1 :])


def level_rules(decision: ColumnDecision) -> dict[str, Any]:
    """The levels that are scored, m."""
    if not decision.altitude:
        return {}
    altitude = decision.altitude
    return {"levels": {"lowest": altitude[-1], "highest": altitude[0], "number": len(altitude)}}
