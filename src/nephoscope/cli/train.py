"""`nephoscope train`: a recipe and samples → a model folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from nephoscope.recipe import Recipe


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
) -> None:
    """Fit a recipe's network to samples and write a model folder."""
    from nephoscope.errors import UsageError
    from nephoscope.extras import need

    need("train", "train")
    from nephoscope.learn.fit import fit
    from nephoscope.learn.quiet import quiet_lightning
    from nephoscope.models import load_model
    from nephoscope.recipe import load_recipe

    chosen = load_recipe(recipe, overrides)
    if chosen.task == "sky_state":
        if resume or start:
            raise UsageError(
                "training a sky state takes seconds: it knows no --resume and no --from"
            )
        _train_state(chosen, samples, output, name, licence)
        return
    bar = sys.stderr.isatty()
    typer.echo(f"reading {samples} ...", err=True)
    with quiet_lightning():
        tell = None if bar else typer.echo
        folder = fit(chosen, samples, output, resume, start, tell, name=name, licence=licence)
    model = load_model(folder)
    for inputs, scores in model.info["scores"].items():
        typer.echo(f"validation F1 {scores['f1']:.4f}  {inputs.replace('_', ' ')}")
    typer.echo(f"threshold {model.threshold:.3f}")
    typer.echo(folder)


def _train_state(
    recipe: Recipe, samples: Path, output: Path, name: str | None, licence: str | None
) -> None:
    from nephoscope.learn.state import fit_state
    from nephoscope.models import load_state_model

    folder = fit_state(recipe, samples, output, typer.echo, name=name, licence=licence)
    model = load_state_model(folder)
    for name, value in model.info["scores"].items():
        typer.echo(f"validation {name.replace('_', ' ')} {value}")
    typer.echo(model.folder)
