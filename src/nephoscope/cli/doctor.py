"""`nephoscope doctor`: the installation, credentials, disk and GPU."""

from __future__ import annotations

from typing import Annotated

import typer


def doctor(
    reach: Annotated[
        bool, typer.Option("--reach", help="Also see whether the hosts of the archives answer.")
    ] = False,
) -> None:
    """Look at the installation: optional parts, credentials (not shown), disk, GPU."""
    from nephoscope.archives.checkup import CHECKS, gpu, reachability

    lines = [line for check in CHECKS.values() for line in check()]
    lines.append(gpu())
    if reach:
        lines += reachability()
    for what, found, _ in lines:
        typer.echo(f"{what}: {found}")
    if wrong := [what for what, _, fine in lines if not fine]:
        typer.echo(f"wrong: {', '.join(wrong)}", err=True)
        raise typer.Exit(1)
