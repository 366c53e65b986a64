"""How a report was made: rules, intervals, and what was scored by what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nephoscope.evaluation.protocol import Evaluation
from nephoscope.reports.sections import Block, Command, Table
from nephoscope.reports.words import nouns_of

_SPEC = {"task", "samples", "split", "maps"}
"""What of a spec is no rule of the task."""
_OF = {"day": "season", "frame": "camera"}
"""Unit → of what its samples tell."""


def method_of(evaluation: Evaluation, content: Mapping[str, Any]) -> list[Block]:
    """The rules of the task, and a table of what made the numbers.

    Args:
        evaluation: what is reported.
        content: of `scores.json`; what it does not hold is not told.
    """
    command = content.get("command")
    words: list[Block] = [f"{_rules(evaluation)} {_intervals(evaluation)}".strip()]
    words.append(Table(("what", "which"), _facts(evaluation, content)))
    return [*words, Command(str(command))] if command else words


def _rules(evaluation: Evaluation) -> str:
    rules = {name: value for name, value in evaluation.spec.items() if name not in _SPEC}
    words = [f"Rule: {value}." for value in rules.values() if isinstance(value, str)]
    numbers = [
        f"{name.replace('_', ' ')} {value:.3f}"
        for name, value in rules.items()
        if isinstance(value, float)
    ]
    if numbers:
        said = ", ".join(numbers)
        words.append(f"{said[0].upper()}{said[1:]}, stored in the model.")
    return " ".join(words)


def _intervals(evaluation: Evaluation) -> str:
    unit, items = evaluation.unit, evaluation.task.counted
    of = _OF.get(unit, "kind")
    because = f"{items} of one {unit} are not independent"
    if evaluation.truth == "frame":
        because = f"neighbouring {unit}s are not independent"
    return (
        f"Intervals: 95 % percentiles of a bootstrap that resamples whole {unit}s (runs of three "
        f"neighbours from 12 {unit}s on), because {because}. They say how the score varies between "
        f"{unit}s of this {of}, and nothing about other {of}s."
    )


def _facts(evaluation: Evaluation, content: Mapping[str, Any]) -> list[tuple[str, str]]:
    spec, model, machine = evaluation.spec, evaluation.model, content.get("hardware") or {}
    units = len(evaluation.units) or len(spec["maps"])
    seconds = ", ".join(f"{name} {value:,.0f} s" for name, value in
                        (content.get("seconds") or {}).items())  # fmt: skip
    known = {
        "model": f"{model['name']}",
        "weights, sha256": f"`{model['weights_sha256']}`",
        "began from": str(model.get("began_from") or ""),
        "task": spec["task"],
        "samples": f"`{spec['samples']}`",
        "part": f"{spec['split']}: {len(spec['maps']):,} samples of {units:,} "
        f"{nouns_of(evaluation.unit)}",
        "specification": f"`{content['spec_hash']}`" if "spec_hash" in content else "",
        "nephoscope": str(content.get("nephoscope") or ""),
        "machine": ", ".join(
            f"{value} cores" if name == "cores" else
            f"Python {value}" if name == "python" else str(value)
            for name, value in machine.items() if value
        ),
        "time": seconds,
    }  # fmt: skip
    return [(name, value) for name, value in known.items() if value]
