"""What a model of a camera's frames must beat; see `nephoscope.evaluation.baselines`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nephoscope.evaluation.baselines.fitted import (
    Baseline,
    BaselineOptions,
    Ranking,
    boosted_trees,
    check_classes,
    choose_threshold,
)
from nephoscope.evaluation.baselines.pixels import Pixels
from nephoscope.tasks.mask_metrics import PROBABILITY_STEPS

PUBLISHED_MINMAX = 0.12
"""Share of the range that suits the masks of the published thermal frames, in steps of 1/250."""
RATIO_STEP = 1 / 125
"""Levels of red/blue are 1/125 wide, so the 251 levels reach 2: above lies no sky."""


def fit_frame_baselines(
    train: Sequence[Pixels],
    validation: Sequence[Pixels],
    options: BaselineOptions,
) -> list[Baseline]:
    """Fit every baseline, from the simplest to the best.

    Args:
        train: pixels of the training frames.
        validation: pixels of the validation frames; with none, the training frames choose.
        options: how much work.

    Raises:
        UsageError: the training pixels lack cloud, or clear sky.
    """
    check_classes(train)
    found = [*formula_baselines(train[0])[:2], _min_max(train)]
    if "red_blue_ratio" in train[0].values:
        found.append(_red_blue(train))
    if "zscale_log_otsu" in train[0].values:
        found.append(_zscale_log_otsu())
    return [*found, boosted_trees(train, validation or train, options)]


def formula_baselines(pixels: Pixels) -> list[Baseline]:
    """What needs no training frame, for pixels with these features."""
    found = [
        Baseline("always cloudy", lambda pixels: np.ones(pixels.label.size), 0.5, True),
        Baseline("Otsu", _plane("otsu"), 0.5, False, "of each frame"),
    ]
    if "zscale_log_otsu" not in pixels.values:
        return found
    detail = f"≥ {PUBLISHED_MINMAX} of the frame's range, as published masks want it"
    minmax = Baseline("min-max threshold", _plane("minmax"), PUBLISHED_MINMAX, False, detail)
    return [*found, minmax, _zscale_log_otsu()]


def _zscale_log_otsu() -> Baseline:
    return Baseline("zscale-log-otsu", _plane("zscale_log_otsu"), 0.5, False, "of each frame")


def _plane(name: str) -> Ranking:
    def score(pixels: Pixels) -> NDArray[np.float64]:
        return np.nan_to_num(pixels.values[name]).astype(np.float64)

    return score


def _min_max(train: Sequence[Pixels]) -> Baseline:
    score = _plane("minmax")
    threshold = choose_threshold(score, train)
    detail = f"≥ {threshold:.3f} of the frame's range"
    return Baseline("min-max threshold", score, threshold, False, detail)


def _red_blue_score(pixels: Pixels) -> NDArray[np.float64]:
    ratio = np.nan_to_num(pixels.values["red_blue_ratio"])
    return np.asarray(
        np.floor(ratio / RATIO_STEP + 1e-4).clip(0, PROBABILITY_STEPS) / PROBABILITY_STEPS,
        np.float64,
    )


def _red_blue(train: Sequence[Pixels]) -> Baseline:
    threshold = choose_threshold(_red_blue_score, train)
    detail = f"red/blue ≥ {threshold * PROBABILITY_STEPS * RATIO_STEP:.3f}"
    return Baseline("red/blue threshold", _red_blue_score, threshold, False, detail)
