from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import gamma

from nephoscope.simulate.earth.microphysics import (
    condensation_rate,
    droplet_radius,
    ice_extinction,
    ice_log_n0,
    ice_number,
    ice_reflectivity,
    liquid_extinction,
    liquid_reflectivity,
    usual_n0,
)
from nephoscope.simulate.earth.microphysics.crystals import mass, projected_area
from nephoscope.simulate.earth.microphysics.radar import mie_backscatter

F = np.float32
CASES = [(1e-7, 213.0), (1e-5, 233.0), (3e-4, 263.0)]


def quadrature(iwc, log_n0, weight, least=0.0):
    """A moment of N0* F(D / Dm), written anew: the integral over melted diameter of `weight`."""
    a, b = -0.237, 1.839
    dm = 4 * (iwc / (np.pi * 1000 * np.exp(log_n0))) ** 0.25
    ratio = gamma((a + 5) / b) / gamma((a + 4) / b)
    norm = b * 6 / 256 * gamma((a + 5) / b) ** (4 + a) / gamma((a + 4) / b) ** (5 + a)

    def size_of(melted):
        m = np.pi / 6 * 1000 * melted**3
        return max((m / (np.pi / 6 * 917)) ** (1 / 3), (m / 0.0185) ** (1 / 1.9))

    def integrand(log):
        x = np.exp(log)
        size = size_of(x * dm)
        return weight(size) * x ** (a + 1) * np.exp(-((x * ratio) ** b)) if size >= least else 0.0

    edges = np.log(np.geomspace(1e-4, 12, 60))
    pieces = (quad(integrand, *edge)[0] for edge in pairwise(edges))
    return np.exp(log_n0) * dm * norm * sum(pieces)


@pytest.mark.parametrize(("iwc", "temperature"), CASES)
def test_moments_are_those_of_one_distribution(iwc, temperature):
    log_n0 = usual_n0(np.array([temperature], F), np.array([iwc], F))
    extinction = ice_extinction(np.array([iwc], F), log_n0)
    n0 = float(log_n0[0])
    assert quadrature(iwc, n0, lambda size: mass(np.array(size))) == pytest.approx(iwc, rel=0.01)
    area = quadrature(iwc, n0, lambda size: 2 * projected_area(np.array(size)))
    assert extinction[0] == pytest.approx(area, rel=0.01)
    for least in (5e-6, 1e-4):
        number = ice_number(np.array([iwc], F), extinction, least)[0]
        assert number == pytest.approx(quadrature(iwc, n0, lambda _: 1.0, least), rel=0.05)


def test_the_distribution_is_found_back_from_content_and_extinction():
    iwc = np.geomspace(1e-8, 5e-3, 40).astype(F)
    log_n0 = usual_n0(np.linspace(200, 272, 40).astype(F), iwc)
    found = ice_log_n0(iwc, ice_extinction(iwc, log_n0))
    np.testing.assert_allclose(found, log_n0, atol=1e-3)


def test_a_priori_crystals_are_as_large_and_many_as_seen():
    """N0* at -40 C: exp(21.01) m-4 (Delanoe et al. 2014, table 5); radii as DARDAR has them."""
    assert usual_n0(np.array([233.15], F), np.array([3e-6], F))[0] == pytest.approx(21.01, abs=0.01)
    iwc = np.geomspace(1e-7, 1e-3, 30).astype(F)
    for temperature in (205, 230, 255):
        extinction = ice_extinction(iwc, usual_n0(np.full(30, temperature, F), iwc))
        radius = 1.5 * iwc / (917 * extinction)
        assert (np.diff(radius) > 0).all()
        assert radius.min() > 8e-6
        assert radius.max() < 1.5e-4


def test_area_and_mass_of_crystals():
    """1 mm: 0.0185 (1e-3)^1.9 kg; area ratio 0.18 (0.1)^-0.271 = 0.336; 10 um: solid spheres."""
    assert mass(np.array(1e-3)) == pytest.approx(3.69e-8, rel=0.01)
    assert projected_area(np.array(1e-3)) == pytest.approx(0.336 * np.pi / 4 * 1e-6, rel=0.01)
    assert mass(np.array(1e-5)) == pytest.approx(917 * np.pi / 6 * 1e-15)
    assert projected_area(np.array(1e-5)) == pytest.approx(np.pi / 4 * 1e-10)


def test_reflectivity_agrees_with_aircraft_data():
    """Hogan et al. (2006), table 2: log10 IWC = 0.00058 Z T + 0.0923 Z - 0.00706 T - 0.992."""
    for grams, celsius in ((0.003, -40), (0.01, -30), (0.05, -20)):
        slope, rest = 0.00058 * celsius + 0.0923, -0.00706 * celsius - 0.992
        wanted = (np.log10(grams) - rest) / slope
        iwc = np.array([grams / 1e3], F)
        log_n0 = usual_n0(np.array([celsius + 273.15], F), iwc)
        z = 10 * np.log10(ice_reflectivity(iwc, ice_extinction(iwc, log_n0))[0])
        assert z == pytest.approx(wanted, abs=6)


def test_small_crystals_scatter_as_rayleigh_has_it():
    """Z = 0.176 / 0.75 (6 / (pi 917))^2 times the mean of mass squared."""
    iwc, log_n0 = 1e-8, 27.0
    square = quadrature(iwc, log_n0, lambda size: mass(np.array(size)) ** 2)
    rayleigh = 0.176 / 0.75 * (6 / (np.pi * 917)) ** 2 * square * 1e18
    content = np.array([iwc], F)
    z = ice_reflectivity(content, ice_extinction(content, np.array([log_n0], F)))[0]
    assert z == pytest.approx(rayleigh, rel=0.02)


def test_nothing_is_where_no_ice_is():
    none, some = np.zeros(3, F), np.full(3, 1e-5, F)
    assert (ice_number(none, none) == 0).all()
    assert (ice_reflectivity(none, some) == 0).all()
    with pytest.raises(ValueError, match=r"larger than 0\.001"):
        ice_number(some, some, 1e-3)


def test_mie_backscatter():
    """Bohren and Huffman (1983), appendix A: 0.525 um sphere, 632.8 nm, index 1.55."""
    size = 2 * np.pi * 0.525 / 0.6328
    assert mie_backscatter(np.array([size]), complex(1.55, 0))[0] == pytest.approx(
        2.92534, rel=1e-4
    )


def test_rain_is_seen_less_than_rayleigh_would_have_it():
    """Marshall-Palmer's 200 R^1.6 is 23 dBZ at 1 mm/h; at 94 GHz it is some 16 (Lhermitte 1990)."""
    content = np.array([0.072e-3], F)
    none = np.zeros(1, F)
    z = 10 * np.log10(liquid_reflectivity(none, none, content)[0])
    assert 12 < z < 20
    strong = 10 * np.log10(liquid_reflectivity(none, none, 30 * content)[0])
    assert strong < 30
    assert (liquid_reflectivity(none, none, none) == 0).all()


def test_condensation_and_droplets_of_a_marine_deck():
    """2.1e-6 kg m-4 at 283 K and 900 hPa (Albrecht et al. 1990); 10 um at 0.3 g m-3, 90 cm-3."""
    rate = condensation_rate(np.array([283.0], F), np.array([9e4], F))
    assert rate[0] == pytest.approx(2.1e-6, rel=0.05)
    lwc = np.array([3e-4], F)
    radius = droplet_radius(lwc, 9e7)
    assert radius[0] == pytest.approx(9.98e-6, rel=0.01)
    assert liquid_extinction(lwc, radius)[0] == pytest.approx(1.5 * 3e-7 / 9.98e-6, rel=0.01)


def test_droplets_of_stratus_are_below_the_drizzle_threshold():
    lwc, radius = np.array([3e-4], F), np.array([1e-5], F)
    z = liquid_reflectivity(lwc, liquid_extinction(lwc, radius), np.zeros(1, F))
    assert -25 < 10 * np.log10(z[0]) < -17
