"""The oxygen bands against a sum over the lines of the A band; vapour and ozone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import voigt_profile

from nephoscope.simulate.earth.optics.absorbers import ozone_depth, vapour_transmittance
from nephoscope.simulate.earth.optics.oxygen import absorber, transmittance

# b(v=0) <- X(v=0) of 16O2, cm-1: rotation and distortion above and below, spin splitting, origin.
UPPER, UPPER_D, LOWER, LOWER_D = 1.391244, 5.37e-6, 1.437677, 4.84e-6
SPIN, SPIN_ROTATION, ORIGIN = 1.984751, -0.008425, 13122.25
STRENGTH, TEMPERATURE = 2.24e-22, 260.0
COLUMN = 0.2095 * 101_325 / 9.80665 / 28.964e-3 * 6.022e23 * 1e-4  # molecules cm-2


def level(n: int, j: int) -> float:
    """Energy of the ground state (Schlapp 1937)."""
    energy = LOWER * n * (n + 1) - LOWER_D * (n * (n + 1)) ** 2
    for step, sign in ((n + 1, 1), (n - 1, -1)):
        if j == step:
            k = 2 * n + (3 if sign > 0 else -1)
            root = np.sqrt((k * LOWER) ** 2 + SPIN**2 - 2 * SPIN * LOWER)
            energy += sign * (k * LOWER - root) - SPIN
            energy += SPIN_ROTATION * (n + 1 if sign > 0 else -n)
    return energy


def lines() -> np.ndarray:
    """Place, strength and half-width of each line."""
    out = []
    for n in range(1, 45, 2):
        for m, share in ((n - 1, n), (n + 1, n + 1)):
            above = ORIGIN + UPPER * m * (m + 1) - UPPER_D * (m * (m + 1)) ** 2
            filled = share * np.exp(-1.43878 * LOWER * n * (n + 1) / TEMPERATURE)
            width = max(0.060 - 0.0009 * n, 0.032) * (296 / TEMPERATURE) ** 0.7
            out += [(above - level(n, j), filled, width) for j in (n, m)]
    table = np.array(out)
    table[:, 1] *= STRENGTH / table[:, 1].sum()
    return table


def summed(airmass: float, pressure: float, centre: float, width: float) -> float:
    """Transmittance of a band with flanks of the eighth power, at the mean pressure of the path."""
    wave = np.arange(12_900, 13_250, 0.02)
    share, section = pressure / 101_325, np.zeros(wave.shape)
    for place, strength, half_width in lines():
        near = np.abs(wave - place) < 60
        doppler = place * np.sqrt(1.380649e-23 * TEMPERATURE / (32 * 1.66054e-27)) / 2.998e8
        shape = voigt_profile(wave[near] - place, doppler, half_width * share / 2)
        section[near] += strength * shape
    lost = -np.expm1(-section * COLUMN * share * airmass)

    def filtered(nanometre: np.ndarray) -> np.ndarray:
        return np.exp(-np.log(2) * np.abs((nanometre - centre) / (width / 2)) ** 8)

    whole = filtered(np.arange(700, 830, 0.05)).sum() * 0.05
    return float(1 - (filtered(1e7 / wave) * lost * 1e7 / wave**2).sum() * 0.02 / whole)


@pytest.mark.parametrize(("airmass", "pressure"), [(2.0, 101_325), (3.0, 60_000), (2.5, 25_000)])
def test_bands_follow_the_lines(airmass: float, pressure: float) -> None:
    path = absorber(airmass, pressure)
    for band, width in ((763, 10.0), (765, 40.0)):
        expected = summed(airmass, pressure, band, width)
        assert float(transmittance(band, path)) == pytest.approx(expected, abs=0.012)


def test_ratio_falls_with_pressure_and_airmass() -> None:
    pressure = np.linspace(10_000, 100_000, 10)
    ratios = [
        transmittance(763, absorber(m, pressure)) / transmittance(765, absorber(m, pressure))
        for m in (2.0, 4.0)
    ]
    assert np.all(np.diff(ratios[0]) < 0)
    assert np.all(ratios[1] < ratios[0])
    assert float(transmittance(763, absorber(2.0, 0.0))) > 0.999


def test_ozone_is_dark_in_the_chappuis_band() -> None:
    """300 Dobson units: 0.036 at 565 nm, 0.013 at 670 nm, by hand from 4.4e-25 and 1.6e-25 m2."""
    column = 300 * 2.1415e-5
    assert float(ozone_depth(565, column)) == pytest.approx(0.036, rel=0.05)
    assert float(ozone_depth(670, column)) == pytest.approx(0.013, rel=0.05)


def test_vapour_takes_a_fifth_of_a_moist_path() -> None:
    assert float(vapour_transmittance(2.0, 20.0)) == pytest.approx(0.79, abs=0.01)
    assert float(vapour_transmittance(2.0, 0.0)) == 1
