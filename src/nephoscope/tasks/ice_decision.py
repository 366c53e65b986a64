"""Decision of cloud ice: calibration, threshold and the altitudes of the levels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from nephoscope.tasks import Counts
from nephoscope.tasks.histogram import NOTHING, Bins, Line
from nephoscope.tasks.ice_mixture import PUBLISHED, clear_share_inside, ranks_of
from nephoscope.tasks.mask import probability, steps_of
from nephoscope.tasks.mask_metrics import PROBABILITY_STEPS
from nephoscope.tasks.profile_blocks import Tables
from nephoscope.tasks.profile_counts import LOGITS
from nephoscope.tasks.profile_decision import LevelDecision, best_step, cuts_at_steps, platt
from nephoscope.tasks.profile_metrics import overlap

SCORES = Bins(6.0, 0.1)
"""Bins in which normal scores of the truth among the quantiles are counted."""
FLOOR_STEP = 5
"""Below this step of the probability of cloud, 2 %, a voxel is published as clear: its ice is 0."""
_FACTORS = (0.25, 4.0)  # of means; beyond them a model is wrong, and not to be mended by a factor
_SPREADS = np.geomspace(0.25, 4, 121)
_FEWEST = 200  # cloudy items that tell a spread

Floats = npt.NDArray[np.floating]


class IceDecision(LevelDecision):
    """What turns the head's numbers into statements on ice.

    Attributes:
        slope, intercept: Platt's line of the logit of cloud on a level.
        threshold: a level is cloud at a published probability at or above it.
        column_slope, column_intercept: Platt's line of the logit of a column with cloud.
        mean_factor: of the mean of IWC, so that published ice of the validation adds up to what
            is true.
        number_factor: of the mean of the number concentration, likewise.
        spread: of the quantiles of IWC in cloud, so that 90 % intervals hold 90 %.
        ice_spread: of those of the column's ice.
        published: lowest and highest altitude, m, of middles of levels that are published; None:
            all are.
    """

    mean_factor: float = Field(1.0, gt=0)
    number_factor: float = Field(1.0, gt=0)
    spread: float = Field(1.0, gt=0)
    ice_spread: float = Field(1.0, gt=0)
    published: tuple[float, float] | None = None

    @property
    def chosen(self) -> slice:
        """The levels that are published."""
        if self.published is None:
            return slice(None)
        low, high = self.published
        found = [number for number, middle in enumerate(self.altitude) if low <= middle <= high]
        return slice(found[0], found[-1] + 1)

    @model_validator(mode="after")
    def _some_are_published(self) -> IceDecision:
        if self.published is None:
            return self
        low, high = self.published
        if not any(low <= middle <= high for middle in self.altitude):
            ends = (
                f"{self.altitude[-1]:g} to {self.altitude[0]:g} m" if self.altitude else "unknown"
            )
            raise ValueError(f"no level is at {low:g} to {high:g} m; they are at {ends}")
        return self


def decide_ice(tables: Tables) -> IceDecision:
    """The decision that suits tables of raw numbers: the best F1 of cloud, unbiased, calibrated."""
    voxels = tables["voxels"].sum(axis=0)
    line, column = platt(voxels, LOGITS), platt(tables["columns"], LOGITS)
    step = best_step(overlap(cuts_at_steps(voxels, line, LOGITS))["dice"])
    likely = _likely(line)
    return IceDecision(
        **line.model_dump(),
        threshold=max(step, FLOOR_STEP) / PROBABILITY_STEPS,
        column_slope=column.slope,
        column_intercept=column.intercept,
        mean_factor=_factor(tables["iwc_sums"], likely),
        number_factor=_factor(tables["number_sums"], likely),
        spread=_spread(voxels[0], tables["iwc_scores"], likely),
        ice_spread=_spread(tables["columns"][0], tables["ice_scores"], _likely(column)),
    )


def _likely(line: Line) -> npt.NDArray[np.float64]:
    """Calibrated probabilities (bin,) of `LOGITS`."""
    return np.asarray(probability(LOGITS.centres.astype(np.float32), line), np.float64)


def _factor(sums: Counts, likely: Floats) -> float:
    """What is true over what is published of it, of sums (place, said and true)."""
    kept = steps_of(likely.astype(np.float32)) >= FLOOR_STEP
    said = float((sums[NOTHING + 1 :, 0] * likely)[kept].sum())
    true = float(sums[NOTHING + 1 :, 1].sum())
    if said <= 0 or true <= 0:
        return 1.0
    return float(np.clip(true / said, *_FACTORS))


def _spread(clear: Counts, scores: Counts, likely: Floats) -> float:
    """The spread of which intervals hold most nearly what they should; see `clear_share_inside`.

    Args:
        clear: (place,) of truly clear items.
        scores: (place, score) of truly cloudy ones.
        likely: (bin,) probability of cloud.
    """
    low, high = PUBLISHED[0], PUBLISHED[-1]
    there = likely > 1 - high  # elsewhere the interval is clear alone
    cloudy = scores[NOTHING + 1 :, NOTHING + 1 :][there]
    if cloudy.sum() < _FEWEST:
        return 1.0
    total = cloudy.sum() + clear[NOTHING + 1 :][there].sum()
    inside = (clear[NOTHING + 1 :][there] * clear_share_inside(likely[there], low, high)).sum()
    held = np.empty(len(_SPREADS))
    for place, spread in enumerate(_SPREADS):
        rank = ranks_of(likely[there][:, None], SCORES.centres, float(spread))
        held[place] = inside + cloudy[(low <= rank) & (rank <= high)].sum()
    off = np.abs(held / total - (high - low))
    best = np.flatnonzero(off <= off.min() + 1e-12)
    return float(_SPREADS[best[len(best) // 2]])
