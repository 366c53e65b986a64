"""`nephoscope predict MODEL INPUT... -o OUT`: cloud masks of files, folders and trees of maps."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from nephoscope.errors import UsageError

if TYPE_CHECKING:
    from nephoscope.apply.bulk import Event, Summary
    from nephoscope.apply.work import PredictMap

Option = typer.Option


def predict(
    model: Annotated[str, typer.Argument(help="A shipped model's name, or a model folder.")],
    inputs: Annotated[
        list[Path], typer.Argument(metavar="INPUT...", help="Maps, folders or trees of maps.")
    ],
    out: Annotated[Path, Option("--output", "-o", help="Folder of the products.")],
    layout: Annotated[
        Literal["cf", "legacy"],
        Option(help="cf: a CF NetCDF for each map; legacy: the original's tree and files."),
    ] = "cf",
    bounds: Annotated[
        Literal["data", "season", "label"],
        Option(
            help="Predict wherever there is data, within the seasonal polar bounds, or within "
            "the box of the map's label."
        ),
    ] = "data",
    offset: Annotated[
        float, Option(help="Degrees from the polar ice to the seasonal bounds.")
    ] = 3.0,
    bbox: Annotated[
        str | None, Option(metavar="WEST,SOUTH,EAST,NORTH", help="Predict in this box only.")
    ] = None,
    threshold: Annotated[
        float | None, Option(help="Probability from which a pixel is cloudy [default: the model's]")
    ] = None,
    background: Annotated[
        str,
        Option(help="auto: built from all inputs of a sub-phase; none; or the file of one."),
    ] = "auto",
    picture: Annotated[
        bool, Option("--picture/--no-picture", help="Draw a quick-look beside each product.")
    ] = True,
    workers: Annotated[int, Option(help="Processes; one uses all processors already.")] = 1,
    shard: Annotated[
        str, Option(metavar="I/N", help="Do the I-th of N parts of the inputs only.")
    ] = "1/1",
) -> None:
    """Apply a model to maps and write products; finished ones are skipped when run again."""
    from nephoscope.apply.bounds import parse_box
    from nephoscope.apply.bulk import predict_many
    from nephoscope.apply.engine import cores
    from nephoscope.apply.plan import Options
    from nephoscope.files import sha256_of
    from nephoscope.models import load_model
    from nephoscope.models.folder import FACTS

    loaded = load_model(model)
    box = parse_box(bbox) if bbox is not None else None
    options = Options(layout, bounds, offset, box, threshold, picture)
    with _progress() as on_event:
        summary = predict_many(
            inputs,
            out,
            model=loaded,
            model_sha256=sha256_of(loaded.folder / FACTS),
            recipe=loaded.recipe,
            factory=partial(_open_predictor, model, max(1, cores() // max(workers, 1))),
            options=options,
            background=background,
            workers=workers,
            part=_parse_shard(shard),
            command=shlex.join(["nephoscope", *sys.argv[1:]]),
            on_event=on_event,
        )
    _report(summary, out)


def _open_predictor(model: str, threads: int) -> PredictMap:
    """Load a model in the process that will run it."""
    from nephoscope.apply.predict import Predictor, predict_scene
    from nephoscope.models import load_model

    return partial(predict_scene, Predictor(load_model(model), workers=threads))


def _parse_shard(text: str) -> tuple[int, int]:
    index, _, parts = text.partition("/")
    if not (index.isdigit() and parts.isdigit()):
        raise UsageError(f"--shard {text}: write it as I/N, e.g. 2/8")
    return int(index), int(parts)


@contextmanager
def _progress() -> Iterator[Callable[[Event], None]]:
    """A bar on a terminal, one line a map elsewhere; failures go to stderr in both."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True, soft_wrap=True)
    if not console.is_terminal:
        yield _tell
        return
    columns = (TextColumn("predicting"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("predicting", total=None)

        def update(event: Event) -> None:
            progress.update(task, total=event.total, completed=event.number)
            if event.error is not None:
                progress.console.print(f"failed: {event.error}", markup=False, highlight=False)

        yield update


def _tell(event: Event) -> None:
    if event.error is not None:
        typer.echo(f"failed: {event.error}", err=True)
    else:
        typer.echo(f"{event.number}/{event.total} {event.status} {event.job.target}")


def _report(summary: Summary, out: Path) -> None:
    typer.echo(
        f"{summary.done} done, {summary.skipped} skipped (already there), "
        f"{len(summary.failed)} failed: {out}"
    )
    if summary.left:
        typer.echo(f"stopped early: {summary.left} maps were not tried", err=True)
    if summary.failed or summary.left:
        raise typer.Exit(1)
