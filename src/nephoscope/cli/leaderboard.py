"""`nephoscope leaderboard REPORT... -o SITE`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def leaderboard(
    reports: Annotated[
        list[Path],
        typer.Argument(readable=False, help="Folders of reports, as `nephoscope evaluate` makes."),
    ],
    out: Annotated[Path, typer.Option("--output", "-o", help="Folder of the page.")],
) -> None:
    """Put reports side by side on a static page, one table for all that may be compared.

    A report that was altered, that does not say where it comes from, or whose model was fitted to
    what it is scored on, is refused.
    """
    from nephoscope.errors import shown
    from nephoscope.reports.leaderboard import write_leaderboard
    from nephoscope.reports.page import PAGE
    from nephoscope.reports.words import title_of

    tables, refused = write_leaderboard(reports, out)
    for error in refused:
        typer.echo(f"refused: {error}", err=True)
    for table in tables:
        typer.echo(f"{table.spec['task']}, spec {table.spec_hash[:12]}:")
        for place, row in enumerate(table.rows, start=1):
            score = row.metrics.get(table.main)
            value = "-" if score is None or score.value is None else f"{score.value:.4f}"
            mark = f" ({row.mark})" if row.mark else ""
            kind = "" if row.kind == "model" else " (baseline)"
            typer.echo(
                f"  {place:3} {value}  {title_of(table.main)}  {shown(row.name)}{mark}{kind}"
            )
    typer.echo(shown(out / PAGE))
    if refused:
        raise typer.Exit(1)
