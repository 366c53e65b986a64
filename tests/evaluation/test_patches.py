"""Patches along a track: decoded counts, places of each pixel, the granule as unit, strata."""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
import pytest

from nephoscope.evaluation.items import published_items
from nephoscope.evaluation.protocol import run_evaluation
from nephoscope.evaluation.sample import read_samples, unit_of
from nephoscope.evaluation.strata import channels_by_view, surface_of
from nephoscope.samples.truth import Points
from nephoscope.tasks import TASKS
from patches_factory import CHANNELS, OFFSET, SCALE, SIDE, VIEWS, make_patches
from voxel_task import VoxelTask, says, voxel_model


@pytest.fixture(autouse=True)
def voxels(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("voxel_task_module")
    module.TASK = VoxelTask()
    monkeypatch.setitem(sys.modules, "voxel_task_module", module)
    monkeypatch.setitem(TASKS, "cloud_type", "voxel_task_module")


def test_counts_are_decoded_channel_by_channel_and_missing_is_nan():
    store = make_patches()
    (sample,) = read_samples(store, [1])
    stored = store["image"].values[1]
    expected = stored * SCALE[:, None, None] + OFFSET[:, None, None]
    missing = stored == -32768
    assert missing[0, :, 0].all()
    np.testing.assert_array_equal(np.isnan(sample.image), missing)
    np.testing.assert_allclose(sample.image[~missing], expected[~missing], rtol=1e-6)
    assert sample.image.dtype == np.float32


def test_a_sample_knows_the_place_of_each_pixel():
    store = make_patches()
    (sample,) = read_samples(store, [2])
    np.testing.assert_array_equal(sample.latitude, store["latitude"].values[2])
    items = published_items(says(0)(sample), sample)
    row, col = (np.floor(each + 0.5).astype(int) for each in (sample.truth.row, sample.truth.col))
    np.testing.assert_array_equal(items.latitude, sample.latitude[row, col])
    assert {band for band, _ in items.by_band()} <= {10, 20, 30}


def test_patches_of_a_granule_are_one_unit():
    store = make_patches((2, 1, 3))
    assert [unit_of(store, n) for n in range(6)] == ["h0", "h0", "h1", "h2", "h2", "h2"]
    found = run_evaluation(voxel_model(), store, predict=says(1))
    assert list(found.scores.by_day) == ["h0", "h1", "h2"]
    assert found.units == ("h0", "h1", "h2")
    assert len(found.spec["maps"]) == 6
    known = store["cloud_type"].values >= 0
    assert sum(each["dice"].n for each in found.scores.by_day.values()) == known.sum()


def test_a_group_of_other_samples_is_no_unit():
    store = make_patches()
    assert unit_of(store.assign_attrs(truth="pixels"), 0) == "h0_00"
    named = store.assign(group=("sample", ["P01"] * 6))
    assert unit_of(named, 0) == "h0_00"
    assert unit_of(store.drop_vars("group"), 0) == "h0_00"


def test_strata_part_the_items_and_add_up_to_all():
    store = make_patches(points=40)
    found = run_evaluation(voxel_model(), store, predict=says(2))
    assert set(found.strata) == {"surface", "views"}
    for labels in found.strata.values():
        parts = [labels[label]["dice"].n for label in labels]
        assert sum(parts) == found.scores.overall["dice"].n
    assert set(found.strata["surface"]) == {"sea", "land"}
    assert set(found.strata["views"]) == {VIEWS - 1, VIEWS}


def test_the_surface_of_a_point_is_that_of_its_pixel():
    store = make_patches((1,), points=60)
    (sample,) = read_samples(store, [0])
    items = published_items(says(0)(sample), sample)
    nearest = np.floor(sample.truth.col + 0.5)
    expected = np.where(nearest < SIDE // 2, "sea", "land")
    np.testing.assert_array_equal(items.strata["surface"], expected)
    np.testing.assert_array_equal(items.strata["views"], np.where(nearest == 0, 2, 3))


def test_kinds_of_ground():
    flag = np.array([[0, 24, 25], [50, 100, np.nan]])
    assert surface_of(flag).tolist() == [["sea", "sea", "mixed"], ["mixed", "land", "unknown"]]


def test_channels_without_views_tell_none():
    assert channels_by_view(["red", "green", "band_03"]) == {}
    assert list(channels_by_view(CHANNELS)) == ["00", "01", "02"]


def test_points_of_a_picture_with_places_of_its_rows_are_as_they_were():
    store = make_patches((1,))
    (sample,) = read_samples(store.drop_vars(["latitude", "longitude"]), [0])
    assert sample.latitude.shape == (SIDE,)
    assert isinstance(sample.truth, Points)
    assert (published_items(says(0)(sample), sample).latitude == 0).all()
