"""The task of cloud ice: counts and scores against plain computations, and what is published."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_score, r2_score, recall_score

from nephoscope.errors import UsageError
from nephoscope.tasks import NO_COUNTS, TASKS, task_named
from nephoscope.tasks.ice_head import TYPICAL_MEAN_IWC, IceHead
from nephoscope.tasks.ice_truth import scaled
from tasks.ice_cases import ALTITUDE, LEVELS, STEP, decided, known_columns, published

TASK = task_named("cloud_ice")


@pytest.fixture(scope="module")
def case():
    """Truth, raw numbers, decision, and what is published, some of each missing."""
    truth, raw = known_columns(2500)
    truth["iwc"][10:60, 3] = np.nan
    truth["ice_number"][100:200] = np.nan
    raw[:5] = np.nan
    _, decision = decided(TASK, truth, raw)
    return truth, raw, decision, published(TASK, raw, decision)


def scored(truth, variables, decision):
    return TASK.metrics(TASK.tally(variables, truth), decision)


def test_the_task_is_named():
    assert "cloud_ice" in TASKS
    assert (TASK.name, TASK.samples, TASK.truth) == ("cloud_ice", "cloud_ice", "points")
    assert TASK.outputs(64) == 9 * 64 + 6
    assert IceHead.of(TASK.outputs(64)).levels == 64


def test_counts_add_up_whatever_the_cutting_and_the_order(case):
    truth, raw, decision, _ = case
    whole = TASK.count(raw, truth)
    assert (whole.ndim, whole.dtype) == (1, np.int64)
    tally = TASK.tally(published(TASK, raw, decision), truth)
    total = told = NO_COUNTS
    for part in np.array_split(np.random.default_rng(4).permutation(2500), [1, 1, 2100]):
        some = {name: values[part] for name, values in truth.items()}
        total = total + TASK.count(raw[part], some)
        told = told + TASK.tally(published(TASK, raw[part], decision), some)
    assert np.array_equal(total, whole)
    assert np.array_equal(told, tally)


def test_what_is_published_is_counted_about_as_the_fit_counted_it(case):
    truth, raw, decision, variables = case
    counts = TASK.count(raw, truth)
    expected = TASK.metrics(TASK.publish(counts, decision), decision)
    found = scored(truth, variables, decision)
    assert expected.keys() == found.keys()
    for name in ("f1", "precision", "recall", "log_mae", "cloud_share", "ece"):
        assert expected[name] == pytest.approx(found[name], abs=3e-3), name
    for name in ("r2_log", "crps_log", "coverage", "number_log_mae", "log_mae_p50"):
        assert expected[name] == pytest.approx(found[name], abs=0.03), name
    assert found["profiles"] == expected["profiles"] == 2500
    assert TASK.score(counts) == pytest.approx(found["f1"], abs=3e-3)
    assert TASK.score(NO_COUNTS) == 0


def test_scores_of_cloud_and_of_ice_are_those_of_plain_computations(case):
    truth, _, decision, variables = case
    found = scored(truth, variables, decision)
    iwc, likely = truth["iwc"].T, variables["cloud_probability"].values
    known = np.isfinite(iwc)
    said = (likely / 250 >= decision.threshold) & (likely != 255)
    cloud = iwc > 1e-7
    assert found["f1"] == pytest.approx(f1_score(cloud[known], said[known]))
    assert found["precision"] == pytest.approx(precision_score(cloud[known], said[known]))
    assert found["recall"] == pytest.approx(recall_score(cloud[known], said[known]))
    seen, both = known & (likely != 255), cloud & said
    off = np.log10(variables["iwc_in_cloud_p50"].values[both]) - np.log10(iwc[both])
    assert found["log_mae"] == pytest.approx(np.abs(off).mean(), rel=1e-5)
    median = variables["iwc_p50"].values
    there = cloud & (median > 0)
    off = np.log10(median[there]) - np.log10(iwc[there])
    assert found["log_mae_p50"] == pytest.approx(np.abs(off).mean(), rel=1e-5)
    floored = np.log10(np.maximum(median, 1e-7)) - np.log10(np.maximum(iwc, 1e-7))
    assert found["log_mae_all"] == pytest.approx(np.abs(floored[cloud & seen]).mean(), rel=1e-5)
    mean = variables["iwc"].values
    assert found["mae"] == pytest.approx(1e3 * np.abs(mean - iwc)[seen].mean(), rel=1e-4)
    assert found["r2_linear"] == pytest.approx(r2_score(iwc[seen], mean[seen]), abs=1e-5)
    assert found["r_linear"] == pytest.approx(np.corrcoef(iwc[seen], mean[seen])[0, 1], abs=1e-5)
    pair = scaled(iwc[seen]), scaled(median[seen])
    assert found["r2_log"] == pytest.approx(r2_score(*pair), abs=1e-5)
    assert found["r_log"] == pytest.approx(np.corrcoef(*pair)[0, 1], abs=1e-5)
    levels = TASK.details(TASK.tally(variables, truth), decision)["by_level"]
    for level in (0, 3, LEVELS - 1):
        here = known[level]
        assert levels["dice"][level] == pytest.approx(
            f1_score(cloud[level, here], said[level, here])
        )
        pair = variables["iwc_in_cloud_p50"].values[level], iwc[level]
        off = np.subtract(*(np.log10(each[both[level]]) for each in pair))
        assert levels["log_mae"][level] == pytest.approx(np.abs(off).mean(), rel=1e-5)


def test_scores_of_intervals_paths_numbers_and_tops_are_those_of_plain_computations(case):
    truth, _, decision, variables = case
    found = scored(truth, variables, decision)
    iwc, likely = truth["iwc"].T, variables["cloud_probability"].values
    seen = np.isfinite(iwc) & (likely != 255)
    low, median, high = (variables[f"iwc_p{share}"].values for share in ("05", "50", "95"))
    possible = seen & (high > 0)
    inside = np.where(iwc > 1e-7, (low <= iwc) & (iwc <= high), low == 0)
    assert found["held"] == pytest.approx(inside[possible].mean())
    assert found["held_all"] == pytest.approx(inside[seen].mean())
    assert found["held_in_cloud"] == pytest.approx(inside[seen & (iwc > 1e-7)].mean())
    crps = np.mean(
        [2 * np.maximum(share * off, (share - 1) * off)
         for share, each in ((0.05, low), (0.5, median), (0.95, high))
         for off in [1e3 * (iwc - each)[seen]]]
    )  # fmt: skip
    assert found["crps"] == pytest.approx(crps, rel=1e-3)
    path, said = iwc.sum(axis=0) * STEP, variables["iwp"].values
    whole = np.isfinite(path) & np.isfinite(said)
    assert found["iwp_bias"] == pytest.approx(said[whole].sum() / path[whole].sum() - 1, abs=1e-5)
    decade = whole & (path >= 1e-2) & (path < 1e-1)
    expected = said[decade].sum() / path[decade].sum() - 1
    assert found["iwp_bias_1e-02"] == pytest.approx(expected, abs=1e-4)
    details = TASK.details(TASK.tally(variables, truth), decision)["by_path"]
    place = int(np.flatnonzero(details["lowest"] == 1e-2)[0])
    assert details["columns"][place] == decade.sum()
    assert details["true_mean"][place] == pytest.approx(path[decade].mean(), rel=1e-4)
    number, crystals = variables["ice_number_concentration"].values, truth["ice_number"].T
    there = seen & np.isfinite(crystals)
    expected = number[there].sum() / crystals[there].sum() - 1
    assert found["number_bias"] == pytest.approx(expected, abs=1e-4)
    cloud = np.where(np.isnan(iwc), False, iwc > 1e-7)
    first = cloud.argmax(axis=0)
    above = np.isnan(iwc) & (np.arange(LEVELS)[:, None] < first)
    top = np.array(ALTITUDE)[first]
    chosen = cloud.any(axis=0) & ~above.any(axis=0)
    off = (variables["cloud_top_height"].values - top)[chosen]
    assert found["top_mae"] == pytest.approx(np.nanmean(np.abs(off)))
    assert found["top_bias"] == pytest.approx(np.nanmean(off), abs=1e-3)
    assert found["top_found"] == pytest.approx(np.isfinite(off).mean())


def test_means_add_up_to_the_truth_and_intervals_hold_nine_in_ten():
    """On draws from the very distribution that the raw numbers tell."""
    truth, raw = known_columns(12_000, seed=3)
    _, decision = decided(TASK, truth, raw)
    assert decision.mean_factor == pytest.approx(1, abs=0.03)
    assert decision.number_factor == pytest.approx(1, abs=0.03)
    assert decision.spread == pytest.approx(1, abs=0.05)
    other, raw = known_columns(12_000, seed=4)
    found = scored(other, published(TASK, raw, decision), decision)
    assert found["iwp_bias"] == pytest.approx(0, abs=0.03)
    assert found["number_bias"] == pytest.approx(0, abs=0.03)
    for name in ("coverage", "coverage_all", "iwp_coverage"):
        assert found[name] == pytest.approx(0.9, abs=0.015), name
    assert found["log_mae"] == pytest.approx(0.5 * np.sqrt(2 / np.pi), abs=0.01)


@pytest.mark.parametrize(("factor", "believed"), [(3.0, 0.25), (0.5, 1.0)])
def test_a_head_that_is_biased_and_too_sure_is_calibrated(factor, believed):
    truth, raw = known_columns(9000, seed=6, known_sigma=believed)
    mean = slice(6 * LEVELS, 7 * LEVELS)
    raw[:, mean] += np.log10(factor)
    _, decision = decided(TASK, truth, raw)
    assert decision.mean_factor == pytest.approx(1 / factor, rel=0.04)
    assert decision.spread == pytest.approx(0.5 / believed, rel=0.08)
    found = scored(truth, published(TASK, raw, decision), decision)
    assert found["iwp_bias"] == pytest.approx(0, abs=0.01)
    assert found["coverage"] == pytest.approx(0.9, abs=0.01)


def test_the_path_is_the_integral_of_what_is_published(case):
    *_, variables = case
    thick = variables["altitude_bnds"].diff("bnds").squeeze("bnds")
    assert (thick == STEP).all()
    path = (variables["iwc"].astype(np.float64) * thick).sum("level", skipna=False)
    np.testing.assert_array_equal(variables["iwp"], path.astype(np.float32))


def test_clear_is_zero_and_missing_is_not(case):
    _, _, decision, variables = case
    likely = variables["cloud_probability"].values
    amounts = [name for name, each in variables.items() if str(name).startswith(("iwc", "ice_"))]
    assert len(amounts) == 7
    for name in amounts:
        values = variables[name].values
        assert np.isnan(values[:, :5]).all()
        assert (values[:, 5:] >= 0).all()
        assert (values[likely < 5] == 0).all()
    said = likely[:, 5:] >= round(250 * decision.threshold)
    assert (variables["iwc"].values[:, 5:][said] > 0).all()
    assert (variables["cloud_mask"].values[5:] == said.any(axis=0)).all()
    assert (variables["cloud_mask"].values[:5] == 255).all()
    top = variables["cloud_top_height"].values
    assert np.array_equal(np.isfinite(top), variables["cloud_mask"].values == 1)
    low, median, high = (variables[f"iwc_p{share}"].values[:, 5:] for share in ("05", "50", "95"))
    assert ((low <= median) & (median <= high)).all()
    assert np.isnan(variables["iwp"].values[:5]).all()


def test_a_picture_is_published_as_points_are(case):
    truth, raw, decision, variables = case
    picture = np.moveaxis(raw[:600].reshape(20, 30, -1), -1, 0)
    found = TASK.variables(TASK.fields(picture, decision), decision)
    assert found["iwc"].dims == ("level", "y", "x")
    for name, values in variables.isel(point=slice(0, 600)).items():
        flat = found[name].values.reshape(*values.shape)
        np.testing.assert_allclose(flat, values, rtol=1e-6, err_msg=str(name))
    levels_first = {name: values[:600].T.reshape(LEVELS, 20, 30) for name, values in truth.items()}
    tally = TASK.tally(found, levels_first)
    first = {name: values[:600] for name, values in truth.items()}
    assert np.array_equal(tally, TASK.tally(variables.isel(point=slice(0, 600)), first))


def test_variables_say_what_they_are(case):
    *_, variables = case
    for name, each in variables.items():
        assert each.attrs["long_name"], name
        assert each.attrs["units"], name
        fill = each.attrs["_FillValue"]
        assert type(fill) is each.dtype.type, name
        assert all(
            other in variables or other == "quality_flag"
            for other in each.attrs.get("ancillary_variables", "").split()
        )
    assert variables["iwc"].attrs["units"] == "kg m-3"
    assert variables["iwp"].attrs["standard_name"] == "atmosphere_mass_content_of_cloud_ice"
    name = "number_concentration_of_ice_crystals_in_air"
    assert variables["ice_number_concentration"].attrs["standard_name"] == name


def test_profiles_without_truth_count_nothing(case):
    _, raw, decision, variables = case
    nothing = {"iwc": np.full((2500, LEVELS), np.nan, np.float32)}
    assert not TASK.tally(variables, nothing).any()
    counts = TASK.count(raw, nothing)
    assert TASK.score(counts) == 0
    assert TASK.decide(counts).mean_factor == 1
    found = scored(nothing, variables, decision)
    assert found.pop("profiles") == 0
    assert all(np.isnan(value) for value in found.values())


def test_of_a_perfect_prediction_nothing_is_wrong():
    truth, raw = known_columns(1500, known_sigma=0.01)
    volume = raw[:, : 9 * LEVELS].reshape(-1, 9, LEVELS)
    cloud = truth["iwc"] > 1e-7
    volume[:, 0] = np.where(cloud, 40, -40)
    logs = np.log10(np.maximum(truth["iwc"], 1e-7))
    volume[:, 3] = logs + 5
    volume[:, 6] = logs - TYPICAL_MEAN_IWC
    found = scored(truth, published(TASK, raw, decided(TASK, truth, raw)[1]),
                   decided(TASK, truth, raw)[1])  # fmt: skip
    for name in ("f1", "precision", "recall", "r2_linear", "r_linear", "r2_log", "r2_in_cloud",
                 "f1_2d", "top_found"):  # fmt: skip
        assert found[name] == pytest.approx(1, abs=2e-3), name
    for name in ("log_mae", "log_mae_p50", "iwp_bias", "top_mae", "top_bias", "ece"):
        assert found[name] == pytest.approx(0, abs=2e-3), name


def test_scores_of_many_samples_at_once_are_those_of_each(case):
    truth, raw, decision, _ = case
    each = np.stack(
        [
            TASK.tally(published(TASK, raw[part], decision), {n: v[part] for n, v in truth.items()})
            for part in np.array_split(np.arange(2500), 4)
        ]
    ).reshape(2, 2, -1)
    many = TASK.metrics(each, decision)
    for place in ((0, 0), (1, 1)):
        for name, value in TASK.metrics(each[place], decision).items():
            assert many[name][place] == pytest.approx(value, nan_ok=True), name


def test_a_decision_is_kept_as_json_and_knows_its_levels(case):
    _, raw, decision, _ = case
    again = TASK.Decision.model_validate_json(decision.model_dump_json())
    assert again == decision
    with pytest.raises(UsageError, match="altitudes"):
        published(TASK, raw, decision.model_copy(update={"altitude": ALTITUDE[1:]}))
    rules = TASK.rules(decision)
    assert rules["levels"] == {"lowest": 2000, "highest": ALTITUDE[0], "number": LEVELS}
    assert f"{decision.threshold:.3f}" in TASK.advice(decision)
    scores = {"full": TASK.metrics(TASK.tally(published(TASK, raw, decision), case[0]), decision)}
    assert set(TASK.kept) <= scores["full"].keys()
    assert len(TASK.summary(scores, decision)) == len(scores["full"]) + 1
