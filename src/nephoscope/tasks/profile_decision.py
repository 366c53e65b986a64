"""Decisions of tasks on levels: calibration, thresholds and the altitudes of the levels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import Field, field_validator

from nephoscope.errors import UsageError
from nephoscope.tasks import Counts
from nephoscope.tasks.histogram import NOTHING, Line, fit_line
from nephoscope.tasks.mask import probability, steps_of, threshold_step
from nephoscope.tasks.mask_metrics import BINS, PROBABILITY_STEPS
from nephoscope.tasks.profile_counts import LOGITS
from nephoscope.tasks.profile_metrics import cut_at_each, mean_iou, overlap
from nephoscope.track import height_bounds

CENTRES = LOGITS.centres.astype(np.float32)


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


class ProfileDecision(ColumnDecision):
    """What turns the head's numbers into cloud on levels.

    Attributes:
        slope, intercept: Platt's line of the logit of cloud on a level.
        threshold: a level is cloud at a published probability at or above it.
        column_slope, column_intercept: Platt's line of the logit of a cloudy column.
        column_threshold: a column is cloudy at or above it, and where any of its levels is.
    """

    column_slope: float = 1.0
    column_intercept: float = 0.0
    column_threshold: float = Field(0.5, gt=0, le=1)

    @property
    def column(self) -> Line:
        """Calibration of the logit of a column."""
        return Line(slope=self.column_slope, intercept=self.column_intercept)

    @property
    def column_step(self) -> int:
        """The first step of the probability of a column that is called cloudy."""
        return threshold_step(self.column_threshold)


_UNEVEN = 0.05  # of the mean step
_SAME = 1e-12  # scores that differ by less are the same


def steps_of_logits(line: Line) -> npt.NDArray[np.intp]:
    """Place (0 without a prediction, 1 + bin) of a logit → bin of the published probability."""
    steps = steps_of(probability(CENTRES, line)).astype(np.intp)
    return np.concatenate([[NOTHING], steps + 1])


def published_probabilities(counts: Counts, line: Line) -> Counts:
    """Counts (truth, bin) of published probabilities from those (truth, place) of logits."""
    bins = steps_of_logits(line)
    return np.stack([np.bincount(bins, row, BINS) for row in counts]).astype(np.int64)


def first_cloudy(line: Line, step: int) -> int:
    """The first place of a logit that is cloud, where that is the probability's step and up."""
    return int(np.searchsorted(steps_of_logits(line), 1 + step))


def decide_columns(counts: Counts) -> ColumnDecision:
    """The decision that suits the columns (truth, place): Platt's line, and the best mean IoU."""
    line = _platt(counts)
    step = best_step(mean_iou(_cuts(counts, line)))
    return ColumnDecision(**line.model_dump(), threshold=step / PROBABILITY_STEPS)


def decide_profiles(voxels: Counts, columns: Counts) -> ProfileDecision:
    """The decision that suits the counts: best Dice of levels, best mean IoU of columns.

    A column in which any level is cloud is to be cloudy: its threshold is where the threshold of a
    level is, or below.

    Args:
        voxels: (truth, place) of the logit of cloud on a level.
        columns: (truth, place) of the logit of a cloudy column.
    """
    line, column = _platt(voxels), _platt(columns)
    step = best_step(overlap(_cuts(voxels, line))["dice"])
    top = steps_of_logits(column)[min(first_cloudy(line, step), LOGITS.number)] - 1
    column_step = best_step(mean_iou(_cuts(columns, column)[: max(int(top), 1)]))
    return ProfileDecision(
        **line.model_dump(),
        threshold=step / PROBABILITY_STEPS,
        column_slope=column.slope,
        column_intercept=column.intercept,
        column_threshold=column_step / PROBABILITY_STEPS,
    )


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


def _platt(counts: Counts) -> Line:
    slope, intercept = fit_line(counts[:, NOTHING + 1 :], LOGITS.centres)
    return Line(slope=slope, intercept=intercept)


def _cuts(counts: Counts, line: Line) -> Counts:
    """`cut_at_each` of published steps; what has no prediction is called clear."""
    published = published_probabilities(counts, line)
    published[:, 1] += published[:, NOTHING]
    return cut_at_each(published[:, NOTHING + 1 :])


def level_rules(decision: ColumnDecision) -> dict[str, Any]:
    """The levels that are scored, m."""
    if not decision.altitude:
        return {}
    altitude = decision.altitude
    return {"levels": {"lowest": altitude[-1], "highest": altitude[0], "number": len(altitude)}}
