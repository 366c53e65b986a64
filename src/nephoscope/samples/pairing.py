"""Pairing of samples with a recipe or a model: task, instrument, channels and size must agree."""

from __future__ import annotations

from collections.abc import Sequence

import xarray as xr

from nephoscope.errors import InputError, UsageError
from nephoscope.inputs import ONLY, channels_read
from nephoscope.inputs.working_size import blocks_for
from nephoscope.recipe import Recipe
from nephoscope.samples.store import source_of


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
    path, mine = source_of(store), f"{what} '{recipe.name}'"
    task = store.attrs.get("task", recipe.task)
    if task != recipe.task:
        problem = f"holds samples of the task {task}, wanted are those of {recipe.task}"
        remedy = f"build them from a recipe of the task {recipe.task}"
        raise InputError(path, problem, field="task", remedy=remedy)
    instrument = store.attrs.get("instrument")
    if instrument is not None and instrument != recipe.instrument:
        raise UsageError(
            f"{path}: holds samples of the instrument {instrument}, {mine} is for "
            f"{recipe.instrument}"
        )
    if "channel" in store.variables:
        _check_channels(path, store["channel"].values.tolist(), recipe, mine)
    side, shape = recipe.inputs.side, (store.sizes["y"], store.sizes["x"])
    if store.attrs.get("side", side) != side or not _is_working_size(shape, recipe):
        raise UsageError(
            f"{path}: its pictures of {shape[1]} x {shape[0]} pixels were not made with "
            f"inputs.side {side}, as {mine} wants them: build it anew from that recipe"
        )


def _is_working_size(shape: tuple[int, int], recipe: Recipe) -> bool:
    try:
        return blocks_for(shape, recipe.inputs).are_pixels
    except ValueError:
        return False


def _check_channels(path: str, held: Sequence[str], recipe: Recipe, mine: str) -> None:
    inputs = recipe.inputs
    read = channels_read(inputs.names, held, inputs.limit.channel if inputs.limit else "blue")
    if ONLY in read and len(held) != 1:
        raise UsageError(f"{path}: holds {', '.join(held)}, {mine} wants one channel of counts")
    wanted = [name for name in read if name != ONLY]
    if any(held.count(name) != 1 for name in wanted):
        raise UsageError(f"{path}: holds {', '.join(held)}, {mine} wants {', '.join(wanted)}")
