"""`nephoscope split`: divide samples into parts that are contiguous in time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer


def split(
    samples: Annotated[Path, typer.Argument(help="The samples store.")],
    by: Annotated[
        Literal["day", "group", "block"],
        typer.Option(
            help="What is never cut: a day, a group, or a block of 3 days. Of a camera's frames: "
            "near-duplicates (group), or runs of consecutive names (block)."
        ),
    ] = "day",
    fractions: Annotated[
        str, typer.Option(help="Relative weights of train, validation and test.")
    ] = "0.8,0.1,0.1",
    seed: Annotated[
        int, typer.Option(help="Start the ring of days this much later: folds of a study.")
    ] = 0,
    buffer: Annotated[
        int, typer.Option(min=0, help="Frames of a camera left out on either side of a block.")
    ] = 5,
) -> None:
    """Divide samples into train, validation and test parts."""
    from nephoscope.errors import UsageError
    from nephoscope.samples.split import split_samples

    try:
        weights = [float(weight) for weight in fractions.split(",")]
    except ValueError as error:
        raise UsageError(f"--fractions {fractions}: write it as 0.8,0.1,0.1") from error
    for part, ids in split_samples(samples, by, weights, seed, buffer).items():
        typer.echo(f"{part}: {', '.join(ids) or 'none'}")
