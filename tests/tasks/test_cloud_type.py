"""The tasks of profiles: counts and scores, against independent computations."""

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, f1_score, jaccard_score, precision_score, recall_score

from nephoscope.tasks import NO_COUNTS, TASKS, task_named
from nephoscope.tasks.profile_truth import bases_of, columns_of, layers_of, tops_of
from nephoscope.track import CLOUD_TYPES
from tasks.profile_cases import (
    ALL,
    LEVELS,
    ON_LEVELS,
    STEP,
    case,
    decided,
    perfect,
    profiles,
    published,
    raw_numbers,
    scored,
)


@pytest.mark.parametrize(("name", "typed"), ALL)
def test_tasks_are_named_and_learn_from_the_same_samples(name, typed):
    task = task_named(name)
    assert name in TASKS
    assert (task.name, task.samples, task.truth) == (name, "cloud_type", "points")
    assert task.outputs(LEVELS) == raw_numbers(name, profiles(2, LEVELS), typed).shape[1]


@pytest.mark.parametrize("name", TASKS)
def test_every_task_learns_from_samples_of_a_task_and_takes_its_losses_as_they_are(name):
    task = task_named(name)
    assert task_named(task.samples).truth == task.truth
    losses = task.Losses()
    assert task.losses_for(losses, []) is losses


@pytest.mark.parametrize(("name", "typed"), ALL)
def test_counts_add_up_whatever_the_cutting_and_the_order(name, typed):
    task = task_named(name)
    types, raw = case(name, typed, 3000)
    whole = task.count(raw, {"cloud_type": types})
    assert whole.ndim == 1
    assert whole.dtype == np.int64
    total = NO_COUNTS
    for part in np.array_split(np.random.default_rng(4).permutation(3000), [1, 1, 2100]):
        total = total + task.count(raw[part], {"cloud_type": types[part]})
    assert np.array_equal(total, whole)
    decision = decided(task, raw, types)[1]
    tally = task.tally(published(task, raw, decision), {"cloud_type": types})
    total = NO_COUNTS
    for part in np.array_split(np.random.default_rng(5).permutation(3000), [9, 900]):
        total = total + task.tally(
            published(task, raw[part], decision), {"cloud_type": types[part]}
        )
    assert np.array_equal(total, tally)


@pytest.mark.parametrize(("name", "typed"), ALL)
def test_what_is_published_is_counted_as_the_fit_counted_it(name, typed):
    """Bins of the logits are finite: a few of the levels beside the threshold go the other way."""
    task = task_named(name)
    types, raw = case(name, typed, 3000)
    counts, decision = decided(task, raw, types)
    told = task.publish(counts, decision)
    tally = task.tally(published(task, raw, decision), {"cloud_type": types})
    assert told.shape == tally.shape
    expected, found = task.metrics(told, decision), task.metrics(tally, decision)
    assert expected.keys() == found.keys()
    for score, value in found.items():
        scale = STEP if score.startswith(("top_mae", "top_bias", "base_")) else 1
        assert expected[score] == pytest.approx(value, abs=0.03 * scale), score
    assert found["profiles"] == expected["profiles"] == (types >= 0).any(axis=1).sum()
    if name != "cloud_mask_2d":
        assert found["dice"] == pytest.approx(task.score(counts), abs=4e-3)
        assert found["top_mae"] == expected["top_mae"]


@pytest.mark.parametrize(("name", "typed"), ON_LEVELS)
def test_a_perfect_prediction_scores_one(name, typed):
    task, types = task_named(name), profiles(300, LEVELS, seed=2)
    found, _, _ = scored(task, perfect(types, typed), types)
    for score, value in found.items():
        if score.startswith(("ece", "top_bias", "top_mae", "base_mae", "base_bias")):
            assert value == pytest.approx(0, abs=1e-3), score
        elif score not in {"cloud_share", "profiles"}:
            assert value == 1, score
    assert task.score(task.count(perfect(types, typed), {"cloud_type": types})) == 1


@pytest.mark.parametrize(("name", "typed"), ALL)
def test_profiles_without_truth_count_nothing(name, typed):
    task, types = task_named(name), np.full((9, LEVELS), -1, np.int8)
    raw = raw_numbers(name, profiles(9, LEVELS), typed)
    counts = task.count(raw, {"cloud_type": types})
    assert not counts.any()
    found, _, _ = scored(task, raw, types)
    assert found.pop("profiles") == 0
    assert all(np.isnan(value) for value in found.values())


@pytest.mark.parametrize(("name", "typed"), ALL)
def test_of_no_cloud_at_all_what_is_not_defined_is_nan(name, typed):
    task, types = task_named(name), np.zeros((50, LEVELS), np.int8)
    raw = np.full((50, task.outputs(LEVELS)), -5.0, np.float32)
    raw[:, -1] = 5 if name != "cloud_mask_2d" else -5
    if typed:
        raw[:, :LEVELS] = 5
    found, variables, _ = scored(task, raw, types)
    assert not variables["cloud_mask"].values.any()
    assert found["accuracy_2d"] == 1
    assert found["miou_2d"] == 1  # of clear columns alone
    assert np.isnan(found["dice_2d"])
    assert found["ece_2d"] < 0.02
    if name != "cloud_mask_2d":
        assert np.isnan(
            [found[score] for score in ("dice", "top_mae", "top_found", "base_mae")]
        ).all()
        assert np.isnan(variables["cloud_top_height"]).all()
        assert np.isfinite(variables["cloud_top_height_if_cloudy"]).all()
        assert found["top_bin_accuracy"] == 1


@pytest.mark.parametrize(("name", "typed"), ON_LEVELS)
def test_scores_are_those_of_plain_computations(name, typed):
    task = task_named(name)
    types, raw = case(name, typed)
    found, variables, decision = scored(task, raw, types)
    said = variables["cloud_type" if typed else "cloud_mask_3d"].values.astype(int)
    said[:, :5] = 0  # without a prediction
    known, truth = types.T >= 0, types.T
    cloud, said_cloud = truth[known] > 0, said[known] > 0
    assert found["dice"] == pytest.approx(f1_score(cloud, said_cloud))
    assert found["precision"] == pytest.approx(precision_score(cloud, said_cloud))
    assert found["recall"] == pytest.approx(recall_score(cloud, said_cloud))
    assert found["iou"] == pytest.approx(jaccard_score(cloud, said_cloud))
    columns = columns_of(truth)
    there, mask = columns >= 0, variables["cloud_mask"].values == 1
    both = [jaccard_score(columns[there], mask[there], pos_label=label) for label in (0, 1)]
    assert found["miou_2d"] == pytest.approx(np.mean(both))
    tally = task.tally(variables, {"cloud_type": types})
    details = task.details(tally, decision)
    labels = range(9) if typed else range(2)
    pairs = (truth[known], said[known]) if typed else (cloud, said_cloud)
    assert np.array_equal(details["confusion"], confusion_matrix(*pairs, labels=labels))
    for level in (0, 7, LEVELS - 1):
        here = known[level]
        expected = f1_score(truth[level, here] > 0, said[level, here] > 0)
        assert details["by_level"]["dice"][level] == pytest.approx(expected)
    if typed:
        each = f1_score(*pairs, labels=labels, average=None)
        assert details["by_type"]["dice"] == pytest.approx(each)
        assert [found[f"dice_{kind}"] for kind in CLOUD_TYPES[1:]] == pytest.approx(each[1:])
        assert found["macro_dice"] == pytest.approx(each[1:].mean())
        micro = f1_score(*pairs, labels=labels[1:], average="micro")
        assert found["micro_dice"] == pytest.approx(micro)


@pytest.mark.parametrize(("name", "typed"), ON_LEVELS)
def test_heights_and_layers_are_scored_in_metres_against_plain_computations(name, typed):
    task = task_named(name)
    types, raw = case(name, typed, unknown=0.005)
    found, variables, decision = scored(task, raw, types)
    altitude, truth = np.array(decision.altitude), types.T
    true = tops_of(truth)
    cloudy = (true >= 0) & (true < LEVELS)
    top = variables["cloud_top_height_if_cloudy"].values
    off = (top - altitude[np.minimum(true, LEVELS - 1)])[cloudy & ~np.isnan(top)]
    assert found["top_mae"] == pytest.approx(np.abs(off).mean())
    assert found["top_bias"] == pytest.approx(off.mean(), abs=1e-3)
    said = variables["cloud_top_height"].values
    off = (said - altitude[np.minimum(true, LEVELS - 1)])[cloudy & ~np.isnan(said)]
    assert found["top_mae_found"] == pytest.approx(np.abs(off).mean())
    assert found["top_bias_found"] == pytest.approx(off.mean(), abs=1e-3)
    assert found["top_found"] == pytest.approx((~np.isnan(said))[cloudy].mean())
    low, high = (variables[f"cloud_top_height_{end}"].values for end in ("lower", "upper"))
    chosen = cloudy & ~np.isnan(said)
    inside = (low <= altitude[true % LEVELS]) & (altitude[true % LEVELS] <= high)
    assert found["top_within"] == pytest.approx(inside[chosen].mean())
    base, true = variables["cloud_base_height"].values, bases_of(truth)
    off = (base - altitude[true])[(true >= 0) & ~np.isnan(base)]
    assert found["base_mae"] == pytest.approx(np.abs(off).mean())
    assert found["base_found"] == pytest.approx((~np.isnan(base))[true >= 0].mean())
    kind = variables["cloud_type" if typed else "cloud_mask_3d"].values.astype(int)
    kind[:, :5] = 0
    number, true = layers_of(kind), layers_of(truth)
    known = true >= 0
    many, said_many = true[known] >= 2, number[known] >= 2
    assert found["multilayer_dice"] == pytest.approx(f1_score(many, said_many))
    right = np.minimum(number, 3) == np.minimum(true, 3)
    assert found["layers_right"] == pytest.approx(right[true >= 1].mean())


@pytest.mark.parametrize(("name", "typed"), ALL)
def test_scores_of_many_samples_at_once_are_those_of_each(name, typed):
    task = task_named(name)
    types, raw = case(name, typed, 400)
    _, decision = decided(task, raw, types)
    each = np.stack(
        [
            task.tally(published(task, raw[part], decision), {"cloud_type": types[part]})
            for part in np.array_split(np.arange(400), 4)
        ]
    )
    many = task.metrics(each.reshape(2, 2, -1), decision)
    for place in ((0, 0), (0, 1), (1, 1)):
        alone = task.metrics(each.reshape(2, 2, -1)[place], decision)
        for score, value in alone.items():
            assert many[score][place] == pytest.approx(value, nan_ok=True), score
