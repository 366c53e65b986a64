"""Guard of classifiers: is a thermal frame like those that they learned from?

Its answer does not change with scale and offset of the counts, so neither may what is asked here,
but within reason: a frame of nothing but noise looks like clear sky whatever its noise is, and none
of the training is as noisy as random numbers are.

| number | is | of which training frames | accepted up to |
|---|---|---|---|
| `noise` | deviation of a pixel from its neighbours, counts of the binned frame | clear | 8 times |
| `texture` | the farthest that a feature is from its mean, standard deviations | all | 1.3 times |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from nephoscope.inputs.sky import pixel_noise
from nephoscope.inputs.texture import NAMES
from nephoscope.models.guard import Guard, Span

Floats = npt.NDArray[np.float32]
TIMES = {"noise": 8.0, "texture": 1.3}
"""Cameras differ in counts for a kelvin by less than the first; the second leaves room for skies
that the training lacks (290 real frames reach 0.85 times what 192 simulated ones do)."""


class ThermalGuard(Guard):
    """What a classifier knows of thermal frames."""

    known = TIMES

    def doubt(
        self, numbers: Floats, normalisation: Mapping[str, tuple[float, float]]
    ) -> str | None:
        """Why nothing should be said of a frame; None if its texture is like the training's.

        Args:
            numbers: what the classifier sees of a frame, (number,) float32.
            normalisation: mean and standard deviation of each.
        """
        span = self.spans.get("texture")
        if span is None:
            return None
        away, name = strangeness(numbers, normalisation)
        if away <= span.accepted[1]:
            return None
        said = f"{name} is {away:.0f} deviations off, in training frames {span.seen[1]:.1f} or less"
        return f"unlike any sky of the training: {said}"

    def doubt_of_clear(self, image: Floats) -> str | None:
        """Why a frame should not be called clear; None if it is no noisier than clear frames are.

        Args:
            image: (y, x) float32 of `nephoscope.inputs.texture.SHAPE`, NaN where missing.
        """
        span = self.spans.get("noise")
        if span is None or (noise := pixel_noise(image)) <= span.accepted[1]:
            return None
        seen = f"clear training frames {span.seen[1]:.3g} or less"
        return (
            f"featureless, and a noise of {noise:.3g} counts, {seen}: no thermal frame, or scaled?"
        )


def learn_thermal_guard(
    clear: Iterable[Floats],
    seen: Iterable[Floats],
    normalisation: Mapping[str, tuple[float, float]],
) -> ThermalGuard:
    """Measure what the frames of a training span.

    Args:
        clear: its clear frames, (y, x) float32 of `nephoscope.inputs.texture.SHAPE`.
        seen: of all its frames the numbers, as `texture` gives them; none for a classifier that
            does not look at these.
        normalisation: mean and standard deviation of each number.
    """
    found = {
        "noise": [pixel_noise(frame) for frame in clear],
        "texture": [strangeness(numbers, normalisation)[0] for numbers in seen],
    }
    spans = {name: _span(values, TIMES[name]) for name, values in found.items() if values}
    return ThermalGuard(spans)


def _span(values: list[float], times: float) -> Span:
    low, high = (float(f"{value:.4g}") for value in (min(values), max(values)))
    return Span((low, high), (0.0, float(f"{times * high:.4g}")))


def strangeness(
    numbers: Floats, normalisation: Mapping[str, tuple[float, float]]
) -> tuple[float, str]:
    """The largest deviation of the numbers of a frame, in standard deviations, and its name."""
    mean, std = np.array([*normalisation.values()], np.float32).T
    away = np.abs((numbers - mean) / std)
    place = int(away.argmax())
    return float(away[place]), NAMES[place]
