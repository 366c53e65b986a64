"""Features of cameras: values, and that a thermal camera's scale and offset decide nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nephoscope.inputs import View, assemble
from nephoscope.scene import known_of

THERMAL = ("counts_robust", "counts_range", "counts_detrended", "counts_in_noise")
ROWS, COLS = 24, 32


def features(image, *names):
    zeros = np.zeros(image.shape[1]), np.zeros(image.shape[2])
    return assemble(View(image, known_of(image), *zeros), names)


def counts(seed=0):
    rng = np.random.default_rng(seed)
    slope = np.add.outer(np.arange(ROWS) * 2.0, np.arange(COLS) * -1.0)
    return (800 + slope + rng.normal(0, 20, (ROWS, COLS))).astype(np.float32)[None]


def test_colours_are_those_of_the_definition():
    image = np.random.default_rng(0).integers(1, 256, (3, 5, 6), dtype=np.uint8)
    image[:, 0, 0] = 0
    red, green, blue = image.astype(float)
    known = image.any(axis=0)
    difference, saturation = features(image, "blue_red_difference", "saturation")
    expected = np.where(known, (blue - red) / np.maximum(blue + red, 1), 0)
    np.testing.assert_allclose(difference, expected, atol=1e-6)
    largest, smallest = image.max(axis=0).astype(float), image.min(axis=0)
    np.testing.assert_allclose(
        saturation, np.where(known, 1 - smallest / np.maximum(largest, 1), 0), atol=1e-6
    )
    assert green.size


@given(gain=st.floats(0.1, 10), offset=st.floats(-5000, 5000), seed=st.integers(0, 20))
def test_scale_and_offset_of_the_camera_change_nothing(gain, offset, seed):
    image = counts(seed)
    moved = (image.astype(np.float64) * gain + offset).astype(np.float32)
    np.testing.assert_allclose(
        features(moved, *THERMAL), features(image, *THERMAL), atol=0.02, rtol=0
    )


def test_values_of_the_thermal_features():
    image = counts()
    flat = image[0].astype(np.float64)
    robust, place, detrended, in_noise = features(image, *THERMAL)
    median = np.median(flat)
    spread = np.median(np.abs(flat - median)) / 0.6745
    np.testing.assert_allclose(np.sinh(robust), (flat - median) / spread, rtol=1e-3, atol=1e-3)
    low, high = np.percentile(flat, [1, 99])
    expected = ((flat - low) / (high - low)).clip(-0.5, 1.5)
    np.testing.assert_allclose(place, expected, atol=1e-5)
    # The slope is no noise: of 20 counts there are 20, give or take the sample.
    np.testing.assert_allclose(np.sinh(in_noise) * 8 * 20, flat - median, rtol=0.15, atol=2)
    # The slope is gone: what is left hardly knows the row.
    rows = np.arange(ROWS)[:, None] * np.ones(COLS)
    assert abs(np.corrcoef(rows.ravel(), detrended.ravel())[0, 1]) < 0.05
    assert abs(np.corrcoef(rows.ravel(), robust.ravel())[0, 1]) > 0.3


@pytest.mark.parametrize("value", [0.0, 700.0])
def test_a_frame_of_one_value_says_nothing(value):
    assert not features(np.full((1, ROWS, COLS), value, np.float32), *THERMAL).any()


def test_missing_pixels_are_zero_and_change_no_other():
    image = counts()
    image[:, :5] = np.nan
    found = features(image, *THERMAL)
    assert not found[:, :5].any()
    np.testing.assert_allclose(found[:, 5:], features(image[:, 5:], *THERMAL), atol=1e-5)
    assert not features(np.full((1, 4, 4), np.nan, np.float32), *THERMAL).any()
