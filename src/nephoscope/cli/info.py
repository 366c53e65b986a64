"""`nephoscope info`: what something is, what is in it, and what can be done with it."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from nephoscope.errors import shown


def info(
    things: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH...", help="Files, folders, stores, or names of shipped models."
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for each.")] = False,
) -> None:
    """Say what something is, what is in it, what is wrong with it and what can be done with it."""
    from nephoscope.errors import NephoscopeError
    from nephoscope.reports.contents import contents_of

    failed = False
    for number, thing in enumerate(things):
        try:
            found = contents_of(thing)
        except NephoscopeError as error:
            typer.echo(f"failed: {error}", err=True)
            failed = True
            continue
        if as_json:
            typer.echo(json.dumps({"path": thing, **found.as_dict()}))
            continue
        typer.echo(f"{chr(10) if number else ''}{shown(thing)}: {found.kind}")
        for name, said in found.facts.items():
            typer.echo(f"  {name}: {shown(said)}")
        for name, said in found.arrays.items():
            typer.echo(f"  {name} {shown(said)}")
        for problem in found.problems:
            typer.echo(f"  problem: {shown(problem)}")
        for command in found.commands:
            typer.echo(f"  $ {shown(command)}")
    if failed:
        raise typer.Exit(1)
