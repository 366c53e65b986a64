"""Baselines of a planet's colour maps, and what they see of a pixel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nephoscope.evaluation.baselines.fitted import (
    Baseline,
    BaselineOptions,
    Kind,
    always,
    boosted_trees,
    choose_threshold,
    learned,
    score_by,
    thresholded,
)
from nephoscope.evaluation.baselines.pixels import (
    PLANET_EDGES,
    Pixels,
    Planes,
    box_mean,
    contrast,
)
from nephoscope.evaluation.mask_sums import sums_of_pixels
from nephoscope.evaluation.sample import Floats, LabelledSample
from nephoscope.tasks.mask_metrics import PROBABILITY_STEPS, best_threshold

LOGISTIC_FEATURES = ("red", "green", "blue", "latitude")
RATIO_STEP = 1 / 200
"""Levels of blue/red are 1/200 wide, so the 251 levels reach 1.25: above lies nothing clear."""
MIDDLE = PROBABILITY_STEPS // 2
MEAN_WINDOWS = (5, 9, 21, 61, 121)
DIFFERENCE_WINDOWS = (5, 41, 121)
EXTREME_WINDOW = 9
_blue_level = score_by("blue", 1)
"""Blue DN as a level: 250 and above share the last."""


def fit_planet_baselines(
    train: Sequence[Pixels], judge: Sequence[Pixels], options: BaselineOptions
) -> list[Baseline]:
    """Every baseline, from the simplest to the best."""
    ratio = "blue/red threshold", "blue_red_ratio", train, "blue/red ≥ {:.3f}", RATIO_STEP
    return [
        always("clear"),
        thresholded("blue threshold", "blue", train, "blue ≥ {:.0f} DN", 1),
        thresholded(*ratio),
        _band_threshold(train),
        _logistic(train, judge, options),
        boosted_trees(train, judge, options),
    ]


def _degree(pixels: Pixels) -> NDArray[np.int64]:
    """Row of the pixel's 1° latitude band, 0 at the south pole."""
    return np.floor(pixels.latitude + 90 + 1e-9).astype(np.int64).clip(0, 179)


def _band_threshold(train: Sequence[Pixels]) -> Baseline:
    band = np.concatenate([_degree(pixels)[pixels.known] for pixels in train])
    blue = np.concatenate([_blue_level(pixels)[pixels.known] for pixels in train])
    truth = np.concatenate([pixels.label[pixels.known] for pixels in train])
    thresholds = np.full(180, choose_threshold(_blue_level, train))
    for degree in np.unique(band[truth == 1]):
        here = band == degree
        sums = sums_of_pixels("", blue[here], truth[here], np.zeros(int(here.sum())))
        thresholds[degree] = best_threshold(sums.total())

    def score(pixels: Pixels) -> NDArray[np.float64]:
        above = np.rint((_blue_level(pixels) - thresholds[_degree(pixels)]) * PROBABILITY_STEPS)
        return np.asarray(
            (MIDDLE + above).clip(0, PROBABILITY_STEPS) / PROBABILITY_STEPS, np.float64
        )

    return Baseline(
        "blue threshold by 1° latitude", score, MIDDLE / PROBABILITY_STEPS, False, "one a degree"
    )


def _logistic(
    train: Sequence[Pixels], judge: Sequence[Pixels], options: BaselineOptions
) -> Baseline:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    classifier = make_pipeline(StandardScaler(), LogisticRegression())
    return learned("logistic regression", classifier, LOGISTIC_FEATURES, train, judge, options)


def map_features(sample: LabelledSample) -> Planes:
    """Every feature of a map, one at a time."""
    image = sample.image.astype(np.uint8, copy=False)
    known = image.any(axis=0)
    planes = (np.where(known, each, np.float32(np.nan)).astype(np.float32) for each in image)
    red, green, blue = planes
    ratio = np.asarray(blue / np.maximum(red, 1), np.float32)
    yield from (("red", red), ("green", green), ("blue", blue), ("blue_red_ratio", ratio))
    for name, axis in (("latitude", sample.latitude[:, None]), ("longitude", sample.longitude)):
        yield name, np.broadcast_to(axis.astype(np.float32), known.shape)
    for width in MEAN_WINDOWS:
        yield f"blue_mean_{width}", box_mean(blue, width)
        yield f"ratio_mean_{width}", box_mean(ratio, width)
    yield "blue_contrast", contrast(blue, EXTREME_WINDOW)
    yield from _extremes(blue)
    if sample.background is not None:
        yield from _differences(blue, ratio, sample.background)


MAPS = Kind(map_features, fit_planet_baselines, reach=max(MEAN_WINDOWS) // 2)


def _differences(blue: Floats, ratio: Floats, background: Floats) -> Planes:
    for name, plane, clear in zip(("blue", "ratio"), (blue, ratio), background, strict=True):
        yield f"{name}_background", clear
        difference = plane - clear
        yield f"{name}_difference", difference
        for width in DIFFERENCE_WINDOWS:
            yield f"{name}_difference_mean_{width}", box_mean(difference, width)


def _extremes(blue: Floats) -> Planes:
    from scipy.ndimage import maximum_filter, minimum_filter

    for name, extreme, empty in (
        ("blue_minimum", minimum_filter, np.inf),
        ("blue_maximum", maximum_filter, -np.inf),
    ):
        found = extreme(np.where(np.isfinite(blue), blue, empty), EXTREME_WINDOW, mode=PLANET_EDGES)
        yield name, np.where(np.isfinite(found), found, np.nan).astype(np.float32)
