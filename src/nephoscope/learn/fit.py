"""From a recipe and a samples store to a model folder, of any task; a killed run can be resumed.

A run folder holds `run.yaml` (recipe and samples), `checkpoints/`, `logs/` (CSV and TensorBoard)
and, once the run is complete, `model/`. A linear classifier takes no steps: its run has neither
checkpoints nor logs.
"""

from __future__ import annotations

import gc
import logging
import math
import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import torch
import yaml
from lightning.pytorch.callbacks import Callback

from nephoscope.errors import UsageError
from nephoscope.files import write_text
from nephoscope.learn.adversarial import check_judge, fit_module
from nephoscope.learn.checks import (
    RUN,
    check_both_classes,
    check_crop,
    check_folder,
    check_network,
    checked_identity,
)
from nephoscope.learn.curtain import curtain_log, lights_of
from nephoscope.learn.facts import columns_facts, kept_scores, machine_facts, start_facts
from nephoscope.learn.first_stage import fit_first_stage
from nephoscope.learn.frames import MadeOnce, as_seen, seen_frames, with_something_to_see
from nephoscope.learn.guard import guard_of_part
from nephoscope.learn.items import Batch, counted, raw_of
from nephoscope.learn.kept_samples import SaidLog
from nephoscope.learn.linear import fit_linear
from nephoscope.learn.module import freeze
from nephoscope.learn.normalise import measure_normalisation
from nephoscope.learn.place import learn_place, seasons_of
from nephoscope.learn.ranks import Ranks, check_ranks, find_ranks
from nephoscope.learn.trainer import LAST, Clock, Report, Watch, make_trainer, run_trainer
from nephoscope.models import Model, load_model, save_model
from nephoscope.models.card import own_name
from nephoscope.models.folder import has_first_stage
from nephoscope.models.guard import Guard
from nephoscope.models.linear import LINEAR
from nephoscope.models.normalised import NormalisedNetwork
from nephoscope.models.ways import WAYS
from nephoscope.networks import build_network
from nephoscope.networks.local import LocalNet
from nephoscope.recipe import Recipe
from nephoscope.samples.crops import Batches, CropLoader
from nephoscope.samples.part import Part, load_part
from nephoscope.samples.pool import PixelBatches
from nephoscope.samples.store import open_samples
from nephoscope.samples.whole import validation_batches
from nephoscope.scene import Truth
from nephoscope.tasks import NO_COUNTS, Counts, Task, task_named
from nephoscope.workers import THREADS, cores

logger = logging.getLogger(__name__)

MODEL = "model"

Floats = np.typing.NDArray[np.float32]


@dataclass(frozen=True)
class Run:
    """What a fit is of, and whom it tells.

    Attributes:
        recipe: everything about the training.
        samples: the samples store.
        out: the run folder.
        identity: what decides how the training goes.
        resume: whether it goes on from the last checkpoint.
        start: the model whose weights and normalisation are the start.
        report: is given a plain line at each validation, and of what is done before and after.
        bar: whether a progress bar is shown.
        watch: is given step and score at each validation.
        ranks: the processes that train together; the first writes and speaks.
    """

    recipe: Recipe
    samples: Path
    out: Path
    identity: dict[str, Any]
    resume: bool
    start: Model | None
    report: Report | None
    watch: Watch | None
    bar: bool
    ranks: Ranks

    @property
    def task(self) -> Task:
        """What is predicted."""
        return task_named(self.recipe.task)

    def tell(self, line: str) -> None:
        """Say what is being done, to who asked."""
        logger.info(line)
        if self.report:
            self.report(line)

    def begin(self) -> None:
        """Write down what the run is of."""
        if not self.ranks.first:
            return
        write_text(self.out / RUN, yaml.safe_dump(self.identity, sort_keys=False))


@dataclass(frozen=True)
class Fitted:
    """What came of a fit.

    Attributes:
        network: with its weights.
        counts: name of a way (see `WAYS`) → counts of the validation samples.
        facts: of the training.
    """

    network: NormalisedNetwork
    counts: dict[str, Counts]
    facts: dict[str, Any]


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
    bar: bool = False,
) -> Path:
    """Train the recipe's network and write the model folder `out/model`.

    Args:
        recipe: everything about the training; `steps` is rounded up to whole validations.
        samples: a split samples store.
        out: the run folder.
        resume: go on from the run's last checkpoint (or start, where there is none).
        init_from: a model whose weights and normalisation are the start.
        report: is given a plain line at each validation, and of what is done before and after.
        watch: is given step and score at each validation, those before a resumption too; what
            it raises ends the run.
        name: of the model; by default that of the run folder.
        licence: of the model, as its card says it; by default none is named.
        bar: show a progress bar on stderr.

    Of several processes (see `nephoscope.learn.ranks`) the first writes the folder, and may still
    be at it when the others return.

    Returns:
        the model folder.

    Raises:
        UsageError: `out` holds a run and `resume` is not set, or a setting cannot be used, or
            samples or `init_from` are not of the recipe.
        InputError: the samples cannot be used; or the run in `out` is of another recipe, split,
            samples or `init_from`.
        OutputError: something cannot be written.
    """
    start = load_model(init_from) if init_from is not None else None
    name = own_name(name, Path(out))
    identity = checked_identity(recipe, open_samples(samples), start)
    ranks = find_ranks()
    check_ranks(ranks, recipe)
    if ranks.first:
        check_folder(Path(out), identity, resume)
    else:
        report, bar = None, False
    run = Run(recipe, Path(samples), Path(out), identity, resume, start, report, watch, bar, ranks)
    _begin_anew(recipe.training.seed)
    run.tell(f"reading {samples} ...")
    train, validation = (load_part(samples, part, recipe) for part in ("train", "validation"))
    check_network(recipe, train.truth)
    check_both_classes({"train": train, "validation": validation}, samples)
    if recipe.inputs.background and train.background is None:
        (report or logger.warning)("the samples hold no background: the model learns without one")
    train, validation, limits = learn_place(recipe, train, validation)
    inputs = None
    if train.truth == "frame":
        train, inputs = with_something_to_see(train, _frames(run, "train"))
    fitted = _fitted(run, train, validation, inputs)
    if fitted is None:
        return run.out / MODEL
    if has_first_stage(recipe):
        fit_first_stage(fitted.network, train, recipe, run.tell)
    network, normalisation = fitted.network, fitted.network.normalisation
    decision, info = _judge(run, train, validation, fitted)
    run.tell("measuring what the training samples span ...")
    guard = _guard(run, train, inputs, normalisation)
    run.tell("writing the model ...")
    return save_model(
        run.out / MODEL, network, recipe, normalisation, decision, info, limits, guard,
        shape=train.shape if train.truth == "frame" else None,
        levels=train.levels, name=name, licence=licence,
        seasons=seasons_of(samples, train.ids, recipe.instrument),
    ).folder  # fmt: skip


def _begin_anew(seed: int) -> None:
    """What the process has of earlier fits is gone: its draws, its threads, its samples."""
    lightning.seed_everything(seed, verbose=False)
    if THREADS in os.environ or "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(cores())
    # A trainer and its loaders point at each other: samples of an earlier fit are still held.
    gc.collect()


def _fitted(run: Run, train: Part, validation: Part, inputs: Floats | None) -> Fitted | None:
    """Solved or trained; None where another process has it."""
    if inputs is not None and run.recipe.network.name == LINEAR:
        return _solve(run, train, validation, inputs)
    return _train(run, train, validation, inputs)


def _guard(
    run: Run, train: Part, inputs: Floats | None, normalisation: Mapping[str, tuple[float, float]]
) -> Guard | None:
    """What this training and those before it spanned."""
    guard = guard_of_part(train, run.recipe, inputs, normalisation)
    return guard if guard is None or run.start is None else guard.after(run.start.guard)


def _frames(run: Run, part: str) -> Floats:
    which = run.identity["samples_id"], run.identity["split"]
    return seen_frames(str(run.samples), *which, part, run.recipe.inputs.names)


def _solve(run: Run, train: Part, validation: Part, inputs: Floats) -> Fitted:
    """A linear classifier of whole frames."""
    began = time.monotonic()
    label = np.array([train.label[place] for place in train.indices], np.int8)
    network = fit_linear(run.recipe, inputs, label)
    run.begin()
    with torch.inference_mode():
        raw = network(torch.from_numpy(_frames(run, "validation"))).numpy()
    truth = {"label": np.array([validation.label[place] for place in validation.indices], np.int8)}
    counts = run.task.count(raw, truth)
    score = run.task.score(counts)
    if run.watch:
        run.watch(1, score)
    facts = {
        "parameters": sum(p.numel() for p in network.parameters()),
        "seconds": round(time.monotonic() - began, 1),
        "solver": f"scikit-learn {version('scikit-learn')}",
    }
    return Fitted(network.eval(), {"full": counts}, facts)


def _train(run: Run, train: Part, validation: Part, inputs: Floats | None) -> Fitted | None:
    """A network trained by steps, at the weights of its best validation; of the first process."""
    recipe = run.recipe
    loader = CropLoader(*((train, recipe) if inputs is None else as_seen(train, recipe, inputs)))
    network = _start_network(run, CropLoader(train, recipe))
    check_crop(loader.size, network.divisor)
    check_judge(recipe.training, (train.levels, *loader.size))
    epochs = math.ceil(recipe.training.steps / recipe.training.validate_every)
    period = math.ceil(recipe.training.steps / epochs)
    started: list[lightning.Trainer] = []
    fresh = run.start is None and not (run.resume and (run.out / LAST).exists())

    def used() -> int:
        return started[0].global_step * recipe.training.accumulate

    batches = _batches(run, loader, network, period * recipe.training.accumulate, used, fresh)
    training = recipe.training.model_copy(update={"losses": _losses(run, train)})
    module = fit_module(run.task, network, training, epochs * period, train.truth)
    then = ", then the first stage" if has_first_stage(recipe) else ""
    clock = Clock(run.task, run.report, epochs * period, run.watch, then)
    whole: Iterable[Batch] = validation_batches(validation, recipe, network.divisor)
    watching = _watching(run, validation, whole) if run.ranks.first else []
    trainer = make_trainer(recipe, run.out, epochs, clock, watching, run.bar, run.ranks)
    started.append(trainer)
    run.begin()
    if inputs is not None:
        whole = MadeOnce(whole)
    run_trainer(trainer, module, batches, whole, run.out, run.resume, run.ranks)
    if not run.ranks.first:
        return None
    facts = {
        "parameters": sum(p.numel() for p in network.parameters()),
        "steps": int(trainer.global_step),
        "seconds": round(clock.seconds, 1),
    }
    run.tell("scoring the validation samples ...")
    final = module.final_network.eval()
    seen = {"full": whole}
    if validation.placed:
        for way, withheld in WAYS.items():
            seen[way] = validation_batches(validation, recipe, network.divisor, withheld)
    counts = {way: _count(run.task, final, each, validation.truth) for way, each in seen.items()}
    return Fitted(final, counts, facts)


def _watching(run: Run, validation: Part, whole: Iterable[Batch]) -> list[Callback]:
    """What looks at validations beside the score."""
    watching = curtain_log(validation.altitude, lights_of(run.samples, validation, whole))
    if run.recipe.training.keep_said:
        watching.append(SaidLog(run.out / "logs" / "said"))
    return watching


def _losses(run: Run, train: Part) -> Any:  # noqa: ANN401 - the task's own
    """Weights of the loss, with what they take from the classes of the training samples."""
    losses = run.recipe.training.losses
    return run.task.losses_for(losses, (points.values for points in train.points))


def _count(
    task: Task, network: NormalisedNetwork, batches: Iterable[Batch], truth: Truth
) -> Counts:
    """Counts of a network over all batches of validation."""
    counts, device = NO_COUNTS, network.mean.device
    for batch in batches:
        with torch.inference_mode():
            there = {name: values.to(device) for name, values in batch.items()}
            raw = raw_of(network, there).cpu()
        counts = counts + task.count(*counted(raw, batch, truth))
    return counts


def _judge(run: Run, train: Part, validation: Part, fitted: Fitted) -> tuple[Any, dict[str, Any]]:
    """The decision that suits the validation samples, and what is to be known of the training."""
    decision = run.task.decide(fitted.counts["full"])
    if train.altitude is not None and hasattr(decision, "altitude"):
        decision = decision.model_copy(update={"altitude": tuple(train.altitude.tolist())})
    scores = {way: kept_scores(run.task, n, decision) for way, n in fitted.counts.items()}
    info = {
        "samples_id": run.identity["samples_id"],
        "split": {"train": list(train.ids), "validation": list(validation.ids)},
        **columns_facts(run.samples),
        **fitted.facts,
        **start_facts(run.start),
        **machine_facts(),
        "scores": scores,
    }
    return decision, info


def _start_network(run: Run, loader: CropLoader) -> NormalisedNetwork:
    recipe, start = run.recipe, run.start
    names = recipe.inputs.names
    normalisation: Mapping[str, tuple[float, float]] = dict.fromkeys(names, (0.0, 1.0))
    if start is not None:
        normalisation = {name: start.normalisation[name] for name in names}  # by name
    elif recipe.inputs.normalise:
        normalisation = measure_normalisation(loader)
    network = build_network(
        recipe.network.name,
        recipe.network.options,
        len(names),
        run.task.outputs(loader.part.levels),
        recipe.inputs.groups,
    )
    if start is not None:
        try:
            network.load_state_dict(start.network.network.state_dict())
        except RuntimeError as error:
            raise UsageError(f"{start.folder}: its network is not the recipe's") from error
    freeze(network, recipe)
    return NormalisedNetwork(network, normalisation)


def _batches(
    run: Run,
    loader: CropLoader,
    network: NormalisedNetwork,
    period: int,
    start: Callable[[], int],
    fresh: bool,
) -> Batches | PixelBatches:
    """Batches of crops, or of pixels for a network that looks first; a fresh one is scaled."""
    if loader.recipe.training.pool is None:
        return Batches(loader, period, start, share=(run.ranks.rank, run.ranks.world))
    looking = network.network
    if not isinstance(looking, LocalNet):
        raise UsageError("training.pool: only the network 'local' can be trained on pixels")
    if loader.recipe.inputs.normalise:
        raise UsageError("inputs.normalise: must be false with training.pool")
    batches = PixelBatches(loader, looking, period, start)
    if fresh:
        looking.standardise(batches.first_seen())
    return batches
