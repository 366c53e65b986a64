"""What training samples show of each place, the limits of brightness, and in which seasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from nephoscope.errors import UsageError
from nephoscope.instruments import instrument_named
from nephoscope.limits import as_dataset, learn_limits
from nephoscope.recipe import Recipe
from nephoscope.samples.part import Part
from nephoscope.samples.store import open_samples


def seasons_of(
    samples: str | Path, ids: Sequence[str], instrument: str
) -> dict[str, list[float]] | None:
    """Columns of some samples by which their instrument tells a season, a number of each sample.

    Returns:
        None where nothing changes with the season, or the samples do not know theirs.
    """
    names = instrument_named(instrument).SEASON
    store = open_samples(samples)
    if not names or not {*names} <= {*map(str, store.variables)}:
        return None
    where = np.isin(store["id"].values.tolist(), list(ids))
    found = {name: store[name].values[where].astype(float).tolist() for name in names}
    return found if np.isfinite(list(found.values())).all() else None


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
