"""From a recipe and a samples store to a model folder; a killed run can be resumed.

A run folder holds `run.yaml` (recipe and samples), `checkpoints/`, `logs/` (CSV and TensorBoard)
and, once the run is complete, `model/`.
"""

from __future__ import annotations

import logging
import math
import os
import platform
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import lightning
import torch
import yaml

from nephoscope.errors import UsageError
from nephoscope.files import write_text
from nephoscope.learn.checks import (
    RUN,
    check_both_classes,
    check_crop,
    check_folder,
    checked_identity,
)
from nephoscope.learn.guard import guard_of_part
from nephoscope.learn.items import Batch, counted
from nephoscope.learn.module import FitModule
from nephoscope.learn.normalise import measure_normalisation
from nephoscope.learn.place import learn_place
from nephoscope.learn.trainer import LAST, Clock, Report, Watch, make_trainer, run_trainer
from nephoscope.models import Model, load_model, save_model
from nephoscope.models.card import own_name
from nephoscope.models.lineage import parent_record
from nephoscope.models.normalised import NormalisedNetwork
from nephoscope.models.ways import WAYS
from nephoscope.networks import build_network
from nephoscope.networks.local import LocalNet
from nephoscope.recipe import Recipe
from nephoscope.samples.crops import Batches, CropLoader
from nephoscope.samples.part import Part, load_part
from nephoscope.samples.pool import PixelBatches
from nephoscope.samples.store import open_samples
from nephoscope.samples.whole import judged
from nephoscope.scene import Truth
from nephoscope.tasks import NO_COUNTS, Counts, Task, task_named
from nephoscope.workers import cores

logger = logging.getLogger(__name__)

Normalisation = dict[str, tuple[float, float]]


def fit(
    recipe: Recipe,
    samples: str | Path,
    out: str | Path,
    resume: bool = False,
    init_from: str | Path | None = None,
    report: Report | None = None,
    watch: Watch | None = None,
    name: str | None = None,
    licence: str | None = None,
) -> Path:
    """Train the recipe's network and write the model folder `out/model`.

    Args:
        recipe: everything about the training; `steps` is rounded up to whole validations.
        samples: a split samples store.
        out: the run folder.
        resume: go on from the run's last checkpoint (or start, where there is none).
        init_from: a model whose weights and normalisation are the start.
        report: is given a plain line at each validation; without it a progress bar is shown.
        watch: is given step and score at each validation, those before a resumption too; what
            it raises ends the run.
        name: of the model; by default that of the run folder.
        licence: of the model, as its card says it; by default none is named.

    Returns:
        the model folder.

    Raises:
        UsageError: `out` holds a run and `resume` is not set, or a setting cannot be used, or
            samples or `init_from` are not of the recipe.
        InputError: the samples cannot be used; or the run in `out` is of another recipe, split,
            samples or `init_from`.
        OutputError: something cannot be written.
    """
    out, task = Path(out), task_named(recipe.task)
    store = open_samples(samples)
    start = load_model(init_from) if init_from is not None else None
    name, identity = own_name(name, out), checked_identity(recipe, store, start)
    check_folder(out, identity, resume)
    lightning.seed_everything(recipe.training.seed, verbose=False)
    _use_all_cores()
    train, validation = (load_part(samples, part, recipe) for part in ("train", "validation"))
    check_both_classes({"train": train, "validation": validation}, samples)
    if recipe.inputs.background and train.background is None:
        (report or logger.warning)("the samples hold no background: the model learns without one")
    train, validation, limits = learn_place(recipe, train, validation)
    network, normalisation, facts = _train(
        task, recipe, train, validation, out, identity, resume, start, report, watch
    )
    decision, scores = _decide(task, network, recipe, validation)
    info = {
        "samples_id": identity["samples_id"],
        "split": {"train": list(train.ids), "validation": list(validation.ids)},
        **facts,
        **_start_facts(start),
        **_machine_facts(),
        "scores": scores,
    }
    folder, guard = out / "model", guard_of_part(train, recipe.instrument)
    made = (normalisation, decision, info)
    save_model(folder, network, recipe, *made, limits, guard, name=name, licence=licence)
    return folder


def _train(
    task: Task,
    recipe: Recipe,
    train: Part,
    validation: Part,
    out: Path,
    identity: dict[str, Any],
    resume: bool,
    start: Model | None,
    report: Report | None,
    watch: Watch | None,
) -> tuple[NormalisedNetwork, Normalisation, dict[str, Any]]:
    """The trained network, its normalisation, and facts of the training."""
    loader = CropLoader(train, recipe)
    network, normalisation = _start_network(task, recipe, loader, start)
    check_crop(recipe, network.divisor)
    epochs = math.ceil(recipe.training.steps / recipe.training.validate_every)
    period = math.ceil(recipe.training.steps / epochs)
    started: list[lightning.Trainer] = []
    fresh = start is None and not (resume and (out / LAST).exists())
    batches = _batches(loader, network, period, lambda: started[0].global_step, fresh)
    module = FitModule(task, network, recipe.training, epochs * period, TRUTH)
    clock = Clock(task, report, epochs * period, watch)
    trainer = make_trainer(recipe, out, epochs, clock)
    started.append(trainer)
    write_text(out / RUN, yaml.safe_dump(identity, sort_keys=False))
    tiles = judged(validation, recipe, network.divisor)
    run_trainer(trainer, module, batches, tiles, out, resume)
    facts = {
        "parameters": sum(p.numel() for p in network.parameters()),
        "steps": int(trainer.global_step),
        "seconds": round(clock.seconds, 1),
    }
    return module.final_network.eval(), normalisation, facts


TRUTH: Truth = "pixels"


def _decide(
    task: Task, network: NormalisedNetwork, recipe: Recipe, validation: Part
) -> tuple[Any, dict[str, dict[str, float]]]:
    """The decision that suits the validation samples, and the scores with it, by way."""
    ways = WAYS if validation.unit != "frame" else {"full": WAYS["full"]}
    counts = {
        way: count_part(task, network, judged(validation, recipe, network.divisor, withheld))
        for way, withheld in ways.items()
    }
    decision = task.decide(counts["full"])
    return decision, {way: kept_scores(task, found, decision) for way, found in counts.items()}


def kept_scores(task: Task, counts: Counts, decision: Any) -> dict[str, float]:  # noqa: ANN401 - the task's own
    """What a model keeps of its validation; 0 is what cannot be told."""
    found = task.metrics(task.publish(counts, decision), decision)
    return {name: found[name] if math.isfinite(found[name]) else 0.0 for name in task.kept}


def count_part(task: Task, network: NormalisedNetwork, batches: Iterable[Batch]) -> Counts:
    """Counts of a network over all batches of validation."""
    counts, device = NO_COUNTS, network.mean.device
    for batch in batches:
        with torch.inference_mode():
            inputs = batch["inputs"].to(device).contiguous(memory_format=torch.channels_last)
            raw = network(inputs).cpu()
        counts = counts + task.count(*counted(raw, batch, TRUTH))
    return counts


def _start_network(
    task: Task, recipe: Recipe, loader: CropLoader, start: Model | None
) -> tuple[NormalisedNetwork, Normalisation]:
    features = recipe.inputs.names
    normalisation = start.normalisation if start else dict.fromkeys(features, (0.0, 1.0))
    if start is None and recipe.inputs.normalise:
        normalisation = measure_normalisation(loader)
    described = recipe.network
    network = build_network(
        described.name, described.options, len(features), task.outputs(1), recipe.inputs.groups
    )
    wrapped = NormalisedNetwork(network, normalisation)
    if start is not None:
        try:
            network.load_state_dict(start.network.network.state_dict())
        except RuntimeError as error:
            raise UsageError(f"{start.folder}: its network is not the recipe's") from error
    return wrapped, normalisation


def _batches(
    loader: CropLoader,
    network: NormalisedNetwork,
    period: int,
    start: Callable[[], int],
    fresh: bool,
) -> Batches | PixelBatches:
    """Batches of crops, or of pixels for a network that looks first; a fresh one is scaled."""
    if loader.recipe.training.pool is None:
        return Batches(loader, period, start=start)
    looking = network.network
    if not isinstance(looking, LocalNet):
        raise UsageError("training.pool: only the network 'local' can be trained on pixels")
    if loader.recipe.inputs.normalise:
        raise UsageError("inputs.normalise: must be false with training.pool")
    batches = PixelBatches(loader, looking, period, start)
    if fresh:
        looking.standardise(batches.first_seen())
    return batches


def _use_all_cores() -> None:
    """Use every core that this process may use, unless the environment says otherwise."""
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(cores())


def _start_facts(start: Model | None) -> dict[str, Any]:
    if start is None:
        return {"initial_weights": None}
    return {"initial_weights": start.weights_sha256, "parent": parent_record(start)}


def _machine_facts() -> dict[str, Any]:
    names = ("nephoscope", "torch", "lightning", "numpy")
    versions = {"python": platform.python_version(), **{name: version(name) for name in names}}
    hardware = f"{platform.machine()}, {torch.get_num_threads()} threads"
    return {"hardware": hardware, "versions": versions}
