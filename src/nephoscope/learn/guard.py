"""What the training frames of a colour camera span: kept in the model, to know what is unlike."""

from __future__ import annotations

import numpy as np

from nephoscope.samples.arrays import PartArrays
from nephoscope.tasks.sky_guard import Guard, learn_guard

COLOURS = ("red", "green", "blue")


def guard_of_part(train: PartArrays, instrument: str) -> Guard | None:
    """Measure the frames of a part of the samples.

    Args:
        train: the part that the network learns from.
        instrument: of the recipe.

    Returns:
        None for frames that are not a sky camera's in colour: they have no guard.
    """
    if instrument != "skycam" or train.channels != COLOURS:
        return None
    return learn_guard(np.asarray(train.image[place], np.uint8) for place in train.indices)
