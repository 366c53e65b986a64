"""`nephoscope simulate PIPELINE`: raw files in real formats, with the truth beside them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable


class Pipeline(StrEnum):
    """What can be simulated."""

    MARS = "mars"
    SKY = "sky"
    POLDER = "polder"
    SEVIRI = "seviri"


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
ORBITING = (Pipeline.POLDER, Pipeline.SEVIRI)


def simulate(
    pipeline: Annotated[Pipeline, typer.Argument(help="What to simulate.")],
    out: Annotated[Path, typer.Option("--output", "-o", help="Folder to write to.")],
    scenes: Annotated[
        int, typer.Option(min=1, help="Number of days, frames, half orbits or regions.")
    ] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same files.")] = 0,
    flavour: Annotated[
        Flavour | None,
        typer.Option(
            help="mars: raw, label or both (usual); sky: thermal (usual), night or colour."
        ),
    ] = None,
    slots: Annotated[
        int | None, typer.Option(min=1, help="seviri: successive pictures of each region.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="polder, seviri: processes, 4 GB each.")
    ] = None,
) -> None:
    """Write raw files in an instrument's own format, with the truth beside them.

    What is there already is kept, so that an interrupted run goes on where it stopped.
    """
    from nephoscope.cli.progress import progress_bar

    chosen = _checked(pipeline, flavour, slots, workers)
    with progress_bar("simulating", scenes) as tell:
        if pipeline in ORBITING:
            done = _orbiting(pipeline, out, scenes, seed, slots or 1, workers or 1, tell)
        elif pipeline is Pipeline.MARS:
            from nephoscope.simulate.mars import simulate_maps

            maps = simulate_maps(out, scenes, seed, chosen, tell)  # type: ignore[arg-type]
            done = f"{len(maps)} maps in {out}"
        else:
            from nephoscope.simulate.sky import simulate_sky

            frames = simulate_sky(out, scenes, seed, chosen, tell)  # type: ignore[arg-type]
            done = f"{len(frames)} frames in {out}"
    typer.echo(done)


def _checked(
    pipeline: Pipeline, flavour: Flavour | None, slots: int | None, workers: int | None
) -> str | None:
    """The flavour; options that the pipeline does not have are errors."""
    from nephoscope.errors import UsageError

    known = FLAVOURS.get(pipeline, ())
    if flavour is not None and flavour not in known:
        has = f"it has {', '.join(known)}" if known else "it has no flavours"
        raise UsageError(f"--flavour {flavour} is none of {pipeline}: {has}")
    if slots is not None and pipeline is not Pipeline.SEVIRI:
        raise UsageError(f"--slots is for seviri, not {pipeline}")
    if workers is not None and pipeline not in ORBITING:
        raise UsageError(f"--workers is for polder and seviri, not {pipeline}")
    chosen = flavour or next(iter(known), None)
    return None if chosen is None else chosen.value


def _orbiting(
    pipeline: Pipeline,
    out: Path,
    scenes: int,
    seed: int,
    slots: int,
    workers: int,
    tell: Callable[[str], None],
) -> str:
    if pipeline is Pipeline.POLDER:
        from nephoscope.simulate.polder import simulate_half_orbits

        files = simulate_half_orbits(out, scenes, seed, tell, workers)
        return f"{len(files)} half orbits in {out}"
    from nephoscope.simulate.seviri import simulate_slots

    files = simulate_slots(out, scenes, seed, tell, workers, slots=slots)
    return f"{len(files)} pictures in {out}"
