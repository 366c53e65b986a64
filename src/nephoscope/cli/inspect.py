"""`nephoscope inspect DIR`: what a folder of raw files holds by day and product, and what lacks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nephoscope.errors import shown


def inspect(
    folder: Annotated[Path, typer.Argument(readable=False, metavar="DIR", help="Of raw files.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Picture to write: a calendar of each product."),
    ] = None,
) -> None:
    """Say what a folder of raw files holds by day and product; name gaps and unreadable files."""
    from nephoscope.archives.inventory import gap_text, inventory_of
    from nephoscope.archives.pace import size_text

    found = inventory_of(folder)
    for name, product in sorted(found.products.items()):
        line = f"{shown(name)}: {product.files} files, {size_text(product.size)}"
        if product.days:
            first, last = min(product.days), max(product.days)
            line += f", {len(product.days)} days from {first} to {last}"
        if product.undated and product.days:
            line += f", {product.undated} without a day"
        typer.echo(line)
        if gaps := product.gaps():
            days = sum((last - first).days + 1 for first, last in gaps)
            typer.echo(f"  {days} days without a file: {gap_text(gaps)}")
    if not found.products:
        typer.echo(f"{shown(folder)}: holds no files")
    for part in found.unfinished:
        typer.echo(f"unfinished: {shown(part)}", err=True)
    for error in found.failed:
        typer.echo(f"failed: {error}", err=True)
    if output is not None:
        from nephoscope.files import atomic_path
        from nephoscope.plots.calendar import draw_calendar

        figure = draw_calendar({name: each.days for name, each in sorted(found.products.items())})
        with atomic_path(output) as part:
            figure.savefig(part, format=output.suffix.lstrip(".") or "png")
        typer.echo(shown(output))
    if found.failed:
        raise typer.Exit(1)
