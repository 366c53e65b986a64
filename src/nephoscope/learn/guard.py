"""What the training frames span: kept in the model, to know what is unlike them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from nephoscope.inputs import COLOURS
from nephoscope.models.colour_guard import learn_colour_guard
from nephoscope.models.guard import Guard
from nephoscope.models.thermal_guard import learn_thermal_guard
from nephoscope.recipe import Recipe
from nephoscope.samples.part import Part
from nephoscope.tasks.sky_state import CLEAR

Floats = npt.NDArray[np.float32]


def guard_of_part(
    train: Part,
    recipe: Recipe,
    inputs: Floats | None = None,
    normalisation: Mapping[str, tuple[float, float]] | None = None,
) -> Guard | None:
    """Measure the frames of a part of the samples.

    Args:
        train: the part that the network learns from.
        recipe: names the features.
        inputs: of whole frames what a classifier sees, (sample, feature, y, x) float32.
        normalisation: mean and standard deviation of each feature.

    Returns:
        None of what is no frame of a camera in colour, nor a frame with one label.
    """
    if train.unit == "frame" and sorted(train.channels) == sorted(COLOURS):
        order = [train.channels.index(name) for name in COLOURS]
        frames = (np.asarray(train.image[place], np.uint8)[order] for place in train.indices)
        return learn_colour_guard(frames)
    if train.truth != "frame" or len(train.channels) != 1 or inputs is None:
        return None
    clear = [place for place in train.indices if train.label[place] == CLEAR]
    seen = inputs[:, :, 0, 0] if "texture" in recipe.inputs.groups else ()
    images = (np.asarray(train.image[place, 0]) for place in clear)
    return learn_thermal_guard(images, seen, normalisation or {})
