"""The Lightning trainer of a run: stopping, checkpoints, logs, and a clock over resumptions."""

from __future__ import annotations

import logging
import math
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint, RichProgressBar
from lightning.pytorch.profilers import (
    AdvancedProfiler,
    Profiler,
    PyTorchProfiler,
    SimpleProfiler,
)
from lightning.pytorch.utilities.exceptions import SIGTERMException

from nephoscope.errors import InputError, PreemptedError, UsageError
from nephoscope.learn.durations import duration
from nephoscope.learn.items import Batch
from nephoscope.learn.log import kept_log
from nephoscope.learn.loggers import make_loggers
from nephoscope.learn.module import FitModule
from nephoscope.learn.preemption import Preemption
from nephoscope.learn.ranks import Ranks, environments
from nephoscope.recipe import Recipe
from nephoscope.tasks import Task

logger = logging.getLogger(__name__)

Report = Callable[[str], None]
Watch = Callable[[int, float], None]
GRADIENT_NORM = 1.0
_PROFILERS: dict[str, type[Profiler]] = {
    "simple": SimpleProfiler,
    "advanced": AdvancedProfiler,
    "pytorch": PyTorchProfiler,
}
_PRECISIONS: dict[str, Any] = {"32": "32-true", "bf16": "bf16-mixed", "16": "16-mixed"}
BEST, LAST = "checkpoints/best.ckpt", "checkpoints/last.ckpt"


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Within it Lightning warns of nothing, and logs its warnings but no advertisements."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="lightning")
        # Said as if we did, on every machine that has Slurm.
        warnings.filterwarnings("ignore", message="The `srun` command is available")
        for name in ("lightning", "lightning.pytorch", "lightning.fabric"):
            logging.getLogger(name).setLevel(logging.WARNING)
        yield


class Clock(Callback):
    """Keeps seconds and scores of a run over all its resumptions and tells how it goes.

    Args:
        task: names the score.
        report: is given a plain line at each validation.
        steps: of the whole run.
        watch: is given step and score at each validation.
        then: what follows the last step and takes long, as it is said; "" if nothing.
    """

    def __init__(
        self, task: Task, report: Report | None, steps: int, watch: Watch | None, then: str = ""
    ) -> None:
        self.then = then
        self.task, self.report, self.steps, self.watch = task, report, steps, watch
        self.before, self.since = 0.0, time.monotonic()
        self.from_step, self.began = 0, self.since
        self.seen: dict[int, float] = {}

    @property
    def seconds(self) -> float:
        """Wall time of the run, s."""
        return self.before + time.monotonic() - self.since

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {"seconds": self.seconds, "seen": dict(self.seen)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a checkpoint; the watch is told of the validations before."""
        self.before, self.since = state_dict["seconds"], time.monotonic()
        self.seen = dict(state_dict.get("seen", {}))
        for step, score in self.seen.items():
            if self.watch:
                self.watch(step, score)

    def on_train_start(self, trainer: lightning.Trainer, _: lightning.LightningModule) -> None:
        """What is left is told from the steps of this process: an earlier one had other cores."""
        self.from_step, self.began = trainer.global_step, time.monotonic()

    def _left(self, step: int) -> str:
        """How long the other steps take, where there are any."""
        each = (time.monotonic() - self.began) / max(step - self.from_step, 1)
        left = duration(each * (self.steps - step))
        return f", about {left} left{self.then}" if step < self.steps else self.then

    def on_train_epoch_end(self, trainer: lightning.Trainer, _: lightning.LightningModule) -> None:
        """Say how it goes."""
        seen = trainer.callback_metrics
        score = float(seen.get(self.task.objective, math.nan))
        line = (
            f"step {trainer.global_step}/{self.steps}"
            f"  loss {float(seen.get('loss', math.nan)):.4f}"
            f"  validation {self.task.objective_title} {score:.4f}  {self.seconds:.0f} s"
            f"{self._left(trainer.global_step)}"
        )
        logger.info(line)
        if self.report:
            self.report(line)
        self.seen[trainer.global_step] = score
        if self.watch:
            self.watch(trainer.global_step, score)


def make_trainer(
    recipe: Recipe,
    out: Path,
    epochs: int,
    clock: Clock,
    more: Sequence[Callback] = (),
    bar: bool = False,
    ranks: Ranks | None = None,
) -> lightning.Trainer:
    """The trainer of a run folder.

    Args:
        recipe: of the run.
        out: the run folder.
        epochs: validations of the whole run.
        clock: keeps its seconds and scores.
        more: callbacks that the task wants.
        bar: show a progress bar.
        ranks: the processes that train together; by default this one alone.

    Raises:
        UsageError: the folder cannot be made.
    """
    ranks = ranks or Ranks()
    try:
        (out / BEST).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{out}: cannot be made: {error.strerror}") from error
    watched: dict[str, Any] = {"monitor": clock.task.objective, "mode": "max"}
    callbacks: list[Callback] = [
        clock,
        Preemption(out / LAST),
        EarlyStopping(**watched, patience=recipe.training.patience, check_on_train_epoch_end=True),
        ModelCheckpoint(
            (out / BEST).parent,
            Path(BEST).stem,
            **watched,
            save_last=True,
            enable_version_counter=False,
            save_on_train_epoch_end=True,
        ),
        *_top_checkpoints(recipe.training.keep, out, watched),
        *more,
        *([RichProgressBar(leave=True)] if bar else []),
    ]
    return lightning.Trainer(
        max_epochs=epochs,
        # As many processes as were started: with "auto" every further device would begin one.
        devices=ranks.local,
        num_nodes=ranks.machines,
        strategy="auto" if ranks.world == 1 else "ddp",
        plugins=[*environments()],
        accumulate_grad_batches=recipe.training.accumulate,
        profiler=_profiler(recipe.training.profiler, out),
        callbacks=callbacks,
        precision=_PRECISIONS[recipe.training.precision],
        logger=make_loggers(recipe, out),
        gradient_clip_val=GRADIENT_NORM,
        num_sanity_val_steps=0,
        log_every_n_steps=10,
        enable_progress_bar=bar,
        enable_model_summary=False,
        default_root_dir=out,
    )


class TopCheckpoints(ModelCheckpoint):
    """Checkpoints of the best validations, beside the best and the last one.

    A class of its own: a resumed run gives its callbacks back their state by their classes.
    """


def _top_checkpoints(keep: int, out: Path, watched: dict[str, Any]) -> list[Callback]:
    """What keeps more than one checkpoint, `checkpoints/top/<step>_<score>.ckpt`."""
    if keep == 1:
        return []
    name = f"{{step}}_{{{watched['monitor']}:.4f}}"
    folder = (out / BEST).parent / "top"
    return [
        TopCheckpoints(
            folder,
            name,
            **watched,
            save_top_k=keep,
            auto_insert_metric_name=False,
            save_on_train_epoch_end=True,
        )
    ]


def _profiler(name: str | None, out: Path) -> Profiler | None:
    """The profiler of a name, which writes into the logs of a run folder."""
    if name is None:
        return None
    made: Callable[..., Profiler] = _PROFILERS[name]
    return made(dirpath=out / "logs", filename="profile")


def run_trainer(
    trainer: lightning.Trainer,
    module: FitModule,
    batches: Iterable[Batch],
    validation: Iterable[Batch],
    out: Path,
    resume: bool,
    ranks: Ranks | None = None,
) -> None:
    """Train, and give the module of the first process the weights of the best validation.

    Args:
        trainer: of the run folder.
        module: what is trained.
        batches: of an epoch.
        validation: what it is scored on.
        out: the run folder.
        resume: go on from its last checkpoint, where there is one.
        ranks: the processes that train together; by default this one alone.

    Raises:
        InputError: no checkpoint was left.
        PreemptedError: the process was told to end; what was done is kept.
    """
    last = out / LAST if resume and (out / LAST).exists() else None
    first = ranks is None or ranks.first
    try:
        with kept_log(out) if last and first else nullcontext():
            trainer.fit(module, batches, validation, ckpt_path=last, weights_only=True)
    except SIGTERMException as error:
        at = f"told to end (SIGTERM) at step {trainer.global_step}"
        kept = f"go on from {out / LAST} with --resume" if (out / LAST).exists() else "too early"
        raise PreemptedError(f"{at}: {kept}") from error
    except SystemExit as error:
        # Lightning turns Ctrl-C into an exit; the command line wants to say what happened.
        if trainer.interrupted:
            raise KeyboardInterrupt from error
        raise
    if not first:
        return
    best = out / BEST
    if not best.exists():
        raise InputError(best, "is missing from the run")
    state = torch.load(best, map_location="cpu", weights_only=True)
    module.load_state_dict(state["state_dict"])
