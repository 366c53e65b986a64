"""`nephoscope train`: a recipe and samples → a model folder."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Annotated

import typer


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
) -> None:
    """Fit a recipe's network to samples and write a model folder."""
    from nephoscope.learn.fit import fit
    from nephoscope.models import load_model
    from nephoscope.recipe import load_recipe

    chosen = load_recipe(recipe, overrides)
    bar = sys.stderr.isatty()
    typer.echo(f"reading {samples} ...", err=True)
    with warnings.catch_warnings():
        _silence_lightning()
        folder = fit(chosen, samples, output, resume, start, None if bar else typer.echo)
    model = load_model(folder)
    for inputs, scores in model.info["scores"].items():
        typer.echo(f"validation F1 {scores['f1']:.4f}  {inputs.replace('_', ' ')}")
    typer.echo(f"threshold {model.threshold:.3f}")
    typer.echo(folder)


def _silence_lightning() -> None:
    """Keep Lightning's advertisements and loader advice off the terminal."""
    import logging

    warnings.filterwarnings("ignore", module="lightning")
    for name in ("lightning", "lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
