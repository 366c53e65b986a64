"""Is a thermal frame like those that a classifier of states learned from?

Its answer does not change with scale and offset of the counts, so neither may what is asked here,
but within reason: a frame of nothing but noise looks like clear sky whatever its noise is, and none
of the training is as noisy as random numbers are.

| number | is | of which training frames | accepted up to |
|---|---|---|---|
| `noise` | deviation of a pixel from its neighbours, counts of the binned frame | clear | 8 times |
| `texture` | the farthest that a feature is from its mean, standard deviations | all | 1.3 times |
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from nephoscope.inputs.sky import pixel_noise
from nephoscope.inputs.texture import NAMES
from nephoscope.tasks.sky_guard import Span

Floats = npt.NDArray[np.float32]
TIMES = {"noise": 8.0, "texture": 1.3}
"""Cameras differ in counts for a kelvin by less than the first; the second leaves room for skies
that the training lacks (290 real frames reach 0.85 times what 192 simulated ones do)."""


def learn_state_guard(
    clear: Iterable[Floats], features: Iterable[Floats], scaling: tuple[Floats, Floats]
) -> dict[str, Span]:
    """Measure what the frames of a training span.

    Args:
        clear: its clear frames, (y, x) float32 of `nephoscope.inputs.texture.SHAPE`.
        features: of all its frames, each as `texture` gives them; none for a classifier that does
            not look at these.
        scaling: their mean and standard deviation.
    """
    seen = {
        "noise": [pixel_noise(frame) for frame in clear],
        "texture": [strangeness(numbers, scaling)[0] for numbers in features],
    }
    return {name: _span(values, TIMES[name]) for name, values in seen.items() if values}


def _span(values: list[float], times: float) -> Span:
    low, high = (float(f"{value:.4g}") for value in (min(values), max(values)))
    return Span((low, high), (0.0, float(f"{times * high:.4g}")))


def strangeness(numbers: Floats, scaling: tuple[Floats, Floats]) -> tuple[float, str]:
    """The largest deviation of the features of a frame, in standard deviations, and its name."""
    away = np.abs((numbers - scaling[0]) / scaling[1])
    place = int(away.argmax())
    return float(away[place]), NAMES[place]


def texture_doubt(
    numbers: Floats, scaling: tuple[Floats, Floats], spans: Mapping[str, Span]
) -> str | None:
    """Why nothing should be said of a frame of this texture; None if it is like the training's."""
    span = spans.get("texture")
    if span is None or not scaling[0].size:
        return None
    away, name = strangeness(numbers, scaling)
    if away <= span.accepted[1]:
        return None
    said = f"{name} is {away:.0f} deviations off, in training frames {span.seen[1]:.1f} or less"
    return f"unlike any sky of the training: {said}"


def clear_doubt(image: Floats, spans: Mapping[str, Span]) -> str | None:
    """Why a frame should not be called clear; None if it is no noisier than clear frames are."""
    span = spans.get("noise")
    noise = math.nan if span is None else pixel_noise(image)
    if span is None or noise <= span.accepted[1]:
        return None
    seen = f"clear training frames {span.seen[1]:.3g} or less"
    return f"featureless, and a noise of {noise:.3g} counts, {seen}: no thermal frame, or scaled?"
