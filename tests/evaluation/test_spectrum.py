"""The spectrum of noise of a known law, and that camera and missing pixels do not decide it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nephoscope.evaluation.spectrum import power_law, spectrum_of
from nephoscope.simulate.fractal import fractal

SHAPE = (128, 160)


@pytest.mark.parametrize("exponent", [0.8, 1.2, 1.8])
def test_the_slope_of_fractal_noise_is_found(exponent):
    # The power falls with twice the exponent of the amplitude.
    slopes = [
        spectrum_of(fractal(np.random.default_rng(seed), (384, 480), exponent)[:128, :160]).slope
        for seed in range(12)
    ]
    # Taking out the plane steepens steep spectra a little.
    assert np.mean(slopes) == pytest.approx(-2 * exponent, rel=0.1)


def test_white_noise_has_power_one_everywhere():
    powers = [
        spectrum_of(np.random.default_rng(seed).normal(0, 3, SHAPE)).power for seed in range(30)
    ]
    np.testing.assert_allclose(np.nanmean(powers, axis=0), 1, atol=0.2)


@settings(max_examples=20, deadline=None)
@given(gain=st.floats(0.01, 100), offset=st.floats(-5000, 5000), seed=st.integers(0, 9))
def test_scale_offset_and_gradient_change_nothing(gain, offset, seed):
    frame = fractal(np.random.default_rng(seed), SHAPE, 1.5).astype(np.float64)
    rows, cols = np.mgrid[: SHAPE[0], : SHAPE[1]]
    moved = gain * (frame + 0.3 * rows - 0.1 * cols) + offset
    expected, found = spectrum_of(frame), spectrum_of(moved)
    np.testing.assert_allclose(found.power, expected.power, rtol=1e-4)
    assert found.slope == pytest.approx(expected.slope, abs=1e-4)


def test_a_flat_frame_and_an_empty_one_have_no_slope():
    for frame in (np.full(SHAPE, 700.0), np.full(SHAPE, np.nan)):
        found = spectrum_of(frame)
        assert np.isnan(found.slope)
        assert np.isnan(found.power).all()


def test_a_hole_costs_little():
    frame = fractal(np.random.default_rng(3), SHAPE, 1.5).astype(np.float64)
    whole = spectrum_of(frame).slope
    frame[60:64, 70:74] = np.nan
    assert spectrum_of(frame).slope == pytest.approx(whole, abs=0.1)


def test_a_power_law_gives_its_own_exponent():
    frequency = np.geomspace(2, 60, 20)
    assert power_law(frequency, 5 * frequency**-2.5) == pytest.approx((-2.5, np.log(5)))
    assert np.isnan(power_law(frequency, np.full(20, np.nan))).all()
