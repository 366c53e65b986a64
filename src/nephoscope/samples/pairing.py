"""Pairing of samples with a recipe or a model: task, instrument, channels and size must agree."""

from __future__ import annotations

from collections.abc import Sequence

import xarray as xr

from nephoscope.errors import InputError, UsageError
from nephoscope.inputs import ONLY, channels_read
from nephoscope.inputs.directional import split_view
from nephoscope.inputs.working_size import blocks_for
from nephoscope.recipe import Recipe
from nephoscope.samples.store import source_of
from nephoscope.tasks import task_named


def check_pairing(store: xr.Dataset, recipe: Recipe, what: str = "recipe") -> None:
    """Samples are of the recipe's task, instrument, channels and size of pictures.

    Args:
        store: an open store.
        recipe: that shall be trained on it, or that a model was trained from.
        what: "recipe" or "model", for the message.

    Raises:
        UsageError: they are of another instrument, of other channels or of another size.
        InputError: they are of another task, or lack fields of views that the features are made of.
    """
    path, mine = source_of(store), f"{what} '{recipe.name}'"
    wanted = task_named(recipe.task).samples
    task = store.attrs.get("task", wanted)
    if task != wanted:
        problem = f"holds samples of the task {task}, wanted are those of {wanted}"
        remedy = f"build them from a recipe of the task {wanted}"
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


def channels_needed(recipe: Recipe, held: Sequence[str]) -> tuple[str, ...]:
    """Names of the channels that a recipe's features are made of.

    Args:
        recipe: names the features.
        held: names of the channels at hand.

    Raises:
        UsageError: a feature is not known.
    """
    inputs = recipe.inputs
    return channels_read(inputs.names, held, inputs.limit.channel if inputs.limit else "blue")


def _check_channels(path: str, held: Sequence[str], recipe: Recipe, mine: str) -> None:
    read = channels_needed(recipe, held)
    if ONLY in read and len(held) != 1:
        raise UsageError(f"{path}: holds {', '.join(held)}, {mine} wants one channel of counts")
    wanted = [name for name in read if name != ONLY]
    lacking = [name for name in wanted if held.count(name) != 1]
    if lacking and any(split_view(name) for name in (*held, *lacking)):
        problem = f"holds {_listed(held)}; {mine} wants {_listed(wanted)}: no {_listed(lacking)}"
        remedy = "build the samples with these fields, or leave features out of the recipe"
        raise InputError(path, problem, field="channel", remedy=remedy)
    if lacking:
        raise UsageError(f"{path}: holds {', '.join(held)}, {mine} wants {', '.join(wanted)}")


def _listed(channels: Sequence[str]) -> str:
    """Names of channels, the views of each field together: "I443NP_00..15, phis"."""
    views: dict[str, list[int]] = {}
    for name in channels:
        stem, view = split_view(name) or (name, -1)
        views.setdefault(stem, []).append(view)
    return ", ".join(
        stem if -1 in numbers else f"{stem}_{_ranges(sorted(numbers))}"
        for stem, numbers in views.items()
    )


def _ranges(numbers: Sequence[int]) -> str:
    """Numbers as text: 0, 1, 2, 5 → "00..02+05"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return "+".join(f"{r[0]:02d}" if len(r) == 1 else f"{r[0]:02d}..{r[-1]:02d}" for r in runs)
