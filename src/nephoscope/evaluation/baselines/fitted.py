"""Fitted baselines: the score of a pixel and its threshold, and how either is found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nephoscope.errors import UsageError
from nephoscope.evaluation.baselines.pixels import Pixels, Planes
from nephoscope.evaluation.mask_sums import sums_of_pixels
from nephoscope.evaluation.sample import Floats, LabelledSample
from nephoscope.evaluation.sums import Sums, merge
from nephoscope.samples.census import NOTHING, count_classes, only_class
from nephoscope.tasks.mask_metrics import PROBABILITY_STEPS, best_threshold

Ranking = Callable[[Pixels], NDArray[np.float64]]


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


DEFAULT = BaselineOptions()


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
    score: Ranking
    threshold: float
    probabilistic: bool
    detail: str = ""


@dataclass(frozen=True)
class Kind:
    """How the baselines of one kind of pictures are made.

    Attributes:
        features: what the baselines may see of a picture.
        fitted: from pixels of training samples, of those that choose, and options.
        formulas: what needs no training sample, of pixels like these; None where there is nothing.
        reach: how many rows away a feature looks; None where it looks at the whole picture.
    """

    features: Callable[[LabelledSample], Planes]
    fitted: Callable[[Sequence[Pixels], Sequence[Pixels], BaselineOptions], list[Baseline]]
    formulas: Callable[[Pixels], list[Baseline]] | None = None
    reach: int | None = None


def fit_baselines(
    kind: Kind, train: Sequence[Pixels], validation: Sequence[Pixels], options: BaselineOptions
) -> list[Baseline]:
    """Fit every baseline, from the simplest to the best.

    Args:
        kind: of the pictures.
        train: pixels of the training samples.
        validation: pixels of the validation samples; with none, the training samples choose.
        options: how much work.

    Raises:
        UsageError: the training pixels with image data lack cloud, or clear sky.
    """
    known = (count_classes(part.label[part.known]) for part in train)
    if wrong := only_class(sum(known, start=NOTHING)):
        raise UsageError(
            f"{wrong} where the training samples hold a picture: no baseline can be fitted"
        )
    return kind.fitted(train, validation or train, options)


def baseline_sums(score: Ranking, maps: Iterable[Pixels]) -> Sums:
    """Sums of a score over sampled pixels; a pixel without image data has no prediction."""
    return merge(
        sums_of_pixels(
            each.id,
            np.where(each.known, score(each), np.nan).astype(np.float32),
            each.label,
            each.latitude,
        )
        for each in maps
    )


def choose_threshold(score: Ranking, maps: Sequence[Pixels]) -> float:
    """The threshold with the highest F1 over the pixels."""
    return best_threshold(baseline_sums(score, maps).total())


def always(state: str) -> Baseline:
    """The baseline that says "clear", or "cloudy", of every pixel."""
    value = float(state == "cloudy")
    return Baseline(f"always {state}", lambda pixels: np.full(pixels.label.size, value), 0.5, True)


def score_by(feature: str, step: float | None = None) -> Ranking:
    """A feature, 0..1, as the score; or its level, 0 to 250, in steps of its own unit."""

    def score(pixels: Pixels) -> NDArray[np.float64]:
        values = np.nan_to_num(pixels.values[feature])
        if step is not None:
            level = np.floor(values / step + 1e-4).clip(0, PROBABILITY_STEPS)
            values = level / PROBABILITY_STEPS
        return np.asarray(values, np.float64)

    return score


def thresholded(
    name: str, feature: str, train: Sequence[Pixels], words: str, step: float | None = None
) -> Baseline:
    """A threshold of one feature; `words` tell it, in the feature's unit if it has a `step`."""
    score = score_by(feature, step)
    threshold = choose_threshold(score, train)
    told = threshold if step is None else threshold * PROBABILITY_STEPS * step
    return Baseline(name, score, threshold, False, words.format(told))


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


def learned(
    name: str,
    classifier: Any,  # noqa: ANN401 - scikit-learn is untyped
    names: Sequence[str],
    train: Sequence[Pixels],
    judge: Sequence[Pixels],
    options: BaselineOptions,
) -> Baseline:
    """A classifier fitted on the named features; `judge` chooses its threshold."""
    values, labels = _learning_set(train, names, options.pixels_learned)
    # What no pixel has tells nothing, and trees cannot be grown on it: no sun in any frame, say.
    told = np.isfinite(values).any(axis=0)
    classifier.fit(values[:, told], labels)

    def score(pixels: Pixels) -> NDArray[np.float64]:
        result = np.zeros(pixels.label.size)
        if pixels.known.any():
            seen = _matrix(pixels, names)[pixels.known][:, told]
            result[pixels.known] = classifier.predict_proba(seen)[:, 1]
        return result

    return Baseline(name, score, choose_threshold(score, judge), True)


def boosted_trees(
    train: Sequence[Pixels], judge: Sequence[Pixels], options: BaselineOptions
) -> Baseline:
    """Gradient-boosted trees on every feature that the pixels have."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    classifier = HistGradientBoostingClassifier(
        max_iter=options.iterations,
        max_leaf_nodes=options.leaves,
        early_stopping=False,
        random_state=options.seed,
    )
    names = sorted(train[0].values)
    return learned("boosted trees", classifier, names, train, judge, options)
