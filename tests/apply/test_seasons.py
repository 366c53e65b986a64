"""A map of another season: what was learned of places by heart is left aside, and it says so."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from scipy.ndimage import gaussian_filter

from nephoscope import load_model, predict
from nephoscope.products import cf

FLAG = "other_season_than_learned"


def part_of_a_map(year=28, ls=135.0, west=-60.0):
    """64 x 96 pixels of the maps' own grid, blue around what is called cloud there."""
    rng = np.random.default_rng(3)
    image = 95 + 120 * gaussian_filter(rng.normal(size=(3, 64, 96)), (0, 3, 3))
    return xr.Dataset(
        {
            "image": (("channel", "y", "x"), image.astype(np.float32), {"units": "DN"}),
            "known": (("y", "x"), np.ones((64, 96), bool)),
        },
        coords={
            "channel": ["red", "green", "blue"],
            "latitude": ("y", 20 - 0.1 * np.arange(64)),
            "longitude": ("x", west + 0.1 * np.arange(96)),
            "solar_longitude": ls,
            "mars_year": year,
        },
        attrs={"instrument": "marci", "source_files": ["P01_day01.jpg"], "missing_share": 0.0},
    )


def with_limits_changed(model, by):
    """The model, to which every place is called cloud from so much brighter on."""
    changed = replace(model)
    limits = model.limits.copy(deep=True)
    limits["background_limit"] = limits["background_limit"] + np.float32(by)
    vars(changed)["limits"] = limits
    return changed


@pytest.fixture(scope="module")
def model():
    return load_model("mars")


def test_the_shipped_model_keeps_the_seasons_of_its_training_maps(model):
    assert model.seasons["mars_year"] == [28.0] * 15
    first, last = min(model.seasons["solar_longitude"]), max(model.seasons["solar_longitude"])
    assert (first, last) == (132.5, 138.9)


def test_in_its_season_the_limits_tell(model):
    scene = part_of_a_map()
    usual, other = (predict(m, scene) for m in (model, with_limits_changed(model, 12)))
    assert np.abs(usual["cloud_probability"] - other["cloud_probability"]).max() > 0.2
    assert FLAG in usual["quality_flag"].attrs["flag_meanings"].split()
    assert not (usual["quality_flag"].values.astype(int) & cf.OTHER_SEASON).any()
    assert "season" not in usual.attrs["history"]


@pytest.mark.parametrize(("year", "ls"), [(28, 312.0), (29, 135.0), (28, np.nan)])
def test_in_another_season_neither_limits_nor_longitude_tell(model, year, ls):
    scenes = [
        part_of_a_map(year, ls, west) for west in (-60.0, 36.8)
    ]  # on the same blocks of pixels
    found = [predict(model, each) for each in scenes]
    found.append(predict(with_limits_changed(model, 12), scenes[0]))
    for each in found:
        np.testing.assert_array_equal(each["cloud_probability"], found[0]["cloud_probability"])
        assert (each["quality_flag"].values.astype(int) & cf.OTHER_SEASON).all()
        assert (
            "longitude, and what the model learned of each place, are not used"
            in (each.attrs["history"])
        )
    usual = predict(model, part_of_a_map())["cloud_probability"]
    assert np.abs(found[0]["cloud_probability"] - usual).max() > 0.05


def test_a_model_that_keeps_no_seasons_is_used_as_ever(model):
    ever, other = (part_of_a_map(28, ls) for ls in (135.0, 312.0))
    plain = replace(model, seasons=None)
    found = [predict(plain, each)["cloud_probability"] for each in (ever, other)]
    np.testing.assert_array_equal(*found)
