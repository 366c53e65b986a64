"""The protocol: which samples are scored, what is withheld of them, and what came of it.

One for all tasks and all forms of truth: what a model publishes of a sample stands beside its
truth, and the task counts. Each number of the decision is the one stored in the model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import xarray as xr

from nephoscope.arguments import described, path_of
from nephoscope.errors import UsageError
from nephoscope.evaluation.counting import Look, Reading, added, counted_by, counted_here
from nephoscope.evaluation.intervals import Score, Scores, score_stratum, score_sums
from nephoscope.evaluation.items import Label
from nephoscope.evaluation.predictors import Predict, predictor_of
from nephoscope.evaluation.sample import BACKGROUND_CHANNELS, unit_of
from nephoscope.evaluation.swath import SwathScores
from nephoscope.models import load_model
from nephoscope.models.lineage import copies_seen, seen_of
from nephoscope.models.ways import WAYS
from nephoscope.samples.pairing import check_pairing
from nephoscope.samples.store import SOURCE, check_samples, open_samples
from nephoscope.tasks import Task, task_named
from nephoscope.workers.crew import Crew

SPLITS = ("train", "validation", "test", "all")
POSITION = {"sine_longitude", "cosine_longitude"}
"""Features that tell the longitude."""


class Judged(Protocol):
    """What is asked of a model to be scored."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def decision(self) -> Any:  # noqa: ANN401 - the task's own
        """What turns its numbers into statements."""

    @property
    def weights_sha256(self) -> str:
        """The sha256 of its weights."""


@dataclass(frozen=True)
class Evaluation:
    """Everything a report says.

    Attributes:
        scores: of the model, given everything.
        spec: what was scored: task, samples, their ids, and the rules of the task.
        model: name and sha256 of the weights, and the name of the model that it began from.
        task: whose scores these are.
        ways: name of a way (see `WAYS`) → its scores, `full` first.
        seen: "train" and "validation" → how many of the scored samples the model, or one that it
            began from, was fitted to, and how many chose checkpoint and decision; None where it
            does not say.
        baselines: name → scores on a sample of the same pixels, the simplest first.
        details: name of a baseline → its fitted number in words.
        unit: what is independent of one another: "day", "frame", "granule" ...
        truth: its form: "pixels", "frame" or "points".
        placed: whether the samples have latitudes.
        strata: name of a stratum besides latitude → label → its metrics, in the first way.
        units: what was scored, each once, in the order of the samples.
        paired: name of a baseline → the model's metrics less its own, over the same units.
        swath: scores of all pixels of simulated scenes, or None.
        copies: how many of the scored samples are copies of pictures that the model was fitted to;
            None where no sample of the store is a copy of another.
    """

    scores: Scores
    spec: dict[str, Any]
    model: dict[str, Any]
    task: Task
    ways: dict[str, Scores] = field(default_factory=dict)
    seen: dict[str, int] | None = None
    baselines: dict[str, Scores] = field(default_factory=dict)
    details: dict[str, str] = field(default_factory=dict)
    unit: str = "day"
    truth: str = "pixels"
    placed: bool = True
    strata: dict[str, dict[Label, dict[str, Score]]] = field(default_factory=dict)
    units: tuple[str, ...] = ()
    paired: dict[str, dict[str, Score]] = field(default_factory=dict)
    swath: SwathScores | None = None
    copies: int | None = None


def choose_samples(store: xr.Dataset, split: str | None = None) -> tuple[str, list[int]]:
    """The part to score and the indices of its samples.

    Args:
        store: a samples store.
        split: "train", "validation", "test" or "all"; by default the last of train, validation
            and test that is not empty, or all where the samples have not been split.

    Raises:
        UsageError: there is no such part, or it is empty.
    """
    parts = [str(part) for part in store["split"].values]
    if split is None:
        split = next((part for part in ("test", "validation") if part in parts), "all")
    if split not in SPLITS:
        raise UsageError(f"no split '{split}'; there are: {', '.join(SPLITS)}")
    indices = [i for i, part in enumerate(parts) if split in ("all", part)]
    if not indices:
        raise UsageError(f"no sample is in the split '{split}': run nephoscope split first")
    return split, indices


def ways_of(model: Any, store: xr.Dataset) -> tuple[str, ...]:  # noqa: ANN401 - any model
    """The ways in which a model can be scored on these samples: what it never has is no way."""
    recipe = getattr(model, "recipe", None)
    if recipe is None:
        return ("full",)
    withheld = {"position"} if POSITION & set(recipe.inputs.names) else set()
    names = {f"background_{channel}" for channel in _background_channels(recipe)}
    if recipe.inputs.background and names <= set(store.data_vars):
        withheld.add("background")
    return tuple(way for way, parts in WAYS.items() if set(parts) <= withheld)


def run_evaluation(
    model: Judged,
    samples: str | Path | xr.Dataset,
    *,
    split: str | None = None,
    ways: Sequence[str] = ("full",),
    predict: Predict | None = None,
    progress: Callable[[str], None] | None = None,
    look: Look | None = None,
    crew: Crew = Crew(),  # noqa: B008 - immutable
    room: Path = Path(),
) -> Evaluation:
    """Score `model` on a part of the samples, without baselines.

    Args:
        model: a model (or anything with a name, a decision and a weights' sha256).
        samples: a samples store, or its path.
        split: see `choose_samples`.
        ways: names of `WAYS`, `full` first; each costs a prediction of every sample.
        predict: from a sample to what is published of it; by default the model is applied.
        progress: called with the id of each sample done.
        look: is shown each sample with what is published of it in the first way.
        crew: who predicts and counts; scores are the same whoever does. Many workers find model
            and samples by their paths, and take no `predict`.
        room: folder that they share, if they are a cluster's.

    Raises:
        UsageError: an unknown or empty split, or samples of another instrument than the model's.
        InputError: the samples cannot be read, or are of another task.
    """
    store = samples if isinstance(samples, xr.Dataset) else open_samples(samples)
    recipe, info = getattr(model, "recipe", None), getattr(model, "info", {})
    if recipe is not None:
        check_pairing(store, recipe, "model")
    split, indices = choose_samples(store, split)
    task = task_named(recipe.task if recipe is not None else store.attrs["task"])
    decision, unit = model.decision, store.attrs["unit"]
    levels = None if recipe is None else recipe.truth
    reading = Reading(indices, _background_channels(recipe), levels)
    if crew.is_one:
        predict = predict or predictor_of(model, store.attrs["truth"])  # type: ignore[arg-type]
        counted = counted_here(reading.of(store), task, ways, predict, look)
    else:
        counted = counted_by(crew, room, model, store, reading, ways, look)  # type: ignore[arg-type]
    sums, strata = added(counted, ways, progress)
    scores = {way: score_sums(each, task, decision) for way, each in sums.items()}
    spec = _spec(store, indices, split, task, decision)
    return Evaluation(
        scores=scores["full"],
        spec=spec,
        model=_facts_of(model, info, store.attrs["truth"]),
        task=task,
        ways=scores,
        # Files of two cameras may have the same name; a day, an orbit, a slot is one in the world.
        seen=seen_of(info, spec["samples"], spec["maps"], unique=unit != "frame"),
        unit=unit,
        truth=store.attrs["truth"],
        placed="latitude" in store.variables,
        strata={name: score_stratum(each, task, decision) for name, each in strata.items()},
        units=tuple(dict.fromkeys(unit_of(store, index) for index in indices)),
        copies=_copies(store, info, spec),
    )


def _copies(store: xr.Dataset, info: Mapping[str, Any], spec: Mapping[str, Any]) -> int | None:
    if SOURCE not in store.variables:
        return None
    sources = dict(zip(store["id"].values.tolist(), store[SOURCE].values.tolist(), strict=True))
    return copies_seen(info, spec["samples"], sources, spec["maps"])


def _facts_of(model: Judged, info: Mapping[str, Any], truth: str) -> dict[str, Any]:
    """What a report says of a model; of one of points also how large it is, where it says so."""
    facts = {"name": model.name, "weights_sha256": model.weights_sha256}
    if info.get("parent"):
        facts["began_from"] = info["parent"]["name"]
    if truth == "points" and info.get("parameters") is not None:
        facts["parameters"] = info["parameters"]
    return facts


def evaluate(
    model: Judged | str | Path,
    samples: str | Path | xr.Dataset,
    *,
    split: str | None = None,
    predict: Predict | None = None,
    progress: Callable[[str], None] | None = None,
) -> Scores:
    """Score a model on samples.

    Args:
        model: a model, its shipped name or its folder.
        samples: a samples store, or its path.
        split: "train", "validation", "test" or "all"; by default test, else validation where
            there is one, else all.
        predict: from a sample to the variables that its task publishes of it; by default the model
            is applied.
        progress: called with the id of each sample done.

    Returns:
        scores with 95 % intervals by bootstrap of days (or frames, granules, slots): `overall`,
        `by_day`, `by_band`.

    Raises:
        UsageError: an unknown model or split, or an empty split.
        InputError: the samples or the model cannot be read.
    """
    if isinstance(samples, xr.Dataset):
        check_samples(samples, "samples")
    else:
        samples = path_of(samples, "evaluate: a samples store or its folder")
    if isinstance(model, str | Path):
        model = load_model(model)
    elif not hasattr(model, "weights_sha256"):
        wanted = "a model, a shipped name or a folder"
        raise UsageError(f"evaluate: {wanted} is wanted, not {described(model)}")
    return run_evaluation(model, samples, split=split, predict=predict, progress=progress).scores


def spec_of(model: Judged, samples: str | Path, split: str | None = None) -> dict[str, Any]:
    """The spec that an evaluation of a model would have.

    Args:
        model: as for `run_evaluation`.
        samples: a samples store.
        split: see `choose_samples`.

    Raises:
        UsageError: there is no such part, or it is empty.
        InputError: the samples cannot be read.
    """
    store, recipe = open_samples(samples), getattr(model, "recipe", None)
    split, indices = choose_samples(store, split)
    task = task_named(recipe.task if recipe is not None else store.attrs["task"])
    return _spec(store, indices, split, task, model.decision)


def _spec(
    store: xr.Dataset,
    indices: Sequence[int],
    split: str,
    task: Task,
    decision: Any,  # noqa: ANN401 - the task's own
) -> dict[str, Any]:
    """The spec of an evaluation: two reports with the same one may be compared."""
    return {
        "task": task.name,
        "samples": str(store.attrs.get("samples_id", "")),
        "split": split,
        "maps": [str(store["id"].values[index]) for index in indices],
        **task.rules(decision),
    }


def _background_channels(recipe: Any) -> tuple[str, ...]:  # noqa: ANN401 - a recipe, or none
    settings = recipe.inputs.background if recipe else None
    return settings.channels if settings else BACKGROUND_CHANNELS
