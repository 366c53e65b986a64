"""`nephoscope models`: list, show, verify, export and quicken models."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

models = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False)

Name = Annotated[str, typer.Argument(help="A shipped model's name, or a model folder.")]


@models.command("list")
def list_them() -> None:
    """Name the shipped models."""
    from nephoscope.models import list_models, load_model

    for name in list_models():
        model = load_model(name)
        typer.echo(f"{name}  {model.recipe.instrument} {model.recipe.task}  {model.weights_sha256}")


@models.command()
def show(name: Name) -> None:
    """Print a model's card."""
    from nephoscope.models import load_model
    from nephoscope.models.card import read_card

    typer.echo(read_card(load_model(name).folder))


@models.command()
def verify(
    name: Annotated[
        str | None, typer.Argument(help="A shipped model or a folder; all shipped by default.")
    ] = None,
) -> None:
    """Check hashes, weights and the compiled network."""
    from nephoscope.extras import is_there
    from nephoscope.models import list_models, verify_model

    if not is_there("torch"):
        typer.echo("torch is not installed: compiled networks are run by themselves", err=True)
    for each in [name] if name else list_models():
        typer.echo(f"{each}: good, weights sha256 {verify_model(each).weights_sha256}")


@models.command()
def export(
    name: Name,
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write.")],
) -> None:
    """Copy a model's folder, to be used elsewhere or changed."""
    import shutil

    from nephoscope.errors import UsageError
    from nephoscope.files import atomic_path
    from nephoscope.models import load_model

    model = load_model(name)
    if output.exists():
        raise UsageError(f"{output} exists: name another folder")
    with atomic_path(output) as part:
        shutil.copytree(model.folder, part)
    typer.echo(output)


@models.command()
def quicken(
    name: Name,
    samples: Annotated[Path, typer.Argument(help="The samples that it was trained on.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write.")],
    sure: Annotated[
        float, typer.Option(help="Blocks less likely cloud, or clear, are left at that.")
    ] = 0.01,
) -> None:
    """Add a first stage to a network 'pixel': it asks the rest only where it is not sure."""
    from nephoscope.errors import UsageError
    from nephoscope.extras import need
    from nephoscope.models import load_model

    need("models quicken", "train")
    from nephoscope.learn.first_stage import add_first_stage
    from nephoscope.writable import check_place_writable

    if output.exists():
        raise UsageError(f"{output} exists: name another folder")
    check_place_writable(output)
    said = partial(typer.echo, err=True)
    made = add_first_stage(load_model(name), samples, output, sure=sure, report=said)
    typer.echo(made.folder)
