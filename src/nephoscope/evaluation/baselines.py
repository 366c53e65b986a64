"""What a model must beat: thresholds, logistic regression and boosted trees, without a network.

Fitted on the training maps. A baseline that is only a threshold is fitted by choosing it there;
the others choose theirs on the validation maps, as a model does. All are scored by the same sums
as a model, on a seeded sample of each map's labelled pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.errors import UsageError
from nephoscope.evaluation.pixels import Floats, Pixels, sample_pixels
from nephoscope.evaluation.protocol import read_maps
from nephoscope.evaluation.scores import PROBABILITY_METRICS, Scores, best_threshold, score_sums
from nephoscope.evaluation.sums import Sums, merge, sums_of_pixels
from nephoscope.samples.census import NOTHING, count_classes, only_class

LOGISTIC_FEATURES = ("red", "green", "blue", "latitude")
RATIO_STEP = 1 / 200
"""Levels of blue/red are 1/200 wide, so the 251 levels reach 1.25: above lies nothing clear."""
MIDDLE = PROBABILITY_STEPS // 2

Score = Callable[[Pixels], NDArray[np.float64]]


@dataclass(frozen=True)
class BaselineOptions:
    """How much work the baselines may do.

    Attributes:
        pixels: sampled from each map, for fitting thresholds and for scoring.
        pixels_learned: of these, how many of each training map regression and trees learn from.
        maps: training maps, and validation maps, that are used: more are thinned out evenly.
        iterations: trees.
        leaves: of a tree.
        seed: of sampling and trees.
    """

    pixels: int = 100_000
    pixels_learned: int = 25_000
    maps: int = 300
    iterations: int = 200
    leaves: int = 31
    seed: int = 0


@dataclass(frozen=True)
class Baseline:
    """A fitted baseline.

    Attributes:
        name: as in the tables.
        score: (pixel,) 0..1, rising with the likelihood of cloud.
        threshold: cloud at or above it.
        probabilistic: whether the score is meant as a probability.
        detail: the fitted number, in words, where there is one.
    """

    name: str
    score: Score
    threshold: float
    probabilistic: bool
    detail: str = ""


def score_baselines(
    store: xr.Dataset,
    indices: Sequence[int],
    options: BaselineOptions = BaselineOptions(),
    progress: Callable[[str], None] | None = None,
) -> tuple[dict[str, Scores], dict[str, str]]:
    """Fit the baselines on the samples' training maps and score them on the chosen ones.

    Of frames of a camera without training frames, what needs no fit is scored.

    Args:
        store: a samples store that has been split.
        indices: the samples to score.
        options: how much work.
        progress: called with the id of each map read.

    Returns:
        name → scores, the simplest first, and name → the fitted number in words.

    Raises:
        UsageError: no map is in the training part, or its labels are all of one class.
    """
    from nephoscope.evaluation.sky_baselines import fit_frame_baselines, formula_baselines
    from nephoscope.evaluation.sky_pixels import sample_frame

    chosen, needed = _parts(store, options.maps), maps_needed(store, indices, options)
    gridded = "longitude" in store.variables
    if gridded and not chosen["train"]:
        raise UsageError("baselines need training maps: run nephoscope split, or --no-baselines")
    sample = sample_pixels if gridded else sample_frame
    fit = fit_baselines if gridded else fit_frame_baselines
    pixels: dict[int, Pixels] = {}
    for index, scene in zip(needed, read_maps(store, needed), strict=True):
        pixels[index] = sample(scene, options.pixels, options.seed)
        if progress:
            progress(scene.day)
    train, validation, scored = (
        [pixels[i] for i in part] for part in (chosen["train"], chosen["validation"], indices)
    )
    baselines = fit(train, validation, options) if train else formula_baselines(scored[0])
    return (
        {each.name: _scores(each, scored) for each in baselines},
        {each.name: each.detail for each in baselines},
    )


def maps_needed(
    store: xr.Dataset, indices: Sequence[int], options: BaselineOptions = BaselineOptions()
) -> list[int]:
    """The samples that are read to fit the baselines and score them on `indices`."""
    return sorted({*indices}.union(*_parts(store, options.maps).values()))


def _parts(store: xr.Dataset, most: int) -> dict[str, list[int]]:
    parts = [str(part) for part in store["split"].values]
    wanted = ("train", "validation")
    found = {name: [i for i, part in enumerate(parts) if part == name] for name in wanted}
    return {name: every[:: max(1, -(-len(every) // most))] for name, every in found.items()}


def _scores(baseline: Baseline, maps: Sequence[Pixels]) -> Scores:
    """Scores, without those that would take a mere ranking for a probability."""
    scores = score_sums(baseline_sums(baseline, maps), baseline.threshold)
    if baseline.probabilistic:
        return scores
    undefined = {
        name: replace(scores.overall[name], value=None, low=None, high=None)
        for name in PROBABILITY_METRICS
    }
    return replace(scores, overall=scores.overall | undefined)


def fit_baselines(
    train: Sequence[Pixels],
    validation: Sequence[Pixels],
    options: BaselineOptions = BaselineOptions(),
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


def check_classes(train: Sequence[Pixels]) -> None:
    """Training pixels with image data hold both classes.

    Raises:
        UsageError: they do not.
    """
    wrong = only_class(
        sum((count_classes(part.label[part.known]) for part in train), start=NOTHING)
    )
    if wrong:
        raise UsageError(
            f"{wrong} where the training samples hold a picture: no baseline can be fitted"
        )


def baseline_sums(baseline: Baseline, maps: Iterable[Pixels]) -> Sums:
    """Sums of a baseline over sampled pixels; a pixel without image data has no prediction."""
    return merge(_sums(baseline.score, pixels) for pixels in maps)


def _sums(score: Score, pixels: Pixels) -> Sums:
    predicted = np.where(pixels.known, score(pixels), np.nan).astype(np.float32)
    return sums_of_pixels(pixels.day, predicted, pixels.label, pixels.latitude)


def choose_threshold(score: Score, maps: Sequence[Pixels]) -> float:
    """The threshold with the highest F1 over the pixels."""
    return best_threshold(merge(_sums(score, pixels) for pixels in maps).total())


def _always_clear() -> Baseline:
    return Baseline("always clear", lambda pixels: np.zeros(pixels.label.size), 0.5, True)


def _blue_score(pixels: Pixels) -> NDArray[np.float64]:
    """Blue DN as a level: 250 and above share the last."""
    return np.asarray(np.nan_to_num(pixels.values["blue"]).clip(0, PROBABILITY_STEPS) / PROBABILITY_STEPS, np.float64)


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
        return np.asarray((MIDDLE + above).clip(0, PROBABILITY_STEPS) / PROBABILITY_STEPS, np.float64)

    return Baseline("blue threshold by 1° latitude", score, MIDDLE / PROBABILITY_STEPS, False, "one a degree")


def _matrix(pixels: Pixels, names: Sequence[str]) -> Floats:
    return np.stack([pixels.values[name] for name in names], axis=1)


def _learning_set(
    train: Sequence[Pixels], names: Sequence[str], number: int
) -> tuple[Floats, NDArray[np.int8]]:
    """Evenly spaced known pixels of each map: (pixel, feature) float32 and (pixel,) labels.

    A class that is too rare to be met so is taken whole.
    """
    places = [np.flatnonzero(pixels.known) for pixels in train]
    spaced = [known[:: max(1, -(-known.size // number))] for known in places]
    met = sum(
        (count_classes(p.label[n]) for p, n in zip(train, spaced, strict=True)), start=NOTHING
    )
    values, labels = [], []
    for pixels, known, chosen in zip(train, places, spaced, strict=True):
        for missing in np.flatnonzero(met == 0):
            chosen = np.union1d(chosen, known[pixels.label[known] == missing])
        values.append(_matrix(pixels, names)[chosen])
        labels.append(pixels.label[chosen])
    return np.concatenate(values), np.concatenate(labels)


def _learned(name: str, classifier: Any, names: Sequence[str], judge: Sequence[Pixels]) -> Baseline:  # noqa: ANN401 - scikit-learn is untyped
    def score(pixels: Pixels) -> NDArray[np.float64]:
        result = np.zeros(pixels.label.size)
        if pixels.known.any():
            values = _matrix(pixels, names)[pixels.known]
            result[pixels.known] = classifier.predict_proba(values)[:, 1]
        return result

    return Baseline(name, score, choose_threshold(score, judge), True)


def _logistic(
    train: Sequence[Pixels], judge: Sequence[Pixels], options: BaselineOptions
) -> Baseline:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    classifier = make_pipeline(StandardScaler(), LogisticRegression())
    classifier.fit(*_learning_set(train, LOGISTIC_FEATURES, options.pixels_learned))
    return _learned("logistic regression", classifier, LOGISTIC_FEATURES, judge)


def boosted_trees(
    train: Sequence[Pixels], judge: Sequence[Pixels], options: BaselineOptions
) -> Baseline:
    """Gradient-boosted trees on every feature that the pixels have."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    names = sorted(train[0].values)
    classifier = HistGradientBoostingClassifier(
        max_iter=options.iterations,
        max_leaf_nodes=options.leaves,
        early_stopping=False,
        random_state=options.seed,
    )
    classifier.fit(*_learning_set(train, names, options.pixels_learned))
    return _learned("boosted trees", classifier, names, judge)
