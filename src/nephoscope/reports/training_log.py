"""The log of a training, read from the folder of its run."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from nephoscope.plots.training import TrainingLog


def read_training_log(model: Path) -> TrainingLog | None:
    """The log of the run that a model lies in; None where there is none.

    Args:
        model: the model folder, `model` in the folder of its run.
    """
    path = model.parent / "logs" / "csv" / "metrics.csv"
    if not path.is_file():
        return None
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = TrainingLog(_column(rows, "loss"), _column(rows, "f1"))
    return found if found.loss or found.f1 else None


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
