"""`nephoscope build`: raw files with their labels → training samples."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nephoscope.errors import shown

if TYPE_CHECKING:
    import xarray as xr

    from nephoscope.errors import InputError
    from nephoscope.instruments import SceneFile
    from nephoscope.recipe import Recipe


def build(
    recipe: Annotated[str, typer.Argument(help="A shipped recipe's name, or a path.")],
    raw: Annotated[
        list[Path], typer.Argument(readable=False, help="Folders with scenes and labels.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The samples store to write.")],
    background: Annotated[
        Path | None, typer.Option(help="Use this background instead of building one.")
    ] = None,
    choose: Annotated[
        int | None,
        typer.Option(min=1, help="Take this many scenes at random, no two of them consecutive."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of the random choice. [default: 0]")] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a store that is there, with its split.")
    ] = False,
) -> None:
    """Read raw files with their labels and write training samples; what cannot be read is left out.

    Maps without a label only help to build the background.
    """
    from nephoscope.cli.progress import print_classes, progress_bar, scenes_of
    from nephoscope.recipe import load_recipe
    from nephoscope.samples.split_rules import sparse_subset
    from nephoscope.samples.writer import check_place, write_samples

    chosen = load_recipe(recipe)
    _check_options(chosen, background, choose, seed)
    check_place(output, overwrite)
    failed = _Failed()
    files, unread = scenes_of(raw, chosen.instrument)
    if choose is not None:
        files = sparse_subset(files, choose, seed or 0)
    clear = _background(files, chosen, background, failed)
    with progress_bar("reading", len(files)) as tell:
        write_samples(files, output, chosen, clear, tell, failed, overwrite)
    print_classes(output)
    typer.echo(shown(output))
    if failed.known or unread:
        raise typer.Exit(1)


def _check_options(
    recipe: Recipe, background: Path | None, choose: int | None, seed: int | None
) -> None:
    """An option that this recipe would not use is an error."""
    from nephoscope.errors import UsageError
    from nephoscope.tasks import task_named

    unused = []
    if background is not None and recipe.inputs.background is None:
        unused.append("--background")
    if choose is not None and task_named(recipe.task).truth == "frame":
        unused.append("--choose")
    if unused:
        raise UsageError(f"build {recipe.name}: has no {', '.join(unused)}")
    if seed is not None and choose is None:
        raise UsageError("--seed: is of the random choice, which --choose asks for")


class _Failed:
    """Callback for errors of inputs: each input is named on stderr once."""

    def __init__(self) -> None:
        self.known: set[str] = set()

    def __call__(self, error: InputError) -> None:
        if error.path not in self.known:
            typer.echo(f"failed: {error}", err=True)
        self.known.add(error.path)


def _background(
    files: list[SceneFile], recipe: Recipe, given: Path | None, failed: _Failed
) -> xr.Dataset | None:
    from nephoscope.background import build_background, read_background

    if given is not None:
        return read_background(given, recipe)
    wanted = recipe.inputs.background
    if wanted is None:
        return None
    if len(files) < wanted.minimum_scenes:
        typer.echo(f"no background: {len(files)} scenes, {wanted.minimum_scenes} are needed")
        return None
    typer.echo(f"building the background from {len(files)} scenes")
    return build_background(files, recipe, on_error=lambda _, error: failed(error))
