"""`nephoscope simulate PIPELINE`: raw files in real formats, with the truth beside them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nephoscope.cli.loudness import Quiet, Verbose

if TYPE_CHECKING:
    from collections.abc import Callable


class Pipeline(StrEnum):
    """Pipelines that can be simulated."""

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
    CAMERAS = "cameras"


# The flavours of each pipeline, the usual one first.
FLAVOURS = {
    Pipeline.MARS: (Flavour.BOTH, Flavour.RAW, Flavour.LABEL),
    Pipeline.SKY: (Flavour.THERMAL, Flavour.NIGHT, Flavour.COLOUR, Flavour.CAMERAS),
}
ORBITING = (Pipeline.POLDER, Pipeline.SEVIRI)
OF_PIPELINES = {"slots": (Pipeline.SEVIRI,), "size": ORBITING, "workers": ORBITING}


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
            help="mars: raw, label or both (usual); sky: thermal (usual), night, colour or "
            "cameras (colour, every picture of another camera)."
        ),
    ] = None,
    slots: Annotated[
        int | None, typer.Option(min=1, help="seviri: successive pictures of each region.")
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(
            min=1, help="seviri: rows and columns of a picture (usually 512); polder: rows (400)."
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="polder, seviri: processes, 4 GB each.")
    ] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Write raw files in an instrument's own format, with the truth beside them.

    What is there already is kept, so that an interrupted run goes on where it stopped.
    """
    from nephoscope.cli.progress import progress_bar
    from nephoscope.extras import need

    options = _checked(pipeline, flavour, {"slots": slots, "size": size, "workers": workers})
    if pipeline in ORBITING:
        need(f"simulate {pipeline}", "satellites")
    if pipeline is Pipeline.POLDER and "size" in options:
        options["rows"] = options.pop("size")
    with progress_bar("simulating", scenes) as tell:
        write, made = _writer_of(pipeline)
        files = write(out, scenes, seed, progress=tell, **options)
    typer.echo(f"{len(files)} {made} in {out}")


def _checked(
    pipeline: Pipeline, flavour: Flavour | None, options: dict[str, int | None]
) -> dict[str, Any]:
    """Options that were given, and the flavour; what the pipeline does not have is an error."""
    from nephoscope.errors import UsageError

    known = FLAVOURS.get(pipeline, ())
    if flavour is not None and flavour not in known:
        has = f"it has {', '.join(known)}" if known else "it has no flavours"
        raise UsageError(f"--flavour {flavour} is none of {pipeline}: {has}")
    for name, value in options.items():
        if value is not None and pipeline not in OF_PIPELINES[name]:
            raise UsageError(f"--{name} is for {' and '.join(OF_PIPELINES[name])}, not {pipeline}")
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    return given | ({"flavour": (flavour or known[0]).value} if known else {})


def _writer_of(pipeline: Pipeline) -> tuple[Callable[..., list[Path]], str]:
    """Function that writes the scenes of a pipeline, and their name in the plural."""
    if pipeline is Pipeline.SEVIRI:
        from nephoscope.simulate.earth.seviri import simulate_slots

        return simulate_slots, "pictures"
    if pipeline is Pipeline.POLDER:
        from nephoscope.simulate.earth.polder import simulate_half_orbits

        return simulate_half_orbits, "half orbits"
    if pipeline is Pipeline.MARS:
        from nephoscope.simulate.mars import simulate_maps

        return simulate_maps, "maps"
    from nephoscope.simulate.sky import simulate_sky

    return simulate_sky, "frames"
