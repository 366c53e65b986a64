"""`nephoscope train`: a recipe and samples → a model folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from nephoscope.cli.crew_options import ThreadsOption


def train(
    recipe: Annotated[str, typer.Argument(help="A shipped recipe's name, or a path.")],
    samples: Annotated[Path, typer.Argument(help="A split samples store.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The run folder.")],
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change the recipe: key=value, e.g. training.steps=100."),
    ] = None,
    resume: Annotated[bool, typer.Option(help="Go on from the run's last checkpoint.")] = False,
    start: Annotated[
        str | None, typer.Option("--from", help="Begin with this model's weights.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Of the model. [default: that of the run folder]")
    ] = None,
    licence: Annotated[
        str | None, typer.Option(help="Of the model, for its card, e.g. CC-BY-4.0.")
    ] = None,
    threads: ThreadsOption = None,
) -> None:
    """Fit a recipe's network to samples and write a model folder."""
    from nephoscope.errors import UsageError
    from nephoscope.extras import need

    need("train", "train")
    from nephoscope.learn.fit import fit
    from nephoscope.learn.ranks import find_ranks
    from nephoscope.learn.trainer import quiet_lightning
    from nephoscope.models.linear import LINEAR
    from nephoscope.recipe import load_recipe

    chosen = load_recipe(recipe, overrides)
    if chosen.network.name == LINEAR and (resume or start):
        what = "it knows no --resume and no --from"
        raise UsageError(f"training a linear classifier takes seconds: {what}")
    with quiet_lightning():
        folder = fit(
            chosen,
            samples,
            output,
            resume,
            start,
            typer.echo,
            name=name,
            licence=licence,
            bar=sys.stderr.isatty(),
        )
        if find_ranks().first:
            _tell(folder)


def _tell(folder: Path) -> None:
    """What came of it."""
    from nephoscope.models import load_model
    from nephoscope.tasks import task_named

    model = load_model(folder)
    lines = task_named(model.recipe.task).summary(model.info["scores"], model.decision)
    typer.echo("\n".join([*lines, str(folder)]))
