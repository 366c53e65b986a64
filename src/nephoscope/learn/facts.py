"""What a model keeps of its training: scores, what it began with, the machine."""

from __future__ import annotations

import math
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from nephoscope.models import Model
from nephoscope.models.lineage import parent_record
from nephoscope.samples.store import open_samples
from nephoscope.scene import COLUMNS
from nephoscope.tasks import Counts, Task


def kept_scores(task: Task, counts: Counts, decision: Any) -> dict[str, float | None]:  # noqa: ANN401
    """What a model keeps of its validation; None is what cannot be told."""
    found = task.metrics(task.publish(counts, decision), decision)
    return {name: found[name] if math.isfinite(found[name]) else None for name in task.kept}


def columns_facts(samples: Path) -> dict[str, str]:
    """How the truth of the samples stands over their pixels, where they were built to tell."""
    attrs = open_samples(samples).attrs
    return {COLUMNS: str(attrs[COLUMNS])} if COLUMNS in attrs else {}


def start_facts(start: Model | None) -> dict[str, Any]:
    """The model that the training began with, if any."""
    if start is None:
        return {"initial_weights": None}
    return {"initial_weights": start.weights_sha256, "parent": parent_record(start)}


def machine_facts() -> dict[str, Any]:
    """Processor and versions."""
    names = ("nephoscope", "torch", "lightning", "numpy")
    versions = {"python": platform.python_version(), **{name: version(name) for name in names}}
    hardware = f"{platform.machine()}, {torch.get_num_threads()} threads"
    return {"hardware": hardware, "versions": versions}
