"""What else the channels of an imager could have measured: other responses, losses, hours."""

from __future__ import annotations

from typing import Self

from pydantic import Field, PositiveFloat, model_validator

from nephoscope.recipe.section import Section


class Response(Section):
    """Random change of a channel: value x gain + offset, and a steeper rise above some value.

    The rise stands for hotter ground and drier air than the samples hold: clouds are below it.
    """

    gain: tuple[PositiveFloat, PositiveFloat] = Field((1.0, 1.0), description="range of a factor")
    offset: float = Field(0.0, ge=0, description="largest, up or down, channel unit")
    above: float | None = Field(None, description="from which value on the rise may be steeper")
    slope: float = Field(1.0, ge=1, description="steepest rise there; in half of the crops it is 1")
    like: str | None = Field(None, description="channel whose draw the steepness follows")

    @model_validator(mode="after")
    def _steeper_above_something(self) -> Self:
        if (self.slope > 1) != (self.above is not None):
            raise ValueError("give above and slope together")
        if self.gain[0] > self.gain[1]:
            raise ValueError("gain is a range, the smaller factor first")
        return self


class Dropped(Section):
    """Channels of which nothing was measured in some of the crops."""

    channels: tuple[str, ...] = Field(min_length=1, description="their names")
    share: float = Field(ge=0, le=1, description="probability in a crop")
    together: bool = Field(False, description="all of them or none; else each by itself")


class Twilight(Section):
    """Crops shown as if the Sun stood low, or just below the horizon where it is night.

    Tracks that pass at two hours a day never see that.
    """

    share: float = Field(ge=0, le=1, description="share of the crops")
    channels: tuple[str, ...] = Field(
        min_length=1, description="lit by the Sun: they weaken with the cosine of its zenith angle"
    )
