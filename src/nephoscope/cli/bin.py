"""`nephoscope bin INPUT... -o OUT`: block means of thermal frames."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nephoscope.cli.loudness import Quiet, Verbose
from nephoscope.errors import UsageError, shown


def bin(
    inputs: Annotated[
        list[Path],
        typer.Argument(
            readable=False, metavar="INPUT...", help="Frames, folders or trees of them."
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write to.")],
    shape: Annotated[str, typer.Option(help="Rows and columns wanted, e.g. 128,160.")] = "128,160",
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Write block means of frames as FITS; what cannot be read is named and left out."""
    from nephoscope.cli.progress import progress_bar, scenes_of
    from nephoscope.instruments.skycam import bin_files

    rows, cols = _shape_of(shape)
    files, failed = scenes_of(inputs, "skycam")
    total = len(files) + failed
    with progress_bar("binning", len(files)) as tell:
        for file, error in bin_files(files, output, (rows, cols), workers):
            if error is None:
                tell(file.id)
            else:
                failed += 1
                typer.echo(f"failed: {error}", err=True)
    typer.echo(f"{shown(output)}: {total - failed} of {total} frames at {rows} x {cols}")
    if failed:
        raise typer.Exit(1)


def _shape_of(text: str) -> tuple[int, int]:
    parts = text.split(",")
    if len(parts) != 2 or not all(part.strip().isdigit() and int(part) > 0 for part in parts):
        raise UsageError(f"--shape {text}: write it as rows,columns, e.g. 128,160")
    return int(parts[0]), int(parts[1])
