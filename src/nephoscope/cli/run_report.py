"""Progress, summary and quick-looks of a run of `predict`; not itself a verb."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from nephoscope.errors import shown

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

    from nephoscope.apply.journal import Event, Summary
    from nephoscope.apply.run import Made


@contextmanager
def run_progress() -> Iterator[Callable[[Event], None]]:
    """Progress of a run: a bar on a terminal, elsewhere a line each; failures go to stderr."""
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
        yield _print_event
        return
    columns = (TextColumn("predicting"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("predicting", total=None)

        def update(event: Event) -> None:
            progress.update(task, total=event.total, completed=event.number)
            if event.error is not None:
                progress.console.print(f"failed: {event.error}", markup=False, highlight=False)

        yield update


def _print_event(event: Event) -> None:
    if event.error is not None:
        typer.echo(f"failed: {event.error}", err=True)
    elif event.job is not None:
        note = f": {event.note}" if event.note else ""
        target = shown(event.job.target)
        typer.echo(f"{event.number}/{event.total} {event.status} {target}{note}")


def report(summary: Summary, out: Path) -> None:
    """Say how a run went.

    Raises:
        typer.Exit: with code 1, if anything was not done.
    """
    for remark in summary.remarks:
        typer.echo(f"left out: {remark}", err=True)
    for other in summary.others:
        typer.echo(f"left out: {shown(other)}: is no frame", err=True)
    typer.echo(
        f"{summary.done} done, {summary.skipped} skipped (already there), "
        f"{len(summary.failed)} failed: {shown(out)}"
    )
    if summary.left:
        typer.echo(f"stopped early: {summary.left} inputs were not tried", err=True)
    if summary.failed or summary.left or summary.others:
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
