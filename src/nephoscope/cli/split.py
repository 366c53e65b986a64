"""`nephoscope split`: divide samples into parts that are contiguous in time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from nephoscope.cli.loudness import Loudness, Names, Quiet, loudness
from nephoscope.errors import shown

By = Annotated[
    Literal["day", "granule", "group", "block"] | None,
    typer.Option(
        help="What is never cut: a day (of maps the default), a group, or a block of 3 days. "
        "Of a camera's frames: near-duplicates (group), or runs of consecutive names (block). "
        "Of frames with one state each: a camera or folder (group, the default), or runs of "
        "names of each state (block). Of half orbits: one of them (granule, the default), or "
        "a block of 3 days, by lot. Of slots: a day (the default), or a block of 3 days, by "
        "lot."
    ),
]
Seed = Annotated[
    int,
    typer.Option(
        help="Start the ring of days this much later: folds of a study. Of half orbits and "
        "slots: of the lots."
    ),
]
_RULES = ("by", "fractions", "seed", "buffer")


def split(
    context: typer.Context,
    samples: Annotated[Path, typer.Argument(help="The samples store.")],
    by: By = None,
    fractions: Annotated[
        str, typer.Option(help="Relative weights of train, validation and test.")
    ] = "0.8,0.1,0.1",
    seed: Seed = 0,
    buffer: Annotated[
        int | None,
        typer.Option(
            min=0, help="Frames of a camera left out on either side of a block. [default: 5]"
        ),
    ] = None,
    parts: Annotated[
        Path | None,
        typer.Option(
            help="JSON of part, and its samples or groups (days of slots): these, and no rule."
        ),
    ] = None,
    pictures: Annotated[
        Path | None,
        typer.Option(help="Draw where and when samples are of, and what they hold, into a folder."),
    ] = None,
    quiet: Quiet = False,
    verbose: Names = False,
) -> None:
    """Divide samples into train, validation and test parts."""
    from nephoscope.errors import UsageError
    from nephoscope.samples.split import split_samples
    from nephoscope.samples.split_named import read_parts

    try:
        weights = [float(weight) for weight in fractions.split(",")]
    except ValueError as error:
        raise UsageError(f"--fractions {fractions}: write it as 0.8,0.1,0.1") from error
    if parts is not None:
        _refuse_rules(context)
    named = None if parts is None else read_parts(parts)
    _print_parts(samples, split_samples(samples, by, weights, seed, buffer, named))
    if pictures is not None:
        from nephoscope.plots.store_pictures import split_pictures

        for picture in split_pictures(samples, pictures):
            typer.echo(shown(picture))


def _refuse_rules(context: typer.Context) -> None:
    """Names of samples leave nothing to rules."""
    from nephoscope.errors import UsageError

    given = [name for name in _RULES if "DEFAULT" not in str(context.get_parameter_source(name))]
    if given:
        raise UsageError(f"--parts: leaves nothing to --{', --'.join(given)}")


_DROPPED = "left out by the buffer, too near another part"


def _print_parts(samples: Path, parts: dict[str, list[str]]) -> None:
    """Number of the samples of each part, with -v their names; of points what is in them."""
    from nephoscope.cli.progress import print_classes
    from nephoscope.samples.store import open_samples

    truth = open_samples(samples).attrs["truth"]
    if truth != "points":
        for part, ids in parts.items():
            typer.echo(f"{part or _DROPPED}: {_named(ids)}")
    if truth != "pixels" and loudness() is not Loudness.QUIET:
        print_classes(samples)


def _named(ids: list[str]) -> str:
    """How many they are, and the first and the last; with -v all their names."""
    if not ids:
        return "none"
    if loudness() is Loudness.VERBOSE:
        return f"{len(ids)} ({', '.join(ids)})"
    if loudness() is Loudness.QUIET:
        return f"{len(ids)}"
    return f"{len(ids)} ({ids[0]}{f' ... {ids[-1]}' if len(ids) > 1 else ''})"
