"""Figures and tables of a report on a classifier of whole frames: clear, cloudy or unknown."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib.figure import Figure

from nephoscope.evaluation.protocol import Evaluation
from nephoscope.evaluation.sample import LabelledSample
from nephoscope.inputs.texture import NAMES, SHAPE, texture
from nephoscope.plots.classifier import (
    FrameCase,
    plot_feature_space,
    plot_frame_cases,
    plot_state_roc,
)
from nephoscope.plots.profile_scores import plot_profile_reliability
from nephoscope.plots.scores import plot_confusion
from nephoscope.reports.pictures import Pictures
from nephoscope.tasks import Counts
from nephoscope.tasks.sky_state import CLOUDY, SAID

Floats = npt.NDArray[np.floating]
Curve = tuple[Floats, Floats, Floats]
MOST_PIXELS, MOST_FRAMES, TENTHS = 160, 4, 10
"""Of a side of a frame that is shown, of frames in a row, and of probability."""
NOTHING_KNOWN = 0.5
"""Probability of cloud of a frame in which there is nothing to see."""


class StatePictures(Pictures):
    """Keeps what is seen in each frame, its texture, and frames of which the model was surest."""

    def __init__(self, decision: Any, unit: str) -> None:  # noqa: ANN401 - the task's own
        super().__init__(decision, unit)
        self.states: list[int] = []
        self.likely: list[float] = []
        self._textures: list[Floats | None] = []
        self._wrong: list[FrameCase] = []
        self._right: list[FrameCase] = []

    def look(self, sample: LabelledSample, variables: xr.Dataset) -> None:
        """Let a frame pass by; one without a label is not kept."""
        if int(sample.label) < 0:
            return
        self.states.append(int(sample.label))
        self.likely.append(float(variables["p_cloudy"]))
        of_camera = sample.image.shape == (1, *SHAPE)
        self._textures.append(texture(sample.image[0]) if of_camera else None)
        self._keep(sample)

    def _keep(self, sample: LabelledSample) -> None:
        """Keep the frame, made small, if it is among those of which the model was surest."""
        likely, step = self.likely[-1], max(1, -(-max(sample.known.shape) // MOST_PIXELS))
        if not np.isfinite(likely):
            return
        picture = sample.image[:, ::step, ::step].astype(np.float32).mean(axis=0)
        picture[~sample.known[::step, ::step]] = np.nan
        case = FrameCase(sample.id, picture, self.states[-1], likely)
        if case.of_the_truth < NOTHING_KNOWN:
            wrong = sorted([*self._wrong, case], key=lambda each: each.of_the_truth)
            self._wrong = wrong[:MOST_FRAMES]
            return
        right = sorted([*self._right, case], key=lambda each: -each.of_the_truth)
        ends = [[each for each in right if each.state == state] for state in (0, 1)]
        self._right = [each for state in ends for each in state[: MOST_FRAMES // 2]]

    @property
    def curve(self) -> Curve:
        """The ROC of what is seen, before anything is called unknown."""
        likely = np.array(self.likely, np.float64)
        return roc_of(np.array(self.states, np.int8), np.nan_to_num(likely, nan=NOTHING_KNOWN))

    def tables(self, evaluation: Evaluation) -> dict[str, str]:
        """`confusion.csv` and `roc.csv`."""
        table = evaluation.scores.sums.total()
        return {"confusion.csv": _confusion_csv(table), "roc.csv": _roc_csv(self.curve)}

    def figures(self, evaluation: Evaluation) -> dict[str, Figure]:
        """Confusion, ROC and the space of the features; by UMAP too where it is installed."""
        name = evaluation.model["name"]
        found = super().figures(evaluation) | {
            "confusion": plot_confusion(evaluation.scores.sums.total(), name, "frames"),
            "roc": plot_state_roc(self.curve, name),
        }
        if reliability := self._reliability():
            found["certainty"] = plot_profile_reliability(*reliability, name)
        cases = {"surest, and wrong": self._wrong, "surest, and right": self._right}
        if any(cases.values()):
            found["surest"] = plot_frame_cases(cases)
        seen = [n for n, one in enumerate(self._textures) if one is not None]
        if len(seen) > 1:
            rows = np.array([self._textures[n] for n in seen], float).reshape(-1, len(NAMES))
            states = np.array(self.states, np.int8)[seen]
            found["features"] = plot_feature_space(rows, states)
            if find_spec("umap"):
                found["features_umap"] = plot_feature_space(rows, states, "umap")
        return found

    def _reliability(self) -> tuple[Floats, Floats, npt.NDArray[np.int64], float] | None:
        """Mean probability, share that is cloudy and frames of each tenth, and the mean gap."""
        likely, states = np.array(self.likely, np.float64), np.array(self.states, np.float64)
        known = np.isfinite(likely)
        if not known.any():
            return None
        place = np.minimum((likely[known] * TENTHS).astype(int), TENTHS - 1)
        number = np.bincount(place, minlength=TENTHS)
        held = np.where(number > 0, number, np.nan)
        said, true = (
            np.bincount(place, each[known], TENTHS) / held for each in (likely, states)
        )  # fmt: skip
        gap = float(np.nansum(number * np.abs(said - true)) / number.sum())
        return said, true, number, gap


def roc_of(states: npt.NDArray[np.int8], probabilities: Floats) -> Curve:
    """Share of clear frames called cloudy, of cloudy ones found, and threshold, falling.

    The share of a state of which there is no frame is NaN.
    """
    thresholds = np.r_[np.inf, np.unique(probabilities)[::-1]]
    cloudy = states == CLOUDY
    false, true = (
        _share_reached(np.sort(probabilities[chosen]), thresholds) for chosen in (~cloudy, cloudy)
    )
    return false, true, thresholds


def _share_reached(rising: Floats, thresholds: Floats) -> Floats:
    if not rising.size:
        return np.full(thresholds.shape, np.nan)
    return np.asarray(1 - np.searchsorted(rising, thresholds) / rising.size, np.float64)


def _confusion_csv(table: Counts) -> str:
    true = ("clear", "cloudy")
    rows = [f"{name},{','.join(map(str, row))}" for name, row in zip(true, table, strict=True)]
    return "\n".join([f"true,{','.join(SAID)}", *rows]) + "\n"


def _roc_csv(curve: Curve) -> str:
    rows = [f"{f:.6f},{t:.6f},{p:.6f}" for f, t, p in zip(*curve, strict=True)]
    return "\n".join(["false_positive_rate,true_positive_rate,threshold", *rows]) + "\n"
