"""`nephoscope simulate PIPELINE`: raw files in real formats, with the truth beside them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Pipeline(StrEnum):
    """What can be simulated."""

    MARS = "mars"
    SKY = "sky"


class Flavour(StrEnum):
    """Which naming and layout, or which camera, to write."""

    RAW = "raw"
    LABEL = "label"
    BOTH = "both"
    THERMAL = "thermal"
    NIGHT = "night"
    COLOUR = "colour"


# The flavours of each pipeline, the usual one first.
FLAVOURS = {
    Pipeline.MARS: (Flavour.BOTH, Flavour.RAW, Flavour.LABEL),
    Pipeline.SKY: (Flavour.THERMAL, Flavour.NIGHT, Flavour.COLOUR),
}


def simulate(
    pipeline: Annotated[Pipeline, typer.Argument(help="What to simulate.")],
    out: Annotated[Path, typer.Option("--output", "-o", help="Folder to write to.")],
    scenes: Annotated[int, typer.Option(min=1, help="Number of days or frames.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same files.")] = 0,
    flavour: Annotated[
        Flavour | None,
        typer.Option(
            help="mars: raw, label or both (usual); sky: thermal (usual), night or colour."
        ),
    ] = None,
) -> None:
    """Write raw files in an instrument's own format, with the truth beside them.

    What is there already is kept, so that an interrupted run goes on where it stopped.
    """
    from nephoscope.cli.progress import progress_bar
    from nephoscope.errors import UsageError

    chosen = flavour or FLAVOURS[pipeline][0]
    if chosen not in FLAVOURS[pipeline]:
        known = ", ".join(FLAVOURS[pipeline])
        raise UsageError(f"--flavour {chosen} is none of {pipeline}: it has {known}")
    with progress_bar("simulating", scenes) as tell:
        if pipeline is Pipeline.MARS:
            from nephoscope.simulate.mars import simulate_maps

            maps = simulate_maps(out, scenes, seed, chosen.value, tell)  # type: ignore[arg-type]
            done = f"{len(maps)} maps in {out}"
        else:
            from nephoscope.simulate.sky import simulate_sky

            frames = simulate_sky(out, scenes, seed, chosen.value, tell)  # type: ignore[arg-type]
            done = f"{len(frames)} frames in {out}"
    typer.echo(done)
