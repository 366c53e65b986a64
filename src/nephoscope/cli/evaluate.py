"""`nephoscope evaluate MODEL SAMPLES.zarr -o REPORT`."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from nephoscope.evaluation.scores import Score

Option = typer.Option


def evaluate(
    model: Annotated[str, typer.Argument(help="A shipped model's name, or a model folder.")],
    samples: Annotated[Path, typer.Argument(help="Samples, as `nephoscope build` makes them.")],
    out: Annotated[Path, Option("--output", "-o", help="Folder of the report.")],
    split: Annotated[
        str | None,
        Option(help="train, validation, test or all [default: test, else validation, else all]."),
    ] = None,
    without: Annotated[
        str, Option(help="Withhold from the model: position, background, or both with a comma.")
    ] = "",
    baselines: Annotated[
        bool, Option("--baselines/--no-baselines", help="Fit and score what a model must beat.")
    ] = True,
) -> None:
    """Score a model on labelled samples: scores.json, report.md and figures."""
    from nephoscope.evaluation.baselines import score_baselines
    from nephoscope.evaluation.protocol import choose_samples, run_evaluation
    from nephoscope.evaluation.report import Run, write_report
    from nephoscope.models import load_model
    from nephoscope.samples.store import open_samples

    withheld = [part.strip() for part in without.split(",") if part.strip()]
    loaded, store, seconds = load_model(model), open_samples(samples), dict[str, float]()
    with _timed(seconds, "predict"), _progress("predicting") as tell:
        found = run_evaluation(loaded, store, split=split, without=withheld, progress=tell)
    if baselines and "train" not in store["split"].values:
        typer.echo("no training maps (nephoscope split makes them): no baselines", err=True)
    elif baselines:
        with _timed(seconds, "baselines"), _progress("baselines: reading") as tell:
            _, indices = choose_samples(store, split)
            scores, details = score_baselines(store, indices, withheld, progress=tell)
            found = replace(found, baselines=scores, details=details)
    write_report(found, out, Run(shlex.join(["nephoscope", *sys.argv[1:]]), seconds))
    _say(found.scores.overall, {name: each.overall for name, each in found.baselines.items()})
    typer.echo(f"report: {out / 'report.md'}")


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - start


@contextmanager
def _progress(what: str) -> Iterator[Callable[[str], None]]:
    """A spinner that counts maps on a terminal, one line a map elsewhere."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda day: typer.echo(f"{what} {day}", err=True)
        return
    done: list[str] = []
    with console.status(f"{what} ...") as status:

        def tell(day: str) -> None:
            done.append(day)
            status.update(f"{what}: {len(done)} maps, last {day}")

        yield tell


def _say(scores: dict[str, Score], baselines: dict[str, dict[str, Score]]) -> None:
    f1 = scores["f1"]
    interval = "" if f1.low is None else f" (95 % interval {f1.low:.3f} to {f1.high:.3f})"
    typer.echo(f"F1 {_shown(f1)}{interval} over {f1.n:,} labelled pixels")
    for name in ("iou", "precision", "recall", "mcc", "auc", "ece"):
        typer.echo(f"  {name:10} {_shown(scores[name])}")
    for name, each in baselines.items():
        typer.echo(f"  baseline F1 {_shown(each['f1'])}  {name}")


def _shown(score: Score) -> str:
    return "undefined" if score.value is None else f"{score.value:.4f}"
