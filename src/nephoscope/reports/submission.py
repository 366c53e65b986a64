"""A report that may stand on a leaderboard: unaltered, and saying where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from nephoscope.errors import InputError, UsageError
from nephoscope.reports.seal import SCORES, check_files, read_scores
from nephoscope.tasks import Task, task_named

_KEPT = ("spec", "spec_hash", "metrics", "baselines", "model", "seen", "command", "digest",
         "page_sha256", "counts_sha256")  # fmt: skip
"""Of `scores.json`: the rest, by days and places, is long."""
_PROVENANCE = (
    ("spec", "samples"), ("spec", "split"), ("spec", "maps"), ("model", "name"),
    ("model", "weights_sha256"), ("command",), ("nephoscope",),
)  # fmt: skip
"""What says of scores where they come from."""


@dataclass(frozen=True)
class Submission:
    """A report that may be compared with others of its spec.

    Attributes:
        folder: of the report.
        content: what a leaderboard needs of its `scores.json`.
        task: what the model predicts.
    """

    folder: Path
    content: Mapping[str, Any]
    task: Task

    @property
    def main(self) -> str:
        """The score that ranks."""
        held = self.content["metrics"]
        return next(name for name in (self.task.objective, *self.task.kept) if name in held)


def read_submission(report: str | Path) -> Submission:
    """Read a report for a leaderboard.

    Args:
        report: its folder, or its `scores.json`.

    Raises:
        InputError: it is none, was altered, does not say where it comes from, or its model was
            fitted to what it is scored on.
    """
    report = Path(report)
    folder = report.parent if report.name == SCORES else report
    content = read_scores(folder)
    check_files(folder, content)
    for name in ("metrics", "model"):
        if not isinstance(content.get(name), dict) or not content[name]:
            raise InputError(folder / SCORES, "is missing", field=name)
    task = _known_task(folder, content)
    if task.objective not in content["metrics"] and not content["metrics"].keys() & {*task.kept}:
        raise InputError(folder / SCORES, f"holds no score of {task.name}", field="metrics")
    _check_provenance(folder, content)
    _check_numbers(folder, content, task)
    _check_unseen(folder, content)
    kept = {name: content[name] for name in _KEPT if name in content}
    return Submission(folder, kept, task)


def _known_task(folder: Path, content: Mapping[str, Any]) -> Task:
    try:
        return task_named(str(content["spec"].get("task")))
    except UsageError as error:
        raise InputError(folder / SCORES, str(error), field="spec.task") from error


def _check_provenance(folder: Path, content: Mapping[str, Any]) -> None:
    for names in _PROVENANCE:
        value: Any = content
        for name in names:
            value = value.get(name) if isinstance(value, Mapping) else None
        if not value:
            problem = "is missing: nothing says where these scores come from"
            remedy = "score the model again: nephoscope evaluate"
            raise InputError(folder / SCORES, problem, field=".".join(names), remedy=remedy)


def _check_numbers(folder: Path, content: Mapping[str, Any], task: Task) -> None:
    """Scores are numbers, or undefined; the decision is one of the task."""
    try:
        tables = {"metrics": content["metrics"]}
        for name, each in (content.get("baselines") or {}).items():
            tables[f"baselines.{name}"] = each["metrics"]
        numbers = {
            f"{table}.{name}.{part}": score.get(part)
            for table, held in tables.items()
            for name, score in held.items()
            for part in ("value", "low", "high")
        }
        numbers["model.parameters"] = content["model"].get("parameters")
    except (AttributeError, KeyError, TypeError) as error:
        raise InputError(folder / SCORES, "are no scores", field="metrics") from error
    for name, value in numbers.items():
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise InputError(folder / SCORES, "is no number", field=name)
    if (decision := content["model"].get("decision")) is not None:
        try:
            task.Decision.model_validate(decision)
        except ValidationError as error:
            problem = f"is no decision of {task.name}"
            raise InputError(folder / SCORES, problem, field="model.decision") from error


def _check_unseen(folder: Path, content: Mapping[str, Any]) -> None:
    if (content.get("seen") or {}).get("train"):
        number = content["seen"]["train"]
        problem = f"the model was fitted to {number} of the samples that it is scored on"
        remedy = "score it on samples that it has not seen"
        raise InputError(folder / SCORES, problem, field="seen", remedy=remedy)
    if number := content.get("copies"):
        problem = f"{number} of the samples are copies of pictures that the model was fitted to"
        remedy = "split the samples by picture: nephoscope split --by group"
        raise InputError(folder / SCORES, problem, field="copies", remedy=remedy)
