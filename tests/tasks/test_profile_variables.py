"""What tasks of profiles publish: of points and of pictures, with and without a prediction."""

import tracemalloc

import numpy as np
import pytest
from sklearn.metrics import recall_score

from nephoscope.tasks import task_named
from nephoscope.tasks.mask import FILL
from nephoscope.tasks.profile_truth import columns_of
from tasks.profile_cases import (
    ALL,
    ON_LEVELS,
    altitudes,
    case,
    decided,
    published,
    scored,
)


@pytest.mark.parametrize(("name", "typed"), ALL)
def test_a_profile_without_a_prediction_is_published_empty_and_counts_as_clear(name, typed):
    task = task_named(name)
    types, raw = case(name, typed, missing=40)
    found, variables, decision = scored(task, raw, types)
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
    lost = task.tally(published(task, nothing, decision), {"cloud_type": types})
    assert task.metrics(lost, decision)["recall_2d"] == 0


@pytest.mark.parametrize(("name", "typed"), ON_LEVELS)
def test_a_column_called_clear_has_no_cloud_on_any_level_and_no_height(name, typed):
    task = task_named(name)
    types, raw = case(name, typed, 1000)
    _, decision = decided(task, raw, types)
    for threshold in (decision.column_threshold, 0.9):
        chosen = decision.model_copy(update={"column_threshold": threshold})
        variables = published(task, raw, chosen)
        kind = variables["cloud_type" if typed else "cloud_mask_3d"]
        cloud = ((kind > 0) & (kind != FILL)).any("level").values
        assert cloud.any()
        likely = variables["cloud_probability"].where(variables["cloud_probability"] != FILL, 0)
        above = (likely >= round(decision.threshold * 250)).any("level").values
        assert np.array_equal(cloud, above & (variables["cloud_mask"].values == 1))
        assert (above & ~cloud).any()
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
    types, raw = case(name, typed, 400)
    _, decision = decided(task, raw, types)
    points = published(task, raw, decision)
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


def test_variables_are_named_for_what_they_are():
    task = task_named("cloud_type")
    types, raw = case("cloud_type", True, 400)
    _, decision = decided(task, raw, types)
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
    cloudy = variables["cloud_mask"].values == 1
    assert np.array_equal(kind.values > 0, (likely >= step) & (likely != FILL) & cloudy)
    heights = [name for name in variables if "height" in name]
    assert len(heights) == 6
    for name in heights:
        assert variables[name].dtype == np.float32
        assert variables[name].attrs["units"] == "m"


def test_a_band_takes_little_more_memory_than_its_raw_numbers():
    task = task_named("cloud_type")
    decision = task.Decision(altitude=altitudes(81))
    raw = np.random.default_rng(0).normal(size=(811, 20, 60)).astype(np.float32)
    published(task, raw[:, 0, :2].T, decision)  # what is imported counts for nothing
    tracemalloc.start()
    fields = task.fields(raw, decision)
    of_fields = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    task.variables(fields, decision)
    of_variables = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert of_fields < 1.3 * raw.nbytes
    assert of_variables < 1.7 * raw.nbytes
