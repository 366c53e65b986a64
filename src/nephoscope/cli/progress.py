"""Progress and messages that verbs share: inputs left out, a bar, classes of samples; no verb."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from nephoscope.cli.loudness import Loudness, Pace, loudness, tell_plainly
from nephoscope.errors import shown

if TYPE_CHECKING:
    from nephoscope.instruments import SceneFile


def scenes_of(places: Sequence[Path], instrument: str) -> tuple[list[SceneFile], int]:
    """The scenes of several places, each once; what is left out is said on stderr.

    Returns:
        the scenes, and how many things cannot be used.

    Raises:
        InputError: a place does not exist, or none holds a scene of the instrument.
    """
    from nephoscope.folders import LeftOut
    from nephoscope.instruments import find_all

    left_out = LeftOut()
    scenes = find_all(places, instrument, left_out)
    for error in left_out.errors:
        typer.echo(f"failed: {error}", err=True)
    for remark in left_out.remarks():
        typer.echo(f"left out: {remark}", err=True)
    return scenes, len(left_out.errors)


def print_classes(samples: Path) -> None:
    """Print how much of a store is clear and cloudy; on stderr what nothing can be learned from."""
    from nephoscope.samples.census import describe
    from nephoscope.samples.store import open_samples

    lines, doubts = describe(open_samples(samples))
    for line in lines:
        typer.echo(line)
    for doubt in doubts:
        typer.echo(f"{shown(samples)}: {doubt}", err=True)


@contextmanager
def progress_bar(what: str, total: int) -> Iterator[Callable[[str], None]]:
    """Yield what is told the name of each item done: a bar on a terminal, lines elsewhere.

    How many lines, and whether there is a bar, is as was asked (`loudness`).

    Args:
        what: is being done, e.g. "reading".
        total: number of items.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining

    console, pace, how = Console(stderr=True), Pace(), loudness()
    if how is not Loudness.USUAL or not console.is_terminal:
        done: list[str] = []

        def tell(name: str) -> None:
            done.append(name)
            tell_plainly(what, len(done), total, shown(name), pace)

        yield tell
        return
    # Without markup: names may hold brackets.
    said = TextColumn("{task.description}", markup=False)
    columns = (said, BarColumn(), MofNCompleteColumn(), Remaining())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(what, total=total)
        yield lambda name: bar.update(task, advance=1, description=f"{what} {shown(name)}")
