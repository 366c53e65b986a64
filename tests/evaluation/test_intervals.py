"""Scores against scikit-learn on the pixels themselves, and the bootstrap against its theory."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve

from nephoscope.evaluation.intervals import bootstrap_weights
from nephoscope.evaluation.mask_sums import score_masks, sums_of_pixels
from nephoscope.evaluation.sums import Sums, merge
from nephoscope.tasks.mask_metrics import (
    BINS,
    METRICS,
    best_threshold,
    calibration,
    metrics,
    precision_recall,
    roc,
)


def pixels(seed: int, n: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    """Levels 0..250 and labels whose cloud share rises with the level."""
    rng = np.random.default_rng(seed)
    level = rng.integers(0, 251, n)
    label = (rng.random(n) < (level / 250) ** 2).astype(np.int8)
    return level, label


def sums_from(level: np.ndarray, label: np.ndarray, day: str = "a") -> Sums:
    probability = (level / 250).astype(np.float32)
    return sums_of_pixels(day, probability, label, np.zeros(len(level)))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 250))
def test_metrics_against_scikit_learn(seed: int, level: int) -> None:
    levels, label = pixels(seed)
    said, p = levels >= level, levels / 250
    mine = metrics(sums_from(levels, label).total(), level)
    expected = {
        "f1": sk.f1_score(label, said, zero_division=math.nan),
        "iou": sk.jaccard_score(label, said),
        "precision": sk.precision_score(label, said, zero_division=math.nan),
        "recall": sk.recall_score(label, said),
        "mcc": sk.matthews_corrcoef(label, said),
        "accuracy": sk.accuracy_score(label, said),
        "auc": sk.roc_auc_score(label, p),
        "average_precision": sk.average_precision_score(label, p),
        "brier": sk.brier_score_loss(label, p),
        "cloud_share": label.mean(),
        "coverage": 1.0,
    }
    for name, value in expected.items():
        assert float(mine[name]) == pytest.approx(value, abs=1e-9, nan_ok=True), name


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_calibration_against_scikit_learn(seed: int) -> None:
    levels, label = pixels(seed)
    # scikit-learn's edges are floating point: stay off them.
    keep = (levels * 15) % 250 != 0
    levels, label = levels[keep], label[keep]
    share, mean = calibration_curve(label, levels / 250, n_bins=15)
    counts = sums_from(levels, label).total()
    my_mean, my_share, n = calibration(counts)
    assert np.allclose(my_mean, mean)
    assert np.allclose(my_share, share)
    expected = (np.abs(mean - share) * n).sum() / n.sum()
    assert float(metrics(counts, 125)["ece"]) == pytest.approx(expected)


def test_curves_start_and_end_where_they_must() -> None:
    counts = sums_from(*pixels(3)).total()
    false_rate, true_rate = roc(counts)
    assert (false_rate[0], true_rate[0], false_rate[-1], true_rate[-1]) == (0, 0, 1, 1)
    precision, recall = precision_recall(counts)
    assert recall[-1] == 1
    assert precision[-1] == pytest.approx(counts[1].sum() / counts.sum())


def test_a_pixel_without_a_prediction_counts_as_clear() -> None:
    probability = np.array([np.nan, np.nan, 1.0, 0.0], np.float32)
    label = np.array([1, 0, 1, 0], np.int8)
    counts = sums_of_pixels("a", probability, label, np.zeros(4)).total()
    values = metrics(counts, 1)
    assert values["recall"] == 0.5
    assert values["precision"] == 1
    assert values["coverage"] == 0.5
    assert values["brier"] == 0.25
    assert values["auc"] == sk.roc_auc_score(label, np.nan_to_num(probability))


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_leaves_undefined_metrics_undefined(label: int) -> None:
    levels = np.arange(100)
    scores = score_masks(sums_from(levels, np.full(100, label, np.int8)), 0.2).overall
    assert scores["auc"].value is None
    assert scores["mcc"].value is None
    assert scores["accuracy"].value == 0.5
    assert scores["average_precision"].value == (None if label == 0 else 1.0)


def test_no_pixels_at_all_is_not_a_score() -> None:
    scores = score_masks(Sums(shape=(2, BINS)), 0.5)
    assert {score.value for score in scores.overall.values()} == {None}
    assert set(scores.overall) == set(METRICS)


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 10**6))
def test_best_threshold_is_the_best(seed: int) -> None:
    counts = sums_from(*pixels(seed, 300)).total()
    f1 = [float(metrics(counts, level)["f1"]) for level in range(1, 251)]
    assert f1[round(best_threshold(counts) * 250) - 1] == np.nanmax(f1)


def test_pooled_score_is_not_the_mean_of_days() -> None:
    easy = sums_from(np.array([250] * 90 + [0] * 10), np.array([1] * 90 + [0] * 10, np.int8), "a")
    hard = sums_from(np.array([250] * 10), np.array([0] * 10, np.int8), "b")
    scores = score_masks(easy + hard, 0.5)
    assert scores.overall["f1"].value == pytest.approx(180 / 190)
    assert scores.by_day["a"]["f1"].value == 1.0
    assert scores.by_day["b"]["f1"].value == 0.0
    assert scores.by_day["a"]["f1"].low is None


def test_interval_is_that_of_the_mean_over_days() -> None:
    # Accuracy over equal days is a mean, so its bootstrap has a known spread.
    rng = np.random.default_rng(0)
    accuracy = rng.uniform(0.4, 0.9, 40)
    days = [
        sums_from(np.where(np.arange(1000) < 1000 * share, 0, 250), np.zeros(1000, np.int8), f"{i}")
        for i, share in enumerate(accuracy)
    ]
    score = score_masks(merge(days), 0.5, block=1, draws=4000).overall["accuracy"]
    assert score.low is not None
    assert score.high is not None
    half = 1.96 * accuracy.std() / np.sqrt(40)
    assert score.high - score.low == pytest.approx(2 * half, rel=0.08)
    assert score.low < float(accuracy.mean()) < score.high


def test_bootstrap_is_seeded_and_draws_whole_blocks() -> None:
    weights = bootstrap_weights(18, 3, 50, seed=4)
    assert weights is not None
    again = bootstrap_weights(18, 3, 50, seed=4)
    assert np.array_equal(weights, again)
    assert not np.array_equal(weights, bootstrap_weights(18, 3, 50, seed=5))
    assert (weights.sum(axis=1) == 18).all()
    runs = weights.reshape(50, 6, 3)
    assert (runs == runs[:, :, :1]).all()


def test_one_day_has_no_interval() -> None:
    assert bootstrap_weights(1) is None
    assert score_masks(sums_from(*pixels(1)), 0.5).overall["f1"].low is None


def test_metrics_are_vectorised_over_leading_axes() -> None:
    stack = np.stack([sums_from(*pixels(seed)).total() for seed in range(3)])
    together = metrics(stack, 100)
    for i in range(3):
        alone = metrics(stack[i], 100)
        for name in METRICS:
            assert float(together[name][i]) == pytest.approx(float(alone[name])), name
    assert stack.shape == (3, 2, BINS)
