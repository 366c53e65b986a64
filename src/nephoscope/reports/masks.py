"""Figures and tables of a report on cloud masks."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from nephoscope.evaluation.intervals import Scores
from nephoscope.evaluation.protocol import Evaluation
from nephoscope.evaluation.sample import Floats, LabelledSample
from nephoscope.evaluation.worst import Window, best_windows, worst_windows
from nephoscope.plots.mask_frames import plot_samples
from nephoscope.plots.mask_scores import plot_cover, plot_curves, plot_reliability, plot_windows
from nephoscope.plots.scores import plot_confusion
from nephoscope.reports.pictures import Pictures
from nephoscope.samples.truth import Points
from nephoscope.tasks import Counts
from nephoscope.tasks.mask import published_probability, threshold_step
from nephoscope.tasks.mask_metrics import PROBABILITY_STEPS, calibration, confusion, roc

COVERS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Cloud cover of the label that the frames shown come nearest to."""
MOST_WINDOWS = 6
MOST_OF_THE_BEST = 2
Frame = tuple[LabelledSample, Floats]
"""A sample and its probability."""


class MaskPictures(Pictures):
    """Keeps the windows most wrong and least, and frames from little cloud to much."""

    def __init__(self, decision: Any, unit: str) -> None:  # noqa: ANN401 - the task's own
        super().__init__(decision, unit)
        self.worst: list[Window] = []
        self.best: list[Window] = []
        self._kept: dict[float, tuple[float, Frame]] = {}

    def look(self, sample: LabelledSample, variables: xr.Dataset) -> None:
        """Let one picture pass by; one whose truth is at points is not kept."""
        if isinstance(sample.truth, Points):
            return
        probability = published_probability(variables)
        said = sample, probability, self.decision.threshold
        worst = [*self.worst, *worst_windows(*said)]
        self.worst = sorted(worst, key=lambda each: -each.errors)[:MOST_WINDOWS]
        best = [*self.best, *best_windows(*said)]
        self.best = sorted(best, key=lambda each: each.errors)[:MOST_OF_THE_BEST]
        if self.unit == "frame":
            self._keep(sample, probability)

    def _keep(self, sample: LabelledSample, probability: Floats) -> None:
        known = sample.label >= 0
        if not known.any():
            return
        cover = float((sample.label == 1).sum() / known.sum())
        for wanted in COVERS:
            distance = abs(cover - wanted)
            if wanted not in self._kept or distance < self._kept[wanted][0]:
                self._kept[wanted] = distance, (sample, probability)

    @property
    def frames(self) -> list[Frame]:
        """The frames kept whose cover is nearest to `COVERS`, from little to much, none twice."""
        kept = (self._kept[cover][1] for cover in sorted(self._kept))
        return list({frame[0].id: frame for frame in kept}.values())

    def facts(self, evaluation: Evaluation) -> dict[str, Any]:
        """`reliability`: probability, cloud share and pixels of each bin that holds any."""
        rows = zip(
            *(each.tolist() for each in calibration(evaluation.scores.sums.total())), strict=True
        )
        return {
            "reliability": [
                {"probability": round(p, 4), "cloud_share": round(share, 4), "pixels": int(pixels)}
                for p, share, pixels in rows
                if pixels
            ]
        }

    def tables(self, evaluation: Evaluation) -> dict[str, str]:
        """`roc.csv`."""
        return {"roc.csv": roc_table(evaluation.scores)}

    def figures(self, evaluation: Evaluation) -> dict[str, Figure]:
        """Curves and confusion; of frames their cover and some of them; windows at both ends."""
        scores, name = evaluation.scores, evaluation.model["name"]
        counts, threshold = scores.sums.total(), scores.decision.threshold
        found = super().figures(evaluation) | {
            "curves": plot_curves(counts, threshold, name),
            "reliability": plot_reliability(counts, name),
            "confusion": plot_confusion(
                confusion_table(counts, threshold),
                f"{name} (threshold {threshold:.3f})",
                "labelled pixels",
            ),
        }
        if self.unit == "frame":
            found["cover"] = plot_cover(scores.sums.by_unit(), threshold, name)
            if self.frames:
                found["samples"] = plot_samples(self.frames, threshold)
        ends = {"failures": self.worst, "best": self.best}
        found |= {key: plot_windows(each, threshold) for key, each in ends.items() if each}
        return found


def confusion_table(counts: Counts, threshold: float) -> Counts:
    """(true, said) int64: clear and cloudy pixels that are called clear and cloudy."""
    tp, fp, fn, tn = confusion(counts, threshold_step(threshold))
    return np.array([[tn, fp], [fn, tp]]).astype(np.int64)


def roc_table(scores: Scores) -> str:
    """The ROC as CSV: share of clear and of cloudy pixels at or above each threshold."""
    false_rate, true_rate = (np.nan_to_num(rate)[1:] for rate in roc(scores.sums.total()))
    thresholds = np.arange(PROBABILITY_STEPS, -1, -1) / PROBABILITY_STEPS
    lines = ["threshold,false_positive_rate,true_positive_rate"]
    lines += [
        f"{threshold:.3f},{false:.6f},{true:.6f}"
        for threshold, false, true in zip(thresholds, false_rate, true_rate, strict=True)
    ]
    return "\n".join(lines) + "\n"
