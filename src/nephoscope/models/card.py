"""The model card: what people (and model hubs) read before they use a model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from nephoscope.errors import InputError, UsageError
from nephoscope.instruments import instrument_named
from nephoscope.recipe import Recipe
from nephoscope.tasks import task_named

PIPELINES = {
    "pixels": "image-segmentation", "frame": "image-classification", "points": "depth-estimation"
}  # fmt: skip
"""Form of a task's truth → what model hubs call a model of it."""
NO_LICENCE = "unspecified by its author"
_LONGEST_NAME = 60  # characters: a FITS card of a product holds no more
_MOST_IDS = 40  # more are not listed one by one


def own_name(name: str | None, run: Path) -> str:
    """What a model is called: as its author says, else as its run folder.

    Raises:
        UsageError: the name is empty, too long for a product, or not of plain letters.
    """
    if name is None:
        plain = "".join(c if " " <= c <= "~" else "-" for c in run.absolute().name)
        return plain[:_LONGEST_NAME] or "model"
    if not 0 < len(name.strip()) <= len(name) <= _LONGEST_NAME or not all(
        " " <= c <= "~" for c in name
    ):
        raise UsageError(f"--name {name!r}: 1 to {_LONGEST_NAME} plain (ASCII) characters")
    return name


def write_card(facts: Mapping[str, Any], recipe: Recipe) -> str:
    """The text of `card.md`, filled from what `model.yaml` holds.

    Args:
        facts: the content of `model.yaml`.
        recipe: the recipe that was trained.
    """
    task, info = task_named(recipe.task), facts["info"]
    decision = task.Decision.model_validate(facts["decision"])
    scores = info.get("scores", {})
    front = {
        "license": info.get("licence", NO_LICENCE),
        "library_name": "nephoscope",
        "pipeline_tag": PIPELINES[task.truth],
        "tags": ["clouds", recipe.instrument, recipe.task],
        "datasets": [f"sha256:{info.get('samples_id', 'unknown')}"],
        "metrics": sorted(scores.get("full", {})),
    }
    parts = [
        f"---\n{yaml.safe_dump(front, sort_keys=False)}---",
        f"# {facts['name']}",
        f"A `{recipe.network.name}` for the `{recipe.task}` of {recipe.instrument} scenes, "
        f"trained from the recipe `{recipe.name}`.",
        "## Data",
        _split(info.get("split", {})),
        "## Scores on the validation samples",
        _table(scores),
        task.scored,
        "## Use",
        task.advice(decision),
        *_conditions(facts, recipe),
        "## Training",
        _training(info, recipe),
    ]
    return "\n\n".join(parts) + "\n"


def read_card(folder: Path) -> str:
    """The text of a model folder's card.

    Raises:
        InputError: there is none, or it is no text.
    """
    path = folder / "card.md"
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(path, f"cannot be read: {error}") from error


def _conditions(facts: Mapping[str, Any], recipe: Recipe) -> list[str]:
    """Under which conditions of pixels the model learned; nothing of instruments without any."""
    conditions = instrument_named(recipe.instrument).CONDITIONS
    lines = []
    for name, span in (facts.get("guard") or {}).items() if conditions else ():
        condition, (low, high), ends = conditions[name], span["seen"], tuple(span["accepted"])
        line = f"- {condition.words}: {low:g} to {high:g} {condition.unit}".rstrip()
        beyond = "" if ends == condition.ends else "; nothing is said beyond {:g} to {:g}"
        lines.append(line + beyond.format(*ends))
    if not lines:
        return []
    told = "Of the pixels that it learned from; products flag others."
    return ["## Conditions", told, "\n".join(lines)]


def _split(split: Mapping[str, list[str]]) -> str:
    lines = [f"- {part}: {_ids(ids)}" for part, ids in split.items()]
    return "\n".join(lines) or "Not recorded."


def _ids(ids: list[str]) -> str:
    if len(ids) > _MOST_IDS:
        return f"{len(ids)}, from {ids[0]} to {ids[-1]} (`model.yaml` names all)"
    return ", ".join(ids) or "none"


def _table(scores: Mapping[str, Mapping[str, float]]) -> str:
    if not scores:
        return "Not recorded."
    names = list(next(iter(scores.values())))
    head = f"| inputs | {' | '.join(name.replace('_', ' ') for name in names)} |"
    rule = "|---" * (len(names) + 1) + "|"
    rows = [
        f"| {inputs.replace('_', ' ')} | {' | '.join(_number(row[name]) for name in names)} |"
        for inputs, row in scores.items()
    ]
    return "\n".join([head, rule, *rows])


def _number(value: float | None) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str("-" if value is None else value)


def _training(info: Mapping[str, Any], recipe: Recipe) -> str:
    parent = info.get("parent")
    rows = {
        "began from": parent and f"{parent['name']}, weights sha256 {parent['weights_sha256']}",
        "parameters": info.get("parameters"),
        "steps": info.get("steps"),
        "crop, batch": f"{list(recipe.training.crop)}, {recipe.training.batch}",
        "seed": recipe.training.seed,
        "seconds": info.get("seconds"),
        "versions": ", ".join(f"{k} {v}" for k, v in info.get("versions", {}).items()),
    }
    return "\n".join(f"- {key}: {value}" for key, value in rows.items() if value is not None)
