"""Layer means, regridding and columns against sums by hand and a plain loop."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from nephoscope.errors import UsageError
from nephoscope.levels import average_layers, ice_water_path, regrid
from nephoscope.track import height_bounds

GATES = 20580 - 60.0 * np.arange(400)  # 20 580 .. -3 360 m


def shared(profiles=3, height=GATES, **variables):
    time = np.datetime64("2008-06-01", "ns") + np.arange(profiles) * np.timedelta64(1, "s")
    dims = {1: "profile", 2: ("profile", "level")}
    return xr.Dataset(
        {name: (dims[values.ndim], values) for name, values in variables.items()},
        {
            "time": ("profile", time),
            "latitude": ("profile", np.zeros(profiles)),
            "longitude": ("profile", np.zeros(profiles)),
            "height": ("level", height.astype(np.float32)),
            "height_bounds": (("level", "bound"), height_bounds(height)),
        },
        {"instrument": "dardar", "product": "DARDAR-Nice", "source_files": ["a.nc"]},
    )


def test_the_64_levels_of_240_m_have_true_centres_and_bounds():
    values = np.random.default_rng(0).random((3, 400)).astype(np.float32)
    layers = average_layers(shared(iwc=values), 240, 1650, 17010)
    height = layers["height"].values
    assert (len(height), height[0], height[-1]) == (64, 16890, 1770)  # lowest gate + 90 m
    assert layers["height_bounds"].values[-1].tolist() == [1650, 1890]
    first = int(np.flatnonzero(GATES == 16980)[0])
    means = values[:, first : first + 256].reshape(3, 64, 4).mean(axis=2)
    np.testing.assert_allclose(layers["iwc"], means, rtol=1e-6)


def test_gates_count_with_their_depth_inside_the_layer():
    values = np.zeros((1, 400), np.float32)
    values[0, GATES == 60] = 1  # the gate 30..90 m
    layers = average_layers(shared(1, iwc=values), 100, 0, 200)
    np.testing.assert_allclose(layers["iwc"].values, [[0.0, 0.6]], atol=1e-7)
    layers = average_layers(shared(1, iwc=values), 70, 10, 150)
    np.testing.assert_allclose(layers["iwc"].values, [[10 / 70, 50 / 70]], rtol=1e-6)


@given(st.integers(61, 3000), st.integers(1, 5))
def test_averaging_keeps_the_ice_of_the_column(thickness, count):
    values = np.random.default_rng(thickness).random((2, 400)).astype(np.float32)
    track = shared(2, iwc=values)
    layers = average_layers(track, thickness, 0, thickness * count)
    inside = np.clip(GATES + 30, 0, thickness * count) - np.clip(GATES - 30, 0, thickness * count)
    np.testing.assert_allclose(ice_water_path(layers), values @ inside, rtol=1e-5)


def test_missing_is_not_clear():
    values = np.ones((1, 400), np.float32)
    values[0, (GATES > 0) & (GATES < 240)] = np.nan  # 180, 120, 60 m
    values[0, GATES == 300] = np.nan
    layers = average_layers(shared(1, iwc=values), 240, 30, 510)
    assert layers["iwc"].values[0, 0] == 1  # one gate of four is missing
    assert np.isnan(layers["iwc"].values[0, 1])  # three are
    assert np.isnan(ice_water_path(layers).values[0])


def test_the_radius_is_ice_over_cross_section_and_flags_are_the_most_frequent():
    content = np.zeros((1, 400), np.float32)
    radius = np.full((1, 400), np.nan, np.float32)
    content[0, :2], radius[0, :2] = [1e-4, 3e-4], [20e-6, 60e-6]
    code = np.zeros((1, 400), np.int16)
    code[0, :4] = [7, 2, 7, 2]
    track = shared(1, iwc=content, effective_radius=radius, cloud_mask_code=code)
    layers = average_layers(track, 240, 20130, 20610)
    by_hand = 4e-4 / (1e-4 / 20e-6 + 3e-4 / 60e-6)
    assert layers["effective_radius"].values[0, 0] == pytest.approx(by_hand, rel=1e-5)
    assert np.isnan(layers["effective_radius"].values[0, 1])
    assert layers["cloud_mask_code"].values.tolist() == [[2, 0]]


@pytest.mark.parametrize("layers", [(0, 0, 240), (240, 0, 250), (240, 0, 48000), (240, 480, 0)])
def test_layers_that_make_no_sense_are_refused(layers):
    with pytest.raises(UsageError):
        average_layers(shared(iwc=np.zeros((3, 400), np.float32)), *layers)


def per_profile(height, codes):
    coords = {
        "time": ("profile", np.full(len(height), "2008-06-01", "datetime64[ns]")),
        "latitude": ("profile", np.zeros(len(height))),
        "longitude": ("profile", np.zeros(len(height))),
        "height": (("profile", "level"), height.astype(np.float32)),
    }
    kinds = (("profile", "level"), codes.astype(np.int8), {"missing_value": np.int8(-1)})
    attrs = {"instrument": "cloudsat", "product": "2B-CLDCLASS", "source_files": ["a"]}
    return xr.Dataset({"cloud_type": kinds}, coords, attrs)


def nearest_by_loop(height, codes, centres, reach):
    found = np.full((len(height), len(centres)), -1)
    for profile, level in np.ndindex(found.shape):
        gap = np.abs(height[profile] - centres[level])
        if np.isfinite(gap).any() and np.nanmin(gap) <= reach:
            found[profile, level] = codes[profile, np.nanargmin(gap)]
    return found


@given(st.integers(0, 10_000))
def test_regridding_takes_the_nearest_bin(seed):
    rng = np.random.default_rng(seed)
    height = 24900 + rng.integers(-500, 500, 8)[:, None] - 240.0 * np.arange(125)
    height = height + rng.integers(-9, 9, height.shape)
    height[rng.random(height.shape) < 0.05] = np.nan
    height[0] = np.nan
    codes = rng.integers(0, 9, height.shape)
    centres = np.sort(rng.uniform(-6000, 26000, 40))[::-1]
    track = regrid(per_profile(height, codes), centres)
    reach = np.nanmedian(-np.diff(height.astype(np.float32), axis=1)) / 2 + 1
    expected = nearest_by_loop(height, codes, centres, reach)
    np.testing.assert_array_equal(track["cloud_type"].values, expected)
    assert track["height"].dims == ("level",)


def test_regridding_refuses_what_it_cannot_do():
    track = per_profile(np.array([[900.0, 660]]), np.array([[1, 2]]))
    with pytest.raises(UsageError, match="fall"):
        regrid(track, np.array([1.0, 2.0]))
    with pytest.raises(UsageError, match="heights of their own"):
        average_layers(track, 240, 0, 480)
    track["cloud_type"].attrs.clear()
    with pytest.raises(UsageError, match="missing_value"):
        regrid(track, np.array([900.0, 660.0]))


@pytest.mark.parametrize("wrong", [None, np.zeros((3, 4)), xr.Dataset(), "track.nc"])
def test_what_is_no_track_is_refused(wrong):
    for change in (
        lambda: average_layers(wrong, 240, 0, 2400),
        lambda: regrid(wrong, np.array([2000.0, 1000.0])),
        lambda: ice_water_path(wrong),
    ):
        with pytest.raises(UsageError, match="no Track, as open_track gives it"):
            change()


@pytest.mark.parametrize("layers", [("a", 0, 240), (240, None, 480), (240, 0, [480])])
def test_layers_that_are_no_numbers_are_refused(layers):
    with pytest.raises(UsageError, match="are numbers, m"):
        average_layers(shared(iwc=np.zeros((3, GATES.size), np.float32)), *layers)
