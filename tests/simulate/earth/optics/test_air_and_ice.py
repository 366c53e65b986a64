"""Rayleigh's law with published optical depths, haze and smooth ice."""

from __future__ import annotations

import numpy as np
import pytest

from nephoscope.simulate.earth.constants import STANDARD_PRESSURE
from nephoscope.simulate.earth.optics import aerosol, ice, rayleigh


@pytest.mark.parametrize(
    ("wavelength", "depth"), [(0.4, 0.3602), (0.55, 0.0971), (0.7, 0.03643), (1.0, 0.0086)]
)
def test_optical_depths_of_bodhaine(wavelength: float, depth: float) -> None:
    """Table 3 (sea level, 45 N); 1.0 um from the fourth power of the wavelength."""
    assert float(rayleigh.optical_depth(wavelength)) == pytest.approx(depth, rel=0.01)


def test_air_above_half_the_pressure_scatters_half() -> None:
    half = rayleigh.optical_depth(0.49, STANDARD_PRESSURE / 2)
    assert float(half) == pytest.approx(float(rayleigh.optical_depth(0.49)) / 2)


def test_air_polarises_most_at_right_angles() -> None:
    """Maximum (1 - d) / (1 + d) with the depolarisation d."""
    cosine = np.cos(np.deg2rad(np.arange(0, 181)))
    intensity, polarised = rayleigh.phase(cosine)
    degree = polarised / intensity
    assert int(degree.argmax()) == 90
    assert degree.max() == pytest.approx((1 - 0.0279) / (1 + 0.0279), rel=1e-4)


@pytest.mark.parametrize("phase", [rayleigh.phase, ice.phase])
def test_phase_functions_scatter_all_light(phase) -> None:
    node, weight = np.polynomial.legendre.leggauss(400)
    assert (phase(node)[0] * weight).sum() / 2 == pytest.approx(1, rel=1e-5)


def test_ice_has_its_asymmetry_and_no_rainbow() -> None:
    node, weight = np.polynomial.legendre.leggauss(400)
    assert (ice.phase(node)[0] * weight * node).sum() / 2 == pytest.approx(ice.ASYMMETRY, rel=1e-4)
    assert 0.74 < ice.ASYMMETRY < 0.78
    intensity, polarised = ice.phase(np.cos(np.deg2rad(np.arange(60, 181))))
    degree = polarised / intensity
    assert np.all(np.diff(degree[40:]) < 0)  # less and less, without any maximum
    assert np.abs(np.diff(intensity)).max() < 0.02


def test_haze_thins_towards_the_red() -> None:
    """Its own depth at 550 nm, and 2 to the 1.1 less at twice the wavelength."""
    haze = np.array([0.2], np.float32)
    assert aerosol.optical_depth(haze, 0.55) == pytest.approx(0.2)
    assert aerosol.optical_depth(haze, 1.1) == pytest.approx(0.2 / 2.1435, rel=1e-4)
