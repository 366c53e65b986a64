"""`nephoscope recipes`: list, show and export the recipes that come with the package."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

recipes = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False)

Name = Annotated[str, typer.Argument(help="A shipped recipe's name, or the path of a YAML file.")]


@recipes.command("list")
def list_them() -> None:
    """Name the shipped recipes: of which instrument, what for, with which network."""
    from nephoscope.recipe import load_recipe, shipped_recipes

    for name in shipped_recipes():
        recipe = load_recipe(name)
        typer.echo(f"{name}  {recipe.instrument} {recipe.task}  network {recipe.network.name}")


@recipes.command()
def show(
    name: Name,
    all_keys: Annotated[
        bool, typer.Option("--all", help="Every key, those with their defaults too.")
    ] = False,
) -> None:
    """Print a recipe."""
    from nephoscope.recipe import dump_recipe, load_recipe, recipe_text

    typer.echo(dump_recipe(load_recipe(name)) if all_keys else recipe_text(name), nl=False)


@recipes.command()
def export(
    name: Name,
    output: Annotated[Path, typer.Option("--output", "-o", help="The YAML file to write.")],
) -> None:
    """Write a recipe into a file, to be changed and given to `build`, `train` or `tune`."""
    from nephoscope.errors import UsageError
    from nephoscope.files import write_text
    from nephoscope.recipe import recipe_text

    if output.exists():
        raise UsageError(f"{output} exists: name another file")
    write_text(output, recipe_text(name))
    typer.echo(output)
