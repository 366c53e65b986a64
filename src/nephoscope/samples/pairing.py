"""Whether samples are what a recipe or a model is made for: task, instrument, channels, size."""

from __future__ import annotations

from collections.abc import Sequence

import xarray as xr

from nephoscope.errors import InputError, UsageError
from nephoscope.grids.blocks import factor_for
from nephoscope.inputs import COLOURS
from nephoscope.recipe import Recipe
from nephoscope.samples.from_labels import WHOLE_FRAME

_OF_ANY_PICTURE = {"known", "latitude", "sine_longitude", "cosine_longitude", "background_known"}


def check_task(store: xr.Dataset, task: str) -> None:
    """Samples hold the truth of a task.

    Args:
        store: an open store, of whatever task.
        task: its name.

    Raises:
        InputError: they hold that of another one.
    """
    held = store.attrs.get("task", task)
    if held != task:
        raise InputError(
            source_of(store),
            f"holds samples of the task {held}, wanted are those of {task}",
            field="task",
            remedy=f"build them from a recipe of the task {task}",
        )


def check_pairing(store: xr.Dataset, recipe: Recipe, what: str = "recipe") -> None:
    """Samples are of the recipe's task, instrument, channels and size of pictures.

    Args:
        store: an open store.
        recipe: that shall be trained on it, or that a model was trained from.
        what: "recipe" or "model", for the message.

    Raises:
        UsageError: they are of another instrument, of other channels or of another size.
        InputError: they are of another task.
    """
    check_task(store, recipe.task)
    path, mine = source_of(store), f"{what} '{recipe.name}'"
    instrument = store.attrs.get("instrument")
    if instrument is not None and instrument != recipe.instrument:
        raise UsageError(
            f"{path}: holds samples of the instrument {instrument}, {mine} is for "
            f"{recipe.instrument}"
        )
    if WHOLE_FRAME & {*recipe.inputs.features}:
        return
    if "channel" in store.variables:
        held = tuple(str(name) for name in store["channel"].values)
        _check_channels(path, held, recipe, mine)
    side, shape = recipe.inputs.side, (store.sizes["y"], store.sizes["x"])
    if store.attrs.get("side", side) != side or factor_for(shape, side) != 1:
        raise UsageError(
            f"{path}: its pictures of {shape[1]} x {shape[0]} pixels were not made with "
            f"inputs.side {side}, as {mine} wants them: build it anew from that recipe"
        )


def source_of(store: xr.Dataset) -> str:
    """Where a store was opened from, for messages."""
    return str(store.encoding.get("source", "samples"))


def _check_channels(path: str, held: Sequence[str], recipe: Recipe, mine: str) -> None:
    features = set(recipe.inputs.features) - _OF_ANY_PICTURE
    of_counts = {name for name in features if name.startswith("counts_")}
    if of_counts and len(held) != 1:
        raise UsageError(f"{path}: holds {', '.join(held)}, {mine} wants one channel of counts")
    if features - of_counts and sorted(held) != sorted(COLOURS):
        raise UsageError(f"{path}: holds {', '.join(held)}, {mine} wants {', '.join(COLOURS)}")
