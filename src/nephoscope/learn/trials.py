"""How one trial of a study is trained and scored: what differs from one task to the next."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xarray as xr

from nephoscope.recipe import Recipe, Search
from nephoscope.samples.store import open_samples

Watch = Callable[[int, float], None]
TrainTrial = Callable[[Recipe, Path, Path, Watch], float]

_SIZES = ("widths", "hidden")  # options of networks that hold the sizes of their layers


@dataclass(frozen=True)
class Trials:
    """The trials of a task.

    Attributes:
        score: name of what is made as large as possible, between 0 and 1.
        meaning: the score in words.
        open: opens a samples store.
        search: where to look when the recipe does not say.
        train: recipe, samples, run folder and a watch → score of the model `model` in the folder.
            The watch is given step and score now and then; what it raises ends the trial. A
            trial that was killed is trained on in the same folder.
    """

    score: str
    meaning: str
    open: Callable[[Path], xr.Dataset]
    search: Callable[[Recipe], dict[str, Search]]
    train: TrainTrial


def trials_of(recipe: Recipe) -> Trials:
    """The trials of a recipe's task."""
    if recipe.task == "sky_state":
        meaning = "geometric mean of the probability given to the true states of validation frames"
        return Trials("likelihood", meaning, open_samples, _state_search, _train_state)
    return Trials("F1", "best F1 on the validation samples", open_samples, _search, _train_mask)


def _search(recipe: Recipe) -> dict[str, Search]:
    """Learning rate, weight decay, layer sizes."""
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


def _state_search(recipe: Recipe) -> dict[str, Search]:
    """Method and penalty of a linear classifier; of a network what any network is searched for."""
    if recipe.network.name != "linear":
        return _search(recipe)
    from nephoscope.learn.state import METHODS

    return {
        "network.options.method": Search(choices=METHODS),
        "network.options.penalty": Search(low=1e-3, high=1e3, log=True),
    }


def _train_mask(recipe: Recipe, samples: Path, folder: Path, watch: Watch) -> float:
    from nephoscope.learn.fit import fit
    from nephoscope.learn.quiet import quiet_lightning

    best = -math.inf

    def seen(step: int, score: float) -> None:
        nonlocal best
        if math.isfinite(score):
            best = max(best, score)
            watch(step, score)

    with quiet_lightning():
        fit(recipe, samples, folder, resume=True, report=lambda _: None, watch=seen)
    return best


def _train_state(recipe: Recipe, samples: Path, folder: Path, watch: Watch) -> float:
    from nephoscope.learn.state import fit_state
    from nephoscope.models import load_state_model

    model = folder / "model"
    if not model.exists():
        fit_state(recipe, samples, folder, watch=watch)
    info: dict[str, Any] = load_state_model(model).info
    return float(info["likelihood"])
