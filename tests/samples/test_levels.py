"""Levels of truth at points: by number, by the nearest bin in height; what is doubtful."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from nephoscope.errors import InputError
from nephoscope.recipe import Levels, PointTruth
from nephoscope.samples.levels import altitude_of, on_levels
from nephoscope.samples.part import load_part
from nephoscope.samples.store import open_samples, points_of

spec = importlib.util.spec_from_file_location(
    "views_factory", Path(__file__).parent / "views_factory.py"
)
factory = importlib.util.module_from_spec(spec)
spec.loader.exec_module(factory)
RANGE = {"levels": {"lowest": 600, "highest": 19_800, "step": 240}}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return factory.write(tmp_path_factory.mktemp("levels") / "s.zarr", seed=3)


def test_all_bins_or_some_of_them(store):
    held = open_samples(store)
    whole = held["cloud_type"].values
    every = points_of(held, [0, 2])
    assert every[1].values["cloud_type"].shape == (factory.POINTS, 125)
    some = points_of(held, [2, 0], PointTruth(levels=Levels(bins=(4, 103))))
    np.testing.assert_array_equal(
        some[0].values["cloud_type"], whole[2 * factory.POINTS : 3 * factory.POINTS, 4:103]
    )
    np.testing.assert_array_equal(some[1].values["cloud_type"], whole[: factory.POINTS, 4:103])
    altitude = altitude_of(held, PointTruth(levels=Levels(bins=(4, 103))))
    assert len(altitude) == 99
    np.testing.assert_allclose(np.diff(altitude), -240, atol=0.01)
    assert altitude[0] == pytest.approx(25_000 - 4 * 240, abs=110)


def test_each_level_takes_the_nearest_bin_of_its_profile(store):
    """Looked for one by one."""
    held, wanted = open_samples(store), PointTruth(**RANGE)
    centres = altitude_of(held, wanted)
    np.testing.assert_array_equal(centres, np.arange(19_800, 599, -240))
    assert len(centres) == 81
    heights, kinds = held["height"].values, held["cloud_type"].values
    found = np.concatenate([p.values["cloud_type"] for p in points_of(held, range(3), wanted)])
    for profile, (height, kind) in enumerate(zip(heights, kinds, strict=True)):
        for level, centre in enumerate(centres):
            if np.isnan(height).all():
                assert found[profile, level] == -1
                continue
            nearest = int(np.nanargmin(np.abs(height - centre)))
            assert found[profile, level] == kind[nearest]


def test_levels_beyond_the_bins_are_unknown():
    height = np.array([[3000.0, 2760, 2520, 2280]])
    held = {"height": height, "cloud_type": np.array([[1, 2, 3, 4]], np.int8),
            "ice": np.array([[1.0, 2, 3, 4]])}  # fmt: skip
    wanted = PointTruth(levels=Levels(lowest=2000, highest=3500, step=250))
    found = on_levels(held, wanted, "s")
    # 3500, 3250, 3000, 2750, 2500, 2250, 2000
    assert found["cloud_type"].tolist() == [[-1, -1, 1, 2, 3, 4, -1]]
    assert found["cloud_type"].dtype == np.int8
    np.testing.assert_array_equal(found["ice"], [[np.nan, np.nan, 1, 2, 3, 4, np.nan]])
    assert set(found) == {"cloud_type", "ice"}


def test_what_is_not_confident_is_unknown_if_asked():
    """Bits 11 and 12 of the code: 1 is confident; the missing code is not, whatever its bits."""
    confident = 1 << 11 | 1 << 1 | 1
    codes = np.array([[confident, 1 << 1 | 1, 2 << 11 | 3, 3 << 11 | 3, -9999, -32768]], np.int16)
    kind = np.array([[1, 1, 1, 1, 8, 0]], np.int8)
    held = {"cloud_scenario": codes, "cloud_type": kind, "profile": np.array([4])}
    kept = on_levels(held, PointTruth(), "s")
    assert kept["cloud_type"].tolist() == kind.tolist()
    strict = on_levels(held, PointTruth(low_quality="unknown"), "s")
    assert strict["cloud_type"].tolist() == [[1, -1, -1, -1, -1, -1]]
    assert set(strict) == {"cloud_type"}
    assert kind.tolist() == [[1, 1, 1, 1, 8, 0]]


def test_doubtful_bins_of_a_store_are_unknown_in_all_its_parts(store):
    held = open_samples(store)
    strict = factory.recipe(truth={"low_quality": "unknown", "levels": {"bins": [4, 103]}})
    part = load_part(store, "validation", strict)
    mine = slice(2 * factory.POINTS, 3 * factory.POINTS)
    code = held["cloud_scenario"].values[mine, 4:103].astype(np.int64) & 0xFFFF
    kind = held["cloud_type"].values[mine, 4:103]
    expected = np.where((code >> 11) % 4 == 1, kind, -1)
    np.testing.assert_array_equal(part.points[0].values["cloud_type"], expected)
    assert part.levels == 99
    assert part.altitude.shape == (99,)


def test_levels_that_cannot_be_found_are_named(store):
    held = open_samples(store)
    with pytest.raises(InputError, match=r"\[height\]"):
        points_of(held.drop_vars("height"), [0], PointTruth(**RANGE))
    with pytest.raises(InputError, match=r"\[cloud_type\].*125 levels.*130"):
        points_of(held, [0], PointTruth(levels=Levels(bins=(4, 130))))
    assert altitude_of(held.drop_vars("height"), PointTruth()) is None


def test_points_of_many_samples_are_those_of_each(store):
    held, wanted = open_samples(store), PointTruth(**RANGE)
    together = points_of(held, [2, 0, 1], wanted)
    for index, mine in zip([2, 0, 1], together, strict=True):
        alone = points_of(held, [index], wanted)[0]
        np.testing.assert_array_equal(mine.row, alone.row)
        np.testing.assert_array_equal(mine.corners.weight, alone.corners.weight)
        np.testing.assert_array_equal(mine.values["cloud_type"], alone.values["cloud_type"])


def test_levels_of_a_recipe():
    assert Levels(**RANGE["levels"]).centres().size == 81
    assert Levels(bins=(4, 103)).centres() is None
    for wrong in (
        {},
        {"lowest": 600, "highest": 1000, "step": 240},
        {"lowest": 600, "highest": 600, "step": 240},
        {"lowest": 600, "highest": 840, "step": -240},
        {"bins": (5, 5)},
        {"bins": (-1, 5)},
        {"bins": (4, 103), "step": 240},
        {"lowest": 600, "step": 240},
    ):
        with pytest.raises(ValueError, match=r"bins|steps|greater"):
            Levels(**wrong)
