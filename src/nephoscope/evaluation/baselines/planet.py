"""Baselines of a planet's colour maps, and what they see of a pixel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nephoscope.evaluation.baselines.fitted import (
    DEFAULT,
    Baseline,
    BaselineOptions,
    boosted_trees,
    check_classes,
    choose_threshold,
    learned,
    learning_set,
)
from nephoscope.evaluation.baselines.pixels import (
    PLANET_EDGES,
    Pixels,
    box_mean,
    contrast,
    draw_places,
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
MARGIN = max(MEAN_WINDOWS) // 2


def fit_planet_baselines(
    train: Sequence[Pixels],
    validation: Sequence[Pixels],
    options: BaselineOptions = DEFAULT,
) -> list[Baseline]:
    """Fit every baseline, from the simplest to the best.

    Args:
        train: pixels of the training maps.
        validation: pixels of the validation maps; with none, the training maps choose thresholds.
        options: how much work.

    Raises:
        UsageError: the training pixels lack cloud, or clear sky.
    """
    check_classes(train)
    judge = validation or train
    return [
        _always_clear(),
        _blue_threshold(train),
        _ratio_threshold(train),
        _band_threshold(train),
        _logistic(train, judge, options),
        boosted_trees(train, judge, options),
    ]


def _always_clear() -> Baseline:
    return Baseline("always clear", lambda pixels: np.zeros(pixels.label.size), 0.5, True)


def _blue_score(pixels: Pixels) -> NDArray[np.float64]:
    """Blue DN as a level: 250 and above share the last."""
    return np.asarray(
        np.nan_to_num(pixels.values["blue"]).clip(0, PROBABILITY_STEPS) / PROBABILITY_STEPS,
        np.float64,
    )


def _blue_threshold(train: Sequence[Pixels]) -> Baseline:
    threshold = choose_threshold(_blue_score, train)
    detail = f"blue ≥ {threshold * PROBABILITY_STEPS:.0f} DN"
    return Baseline("blue threshold", _blue_score, threshold, False, detail)


def _ratio_score(pixels: Pixels) -> NDArray[np.float64]:
    ratio = np.nan_to_num(pixels.values["blue_red_ratio"])
    level = np.floor(ratio / RATIO_STEP + 1e-4).clip(0, PROBABILITY_STEPS)
    return np.asarray(level / PROBABILITY_STEPS, np.float64)


def _ratio_threshold(train: Sequence[Pixels]) -> Baseline:
    threshold = choose_threshold(_ratio_score, train)
    detail = f"blue/red ≥ {threshold * PROBABILITY_STEPS * RATIO_STEP:.3f}"
    return Baseline("blue/red threshold", _ratio_score, threshold, False, detail)


def _degree(pixels: Pixels) -> NDArray[np.int64]:
    """Row of the pixel's 1° latitude band, 0 at the south pole."""
    return np.floor(pixels.latitude + 90 + 1e-9).astype(np.int64).clip(0, 179)


def _band_threshold(train: Sequence[Pixels]) -> Baseline:
    everywhere = choose_threshold(_blue_score, train)
    band = np.concatenate([_degree(pixels)[pixels.known] for pixels in train])
    blue = np.concatenate([_blue_score(pixels)[pixels.known] for pixels in train])
    truth = np.concatenate([pixels.label[pixels.known] for pixels in train])
    thresholds = np.full(180, everywhere)
    for degree in np.unique(band[truth == 1]):
        here = band == degree
        sums = sums_of_pixels("", blue[here], truth[here], np.zeros(int(here.sum())))
        thresholds[degree] = best_threshold(sums.total())

    def score(pixels: Pixels) -> NDArray[np.float64]:
        above = np.rint((_blue_score(pixels) - thresholds[_degree(pixels)]) * PROBABILITY_STEPS)
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
    classifier.fit(*learning_set(train, LOGISTIC_FEATURES, options.pixels_learned))
    return learned("logistic regression", classifier, LOGISTIC_FEATURES, judge)


def sample_map(sample: LabelledSample, number: int, seed: int) -> Pixels:
    """Draw labelled pixels of a map and compute their features.

    Args:
        sample: the map.
        number: how many pixels; all of them when there are fewer.
        seed: of the draw, together with the map's id.
    """
    row, col = draw_places(sample, number, seed)
    values = {name: plane[row, col] for name, plane in _planes(_trim(sample, row))}
    values["latitude"] = sample.latitude[row].astype(np.float32)
    values["longitude"] = sample.longitude[col].astype(np.float32)
    return Pixels(
        id=sample.id,
        label=sample.label[row, col],
        latitude=sample.latitude[row],
        known=sample.known[row, col],
        values=values,
    )


@dataclass(frozen=True)
class _Trimmed:
    """The rows that windows around the sampled pixels can reach; the others cost only time."""

    image: NDArray[np.uint8]
    background: Floats | None
    first: int


def _trim(sample: LabelledSample, row: NDArray[np.intp]) -> _Trimmed:
    first = max(0, int(row.min(initial=sample.label.shape[0])) - MARGIN)
    rows = slice(first, int(row.max(initial=0)) + MARGIN + 1)
    background = None if sample.background is None else sample.background[:, rows]
    return _Trimmed(sample.image[:, rows].astype(np.uint8, copy=False), background, first)


@dataclass(frozen=True)
class _Plane:
    """A feature over the trimmed rows, indexed by rows of the whole map."""

    array: Floats
    first: int

    def __getitem__(self, place: tuple[NDArray[np.intp], NDArray[np.intp]]) -> Floats:
        row, col = place
        return self.array[row - self.first, col]


def _planes(trimmed: _Trimmed) -> Iterator[tuple[str, _Plane]]:
    for name, array in _features(trimmed.image, trimmed.background):
        yield name, _Plane(array, trimmed.first)


def _features(image: NDArray[np.uint8], background: Floats | None) -> Iterator[tuple[str, Floats]]:
    """Every feature of a map, one at a time: (name, (y, x) float32)."""
    known = np.asarray(image.any(axis=0))
    red, green, blue = (_masked(channel, known) for channel in image)
    ratio = np.asarray(blue / np.maximum(red, 1), np.float32)
    yield from (("red", red), ("green", green), ("blue", blue), ("blue_red_ratio", ratio))
    for width in MEAN_WINDOWS:
        yield f"blue_mean_{width}", box_mean(blue, width)
        yield f"ratio_mean_{width}", box_mean(ratio, width)
    yield "blue_contrast", contrast(blue, EXTREME_WINDOW)
    yield from _extremes(blue)
    if background is not None:
        yield from _differences(blue, ratio, background)


def _masked(channel: NDArray[np.uint8], known: NDArray[np.bool_]) -> Floats:
    return np.where(known, channel, np.float32(np.nan)).astype(np.float32)


def _differences(blue: Floats, ratio: Floats, background: Floats) -> Iterator[tuple[str, Floats]]:
    for name, plane, clear in zip(("blue", "ratio"), (blue, ratio), background, strict=True):
        yield f"{name}_background", clear
        difference = plane - clear
        yield f"{name}_difference", difference
        for width in DIFFERENCE_WINDOWS:
            yield f"{name}_difference_mean_{width}", box_mean(difference, width)


def _extremes(blue: Floats) -> Iterator[tuple[str, Floats]]:
    from scipy.ndimage import maximum_filter, minimum_filter

    for name, extreme, empty in (
        ("blue_minimum", minimum_filter, np.inf),
        ("blue_maximum", maximum_filter, -np.inf),
    ):
        found = extreme(np.where(np.isfinite(blue), blue, empty), EXTREME_WINDOW, mode=PLANET_EDGES)
        yield name, np.where(np.isfinite(found), found, np.nan).astype(np.float32)
