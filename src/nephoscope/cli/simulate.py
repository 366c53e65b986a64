"""`nephoscope simulate PIPELINE`: raw files in real formats, with the truth beside them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Pipeline(StrEnum):
    """What can be simulated."""

    MARS = "mars"


class Flavour(StrEnum):
    """Which naming and layout to write."""

    RAW = "raw"
    LABEL = "label"
    BOTH = "both"


def simulate(
    pipeline: Annotated[Pipeline, typer.Argument(help="What to simulate.")],
    out: Annotated[Path, typer.Option("--output", "-o", help="Folder to write to.")],
    scenes: Annotated[int, typer.Option(min=1, help="Number of successive days.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="The planet; same seed, same files.")] = 0,
    flavour: Annotated[Flavour, typer.Option(help="Layout of the files.")] = Flavour.BOTH,
) -> None:
    """Write raw files in an instrument's own format, with the truth beside them.

    What is there already is kept, so that an interrupted run goes on where it stopped.
    """
    from rich.console import Console
    from rich.progress import Progress

    from nephoscope.simulate.mars import simulate_maps

    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(f"Simulating {pipeline}", total=scenes)

        def show(name: str) -> None:
            bar.advance(task)
            if not console.is_terminal:
                typer.echo(f"{name} done", err=True)

        maps = simulate_maps(out, scenes, seed, flavour.value, show)
    typer.echo(f"{len(maps)} maps in {out}")
