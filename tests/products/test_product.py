"""The product holds what was predicted, and never takes missing for clear."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import maximum_filter

from nephoscope.products import cf
from nephoscope.products.quality import near
from product_factory import mars_product


def make_scene(rows: int = 37, cols: int = 72, missing: np.ndarray | None = None) -> xr.Dataset:
    image = np.full((3, rows, cols), 90, np.float32)
    if missing is not None:
        image[:, missing] = np.nan
    return xr.Dataset(
        {"image": (("channel", "y", "x"), image)},
        coords={
            "channel": ["red", "green", "blue"],
            "latitude": ("y", np.linspace(90, -90, rows)),
            "longitude": ("x", -180 + np.arange(cols) * 360 / cols),
            "solar_longitude": 132.5,
            "mars_year": 28,
        },
        attrs={
            "instrument": "marci",
            "source_files": ["maps/P01_day01_zequat.jpg"],
            "id": "P01_day01",
            "missing_share": 0.0,
        },
    )


def every_step() -> np.ndarray:
    values = np.full((37, 72), np.nan, np.float32)
    values.flat[:251] = np.arange(251) / 250
    return values


@given(step=st.integers(0, 250))
def test_mask_is_exactly_stored_probability_at_or_above_threshold(step):
    product = mars_product(every_step(), make_scene(), step / 250)
    decoded = xr.decode_cf(product)
    stored = decoded["cloud_probability"].values
    known = ~np.isnan(stored)
    mask = product["cloud_mask"].values
    assert known.sum() == 251
    for threshold in (product.attrs["threshold"], step / 250):
        np.testing.assert_array_equal(mask[known], stored[known] >= threshold)
    assert (mask[~known] == 255).all()
    assert product["cloud_mask"].attrs["threshold"] == product.attrs["threshold"]


def test_missing_is_never_clear_even_if_the_network_says_so():
    missing = np.zeros((37, 72), bool)
    missing[10:20, 5:9] = True
    product = mars_product(np.zeros((37, 72), np.float32), make_scene(missing=missing))
    np.testing.assert_array_equal(product["cloud_mask"].values == 255, missing)
    np.testing.assert_array_equal(product["cloud_probability"].values == 255, missing)
    np.testing.assert_array_equal(product["quality_flag"].values & cf.MISSING > 0, missing)
    assert product.attrs["missing_share"] == pytest.approx(40 / (37 * 72))


def test_blank_has_no_prediction_and_says_why():
    rows = np.zeros((37, 1), bool)
    rows[:5] = True
    product = mars_product(np.ones((37, 72), np.float32), make_scene(), outside=rows, blank=rows)
    assert (product["cloud_mask"].values[:5] == 255).all()
    assert (product["cloud_mask"].values[5:] == 1).all()
    bits = cf.NOT_REQUESTED | cf.OUTSIDE | cf.BACKGROUND_ABSENT
    assert (product["quality_flag"].values[:5] == bits).all()
    assert (product["quality_flag"].values[5:] == cf.BACKGROUND_ABSENT).all()


def test_outside_the_season_is_marked_but_predicted():
    rows = np.arange(37)[:, None] < 4
    product = mars_product(
        np.ones((37, 72), np.float32),
        make_scene(),
        outside=rows,
        background_sha256="cd" * 32,
    )
    assert (product["cloud_mask"].values == 1).all()
    expected = np.broadcast_to(rows * cf.OUTSIDE, (37, 72))
    np.testing.assert_array_equal(product["quality_flag"].values, expected)
    assert product.attrs["background_sha256"] == "cd" * 32


@pytest.mark.parametrize(("columns", "partial"), [(15, False), (20, True)])
def test_a_map_that_lacks_swaths_is_partial(columns, partial):
    missing = np.zeros((37, 72), bool)
    missing[:, :columns] = True
    product = mars_product(np.zeros((37, 72), np.float32), make_scene(missing=missing))
    assert bool((product["quality_flag"].values & cf.PARTIAL).all()) is partial


def test_polar_night_does_not_make_a_map_partial():
    night = np.zeros((37, 72), bool)
    night[25:] = True
    outside = np.arange(37)[:, None] >= 25
    zeros = np.zeros((37, 72), np.float32)
    product = mars_product(zeros, make_scene(missing=night), outside=outside)
    assert not (product["quality_flag"].values & cf.PARTIAL).any()
    assert product.attrs["missing_share_within_seasonal_bounds"] == 0


@given(seed=st.integers(0, 2**32 - 1), pixels=st.integers(1, 9), wraps=st.booleans())
def test_near_is_a_maximum_filter(seed, pixels, wraps):
    where = np.random.default_rng(seed).random((23, 31)) < 0.01
    mode = ("constant", "wrap" if wraps else "constant")
    expected = maximum_filter(where, 2 * pixels + 1, mode=mode)
    np.testing.assert_array_equal(near(where, pixels, wraps), expected)


def test_near_missing_data_crosses_the_date_line():
    missing = np.zeros((37, 72), bool)
    missing[18, 71] = True
    product = mars_product(np.zeros((37, 72), np.float32), make_scene(missing=missing))
    assert product["quality_flag"].values[18, 0] & cf.NEAR_MISSING_DATA
    assert not product["quality_flag"].values[18, 36] & cf.NEAR_MISSING_DATA


def test_polar_ice_beyond_the_season_is_no_cloud_cover():
    rows = np.arange(37)[:, None] < 4
    probability = np.broadcast_to(rows.astype(np.float32), (37, 72)).copy()
    attributes = mars_product(probability, make_scene(), outside=rows).attrs
    assert attributes["cloud_cover"] > 0
    assert attributes["cloud_cover_within_seasonal_bounds"] == 0


def test_another_shape_is_refused():
    with pytest.raises(ValueError, match="the scene"):
        mars_product(np.zeros((3, 4), np.float32), make_scene())
