"""`nephoscope study RECIPE SAMPLES.zarr -o DIR`: what a network needs of all that it sees."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from nephoscope.recipe.variants import Variant


def study(
    recipe: Annotated[str, typer.Argument(help="A shipped recipe's name, or a path.")],
    samples: Annotated[Path, typer.Argument(help="A split samples store.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the study.")],
    without: Annotated[
        list[str] | None,
        typer.Option(help="A variant: NAME=FEATURE,FEATURE that it lacks; * stands for any."),
    ] = None,
    views: Annotated[
        list[str] | None, typer.Option(help="A variant: NAME=0,5,10, the views that it has.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Of the recipe's variants, only these.")
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(help="train, validation, test or all [default: test, else validation]."),
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change the recipe: key=value, e.g. training.steps=100."),
    ] = None,
) -> None:
    """Train a recipe again and again, each time without some of its inputs; table and figure.

    The variants are those of the recipe's section `study`, or each feature by itself; a study that
    was stopped goes on.
    """
    from nephoscope.extras import need

    need("study", "train")
    from nephoscope.learn.study import FILES, run_study
    from nephoscope.learn.trainer import quiet_lightning
    from nephoscope.recipe import load_recipe
    from nephoscope.reports.words import title_of
    from nephoscope.tasks import task_named

    chosen = load_recipe(recipe, overrides)
    given = _given(without or [], views or [])
    given |= _named(chosen.study or {}, only or [])
    tell = None if sys.stderr.isatty() else typer.echo
    with quiet_lightning():
        found = run_study(chosen, samples, output, given or None, split, tell)
    main = task_named(chosen.task).objective
    for name, each in found.items():
        score, gap = each.scores[main].value, each.lost[main].value if each.lost else None
        lost = "" if gap is None else f"  {gap:+.4f}"
        typer.echo(
            f"{title_of(main)} {score if score is None else format(score, '.4f')}{lost}  {name}"
        )
    typer.echo(output / FILES[1])


def _given(without: list[str], views: list[str]) -> dict[str, Variant]:
    from nephoscope.errors import UsageError
    from nephoscope.recipe.variants import Variant

    found = {name: Variant(drop=tuple(names)) for name, names in map(_pair, without)}
    for name, numbers in map(_pair, views):
        if not all(number.isdecimal() for number in numbers):
            raise UsageError(f"--views {name}={','.join(numbers)}: name views by number, from 0")
        found[name] = Variant(views=tuple(int(number) for number in numbers))
    return found


def _pair(text: str) -> tuple[str, list[str]]:
    from nephoscope.errors import UsageError

    name, separator, values = text.partition("=")
    if not separator or not name or not all(values.split(",")):
        raise UsageError(f"'{text}': write it as NAME=one,two")
    return name, values.split(",")


def _named(known: dict[str, Variant], only: list[str]) -> dict[str, Variant]:
    from nephoscope.errors import UsageError

    for name in only:
        if name not in known:
            there = ", ".join(known) or "none"
            raise UsageError(f"--only {name}: the recipe's study has {there}")
    return {name: known[name] for name in only}
