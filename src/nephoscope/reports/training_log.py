"""How a training went: loss and score, as Lightning logged them in the folder of the run."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from nephoscope.plots.training import TrainingLog
from nephoscope.tasks import TASKS, task_named

_LOG = Path("logs/csv/metrics.csv")


def is_run(place: Path) -> bool:
    """Whether a folder is that of a training."""
    return (place / _LOG).is_file()


def read_training_log(model: Path) -> TrainingLog | None:
    """The log of the run that a model lies in; None where there is none.

    Args:
        model: the model folder, `model` in the folder of its run.
    """
    path = model.parent / _LOG
    if not path.is_file():
        return None
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    titles = {task.objective: task.objective_title for task in map(task_named, TASKS)}
    name = next((name for name in titles if rows and name in rows[0]), "f1")
    found = TrainingLog(_column(rows, "loss"), _column(rows, name), titles[name])
    return found if found.loss or found.score else None


def _column(rows: list[dict[str, str]], name: str) -> dict[int, float]:
    found: dict[int, float] = {}
    for row in rows:
        try:
            step, value = int(row["step"]), float(row[name])
        except (KeyError, TypeError, ValueError):  # not logged at this step, or cut short
            continue
        if math.isfinite(value):
            found[step] = value
    return dict(sorted(found.items()))
