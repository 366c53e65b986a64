"""The tasks on levels: counts, decisions and scores, against independent computations."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix, f1_score, jaccard_score, precision_score, recall_score

from nephoscope.errors import UsageError
from nephoscope.tasks import NO_COUNTS, TASKS, task_named
from nephoscope.tasks.mask import FILL
from nephoscope.tasks.profile_truth import bases_of, columns_of, layers_of, tops_of
from nephoscope.track import CLOUD_TYPES
from tasks.profile_cases import STEP, altitudes, noisy, perfect, profiles

LEVELS = 20
ON_LEVELS = [("cloud_type", True), ("cloud_mask_3d", False)]
ALL = [*ON_LEVELS, ("cloud_mask_2d", False)]


def _raw(name, types, typed, seed=1):
    if name == "cloud_mask_2d":
        rng = np.random.default_rng(seed)
        sign = np.where((types > 0).any(axis=1), 1.5, -1.0)
        return (sign + rng.normal(0, 1.5, len(types))).astype(np.float32)[:, None]
    return noisy(types, typed, seed)


def _case(name, typed, number=400, unknown=0.01, missing=5, seed=0):
    types = profiles(number, LEVELS, seed=seed, unknown=unknown)
    raw = _raw(name, types, typed)
    raw[:missing] = np.nan
    return types, raw


def _decided(task, raw, types):
    counts = task.count(raw, {"cloud_type": types})
    return counts, task.decide(counts).model_copy(update={"altitude": altitudes(types.shape[1])})


def _published(task, raw, decision):
    return task.variables(task.fields(np.ascontiguousarray(raw.T), decision), decision)


def _scored(task, raw, types):
    """The scores of what is published, and what is published."""
    _, decision = _decided(task, raw, types)
    variables = _published(task, raw, decision)
    tally = task.tally(variables, {"cloud_type": types})
    return task.metrics(tally, decision), variables, decision


@pytest.mark.parametrize(("name", "typed"), ALL)
def test_tasks_are_named_and_learn_from_the_same_samples(name, typed):
    task = task_named(name)
    assert name in TASKS
    assert (task.name, task.samples, task.truth) == (name, "cloud_type", "points")
    assert task.outputs(LEVELS) == _raw(name, profiles(2, LEVELS), typed).shape[1]


@pytest.mark.parametrize(("name", "typed"), ALL)
def test_counts_add_up_whatever_the_cutting_and_the_order(name, typed):
    task = task_named(name)
    types, raw = _case(name, typed, 3000)
    whole = task.count(raw, {"cloud_type": types})
    assert whole.ndim == 1
    assert whole.dtype == np.int64
    total = NO_COUNTS
    for part in np.array_split(np.random.default_rng(4).permutation(3000), [1, 1, 2100]):
        total = total + task.count(raw[part], {"cloud_type": types[part]})
    assert np.array_equal(total, whole)
    decision = _decided(task, raw, types)[1]
    tally = task.tally(_published(task, raw, decision), {"cloud_type": types})
    total = NO_COUNTS
    for part in np.array_split(np.random.default_rng(5).permutation(3000), [9, 900]):
        total = total + task.tally(
            _published(task, raw[part], decision), {"cloud_type": types[part]}
        )
    assert np.array_equal(total, tally)


@pytest.mark.parametrize(("name", "typed"), ALL)
def test_what_is_published_is_counted_as_the_fit_counted_it(name, typed):
    """Bins of the logits are finite: a few of the levels beside the threshold go the other way."""
    task = task_named(name)
    types, raw = _case(name, typed, 3000)
    counts, decision = _decided(task, raw, types)
    published = task.publish(counts, decision)
    tally = task.tally(_published(task, raw, decision), {"cloud_type": types})
    assert published.shape == tally.shape
    expected, found = task.metrics(published, decision), task.metrics(tally, decision)
    assert expected.keys() == found.keys()
    for score, value in found.items():
        scale = STEP if score.startswith(("top_mae", "top_bias", "base_")) else 1
        assert expected[score] == pytest.approx(value, abs=0.02 * scale), score
    assert found["profiles"] == expected["profiles"] == (types >= 0).any(axis=1).sum()
    if name != "cloud_mask_2d":
        assert found["dice"] == pytest.approx(task.score(counts), abs=2e-3)
        assert found["top_mae"] == expected["top_mae"]


@pytest.mark.parametrize(("name", "typed"), ON_LEVELS)
def test_a_perfect_prediction_scores_one(name, typed):
    task, types = task_named(name), profiles(300, LEVELS, seed=2)
    found, _, _ = _scored(task, perfect(types, typed), types)
    for score, value in found.items():
        if score.startswith(("ece", "top_bias", "top_mae", "base_mae", "base_bias")):
            assert value == pytest.approx(0, abs=1e-3), score
        elif score not in {"cloud_share", "profiles"}:
            assert value == 1, score
    assert task.score(task.count(perfect(types, typed), {"cloud_type": types})) == 1


@pytest.mark.parametrize(("name", "typed"), ALL)
def test_profiles_without_truth_count_nothing(name, typed):
    task, types = task_named(name), np.full((9, LEVELS), -1, np.int8)
    raw = _raw(name, profiles(9, LEVELS), typed)
    counts = task.count(raw, {"cloud_type": types})
    assert not counts.any()
    found, _, _ = _scored(task, raw, types)
    assert found.pop("profiles") == 0
    assert all(np.isnan(value) for value in found.values())


@pytest.mark.parametrize(("name", "typed"), ALL)
def test_of_no_cloud_at_all_what_is_not_defined_is_nan(name, typed):
    task, types = task_named(name), np.zeros((50, LEVELS), np.int8)
    raw = np.full((50, task.outputs(LEVELS)), -5.0, np.float32)
    raw[:, -1] = 5 if name != "cloud_mask_2d" else -5
    if typed:
        raw[:, :LEVELS] = 5
    found, variables, _ = _scored(task, raw, types)
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


@pytest.mark.parametrize(("name", "typed"), ALL)
def test_a_profile_without_a_prediction_is_published_empty_and_counts_as_clear(name, typed):
    task = task_named(name)
    types, raw = _case(name, typed, missing=40)
    found, variables, decision = _scored(task, raw, types)
    assert (variables["cloud_mask"].values[:40] == FILL).all()
    assert (variables["cloud_mask"].values[40:] != FILL).all()
    truth = columns_of(types.T)
    known = truth >= 0
    mask = variables["cloud_mask"].values[known] == 1
    assert found["recall_2d"] == pytest.approx(recall_score(truth[known], mask))
    for variable in variables.data_vars.values():
        empty = variable.isel(point=slice(40))
        fill = variable.attrs["_FillValue"]
        assert np.isnan(empty).all() if np.isnan(fill) else (empty == fill).all()
    nothing = np.full_like(raw, np.nan)
    lost = task.tally(_published(task, nothing, decision), {"cloud_type": types})
    assert task.metrics(lost, decision)["recall_2d"] == 0


@pytest.mark.parametrize(("name", "typed"), ON_LEVELS)
def test_scores_are_those_of_plain_computations(name, typed):
    task = task_named(name)
    types, raw = _case(name, typed)
    found, variables, decision = _scored(task, raw, types)
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
    types, raw = _case(name, typed, unknown=0.005)
    found, variables, decision = _scored(task, raw, types)
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


@pytest.mark.parametrize(("name", "typed"), ON_LEVELS)
def test_calibration_is_logistic_regression_and_thresholds_are_the_best(name, typed):
    task = task_named(name)
    types, raw = _case(name, typed, 2000, unknown=0.0, missing=0)
    _, decision = _decided(task, raw, types)
    logit = np.log(1 / (1 - _shares(raw, typed)) - 1)
    label = (types > 0).ravel()
    model = LogisticRegression(C=1e6).fit(logit.reshape(-1, 1), label)
    assert decision.slope == pytest.approx(model.coef_[0, 0], rel=5e-3)
    assert decision.intercept == pytest.approx(model.intercept_[0], abs=1e-2)
    likely = task.fields(raw.T.copy(), decision)["cloud_probability"].T.ravel()
    scores = [f1_score(label, likely >= step / 250 - 0.002) for step in range(1, 251, 10)]
    assert f1_score(label, likely >= decision.threshold - 0.002) == pytest.approx(
        max(scores), abs=2e-3
    )
    found = task.metrics(task.publish(task.count(raw, {"cloud_type": types}), decision), decision)
    assert found["ece"] < 0.02


def _shares(raw, typed):
    """(item, level) probability of cloud before calibration."""
    if not typed:
        return 1 / (1 + np.exp(-raw[:, :LEVELS].astype(float)))
    classes = np.exp(raw[:, : 9 * LEVELS].reshape(len(raw), 9, LEVELS).astype(float))
    return 1 - classes[:, 0] / classes.sum(axis=1)


def test_the_threshold_of_columns_has_the_best_mean_iou():
    task = task_named("cloud_mask_2d")
    types, raw = _case("cloud_mask_2d", False, 2000, unknown=0.0, missing=0)
    counts, decision = _decided(task, raw, types)
    truth = columns_of(types.T)

    def mean_iou(cut):
        return np.mean([jaccard_score(truth, raw[:, 0] >= cut, pos_label=k) for k in (0, 1)])

    best = max(mean_iou(cut) for cut in np.linspace(-3, 3, 121))
    found = task.metrics(
        task.tally(_published(task, raw, decision), {"cloud_type": types}), decision
    )
    assert found["miou_2d"] == pytest.approx(best, abs=3e-3)
    assert task.score(counts) == pytest.approx(best, abs=5e-3)


@pytest.mark.parametrize(("name", "typed"), ON_LEVELS)
def test_where_a_level_is_cloud_the_column_is(name, typed):
    task = task_named(name)
    types, raw = _case(name, typed, 1000)
    _, decision = _decided(task, raw, types)
    for chosen in (decision, decision.model_copy(update={"column_threshold": 1.0})):
        variables = _published(task, raw, chosen)
        kind = variables["cloud_type" if typed else "cloud_mask_3d"]
        cloud = ((kind > 0) & (kind != FILL)).any("level").values
        assert cloud.any()
        assert (variables["cloud_mask"].values[cloud] == 1).all()
        there = np.isfinite(variables["cloud_top_height"].values)
        assert np.array_equal(there, variables["cloud_mask"].values == 1)
        assert np.array_equal(np.isfinite(variables["cloud_base_height"].values), cloud)
        low, top, high = (
            variables[f"cloud_top_height{end}"].values[there] for end in ("_lower", "", "_upper")
        )
        assert (low <= top).all()
        assert (top <= high).all()
        assert (variables["cloud_top_height_uncertainty"].values[there] > 0).all()


@pytest.mark.parametrize(("name", "typed"), ALL)
def test_a_picture_says_of_each_pixel_what_a_point_says(name, typed):
    task = task_named(name)
    types, raw = _case(name, typed, 400)
    _, decision = _decided(task, raw, types)
    points = _published(task, raw, decision)
    whole = task.variables(
        task.fields(np.ascontiguousarray(raw.T).reshape(-1, 20, 20), decision), decision
    )
    for variable, values in points.data_vars.items():
        flat = whole[variable].values.reshape(values.shape)
        np.testing.assert_array_equal(flat, values.values)
        assert whole[variable].dims[-2:] == ("y", "x")
    expected = task.tally(points, {"cloud_type": types})
    turned = points.transpose("point", ...)
    assert np.array_equal(task.tally(turned, {"cloud_type": types}), expected)
    lying = types.T.reshape(-1, 20, 20)
    assert np.array_equal(task.tally(whole, {"cloud_type": lying}), expected)


@pytest.mark.parametrize(("name", "typed"), ALL)
def test_scores_of_many_samples_at_once_are_those_of_each(name, typed):
    task = task_named(name)
    types, raw = _case(name, typed, 400)
    _, decision = _decided(task, raw, types)
    each = np.stack(
        [
            task.tally(_published(task, raw[part], decision), {"cloud_type": types[part]})
            for part in np.array_split(np.arange(400), 4)
        ]
    )
    many = task.metrics(each.reshape(2, 2, -1), decision)
    for place in ((0, 0), (0, 1), (1, 1)):
        alone = task.metrics(each.reshape(2, 2, -1)[place], decision)
        for score, value in alone.items():
            assert many[score][place] == pytest.approx(value, nan_ok=True), score


@pytest.mark.parametrize(("name", "typed"), ALL)
def test_rules_hold_nothing_that_a_model_chose(name, typed):
    task = task_named(name)
    types, raw = _case(name, typed)
    _, decision = _decided(task, raw, types)
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
    raw = noisy(profiles(3, LEVELS), True)
    with pytest.raises(UsageError, match="altitudes of 0 levels, not of 20"):
        _published(task, raw, task.Decision())


def test_variables_are_named_for_what_they_are():
    task = task_named("cloud_type")
    types, raw = _case("cloud_type", True, 400)
    _, decision = _decided(task, raw, types)
    fields = task.fields(np.ascontiguousarray(raw.T).reshape(-1, 20, 20), decision)
    variables = task.variables(fields, decision)
    kind = variables["cloud_type"]
    assert kind.dtype == np.int8
    assert kind.attrs["flag_meanings"].split()[:2] == ["clear", "cirrus"]
    assert len(kind.attrs["flag_values"]) == 9
    assert variables["cloud_probability"].dtype == variables["cloud_mask"].dtype == np.uint8
    assert variables["altitude"].values.tolist() == list(decision.altitude)
    bounds = variables["altitude_bnds"].values
    assert bounds[0].tolist() == [decision.altitude[0] - 120, decision.altitude[0] + 120]
    step = round(decision.threshold * 250)
    likely = variables["cloud_probability"].values
    assert np.array_equal(kind.values > 0, (likely >= step) & (likely != FILL))
    heights = [name for name in variables if "height" in name]
    assert len(heights) == 6
    for name in heights:
        assert variables[name].dtype == np.float32
        assert variables[name].attrs["units"] == "m"
