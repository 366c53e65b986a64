"""Progress, summary and quick-looks of a run of `predict`; not itself a verb."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from nephoscope.cli.loudness import Loudness, Pace, loudness, rate_of
from nephoscope.errors import shown
from nephoscope.remote import is_url, shown_url

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

    from nephoscope.apply.journal import Event, Summary
    from nephoscope.apply.run import Made


_MOST = 5
"""Kinds of remarks that are counted by name in the end."""


@contextmanager
def run_progress(as_json: bool = False) -> Iterator[Callable[[Event], None]]:
    """Progress of a run: a bar on a terminal, elsewhere lines; failures go to stderr.

    In the end it is counted what was said of inputs, unless a line for each has told it.

    Args:
        as_json: each line is JSON.
    """
    remarks = Counter[str]()
    with _progress(as_json) as update:

        def tell(event: Event) -> None:
            if event.note:
                remarks[event.note.partition(",")[0]] += 1
            update(event)

        yield tell
    if remarks and not as_json and loudness() is not Loudness.VERBOSE:
        said = [f"{remark}: {number}" for remark, number in remarks.most_common(_MOST)]
        more = [f"{len(remarks) - _MOST} other remarks (-v)"] if len(remarks) > _MOST else []
        typer.echo(", ".join([*said, *more]))


@contextmanager
def _progress(as_json: bool) -> Iterator[Callable[[Event], None]]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console, pace = Console(stderr=True, soft_wrap=True), Pace()
    how = loudness()
    if how is not Loudness.USUAL or not console.is_terminal:

        def tell(event: Event) -> None:
            pace.count(event.status != "skipped")
            if as_json:
                _print_json(event)
            elif how is Loudness.VERBOSE or event.error is not None:
                _print_event(event)
            if how is Loudness.USUAL and pace.due():
                typer.echo(f"predicting {pace.line(event.number, event.total)}", err=True)

        yield tell
        return
    rate = TextColumn("{task.fields[rate]}")
    columns = (TextColumn("predicting"), BarColumn(), MofNCompleteColumn(), rate)
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task("predicting", total=None, rate="")

        def update(event: Event) -> None:
            pace.count(event.status != "skipped")
            shown_rate = rate_of(pace.rate)
            progress.update(task, total=event.total, completed=event.number, rate=shown_rate)
            if as_json:
                _print_json(event)
            elif event.error is not None:
                progress.console.print(f"failed: {event.error}", markup=False, highlight=False)

        yield update


def _print_event(event: Event) -> None:
    if event.error is not None:
        typer.echo(f"failed: {event.error}", err=True)
    elif event.job is not None:
        note = f": {event.note}" if event.note else ""
        target = f"slot {event.slot} of {event.place}" if event.slot else event.place
        typer.echo(f"{event.number}/{event.total} {event.status} {target}{note}")


def _print_json(event: Event) -> None:
    path = getattr(event.error, "path", None) if event.job is None else event.job.scene.path
    facts = {
        "input": None if path is None else shown(path),
        "output": event.place or None,
        "slot": event.slot or None,
        "status": event.status,
        "why": None if event.error is None else str(event.error),
        "note": event.note or None,
        "sha256": event.sha256 or None,
    }
    typer.echo(json.dumps({name: fact for name, fact in facts.items() if fact is not None}))


def print_prospect(events: Iterable[Event], as_json: bool) -> None:
    """Say of each input what a run would meet, and how many there are of a kind."""
    counts = dict.fromkeys(("done", "failed", "not yet"), 0)
    for event in events:
        counts[event.status] += 1
        if as_json:
            _print_json(event)
        elif event.error is not None or loudness() is not Loudness.QUIET:
            _print_event(event)
    if as_json:
        typer.echo(json.dumps(counts))
    else:
        typer.echo(", ".join(f"{number} {status}" for status, number in counts.items()))


def report(summary: Summary, out: str | Path, as_json: bool = False) -> None:
    """Say how a run went.

    Args:
        summary: of the run.
        out: folder of the products, or its URL.
        as_json: as a line of JSON.

    Raises:
        typer.Exit: with code 1, if anything was not done; what is no frame was never to be.
    """
    where = shown_url(str(out)) if is_url(out) else shown(out)
    for remark in summary.remarks:
        typer.echo(f"left out: {remark}", err=True)
    for other in summary.others:
        typer.echo(f"left out: {shown(other)}: is no frame", err=True)
    counts = {"done": summary.done, "skipped": summary.skipped, "failed": len(summary.failed)}
    others = len(summary.others)
    if as_json:
        rest = {"left": summary.left, "left_out": others, "output": where}
        typer.echo(json.dumps(counts | rest))
    else:
        typer.echo(
            f"{summary.done} done, {summary.skipped} skipped (already there), "
            f"{len(summary.failed)} failed{f', {others} left out (no frame)' if others else ''}: "
            f"{where}"
        )
    if summary.known:
        text = f"{summary.known} of them failed before and were not tried again: --redo-failed"
        typer.echo(text, err=True)
    if summary.left:
        typer.echo(f"stopped early: {summary.left} inputs were not tried", err=True)
    if summary.failed or summary.left:
        raise typer.Exit(1)


def draw(made: Made, path: Path) -> None:
    """Draw the quick-look of what was made of a scene.

    Raises:
        OutputError: it cannot be written.
    """
    from nephoscope.apply.chain import JudgedFrame

    if isinstance(made, JudgedFrame):
        from nephoscope.plots.overlay import overlay, save_overlay

        save_overlay(overlay(made.scene, made.result), path)
    else:
        from nephoscope.plots.quicklook import save_picture

        save_picture(picture_of(made.product, made.scene), path)


def picture_of(product: xr.Dataset, scene: xr.Dataset | None) -> Figure:
    """The quick-look of a product: a mask on its map, a swath of columns on the globe, or panels.

    Args:
        product: packed.
        scene: that it was made from, where there is one.
    """
    from nephoscope.inputs import COLOURS
    from nephoscope.plots.panels import panels
    from nephoscope.plots.quicklook import quicklook
    from nephoscope.plots.swath import plot_swath

    if "cloud_top_height" in product and product["latitude"].ndim == 2:
        return plot_swath(product, scene=scene)
    if "cloud_mask" not in product or "latitude" not in product["cloud_mask"].dims:
        return panels(product)
    in_colour = scene is not None and set(COLOURS) <= {*scene["channel"].values.tolist()}
    return quicklook(product, scene if in_colour else None)
