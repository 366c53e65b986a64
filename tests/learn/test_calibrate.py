import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from nephoscope.learn import calibrate
from nephoscope.tasks.mask import Calibration, probability, steps_of


def _pixels(number=20_000, seed=0):
    rng = np.random.default_rng(seed)
    label = (rng.random(number) < 0.3).astype(np.int8)
    logits = (rng.normal(0, 2, number) + 3 * label + 1).astype(np.float32)
    return logits, label


def _count(logits, label, known=None):
    known = np.ones(len(label), bool) if known is None else known
    return calibrate.count_logits(*(torch.from_numpy(a) for a in (logits, label, known)))


def test_calibration_is_logistic_regression_on_the_logit():
    logits, label = _pixels()
    model = LogisticRegression(C=1e6).fit(logits[:, None], label)
    found = calibrate.fit_calibration(_count(logits, label))
    assert found.slope == pytest.approx(model.coef_[0, 0], abs=2e-3)
    assert found.intercept == pytest.approx(model.intercept_[0], abs=4e-3)


def test_calibration_of_one_label_is_the_identity():
    logits, _ = _pixels()
    assert (
        calibrate.fit_calibration(_count(logits, np.zeros(len(logits), np.int8))) == Calibration()
    )


def test_threshold_and_scores_are_those_of_the_published_steps():
    logits, label = _pixels(2_000, seed=1)
    counts, line = _count(logits, label), Calibration(0.8, -1.5)
    steps = steps_of(probability(logits.copy(), line))
    best = max(range(1, 251), key=lambda k: f1_score(label, steps >= k))
    threshold = calibrate.choose_threshold(counts, line)
    found = calibrate.scores(counts, line, threshold)
    assert found["f1"] == pytest.approx(f1_score(label, steps >= best), abs=4e-3)
    assert threshold * 250 == pytest.approx(round(threshold * 250), abs=1e-9)


def test_unknown_labels_do_not_count_and_unseen_pixels_count_as_clear():
    logits = np.array([9, 9, -9, 9], np.float32)
    label = np.array([1, -1, 0, 1], np.int8)
    counts = _count(logits, label, np.array([True, True, True, False]))
    assert counts.pixels.sum() == 2
    assert counts.unseen.tolist() == [0, 1]
    assert calibrate.best_f1(counts) == pytest.approx(2 / 3)


def test_counts_add_up():
    logits, label = _pixels()
    parts = _count(logits[:7], label[:7]) + _count(logits[7:], label[7:])
    assert (parts.pixels == _count(logits, label).pixels).all()


def test_a_calibrated_model_has_a_small_calibration_error_and_another_has_not():
    counts = _count(*_pixels())
    line = calibrate.fit_calibration(counts)
    assert calibrate.scores(counts, line, 0.5)["ece"] < 0.01
    off = Calibration(line.slope, line.intercept + 2)
    assert calibrate.scores(counts, off, 0.5)["ece"] > 0.05
