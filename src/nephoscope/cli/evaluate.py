"""`nephoscope evaluate MODEL SAMPLES.zarr -o REPORT`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nephoscope.cli.typed import typed_command

if TYPE_CHECKING:
    import xarray as xr

    from nephoscope.evaluation.protocol import Evaluation
    from nephoscope.models import Model

Option = typer.Option


def evaluate(
    model: Annotated[str, typer.Argument(help="A shipped model's name, or a model folder.")],
    samples: Annotated[Path, typer.Argument(help="Samples, as `nephoscope build` makes them.")],
    out: Annotated[Path, Option("--output", "-o", help="Folder of the report.")],
    split: Annotated[
        str | None,
        Option(help="train, validation, test or all [default: test, else validation, else all]."),
    ] = None,
    baselines: Annotated[
        bool | None,
        Option(
            "--baselines/--no-baselines",
            help="Fit and score what a model of pixels must beat. [default: baselines]",
        ),
    ] = None,
) -> None:
    """Score a model on labelled samples: scores.json, report.md and figures."""
    from nephoscope.cli.progress import progress_bar
    from nephoscope.evaluation.protocol import choose_samples, run_evaluation, ways_of
    from nephoscope.models import load_model
    from nephoscope.reports.markdown import lines_of
    from nephoscope.reports.report import (
        Run,
        check_report_folder,
        pictures_for,
        read_training_log,
        write_report,
    )
    from nephoscope.samples.store import open_samples

    loaded = load_model(model)
    baselines = _baselines_wanted(loaded, baselines)
    store, seconds = open_samples(samples), dict[str, float]()
    check_report_folder(out)
    split, indices = choose_samples(store, split)
    ways, truth = ways_of(loaded, store), store.attrs["truth"]
    pictures = pictures_for(loaded.recipe.task, loaded.decision, store.attrs["unit"])
    with _timed(seconds, "predict"), progress_bar("predicting", len(indices)) as tell:
        # A single label takes a moment.
        said = None if truth == "frame" else tell
        found = run_evaluation(
            loaded, store, split=split, ways=ways, progress=said, look=pictures.look
        )
    if baselines:
        found = _with_baselines(found, store, indices, seconds)
    run, log = Run(typed_command(), seconds), read_training_log(loaded.folder)
    write_report(found, out, run, pictures, log)
    for line in lines_of(found):
        typer.echo(line)
    typer.echo(f"report: {out / 'report.md'}")


def _baselines_wanted(model: Model, wanted: bool | None) -> bool:
    """Whether there shall be baselines.

    Raises:
        UsageError: they are spoken of to a model that has none.
        MissingExtraError: what they need is not installed.
    """
    from nephoscope.errors import UsageError
    from nephoscope.extras import MissingExtraError, is_there, remedy

    if model.recipe.task != "mask":
        if wanted is not None:
            of = "whole frames" if model.recipe.task == "sky_state" else model.recipe.task
            raise UsageError(f"a model of {of} has no baselines")
        return False
    if wanted is not False and not is_there("sklearn"):
        problem = f"the baselines need sklearn: {remedy('train')}, or --no-baselines"
        raise MissingExtraError(problem)
    return wanted is not False


def _with_baselines(
    found: Evaluation, store: xr.Dataset, indices: list[int], seconds: dict[str, float]
) -> Evaluation:
    """The evaluation beside baselines; where there are none, why is said on stderr."""
    from nephoscope.cli.progress import progress_bar
    from nephoscope.errors import UsageError
    from nephoscope.evaluation.baselines import kind_of, samples_needed, score_baselines

    try:
        if kind_of(store).formulas is None and "train" not in store["split"].values:
            typer.echo("no training maps (nephoscope split makes them): no baselines", err=True)
            return found
        total = len(samples_needed(store, indices))
        with _timed(seconds, "baselines"), progress_bar("baselines: reading", total) as tell:
            scores, details = score_baselines(store, indices, progress=tell)
    except UsageError as error:
        typer.echo(f"no baselines: {error}", err=True)
        return found
    return replace(found, baselines=scores, details=details)


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - start
