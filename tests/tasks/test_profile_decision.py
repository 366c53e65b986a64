"""Decisions of tasks of profiles: calibration, thresholds, quantiles and altitudes."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import jaccard_score

from nephoscope.errors import UsageError
from nephoscope.tasks import task_named
from nephoscope.tasks.profile_decision import TOP_SHARES
from nephoscope.tasks.profile_truth import columns_of
from tasks.profile_cases import (
    ALL,
    LEVELS,
    ON_LEVELS,
    STEP,
    altitudes,
    case,
    decided,
    noisy,
    profiles,
    published,
)


@pytest.mark.parametrize(("name", "typed"), ON_LEVELS)
def test_calibration_is_logistic_regression_and_thresholds_are_the_best(name, typed):
    task = task_named(name)
    types, raw = case(name, typed, 2000, unknown=0.0, missing=0)
    _, decision = decided(task, raw, types)
    logit = np.log(1 / (1 - _shares(raw, typed)) - 1)
    label = (types > 0).ravel()
    model = LogisticRegression(C=1e6).fit(logit.reshape(-1, 1), label)
    assert decision.slope == pytest.approx(model.coef_[0, 0], rel=5e-3)
    assert decision.intercept == pytest.approx(model.intercept_[0], abs=1e-2)
    scores = {}
    for step in (round(decision.threshold * 250), *range(1, 251, 10)):
        chosen = decision.model_copy(update={"threshold": step / 250})
        tally = task.tally(published(task, raw, chosen), {"cloud_type": types})
        scores[step] = task.metrics(tally, chosen)
    best = scores[round(decision.threshold * 250)]
    assert best["dice"] == pytest.approx(max(each["dice"] for each in scores.values()), abs=2e-3)
    assert best["ece"] < 0.02


def _shares(raw, typed):
    """(item, level) probability of cloud before calibration."""
    if not typed:
        return 1 / (1 + np.exp(-raw[:, :LEVELS].astype(float)))
    classes = np.exp(raw[:, : 9 * LEVELS].reshape(len(raw), 9, LEVELS).astype(float))
    return 1 - classes[:, 0] / classes.sum(axis=1)


@pytest.mark.parametrize("sureness", [0.4, 1.0, 4.0])
def test_as_many_tops_lie_within_their_bounds_as_should(sureness):
    """However sure the head is of its tops."""
    task = task_named("cloud_mask_3d")
    types, raw = case("cloud_mask_3d", False, 3000, unknown=0.0, missing=0)
    raw[:, LEVELS:-1] *= np.float32(sureness)
    _, decision = decided(task, raw, types)
    shares = {}
    for chosen in (decision, decision.model_copy(update={"top_quantiles": TOP_SHARES})):
        tally = task.tally(published(task, raw, chosen), {"cloud_type": types})
        shares[chosen.top_quantiles] = task.metrics(tally, chosen)["top_within"]
    assert shares[decision.top_quantiles] == pytest.approx(0.9, abs=0.02)
    assert abs(shares[TOP_SHARES] - 0.9) > (0.04 if sureness == 4 else -1)
    few = task.decide(task.count(raw[:20], {"cloud_type": types[:20]}))
    assert few.top_quantiles == TOP_SHARES


def test_the_threshold_of_columns_has_the_best_mean_iou():
    task = task_named("cloud_mask_2d")
    types, raw = case("cloud_mask_2d", False, 2000, unknown=0.0, missing=0)
    counts, decision = decided(task, raw, types)
    truth = columns_of(types.T)

    def mean_iou(cut):
        return np.mean([jaccard_score(truth, raw[:, 0] >= cut, pos_label=k) for k in (0, 1)])

    best = max(mean_iou(cut) for cut in np.linspace(-3, 3, 121))
    found = task.metrics(
        task.tally(published(task, raw, decision), {"cloud_type": types}), decision
    )
    assert found["miou_2d"] == pytest.approx(best, abs=3e-3)
    assert task.score(counts) == pytest.approx(best, abs=5e-3)


@pytest.mark.parametrize(("name", "typed"), ALL)
def test_rules_hold_nothing_that_a_model_chose(name, typed):
    task = task_named(name)
    types, raw = case(name, typed)
    _, decision = decided(task, raw, types)
    changed = {"threshold": 0.9, "slope": 3.0}
    rules = task.rules(decision)
    assert rules == task.rules(decision.model_copy(update=changed))
    assert rules["levels"] == {"lowest": 600.0, "highest": 600.0 + 19 * STEP, "number": LEVELS}
    assert task.advice(decision)
    scores = task.metrics(task.publish(task.count(raw, {"cloud_type": types}), decision), decision)
    kept = {score: scores[score] for score in task.kept}
    assert len(task.summary({"full": kept}, decision)) == len(kept) + 1


def test_a_decision_is_kept_as_text_and_its_altitudes_are_checked():
    task = task_named("cloud_type")
    decision = task.Decision(altitude=altitudes(LEVELS), column_threshold=0.3)
    assert task.Decision.model_validate_json(decision.model_dump_json()) == decision
    for wrong in ((600.0, 840.0), (600.0,), (900.0, 600.0, 599.0)):
        with pytest.raises(ValueError, match="levels"):
            task.Decision(altitude=wrong)
    with pytest.raises(ValueError, match="top_quantiles"):
        task.Decision(top_quantiles=(0.1, 0.05, 0.8, 0.9))
    raw = noisy(profiles(3, LEVELS), True)
    with pytest.raises(UsageError, match="altitudes of 0 levels, not of 20"):
        published(task, raw, task.Decision())
