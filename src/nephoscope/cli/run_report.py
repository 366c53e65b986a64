"""Progress, summary and quick-looks of a run of `predict`; not itself a verb."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from nephoscope.cli.loudness import Loudness, Pace, loudness, rate_of
from nephoscope.errors import shown
from nephoscope.remote import is_url, shown_url

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure
    from rich.console import Console

    from nephoscope.apply.journal import Event, Summary
    from nephoscope.apply.run import Made


_LONG = 120.0  # seconds left of one input from which on there is a hint
_MOST = 5
"""Kinds of remarks that are counted by name in the end."""


@contextmanager
def run_progress(as_json: bool = False, hint: str = "") -> Iterator[Callable[[Event], None]]:
    """Progress of a run: a bar on a terminal, elsewhere lines; failures go to stderr.

    What is yielded is to be told of inputs that have ended, and how far one is that is under way.
    In the end it is counted what was said of inputs, unless a line for each has told it.

    Args:
        as_json: each line is JSON.
        hint: said once where an input takes minutes: what would take less.
    """
    remarks = Counter[str]()
    with _progress(as_json, _Parts(hint)) as update:

        def tell(event: Event) -> None:
            if event.note:
                remarks[event.note.partition(",")[0]] += 1
            update(event)

        yield tell
    if remarks and not as_json and loudness() is not Loudness.VERBOSE:
        said = [f"{remark}: {number}" for remark, number in remarks.most_common(_MOST)]
        more = [f"{len(remarks) - _MOST} other remarks (-v)"] if len(remarks) > _MOST else []
        typer.echo(", ".join([*said, *more]))


class _Parts:
    """How far an input is that takes long, in words.

    Args:
        hint: what would take less, said once.
    """

    def __init__(self, hint: str) -> None:
        self._hint, self._began, self._last = hint, 0.0, 0.0

    def note(self, event: Event) -> None:
        """Take down how far an input is, and when it was begun."""
        if event.share < self._last or not event.share:
            self._began = time.monotonic()
        self._last = event.share

    def line(self, event: Event) -> str:
        """How far the input is and how long the rest of it takes."""
        name = "" if event.job is None else event.job.scene.id
        if event.share >= 1:
            return f"{name}: made, now drawn and written"
        return (
            f"{name}: {event.share:.0%}, {timedelta(seconds=round(self._left(event)))} left of it"
        )

    def hint(self, event: Event) -> str:
        """What would take less, where this input takes minutes; once."""
        if not 0 < event.share < 1 or self._left(event) < _LONG:
            return ""
        said, self._hint = self._hint, ""
        return said

    def _left(self, event: Event) -> float:
        return (time.monotonic() - self._began) * (1 - event.share) / max(event.share, 1e-9)


@contextmanager
def _progress(as_json: bool, parts: _Parts) -> Iterator[Callable[[Event], None]]:
    from rich.console import Console

    console = Console(stderr=True, soft_wrap=True)
    if loudness() is Loudness.USUAL and console.is_terminal:
        with _bar(console, as_json, parts) as update:
            yield update
    else:
        yield partial(_tell_plainly, as_json, parts, Pace())


def _tell_plainly(as_json: bool, parts: _Parts, pace: Pace, event: Event) -> None:
    """Say where there is no terminal that an input has ended, or how far one is."""
    if event.status == "under way":
        parts.note(event)
        if event.share and pace.how is not Loudness.QUIET and pace.due():
            for line in filter(None, (parts.line(event), parts.hint(event))):
                typer.echo(f"predicting {line}", err=True)
        return
    pace.count(event.status != "skipped")
    if as_json:
        _print_json(event)
    elif pace.how is Loudness.VERBOSE or event.error is not None:
        _print_event(event)
    if pace.how is Loudness.USUAL and pace.due():
        typer.echo(f"predicting {pace.line(event.number, event.total)}", err=True)


@contextmanager
def _bar(console: Console, as_json: bool, parts: _Parts) -> Iterator[Callable[[Event], None]]:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    pace, rate = Pace(), TextColumn("{task.fields[rate]}")
    columns = (TextColumn("predicting"), BarColumn(), MofNCompleteColumn(), rate)
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task("predicting", total=None, rate="")

        def update(event: Event) -> None:
            if event.status == "under way":
                parts.note(event)
                progress.update(task, total=event.total, completed=event.number + event.share)
                if hint := parts.hint(event):
                    progress.console.print(hint, markup=False, highlight=False)
                return
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
