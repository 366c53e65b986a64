"""`nephoscope evaluate MODEL SAMPLES.zarr -o REPORT`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nephoscope.cli.crew_options import DeviceOption, SchedulerOption, ThreadsOption, WorkersOption
from nephoscope.cli.loudness import Quiet, Verbose, tell_stage
from nephoscope.cli.typed import HOW_SHARED, typed_command

if TYPE_CHECKING:
    import xarray as xr

    from nephoscope.evaluation.intervals import Scores
    from nephoscope.evaluation.protocol import Evaluation
    from nephoscope.models import Model
    from nephoscope.reports.pictures import Pictures
    from nephoscope.workers.crew import Crew

    By = tuple[Crew, Path]
    """Who predicts, and the folder that these workers share."""
    Baselines = tuple[dict[str, Scores], dict[str, str]]

Option = typer.Option


_Split = Annotated[
    str | None,
    Option(help="train, validation, test or all [default: test, else validation, else all]."),
]
_Baselines = Annotated[
    bool | None,
    Option(
        "--baselines/--no-baselines",
        help="Fit and score what a model of pixels must beat. [default: baselines]",
    ),
]
_BaselinesFrom = Annotated[
    Path | None,
    Option(help="Profiles: samples that the baselines learn from. [default: SAMPLES]"),
]
_Swath = Annotated[
    Path | None,
    Option(
        help="Folder of the simulated raw files: also score every pixel of the scenes off the "
        "track, against the truth beside them.",
    ),
]


def evaluate(
    model: Annotated[str, typer.Argument(help="A shipped model's name, or a model folder.")],
    samples: Annotated[Path, typer.Argument(help="Samples, as `nephoscope build` makes them.")],
    out: Annotated[Path, Option("--output", "-o", help="Folder of the report.")],
    split: _Split = None,
    baselines: _Baselines = None,
    baselines_from: _BaselinesFrom = None,
    swath: _Swath = None,
    workers: WorkersOption = None,
    scheduler: SchedulerOption = "",
    quiet: Quiet = False,
    verbose: Verbose = False,
    threads: ThreadsOption = None,
    device: DeviceOption = None,
) -> None:
    """Score a model on labelled samples: a page (index.html), scores.json and figures."""
    from nephoscope.evaluation.protocol import choose_samples
    from nephoscope.models import load_model
    from nephoscope.reports import report
    from nephoscope.reports.document import lines_of
    from nephoscope.reports.page import PAGE
    from nephoscope.reports.training_log import read_training_log
    from nephoscope.samples.store import open_samples
    from nephoscope.workers.crew import crew_of

    by = crew_of(workers, scheduler), out.absolute()
    loaded = load_model(model)
    baselines = _baselines_wanted(loaded, baselines)
    store, seconds = open_samples(samples), dict[str, float]()
    learned = store if baselines_from is None else _opened_to_learn(baselines_from, loaded)
    _check_swath(swath, store)
    report.check_report_folder(out)
    split, indices = choose_samples(store, split)
    pictures = report.pictures_for(loaded.recipe.task, loaded.decision, store.attrs["unit"])
    found = _predicted(loaded, store, split, pictures, seconds, by)
    if baselines:
        found = _with_baselines(found, loaded, (store, learned), indices, seconds)
    if swath is not None:
        found = _with_swath(found, loaded, swath, seconds, by)
    run, log = (
        report.Run(typed_command(without=HOW_SHARED), seconds),
        read_training_log(loaded.folder),
    )
    tell_stage("writing the report")
    report.write_report(found, out, run, pictures, log)
    typer.echo("\n".join([*lines_of(found), f"report: {out / PAGE}"]))


def _predicted(
    model: Model,
    store: xr.Dataset,
    split: str,
    pictures: Pictures,
    seconds: dict[str, float],
    by: By,
) -> Evaluation:
    """The evaluation of the model alone."""
    from nephoscope.cli.progress import progress_bar
    from nephoscope.evaluation.protocol import choose_samples, run_evaluation, ways_of

    number = len(choose_samples(store, split)[1])
    with _timed(seconds, "predict"), progress_bar("predicting", number) as tell:
        # A single label takes a moment.
        said = None if store.attrs["truth"] == "frame" else tell
        return run_evaluation(
            model,
            store,
            split=split,
            ways=ways_of(model, store),
            progress=said,
            look=pictures.look,
            crew=by[0],
            room=by[1],
        )


def _baselines_wanted(model: Model, wanted: bool | None) -> bool:
    """Whether there shall be baselines.

    Raises:
        UsageError: they are spoken of to a model that has none.
        MissingExtraError: what they need is not installed.
    """
    from nephoscope.errors import UsageError
    from nephoscope.extras import MissingExtraError, is_there, remedy

    if model.recipe.task != "mask" and not _of_profiles(model):
        if wanted is not None:
            of = "whole frames" if model.recipe.task == "sky_state" else model.recipe.task
            raise UsageError(f"a model of {of} has no baselines")
        return False
    if wanted is not False and not is_there("sklearn"):
        problem = f"the baselines need sklearn: {remedy('train')}, or --no-baselines"
        raise MissingExtraError(problem)
    return wanted is not False


def _of_profiles(model: Model) -> bool:
    from nephoscope.evaluation.baselines.profiles import KINDS
    from nephoscope.tasks import task_named

    return task_named(model.recipe.task).samples in KINDS


def _with_baselines(
    found: Evaluation,
    model: Model,
    stores: tuple[xr.Dataset, xr.Dataset],
    indices: list[int],
    seconds: dict[str, float],
) -> Evaluation:
    """The evaluation beside baselines; where there are none, why is said on stderr.

    Baselines learn from the second of the stores.
    """
    from nephoscope.errors import UsageError
    from nephoscope.evaluation.baselines import kind_of
    from nephoscope.evaluation.baselines.beside import paired_with_baselines

    of_profiles, (store, learned) = _of_profiles(model), stores
    try:
        formulas = None if of_profiles else kind_of(store).formulas
        if formulas is None and "train" not in learned["split"].values:
            typer.echo("no training maps (nephoscope split makes them): no baselines", err=True)
            return found
        with _timed(seconds, "baselines"):
            tell_stage("fitting and scoring baselines")
            if of_profiles:
                scores, details = _profile_baselines(model, store, learned, indices)
            else:
                scores, details = _mask_baselines(store, indices)
    except UsageError as error:
        typer.echo(f"no baselines: {error}", err=True)
        return found
    found = replace(found, baselines=scores, details=details)
    return replace(found, paired=paired_with_baselines(found))


def _mask_baselines(store: xr.Dataset, indices: list[int]) -> Baselines:
    from nephoscope.cli.progress import progress_bar
    from nephoscope.evaluation.baselines import samples_needed, score_baselines

    with progress_bar("baselines: reading", len(samples_needed(store, indices))) as tell:
        return score_baselines(store, indices, progress=tell)


def _profile_baselines(
    model: Model, store: xr.Dataset, learned: xr.Dataset, indices: list[int]
) -> Baselines:
    from nephoscope.cli.progress import progress_bar
    from nephoscope.evaluation.baselines.profiles import profile_parts, score_profile_baselines
    from nephoscope.tasks import task_named

    recipe, total = model.recipe, len(indices) + sum(map(len, profile_parts(learned).values()))
    with progress_bar("baselines: reading", total) as tell:
        return score_profile_baselines(
            store, indices, task_named(recipe.task), recipe.truth, progress=tell, learned=learned
        )


def _opened_to_learn(path: Path, model: Model) -> xr.Dataset:
    """Samples that baselines learn from in place of those that are scored.

    Raises:
        UsageError: the model is not one of profiles.
        InputError: they cannot be used, or are of another task.
    """
    from nephoscope.errors import UsageError
    from nephoscope.samples.pairing import check_pairing
    from nephoscope.samples.store import open_samples

    if not _of_profiles(model):
        raise UsageError("--baselines-from: only of a model of profiles")
    store = open_samples(path)
    check_pairing(store, model.recipe)
    return store


def _check_swath(swath: Path | None, store: xr.Dataset) -> None:
    """The swath can be scored.

    Raises:
        UsageError: the samples have another truth than points along a track.
        InputError: there is no such folder.
    """
    from nephoscope.errors import InputError, UsageError

    if swath is None:
        return
    if store.attrs["truth"] != "points":
        raise UsageError("--swath: these samples have no truth along a track")
    if not swath.is_dir():
        raise InputError(swath, "is no folder" if swath.exists() else "does not exist")


def _with_swath(
    found: Evaluation, model: Model, raw: Path, seconds: dict[str, float], by: By
) -> Evaluation:
    """The evaluation with the scores of every pixel of the scored scenes."""
    from nephoscope.apply.network_maker import NetworkMaker
    from nephoscope.cli.progress import progress_bar
    from nephoscope.evaluation.swath import scenes_of_units, score_swaths

    (crew, room), maker = by, NetworkMaker(model, workers=by[0].share())
    scenes = scenes_of_units(raw.absolute(), model.recipe.instrument, found.units)
    with _timed(seconds, "swath"), progress_bar("predicting scenes", len(scenes)) as tell:
        scores = score_swaths(maker, scenes, found.task, model.decision, tell, crew, room)
    return replace(found, swath=scores)


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - start
