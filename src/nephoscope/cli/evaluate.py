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
    from nephoscope.evaluation.protocol import Evaluation
    from nephoscope.evaluation.scores import Score
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
    from nephoscope.errors import UsageError
    from nephoscope.extras import MissingExtraError, is_there, remedy
    from nephoscope.models import load_model

    loaded = load_model(model)
    if loaded.recipe.task == "sky_state":
        if baselines is not None:
            raise UsageError("a model of whole frames has no baselines")
        _evaluate_state(loaded, samples, out, split)
        return
    from nephoscope.cli.progress import progress_bar
    from nephoscope.evaluation.baselines import maps_needed, score_baselines
    from nephoscope.evaluation.protocol import choose_samples, run_evaluation, ways_of
    from nephoscope.reports.gallery import Gallery, read_training_log
    from nephoscope.reports.report import Run, check_report_folder, write_report
    from nephoscope.samples.store import open_samples

    if baselines is not False and not is_there("sklearn"):
        problem = f"the baselines need sklearn: {remedy('train')}, or --no-baselines"
        raise MissingExtraError(problem)
    store, seconds = open_samples(samples), dict[str, float]()
    check_report_folder(out)
    split, indices = choose_samples(store, split)
    ways, gridded = ways_of(loaded, store), store.attrs["unit"] != "frame"
    gallery = None if gridded else Gallery()
    with _timed(seconds, "predict"), progress_bar("predicting", len(indices)) as tell:
        found = run_evaluation(
            loaded, store, split=split, ways=ways, progress=tell, look=gallery and gallery.look
        )
    if baselines is not False and gridded and "train" not in store["split"].values:
        typer.echo("no training maps (nephoscope split makes them): no baselines", err=True)
    elif baselines is not False:
        total = len(maps_needed(store, indices))
        try:
            with _timed(seconds, "baselines"), progress_bar("baselines: reading", total) as tell:
                scores, details = score_baselines(store, indices, progress=tell)
            found = replace(found, baselines=scores, details=details)
        except UsageError as error:
            typer.echo(f"no baselines: {error}", err=True)
    shown = gallery.frames if gallery else ()
    run, log = Run(typed_command(), seconds), read_training_log(loaded.folder)
    write_report(found, out, run, shown, log)
    _say(found)
    typer.echo(f"report: {out / 'report.md'}")


def _evaluate_state(model: Model, samples: Path, out: Path, split: str | None) -> None:
    from nephoscope.evaluation.state import evaluate_state

    found = evaluate_state(model, samples, out, split)
    for name, value in found.items():
        typer.echo(f"{name.replace('_', ' ')} {'undefined' if value is None else value}")
    typer.echo(f"report: {out / 'report.md'}")


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - start


def _say(found: Evaluation) -> None:
    f1 = found.scores.overall["f1"]
    interval = "" if f1.low is None else f" (95 % interval {f1.low:.3f} to {f1.high:.3f})"
    typer.echo(f"F1 {_shown(f1)}{interval} over {f1.n:,} labelled pixels")
    for name in ("iou", "precision", "recall", "mcc", "auc", "ece"):
        typer.echo(f"  {name:10} {_shown(found.scores.overall[name])}")
    for way, each in list(found.ways.items())[1:]:
        typer.echo(f"  {way.replace('_', ' ')}: F1 {_shown(each.overall['f1'])}")
    for name, each in found.baselines.items():
        typer.echo(f"  baseline F1 {_shown(each.overall['f1'])}  {name}")


def _shown(score: Score) -> str:
    return "undefined" if score.value is None else f"{score.value:.4f}"
