"""`nephoscope split`: divide samples into parts that are contiguous in time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer


def split(
    samples: Annotated[Path, typer.Argument(help="The samples store.")],
    by: Annotated[
        Literal["day", "group", "block"] | None,
        typer.Option(
            help="What is never cut: a day (of maps the default), a group, or a block of 3 days. "
            "Of a camera's frames: near-duplicates (group), or runs of consecutive names (block). "
            "Of frames with one state each: a camera or folder (group, the default), or runs of "
            "names of each state (block)."
        ),
    ] = None,
    fractions: Annotated[
        str, typer.Option(help="Relative weights of train, validation and test.")
    ] = "0.8,0.1,0.1",
    seed: Annotated[
        int, typer.Option(help="Start the ring of days this much later: folds of a study.")
    ] = 0,
    buffer: Annotated[
        int | None,
        typer.Option(
            min=0, help="Frames of a camera left out on either side of a block. [default: 5]"
        ),
    ] = None,
) -> None:
    """Divide samples into train, validation and test parts."""
    from nephoscope.cli.progress import print_classes
    from nephoscope.errors import UsageError
    from nephoscope.samples.split import split_samples
    from nephoscope.samples.store import open_samples

    try:
        weights = [float(weight) for weight in fractions.split(",")]
    except ValueError as error:
        raise UsageError(f"--fractions {fractions}: write it as 0.8,0.1,0.1") from error
    for part, ids in split_samples(samples, by, weights, seed, buffer).items():
        typer.echo(f"{part or 'too near another part'}: {', '.join(ids) or 'none'}")
    if open_samples(samples).attrs["truth"] == "frame":
        print_classes(samples)
