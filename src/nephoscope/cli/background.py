"""`nephoscope background RECIPE SCENES... -o FILE`: what clear looks like at each place."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def background(
    recipe: Annotated[str, typer.Argument(help="A shipped recipe's name, or a path.")],
    scenes: Annotated[
        list[Path], typer.Argument(metavar="SCENES...", help="Maps, folders or trees of maps.")
    ],
    out: Annotated[Path, typer.Option("--output", "-o", help="The background file to write.")],
) -> None:
    """Build the background from a series of scenes; those that cannot be read are left out."""
    from nephoscope.background import build_background, write_background
    from nephoscope.errors import InputError
    from nephoscope.instruments import find_scenes
    from nephoscope.recipe import load_recipe

    chosen = load_recipe(recipe)
    files = [file for place in scenes for file in find_scenes(place, chosen.instrument)]
    failed: list[Path] = []

    def name(path: Path, error: InputError) -> None:
        failed.append(path)
        typer.echo(f"failed: {error}", err=True)

    built = build_background(files, chosen, on_error=name)
    write_background(built, out)
    typer.echo(f"{out}: {len(files) - len(failed)} scenes, sha256 {built.attrs['sha256']}")
    if failed:
        raise typer.Exit(1)
