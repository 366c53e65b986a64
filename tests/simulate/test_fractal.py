import numpy as np
import pytest

from nephoscope.simulate.fractal import bump, enlarge, fractal, sigmoid


@pytest.mark.parametrize("slope", [1.0, 2.0])
def test_the_spectrum_is_a_power_law(slope):
    field = fractal(np.random.default_rng(0), (256, 256), slope)
    power = np.abs(np.fft.fft2(field)) ** 2
    k = np.hypot(*np.meshgrid(np.fft.fftfreq(256), np.fft.fftfreq(256)))
    rings = [power[(k > low) & (k < 1.2 * low)].mean() for low in (0.02, 0.2)]
    assert np.log10(rings[0] / rings[1]) == pytest.approx(2 * slope, abs=0.25)


def test_a_field_is_standardised_reproducible_and_joins_at_the_date_line():
    field = fractal(np.random.default_rng(5), (200, 300), 1.8, 2.0, smallest=2, largest=60)
    again = fractal(np.random.default_rng(5), (200, 300), 1.8, 2.0, smallest=2, largest=60)
    np.testing.assert_array_equal(field, again)
    assert field.dtype == np.float32
    assert (field.mean(), field.std()) == (pytest.approx(0, abs=1e-5), pytest.approx(1, abs=1e-4))
    inside = np.abs(np.diff(field, axis=1)).mean()
    assert np.abs(field[:, 0] - field[:, -1]).mean() < 1.5 * inside


def test_enlarging_keeps_a_smooth_field():
    y, x = np.mgrid[0:50, 0:80].astype(np.float32)
    wide = enlarge(np.sin(x / 9) + y / 50, (100, 160))
    assert wide.shape == (100, 160)
    np.testing.assert_allclose(
        wide[::2, ::2][5:-5, 5:-5],
        (np.sin((x - 0.25) / 9) + (y - 0.25) / 50)[5:-5, 5:-5],
        atol=2e-3,
    )
    assert enlarge(wide, wide.shape) is wide


def test_bells_and_steps():
    x = np.array([-1e4, 0, 1e4], np.float32)
    np.testing.assert_allclose(sigmoid(x), [0, 0.5, 1])
    np.testing.assert_allclose(bump(x, 0, 1), [0, 1, 0])
