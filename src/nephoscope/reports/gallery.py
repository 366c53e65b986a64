"""What a report shows beside scores: some frames, and how the training went."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np

from nephoscope.evaluation.labelled_scene import Floats, LabelledScene
from nephoscope.plots.gallery import SampleFrame, TrainingLog
from nephoscope.scene import known_of

COVERS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Cloud cover of the label that the frames shown come nearest to."""


class Gallery:
    """Keeps, of all frames that pass by, those whose cloud cover is nearest to `COVERS`."""

    def __init__(self) -> None:
        self._kept: dict[float, tuple[float, SampleFrame]] = {}

    def look(self, scene: LabelledScene, probability: Floats) -> None:
        """Let one frame pass by; one without a label is not kept."""
        known = scene.label >= 0
        if not known.any():
            return
        cover = float((scene.label == 1).sum() / known.sum())
        for wanted in COVERS:
            distance = abs(cover - wanted)
            if wanted not in self._kept or distance < self._kept[wanted][0]:
                self._kept[wanted] = distance, _sample(scene, probability)

    @property
    def frames(self) -> list[SampleFrame]:
        """The frames kept, from little cloud to much, none twice."""
        found = {self._kept[cover][1].name: self._kept[cover][1] for cover in sorted(self._kept)}
        return list(found.values())


def _sample(scene: LabelledScene, probability: Floats) -> SampleFrame:
    image = scene.image.astype(np.float32).mean(axis=0)
    image[~known_of(scene.image)] = np.nan
    return SampleFrame(scene.day, image, scene.label.copy(), probability.copy())


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
