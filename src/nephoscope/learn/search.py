"""Where a study looks: a recipe's own `search`, or what suits its network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nephoscope.errors import InputError, UsageError
from nephoscope.models.linear import LINEAR, METHODS
from nephoscope.recipe import Recipe, Search, with_values

if TYPE_CHECKING:
    import optuna

_SIZES = ("widths", "hidden")  # options of networks that hold the sizes of their layers


def usual_search(recipe: Recipe) -> dict[str, Search]:
    """Method and penalty of a linear network; of others learning rate, decay and layer sizes."""
    if recipe.network.name == LINEAR:
        return {
            "network.options.method": Search(choices=METHODS),
            "network.options.penalty": Search(low=1e-3, high=1e3, log=True),
        }
    rate = recipe.training.learning_rate
    found = {
        "training.learning_rate": Search(low=rate / 5, high=rate * 5, log=True),
        "training.weight_decay": Search(low=1e-5, high=0.1, log=True),
    }
    for option in _SIZES:
        sizes = recipe.network.options.get(option, ())
        if not sizes:
            continue
        scaled = [[max(round(size * by / 4), 1) * 4 for size in sizes] for by in (0.5, 1, 1.5)]
        found[f"network.options.{option}"] = Search(choices=tuple(scaled))
    return found


def check_search(recipe: Recipe) -> None:
    """Every key of the search takes the ends of its range, or each of its choices.

    Raises:
        UsageError: one does not.
    """
    for key, where in (recipe.search or {}).items():
        for value in where.choices or (where.low, where.high):
            try:
                with_values(recipe, {key: value})
            except InputError as error:
                raise UsageError(f"search: {key} = {value}: {error.problem}") from error


def suggested(trial: optuna.Trial, search: Mapping[str, Search]) -> dict[str, Any]:
    """The recipe keys of a trial that begins and the values that its sampler chooses."""
    return {key: _suggest(trial, key, where) for key, where in search.items()}


def values_of(trial: optuna.trial.FrozenTrial) -> dict[str, Any]:
    """The recipe keys of a trial and their values."""
    return {
        key: json.loads(value) if isinstance(value, str) else value
        for key, value in trial.params.items()
    }


def _suggest(trial: optuna.Trial, key: str, where: Search) -> Any:  # noqa: ANN401 - any YAML value
    if where.choices is not None:
        # Optuna stores scalars only: lists go in and out as text.
        return json.loads(
            trial.suggest_categorical(key, [json.dumps(choice) for choice in where.choices])
        )
    low, high = where.low, where.high
    if isinstance(low, int) and isinstance(high, int):
        return trial.suggest_int(key, low, high, log=where.log)
    return trial.suggest_float(key, float(low or 0), float(high or 0), log=where.log)
