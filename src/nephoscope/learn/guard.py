"""What the training frames span: kept in the model, to know what is unlike them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.inputs import COLOURS
from nephoscope.samples.part import Part
from nephoscope.tasks.sky_guard import Guard, Span, learn_guard
from nephoscope.tasks.sky_state import CLEAR
from nephoscope.tasks.state_guard import learn_state_guard

Floats = npt.NDArray[np.float32]


def guard_of_part(train: Part, instrument: str) -> Guard | None:
    """Measure the frames of a part of the samples.

    Args:
        train: the part that the network learns from.
        instrument: of the recipe.

    Returns:
        None for frames that are not a sky camera's in colour: they have no guard.
    """
    if instrument != "skycam" or sorted(train.channels) != sorted(COLOURS):
        return None
    order = [train.channels.index(name) for name in COLOURS]
    return learn_guard(np.asarray(train.image[place], np.uint8)[order] for place in train.indices)


def guard_of_states(
    store: xr.Dataset, features: Iterable[Floats], scaling: tuple[Floats, Floats]
) -> dict[str, Span]:
    """Measure the training frames of samples of states.

    Args:
        store: samples of states, opened.
        features: texture of each training frame; none for a classifier that does not look at it.
        scaling: mean and standard deviation of the features.
    """
    clear = (store["split"].values == "train") & (store["label"].values == CLEAR)
    images = (image[0] for image in store["image"].values[clear])
    return learn_state_guard(images, features, scaling)
