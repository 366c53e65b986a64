"""What of the truth at points is learned: levels, corners' weights, doubtful flags."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from nephoscope.recipe.section import Section

_SLACK = 1e-6
"""Share of a step by which the levels may miss the highest."""


class Levels(Section):
    """Which levels: centres at equal steps, or some of the stored ones."""

    lowest: float | None = Field(None, description="centre of the lowest, m")
    highest: float | None = Field(None, description="centre of the highest, m")
    step: float | None = Field(None, gt=0, description="between two centres, m")
    bins: tuple[int, int] | None = Field(
        None, description="instead: first of the stored levels from above, and that after the last"
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        heights = (self.lowest, self.highest, self.step)
        if self.bins is not None:
            if any(each is not None for each in heights) or not 0 <= self.bins[0] < self.bins[1]:
                raise ValueError("give bins, the first below the last, or lowest, highest and step")
        elif self.lowest is None or self.highest is None or self.step is None:
            raise ValueError("give lowest, highest and step, or bins")
        else:
            steps = (self.highest - self.lowest) / self.step
            if steps < 1 - _SLACK or abs(steps - round(steps)) > _SLACK:
                raise ValueError("from lowest to highest is no whole number of steps")
        return self

    def centres(self) -> npt.NDArray[np.float64] | None:
        """(level,) m, the highest first; None where they are some of the stored ones."""
        if self.lowest is None or self.highest is None or self.step is None:
            return None
        steps = round((self.highest - self.lowest) / self.step)
        return np.asarray(self.highest - self.step * np.arange(steps + 1))


class PointTruth(Section):
    """What of the truth at points on levels is learned, and how a point lies among pixels."""

    levels: Levels | None = Field(None, description="which levels; by default all that are stored")
    interpolation: Literal["bilinear", "inverse_distance", "nearest"] = Field(
        "bilinear", description="weights of the four pixels around a point, where they are stored"
    )
    low_quality: Literal["keep", "unknown"] = Field(
        "keep", description="what is not confident: taken as it is, or as unknown"
    )
