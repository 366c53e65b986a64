"""The ground against known spectra, Fresnel's equations and the normalisation of the waves."""

from __future__ import annotations

import numpy as np
import pytest

from nephoscope.simulate.earth.atmosphere import LAND, SEA, SNOW, Surface
from nephoscope.simulate.earth.optics.ground import (
    albedo,
    fresnel,
    glint,
    glint_facets,
    land_anisotropy,
    land_polarisation,
    whitecaps,
)


def ground(kind: int, vegetation: float = 0.0, wind: float = 5.0) -> Surface:
    plane = np.ones((1, 1), np.float32)
    return Surface(
        np.full((1, 1), kind, np.uint8), 0 * plane, 288 * plane, vegetation * plane,
        wind * plane, 0.1 * plane,
    )  # fmt: skip


def of(kind: int, wavelength: float, **rest: float) -> float:
    return float(albedo(ground(kind, **rest), wavelength)[0, 0])


def test_red_edge_of_vegetation_and_none_of_soil() -> None:
    def index(vegetation: float) -> float:
        red, near = (of(LAND, one, vegetation=vegetation) for one in (0.67, 0.865))
        return (near - red) / (near + red)

    assert index(1.0) > 0.7  # NDVI of forests
    assert 0 < index(0.0) < 0.2  # and of deserts


def test_snow_is_white_in_the_visible_and_dark_at_1_6_micrometres() -> None:
    assert of(SNOW, 0.565) > 0.9
    assert of(SNOW, 1.64) < 0.2
    assert of(SNOW, 0.565, vegetation=1.0) < 0.4


def test_sea_is_blue_and_black_in_the_near_infrared_until_the_wind_blows() -> None:
    assert of(SEA, 0.443) > 3 * of(SEA, 0.565) > 0
    assert of(SEA, 0.865, wind=2.0) < 1e-4
    assert of(SEA, 0.865, wind=20.0) > 0.005


def test_whitecaps_of_the_paper() -> None:
    assert float(whitecaps(10.0)) == pytest.approx(0.0098, rel=0.02)


def test_fresnel_at_normal_incidence_and_at_the_brewster_angle() -> None:
    across, along = fresnel(1.0)
    assert float(across) == pytest.approx((0.34 / 2.34) ** 2, rel=1e-3)
    assert float(along) == pytest.approx(float(across), rel=1e-3)
    assert float(fresnel(np.cos(np.arctan(1.34)))[1]) < 1e-6


def test_glint_stands_opposite_the_sun_and_widens_with_the_wind() -> None:
    cosine = np.cos(np.deg2rad(30))
    in_glint, behind = glint(5.0, cosine, cosine, np.array([180.0, 0.0]))
    assert in_glint > 0.2 > 1e-3 > behind
    aside = np.cos(np.deg2rad(55))
    assert glint(12.0, cosine, aside, 180.0) > 3 * glint(2.0, cosine, aside, 180.0)


def test_a_sea_of_mirrors_reflects_all_light() -> None:
    """The factor integrated over the upper half space with mu/pi is 1 if no ray is lost."""
    cosine = (np.arange(200) + 0.5)[:, None] / 200
    azimuth = (np.arange(360) + 0.5)[None] * 1.0
    factor, _ = glint_facets(4.0, np.cos(np.deg2rad(20)), cosine, azimuth)
    total = (factor * cosine).sum() / 200 * np.deg2rad(1) / np.pi
    assert total == pytest.approx(1, abs=0.02)


def test_land_is_brighter_with_the_sun_behind_and_its_flux_is_that_of_its_albedo() -> None:
    sun = 0.8
    cosine = (np.arange(100) + 0.5)[:, None] / 100
    azimuth = np.deg2rad(np.arange(2.5, 180, 5))
    sines = np.sqrt((1 - sun**2) * (1 - cosine**2))
    factor = land_anisotropy(sun, cosine, -sun * cosine - sines * np.cos(azimuth))
    assert factor[60, 0] > 1.2 * factor[60, -1]
    assert (2 * cosine * factor).mean() == pytest.approx(1, abs=0.1)


def test_land_polarises_forwards_and_forests_less() -> None:
    """Nadal and Bréon 1999: 0.02 to 0.04 over soil at 80 degrees, less over plants, 0 behind."""
    ahead, behind = (
        land_polarisation(np.array([0.0, 1.0]), 0.5, 0.5, np.cos(np.deg2rad(angle)))
        for angle in (80, 170)
    )
    assert 0.01 < ahead[0] < 0.05
    assert ahead[1] < 0.6 * ahead[0]
    assert behind[0] < 0.001
