"""A fitted baseline: its score of each pixel, its threshold, and the trees that any can have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nephoscope.errors import UsageError
from nephoscope.evaluation.baselines.pixels import Pixels
from nephoscope.evaluation.mask_sums import sums_of_pixels
from nephoscope.evaluation.sample import Floats
from nephoscope.evaluation.sums import Sums, merge
from nephoscope.samples.census import NOTHING, count_classes, only_class
from nephoscope.tasks.mask_metrics import best_threshold

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


def _sums(score: Ranking, pixels: Pixels) -> Sums:
    predicted = np.where(pixels.known, score(pixels), np.nan).astype(np.float32)
    return sums_of_pixels(pixels.id, predicted, pixels.label, pixels.latitude)


def choose_threshold(score: Ranking, maps: Sequence[Pixels]) -> float:
    """The threshold with the highest F1 over the pixels."""
    return best_threshold(merge(_sums(score, pixels) for pixels in maps).total())


def _matrix(pixels: Pixels, names: Sequence[str]) -> Floats:
    return np.stack([pixels.values[name] for name in names], axis=1)


def learning_set(
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
    judge: Sequence[Pixels],
) -> Baseline:
    """A baseline from a fitted classifier of the named features; `judge` chooses its threshold."""

    def score(pixels: Pixels) -> NDArray[np.float64]:
        result = np.zeros(pixels.label.size)
        if pixels.known.any():
            values = _matrix(pixels, names)[pixels.known]
            result[pixels.known] = classifier.predict_proba(values)[:, 1]
        return result

    return Baseline(name, score, choose_threshold(score, judge), True)


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
    classifier.fit(*learning_set(train, names, options.pixels_learned))
    return learned("boosted trees", classifier, names, judge)
