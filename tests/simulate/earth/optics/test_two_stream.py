"""Two-stream layers: limits, an independent integration, and published albedos."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_bvp

from nephoscope.simulate.earth.optics.two_stream import (
    diffuse_reflectance_transmittance,
    reflectance_transmittance,
    spherical_albedo,
)


@pytest.mark.parametrize("mu", [0.2, 0.6, 1.0])
@pytest.mark.parametrize("asymmetry", [0.0, 0.75, 0.86])
def test_a_thin_layer_scatters_up_its_depth_times_the_backward_share(mu, asymmetry):
    depth, omega = 1e-4, 0.9
    up, down = reflectance_transmittance(depth, asymmetry, omega, mu)
    scaled = asymmetry / (1 + asymmetry)
    backward = (2 - 3 * scaled * mu) / 4
    scattered = omega * (1 - asymmetry**2) * depth / mu
    assert float(up) == pytest.approx(scattered * backward, rel=2e-3)
    assert float(1 - up - down) == pytest.approx((1 - omega) * depth / mu, rel=2e-3)


@given(
    depth=st.floats(0, 500), asymmetry=st.floats(0, 0.95), mu=st.floats(0.02, 1),
    omega=st.sampled_from([1.0, 0.9999999, 0.999, 0.9, 0.5, 0.1, 0.0]),
)  # fmt: skip
def test_shares_are_shares_and_float32_is_enough(depth, asymmetry, mu, omega):
    exact = reflectance_transmittance(depth, asymmetry, omega, mu)
    single = reflectance_transmittance(*(np.float32([x]) for x in (depth, asymmetry, omega, mu)))
    assert single[0].dtype == single[1].dtype == np.float32
    for one, other in zip(exact, single, strict=True):
        assert 0 <= float(one) <= 1
        assert float(other[0]) == pytest.approx(float(one), abs=3e-3)
    if omega == 1:
        assert float(exact[0] + exact[1]) == pytest.approx(1, abs=6e-3)


def test_without_scattering_only_the_direct_beam_is_left():
    up, down = reflectance_transmittance([0.5, 3.0], 0.8, 0.0, 0.7)
    np.testing.assert_allclose(up, 0, atol=1e-5)
    np.testing.assert_allclose(down, np.exp(-np.array([0.5, 3.0]) / 0.7), rtol=2e-3)


def test_no_layer_changes_nothing():
    up, down = reflectance_transmittance(np.zeros(3, np.float32), 0.8, 0.99, 0.3)
    np.testing.assert_array_equal(up, 0)
    np.testing.assert_array_equal(down, 1)


@pytest.mark.parametrize(("depth", "g", "omega", "mu"), [(8, 0.86, 0.995, 0.5), (2, 0.6, 0.7, 0.9)])
def test_the_closed_form_solves_the_differential_equations(depth, g, omega, mu):
    """M & W equations 8 and 9, integrated numerically with delta-scaled Zdunkowski coefficients."""
    t, w, a = depth * (1 - omega * g**2), omega * (1 - g**2) / (1 - omega * g**2), g / (1 + g)
    g1, g2, g3 = (8 - w * (5 + 3 * a)) / 4, 3 * w * (1 - a) / 4, (2 - 3 * a * mu) / 4

    def slope(x, flux):
        source = w * np.exp(-x / mu) / mu
        up, down = flux
        return np.array([g1 * up - g2 * down - g3 * source,
                         g2 * up - g1 * down + (1 - g3) * source])  # fmt: skip

    solved = solve_bvp(
        slope, lambda top, bottom: np.array([top[1], bottom[0]]), np.linspace(0, t, 50),
        np.zeros((2, 50)), tol=1e-7, max_nodes=20000,
    )  # fmt: skip
    up, down = reflectance_transmittance(depth, g, omega, mu)
    assert float(up) == pytest.approx(solved.y[0, 0], abs=1e-5)
    assert float(down) == pytest.approx(solved.y[1, -1] + np.exp(-t / mu), abs=1e-5)


def test_thick_clouds_are_as_bright_as_diffusion_theory_says():
    """Spherical albedo 1 - 1 / (1.07 + 0.75 (1 - g) depth) (King 1987; Kokhanovsky 2006)."""
    depth = np.array([15.0, 40.0, 200.0])
    exact = 1 - 1 / (1.07 + 0.75 * 0.15 * depth)
    np.testing.assert_allclose(spherical_albedo(depth, 0.85, 1.0), exact, atol=0.015)
    up, down = diffuse_reflectance_transmittance(depth, 0.85, 1.0)
    np.testing.assert_allclose(up + down, 1, atol=1e-3)


def test_a_thick_isotropic_scatterer_has_chandrasekhars_albedo():
    """Plane albedo 1 - H(mu) sqrt(1 - omega) of a half space (Chandrasekhar 1960).

    H of omega 0.9 solves his equation, here by iteration: 1.5560 at mu 0.5, 1.8501 at 1.
    """
    for mu, h in ((0.5, 1.5560), (1.0, 1.8501)):
        up, _ = reflectance_transmittance(1e3, 0.0, 0.9, mu)
        assert float(up) == pytest.approx(1 - h * 0.1**0.5, abs=0.03)
