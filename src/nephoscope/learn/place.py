"""The limits of brightness that training labels show of each place, for both parts of samples."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from nephoscope.errors import UsageError
from nephoscope.limits import as_dataset, learn_limits
from nephoscope.recipe import Recipe
from nephoscope.samples.part import Part


def learn_place(
    recipe: Recipe, train: Part, validation: Part
) -> tuple[Part, Part, xr.Dataset | None]:
    """Give both parts the limits that the training labels show, where the recipe asks for them.

    Returns:
        The parts, and the limits for the model; None where the recipe asks for none.

    Raises:
        UsageError: there are too few samples, or they lack the channel.
    """
    settings = recipe.inputs.limit
    if settings is None:
        return train, validation, None
    if settings.channel not in train.channels:
        raise UsageError(f"inputs.limit.channel: the samples have no '{settings.channel}'")
    channel = train.channels.index(settings.channel)

    def read(number: int) -> tuple[Any, Any]:
        place = train.indices[number]
        return train.image[place, channel], train.label[place]

    whole, without = learn_limits(read, len(train.indices), settings)
    shared = np.broadcast_to(whole, (len(validation.indices), *whole.shape))
    return (
        replace(train, limits=without, limit_cell=settings.cell),
        replace(validation, limits=shared, limit_cell=settings.cell),
        as_dataset(whole, settings, train.latitude, train.longitude),
    )
