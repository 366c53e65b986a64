"""Search for the best settings of a recipe, with Optuna; a killed study can be resumed.

A study folder holds `study.db` (SQLite), `study.yaml` (recipe, samples and search space),
`trials/NNNN/` (a run each) and, after every session, the report: `report.md`, `trials.csv`,
`history.png`, `importance.png` and `best.yaml`, a recipe to train.
"""

from __future__ import annotations

import math
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import yaml

from nephoscope.errors import InputError, NephoscopeError, UsageError
from nephoscope.files import write_text
from nephoscope.learn.checks import check_same, identity_of
from nephoscope.learn.durations import duration
from nephoscope.learn.search import check_search, suggested, usual_search, values_of
from nephoscope.learn.tune_report import write_report
from nephoscope.models.linear import LINEAR
from nephoscope.recipe import Recipe, with_values
from nephoscope.samples.pairing import check_pairing
from nephoscope.samples.store import open_samples, part_indices
from nephoscope.tasks import task_named
from nephoscope.workers import cores, each_in_processes

if TYPE_CHECKING:
    import optuna

Sampler = Literal["tpe", "random"]
Pruner = Literal["median", "none"]
Tell = Callable[[str], None]

NAME = "tune"
STUDY, DATABASE, TRIALS = "study.yaml", "study.db", "trials"
_RUN = "run"  # attribute of a trial: the run folder it goes on with
_WHY = "error"  # attribute of a trial whose settings cannot be trained
_BUSY_SECONDS = 60  # how long a worker waits for another one's write
_BEFORE_PRUNING = 4  # trials


@dataclass(frozen=True)
class Job:
    """What every trial of a study needs to know."""

    folder: Path
    recipe: Recipe
    samples: Path
    sampler: Sampler
    pruner: Pruner
    seed: int


def tune(
    recipe: Recipe,
    samples: str | Path,
    out: str | Path,
    trials: int = 20,
    sampler: Sampler = "tpe",
    pruner: Pruner = "median",
    workers: int = 1,
    resume: bool = False,
    seed: int = 0,
    tell: Tell | None = None,
) -> Path:
    """Train the recipe with other settings, again and again, and report the best.

    Args:
        recipe: what is varied; its `search` says where, else its network does.
        samples: a split samples store; the validation part decides.
        out: the study folder.
        trials: finished trials (pruned ones count) that the study shall have in the end.
        sampler: "tpe" learns from the trials before, "random" does not.
        pruner: "median" ends a trial that is worse than half of those before at the same step.
        workers: processes that train at the same time.
        resume: go on with the study in `out`; trials that were killed go on from their checkpoint.
        seed: of the sampler.
        tell: is given a line for each trial that ends.

    Returns:
        `out/best.yaml`.

    Raises:
        UsageError: `out` holds a study and `resume` is not set, a key of the search is wrong, or
            the samples are not of the recipe.
        InputError: the study in `out` is of another recipe, split or samples; every trial failed
            so.
        OutputError: something cannot be written.
    """
    import optuna  # noqa: F401 - before anything is made: it may not be installed

    out = Path(out)
    recipe = recipe.model_copy(update={"search": recipe.search or usual_search(recipe)})
    check_search(recipe)
    store = open_samples(samples)
    check_pairing(store, recipe)
    for part in ("train", "validation"):
        part_indices(store, part)  # there are some
    identity = identity_of(recipe, store)
    begun_now = _check_study(out, identity, resume)
    job = Job(out, recipe, Path(samples).absolute(), sampler, pruner, seed)
    study = open_study(out)
    _requeue_killed(study)
    said = {trial.number for trial in _finished(study)}
    try:
        _run_trials(job, study, trials, workers, said, tell)
    except Exception:
        # Nothing came of it: what was made would only be in the way of the next try.
        if begun_now and not said:
            _remove_study(out)
        raise
    finally:
        if said:
            write_report(study, recipe, out)
    return out / "best.yaml"


def _run_trials(
    job: Job, study: optuna.Study, trials: int, workers: int, said: set[int], tell: Tell | None
) -> None:
    """Run what is left of the trials; the numbers of those that ended are added to `said`."""
    title = task_named(job.recipe.task).objective_title
    begun = len(study.get_trials(deepcopy=False))
    left = range(begun, begun + max(trials - len(said), 0))
    start = partial(_share_cores, workers)
    began, before = time.monotonic(), len(said)
    for _, error in each_in_processes(partial(run_trial, job), left, workers, start):
        for trial in _finished(study):
            if trial.number in said:
                continue
            said.add(trial.number)
            each = (time.monotonic() - began) / (len(said) - before)
            more = trials - len(said)
            if tell:
                tell(
                    _line(trial, title) + (f", about {duration(each * more)} left" if more else "")
                )
        # One setting that cannot be trained is said; where nothing can be, the study ends.
        if error is not None and not said:
            raise error
        if error is not None and tell:
            tell(f"failed: {error}")


def open_study(folder: Path) -> optuna.Study:
    """The study in a folder; made if there is none.

    Raises:
        InputError: the database cannot be read.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    path = (folder / DATABASE).absolute()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        storage = optuna.storages.RDBStorage(
            f"sqlite:///{path}", engine_kwargs={"connect_args": {"timeout": _BUSY_SECONDS}}
        )
        return optuna.create_study(
            storage=storage, study_name=NAME, direction="maximize", load_if_exists=True
        )
    except OSError as error:
        raise UsageError(f"{folder}: cannot be made: {error.strerror}") from error
    except Exception as error:  # SQLAlchemy's are many, and not ours to import
        raise InputError(path, f"cannot be read: {error}", field="database") from error


def run_trial(job: Job, number: int) -> None:
    """Train once with settings that the sampler chooses, drawn by the number of the trial."""
    import optuna

    seed = (job.seed * 1_000_003 + number) % 2**32
    study = open_study(job.folder)
    samplers, pruners = optuna.samplers, optuna.pruners
    sampler = samplers.TPESampler if job.sampler == "tpe" else samplers.RandomSampler
    study.sampler, study.pruner = sampler(seed=seed), pruners.NopPruner()
    if job.pruner == "median":
        study.pruner = pruners.MedianPruner(n_startup_trials=_BEFORE_PRUNING)
    study.optimize(partial(_objective, job), n_trials=1)


def _objective(job: Job, trial: optuna.Trial) -> float:
    import optuna

    values = suggested(trial, job.recipe.search or {})
    recipe = with_values(job.recipe, {**values, "search": None})
    run = int(trial.user_attrs.get(_RUN, trial.number))
    trial.set_user_attr(_RUN, run)

    def watch(step: int, score: float) -> None:
        trial.report(score, step)
        if trial.should_prune():
            raise optuna.TrialPruned

    folder = job.folder / TRIALS / f"{run:04d}"
    try:
        return train_trial(recipe, job.samples, folder, watch)
    except NephoscopeError as error:
        trial.set_user_attr(_WHY, str(error))
        raise


def train_trial(
    recipe: Recipe, samples: Path, folder: Path, watch: Callable[[int, float], None]
) -> float:
    """Train once, going on where the run in the folder was; the best score of all validations.

    The watch is given step and score of each; what it raises ends the trial. A fit that takes no
    steps cannot end early: of it nothing is told.
    """
    from nephoscope.learn import fit as training
    from nephoscope.learn.trainer import quiet_lightning

    best = -math.inf

    def seen(step: int, score: float) -> None:
        nonlocal best
        if math.isfinite(score):
            best = max(best, score)
            if recipe.network.name != LINEAR:
                watch(step, score)

    with quiet_lightning():
        training.fit(recipe, samples, folder, resume=True, report=lambda _: None, watch=seen)
    return best


def _check_study(out: Path, identity: dict[str, Any], resume: bool) -> bool:
    """Whether the study begins now; one in the folder is only gone on with if it is the same."""
    path = out / STUDY
    if not path.exists():
        if (out / DATABASE).exists():
            raise InputError(path, "is missing from the study", field="recipe")
        write_text(path, yaml.safe_dump(identity, sort_keys=False))
        return True
    if not resume:
        raise UsageError(f"{out} holds a study: go on with --resume, or name another folder")
    check_same(path, identity, "study")
    return False


def _remove_study(out: Path) -> None:
    """Take away what a study that came to nothing has made, and nothing else."""
    for name in (STUDY, DATABASE):
        (out / name).unlink(missing_ok=True)
    shutil.rmtree(out / TRIALS, ignore_errors=True)
    if not any(out.iterdir()):
        out.rmdir()


def _requeue_killed(study: optuna.Study) -> None:
    """Trials that were running when the study was stopped are closed, and queued to go on."""
    from optuna.trial import TrialState

    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)
    trials = study.get_trials(deepcopy=False)
    last = {trial.user_attrs.get(_RUN, trial.number): trial for trial in trials}
    for run, trial in last.items():
        if trial.state == TrialState.FAIL and trial.params and _WHY not in trial.user_attrs:
            study.enqueue_trial(trial.params, user_attrs={_RUN: run})


def _finished(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    from optuna.trial import TrialState

    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))


def _line(trial: optuna.trial.FrozenTrial, score_name: str) -> str:
    pruned = trial.value is None or trial.state.name == "PRUNED"
    words = [f"trial {trial.number}", "pruned" if pruned else f"{score_name} {trial.value:.4f}"]
    for key, value in values_of(trial).items():
        shown = f"{value:.3g}" if isinstance(value, float) else str(value)
        words.append(f"{key.rpartition('.')[2]} {shown}")
    return "  ".join(words)


def _share_cores(workers: int) -> None:
    """Before torch is imported in a worker: its share of the cores, unless the user said."""
    os.environ.setdefault("OMP_NUM_THREADS", str(max(cores() // workers, 1)))
