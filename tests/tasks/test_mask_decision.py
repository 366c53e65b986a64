"""From counts of logits to calibration, threshold and scores of a mask, against scikit-learn."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from nephoscope.tasks import NO_COUNTS, task_named
from nephoscope.tasks.mask import FILL, MaskDecision, probability, steps_of

MASK = task_named("mask")


def _pixels(number=20_000, seed=0):
    rng = np.random.default_rng(seed)
    label = (rng.random(number) < 0.3).astype(np.int8)
    logits = (rng.normal(0, 2, number) + 3 * label + 1).astype(np.float32)
    return logits, label


def _count(logits, label):
    return MASK.count(logits[:, None], {"label": label})


def test_calibration_is_logistic_regression_on_the_logit():
    logits, label = _pixels()
    model = LogisticRegression(C=1e6).fit(logits[:, None], label)
    found = MASK.decide(_count(logits, label))
    assert found.slope == pytest.approx(model.coef_[0, 0], abs=2e-3)
    assert found.intercept == pytest.approx(model.intercept_[0], abs=4e-3)


def test_calibration_of_one_label_is_the_identity():
    logits, _ = _pixels()
    found = MASK.decide(_count(logits, np.zeros(len(logits), np.int8)))
    assert (found.slope, found.intercept) == (1, 0)


def test_threshold_and_scores_are_those_of_the_published_steps():
    logits, label = _pixels(2_000, seed=1)
    counts = _count(logits, label)
    decision = MASK.decide(counts)
    steps = steps_of(probability(logits.copy(), decision))
    best = max(range(1, 251), key=lambda k: f1_score(label, steps >= k))
    found = MASK.metrics(MASK.publish(counts, decision), decision)
    assert found["f1"] == pytest.approx(f1_score(label, steps >= best), abs=4e-3)
    threshold = decision.threshold
    assert threshold * 250 == pytest.approx(round(threshold * 250), abs=1e-9)


def test_unknown_labels_do_not_count_and_unseen_pixels_count_as_clear():
    logits = np.array([9, 9, -9, np.nan], np.float32)
    label = np.array([1, -1, 0, 1], np.int8)
    counts = _count(logits, label)
    assert counts[:, 1:].sum() == 2
    assert counts[:, 0].tolist() == [0, 1]
    assert MASK.score(counts) == pytest.approx(2 / 3)


def test_counts_add_up():
    logits, label = _pixels()
    parts = NO_COUNTS + _count(logits[:7], label[:7]) + _count(logits[7:], label[7:])
    assert (parts == _count(logits, label)).all()


def test_a_calibrated_model_has_a_small_calibration_error_and_another_has_not():
    counts = _count(*_pixels())
    line = MASK.decide(counts)
    assert MASK.metrics(MASK.publish(counts, line), line)["ece"] < 0.01
    off = MaskDecision(slope=line.slope, intercept=line.intercept + 2)
    assert MASK.metrics(MASK.publish(counts, off), off)["ece"] > 0.05


def test_what_is_published_is_counted_as_the_fit_counted_it():
    """The logit's bin is 0.01 wide: a few of the steps of 1/250 may be their neighbours."""
    logits, label = _pixels(4_000, seed=2)
    logits[:50] = np.nan
    decision = MASK.decide(_count(logits, label))
    fields = MASK.fields(logits.reshape(1, 40, 100), decision)
    variables = MASK.variables(fields, decision)
    assert (variables["cloud_mask"].values.ravel()[:50] == FILL).all()
    tally = MASK.tally(variables, {"label": label.reshape(40, 100)})
    publish = MASK.publish(_count(logits, label), decision)
    assert tally[:, 0].tolist() == publish[:, 0].tolist()
    assert np.abs(np.cumsum(tally - publish, axis=1)).max() < 0.01 * len(label)
    cloud = (variables["cloud_mask"].values == 1).ravel()
    assert MASK.metrics(tally, decision)["f1"] == pytest.approx(f1_score(label, cloud))
