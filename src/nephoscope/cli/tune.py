"""`nephoscope tune RECIPE SAMPLES.zarr -o STUDY`: search for the best settings."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class SamplerName(StrEnum):
    """How settings are drawn."""

    TPE = "tpe"
    RANDOM = "random"


class PrunerName(StrEnum):
    """Which trials end early."""

    MEDIAN = "median"
    NONE = "none"


def tune(
    recipe: Annotated[str, typer.Argument(help="A shipped recipe's name, or a path.")],
    samples: Annotated[Path, typer.Argument(help="A split samples store.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The study folder.")],
    trials: Annotated[int, typer.Option(min=1, help="Trials the study shall have.")] = 20,
    sampler: Annotated[SamplerName, typer.Option(help="How settings are drawn.")] = SamplerName.TPE,
    pruner: Annotated[
        PrunerName, typer.Option(help="Whether poor trials end early.")
    ] = PrunerName.MEDIAN,
    workers: Annotated[int, typer.Option(min=1, help="Processes that train at once.")] = 1,
    resume: Annotated[bool, typer.Option(help="Go on with the study in the folder.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of the sampler.")] = 0,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change the recipe: key=value, e.g. training.steps=100."),
    ] = None,
) -> None:
    """Train a recipe with other settings, again and again, and report the best.

    The recipe's section `search` says which keys are varied and where. Needs
    pip install 'nephoscope[tune]'.
    """
    from nephoscope.extras import need

    need("tune", "train", "tune")
    from nephoscope.learn.tune import tune as search
    from nephoscope.recipe import load_recipe

    failed = 0

    def tell(line: str) -> None:
        nonlocal failed
        wrong = line.startswith("failed: ")
        failed += wrong
        typer.echo(line, err=wrong)

    chosen = load_recipe(recipe, overrides)
    best = search(
        chosen, samples, output, trials, sampler.value, pruner.value, workers, resume, seed, tell
    )
    typer.echo(best)
    if failed:
        raise typer.Exit(1)
