"""`nephoscope build`: raw files with their labels → training samples."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import xarray as xr

    from nephoscope.instruments import SceneFile
    from nephoscope.recipe import Recipe


def build(
    recipe: Annotated[str, typer.Argument(help="A shipped recipe's name, or a path.")],
    raw: Annotated[list[Path], typer.Argument(help="Folders with scenes and labels.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The samples store to write.")],
    background: Annotated[
        Path | None, typer.Option(help="Use this background instead of building one.")
    ] = None,
) -> None:
    """Read raw files with their labels and write training samples."""
    from nephoscope.instruments import find_scenes
    from nephoscope.recipe import load_recipe
    from nephoscope.samples.store import write_samples

    chosen = load_recipe(recipe)
    files = [file for folder in raw for file in find_scenes(folder, chosen.instrument)]
    clear = _background(files, chosen, background)
    count = 0

    def tell(sample: str) -> None:
        nonlocal count
        count += 1
        typer.echo(f"{count}/{len(files)} {sample}")

    typer.echo(write_samples(files, output, chosen, clear, tell))


def _background(files: list[SceneFile], recipe: Recipe, given: Path | None) -> xr.Dataset | None:
    from nephoscope.background import build_background, read_background

    if given is not None:
        return read_background(given)
    wanted = recipe.inputs.background
    if wanted is None:
        return None
    if len(files) < wanted.minimum_scenes:
        typer.echo(f"no background: {len(files)} scenes, {wanted.minimum_scenes} are needed")
        return None
    typer.echo(f"building the background from {len(files)} scenes")
    return build_background(files, recipe)
