"""From a recipe and a samples store to a model folder; a killed run can be resumed.

A run folder holds `run.yaml` (recipe and samples), `checkpoints/`, `logs/` (CSV and TensorBoard)
and, once the run is complete, `model/`.
"""

from __future__ import annotations

import logging
import math
import os
import platform
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import torch
import xarray as xr
import yaml
from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint, RichProgressBar
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger

from nephoscope.errors import InputError, UsageError
from nephoscope.evaluation.protocol import WAYS
from nephoscope.files import write_text
from nephoscope.learn import calibrate
from nephoscope.learn.checks import (
    RUN,
    check_both_classes,
    check_crop,
    check_folder,
    checked_identity,
)
from nephoscope.learn.guard import guard_of_part
from nephoscope.learn.module import MaskModule
from nephoscope.learn.normalise import measure_normalisation
from nephoscope.limits import as_dataset, learn_limits
from nephoscope.models import Model, load_model, save_model
from nephoscope.models.card import own_name
from nephoscope.models.lineage import parent_record
from nephoscope.models.normalised import NormalisedNetwork
from nephoscope.networks import build_network
from nephoscope.networks.local import LocalNet
from nephoscope.recipe import Recipe
from nephoscope.samples.crops import Batches, CropLoader
from nephoscope.samples.part import Part, load_part
from nephoscope.samples.pool import PixelBatches
from nephoscope.samples.store import open_samples
from nephoscope.samples.whole import Tiles, WholeFrames, judged
from nephoscope.tasks.mask import OUTPUTS, Calibration
from nephoscope.workers import cores

logger = logging.getLogger(__name__)

Report = Callable[[str], None]
Watch = Callable[[int, float], None]
GRADIENT_NORM = 1.0


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
    out = Path(out)
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
    loader = CropLoader(train, recipe)
    network, normalisation = _start_network(recipe, loader, start)
    check_crop(recipe, network.divisor)
    epochs = math.ceil(recipe.training.steps / recipe.training.validate_every)
    period = math.ceil(recipe.training.steps / epochs)
    started: list[lightning.Trainer] = []
    last = out / "checkpoints" / "last.ckpt"
    fresh = start is None and not (resume and last.exists())
    batches = _batches(loader, network, period, lambda: started[0].global_step, fresh)
    module = MaskModule(network, recipe.training, epochs * period)
    clock = _Clock(report, epochs * period, watch)
    trainer = _trainer(recipe, out, epochs, clock, bar=report is None)
    started.append(trainer)
    write_text(out / RUN, yaml.safe_dump(identity, sort_keys=False))
    _run(
        trainer,
        module,
        batches,
        judged(validation, recipe, network.divisor),
        last if resume and last.exists() else None,
    )
    _load_best(module, out / "checkpoints" / "best.ckpt")
    info: dict[str, Any] = {
        "samples_id": identity["samples_id"],
        "split": {"train": list(train.ids), "validation": list(validation.ids)},
        "parameters": sum(p.numel() for p in network.parameters()),
        "steps": int(trainer.global_step),
        "seconds": round(clock.seconds, 1),
        **_start_facts(start),
        **_machine_facts(),
    }
    network = module.final_network.eval()
    calibration, threshold, info["scores"] = _choose(network, recipe, validation)
    folder, made = out / "model", (normalisation, calibration, threshold, info)
    guard = guard_of_part(train, recipe.instrument)
    save_model(folder, network, recipe, *made, limits, guard, name=name, licence=licence)
    return folder


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


def _choose(
    network: NormalisedNetwork, recipe: Recipe, validation: Part
) -> tuple[Calibration, float, dict[str, dict[str, float]]]:
    """Calibration and threshold that suit the validation samples, and the scores with them."""
    ways = WAYS if validation.unit != "frame" else {"full": WAYS["full"]}
    counts = {
        way: count_part(network, judged(validation, recipe, network.divisor, withheld))
        for way, withheld in ways.items()
    }
    calibration = calibrate.fit_calibration(counts["full"])
    threshold = calibrate.choose_threshold(counts["full"], calibration)
    scores = {n: calibrate.scores(c, calibration, threshold) for n, c in counts.items()}
    return calibration, threshold, scores


def count_part(network: NormalisedNetwork, tiles: Tiles | WholeFrames) -> calibrate.LogitCounts:
    """Count the logits of a network over all tiles."""
    counts = calibrate.no_counts()
    device = network.mean.device
    for tile in tiles:
        with torch.inference_mode():
            inputs = tile["inputs"].to(device).contiguous(memory_format=torch.channels_last)
            logits = network(inputs).cpu()
        counts += calibrate.count_logits(logits, tile["label"], tile["known"])
    return counts


def _start_network(
    recipe: Recipe, loader: CropLoader, start: Model | None
) -> tuple[NormalisedNetwork, dict[str, tuple[float, float]]]:
    features = recipe.inputs.names
    normalisation = start.normalisation if start else dict.fromkeys(features, (0.0, 1.0))
    if start is None and recipe.inputs.normalise:
        normalisation = measure_normalisation(loader)
    described = recipe.network
    network = build_network(
        described.name, described.options, len(features), OUTPUTS, recipe.inputs.groups
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


def _trainer(
    recipe: Recipe, out: Path, epochs: int, clock: Callback, bar: bool
) -> lightning.Trainer:
    try:
        (out / "checkpoints").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{out}: cannot be made: {error.strerror}") from error
    callbacks: list[Callback] = [
        clock,
        EarlyStopping(
            "f1", mode="max", patience=recipe.training.patience, check_on_train_epoch_end=True
        ),
        ModelCheckpoint(
            out / "checkpoints",
            "best",
            monitor="f1",
            mode="max",
            save_last=True,
            enable_version_counter=False,
            save_on_train_epoch_end=True,
        ),
        *([RichProgressBar(leave=True)] if bar else []),
    ]
    return lightning.Trainer(
        max_epochs=epochs,
        callbacks=callbacks,
        logger=[
            CSVLogger(out / "logs", name="", version="csv"),
            TensorBoardLogger(out / "logs", name="", version="tensorboard"),
        ],
        gradient_clip_val=GRADIENT_NORM,
        num_sanity_val_steps=0,
        log_every_n_steps=10,
        enable_progress_bar=bar,
        enable_model_summary=False,
        default_root_dir=out,
    )


def _run(
    trainer: lightning.Trainer,
    module: MaskModule,
    batches: Batches | PixelBatches,
    tiles: Tiles | WholeFrames,
    checkpoint: Path | None,
) -> None:
    try:
        trainer.fit(module, batches, tiles, ckpt_path=checkpoint, weights_only=True)
    except SystemExit as error:
        # Lightning turns Ctrl-C into an exit; the command line wants to say what happened.
        if trainer.interrupted:
            raise KeyboardInterrupt from error
        raise


def _load_best(module: MaskModule, path: Path) -> None:
    if not path.exists():
        raise InputError(path, "is missing from the run")
    state = torch.load(path, map_location="cpu", weights_only=True)
    module.load_state_dict(state["state_dict"])


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


class _Clock(Callback):
    """Keeps seconds and scores of a run over all its resumptions and tells how it goes."""

    def __init__(self, report: Report | None, steps: int, watch: Watch | None = None) -> None:
        self.report, self.steps, self.watch = report, steps, watch
        self.before, self.since = 0.0, time.monotonic()
        self.seen: dict[int, float] = {}

    @property
    def seconds(self) -> float:
        return self.before + time.monotonic() - self.since

    def state_dict(self) -> dict[str, Any]:
        return {"seconds": self.seconds, "seen": dict(self.seen)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.before, self.since = state_dict["seconds"], time.monotonic()
        self.seen = dict(state_dict.get("seen", {}))
        for step, score in self.seen.items():
            if self.watch:
                self.watch(step, score)

    def on_train_epoch_end(self, trainer: lightning.Trainer, _: lightning.LightningModule) -> None:
        seen = trainer.callback_metrics
        line = (
            f"step {trainer.global_step}/{self.steps}"
            f"  loss {float(seen.get('loss', math.nan)):.4f}"
            f"  validation F1 {float(seen.get('f1', math.nan)):.4f}  {self.seconds:.0f} s"
        )
        logger.info(line)
        if self.report:
            self.report(line)
        self.seen[trainer.global_step] = float(seen.get("f1", math.nan))
        if self.watch:
            self.watch(trainer.global_step, self.seen[trainer.global_step])
