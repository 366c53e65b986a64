"""Scattering by spheres: Mie's solution, and phase functions of cloud droplets.

Formulas and signs: Bohren and Huffman 1983, "Absorption and scattering of light by small particles"
(chapter 4), all sizes at once; droplets follow the gamma distribution of Hansen and Travis 1974
(Space Sci. Rev. 16, 527, equation 2.56).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Complexes = NDArray[np.complex128]
Floats = NDArray[np.float32]

VARIANCE = 0.1
"""Effective variance of droplet sizes: typical of stratocumulus (Hansen and Travis 1974)."""
RADII = (4e-6, 6e-6, 8e-6, 10e-6, 12.5e-6, 16e-6, 20e-6, 25e-6)
"""Effective radii for which droplets are tabulated, m."""
WATER = {490: 1.335, 670: 1.331, 865: 1.328}
"""Refractive index of water by wavelength, nm (Hale and Querry 1973, doi 10.1364/AO.12.000555);
the absorption, below 4e-7, is left out."""
STEPS_PER_DEGREE = 4
_SIZES = 700


@dataclass(frozen=True)
class Phase:
    """Phase functions by angle: elements of the scattering matrix, whose mean of P11 is 1.

    Args:
        intensity: (..., angle) float32, P11, angles 0 to 180 by 1 / STEPS_PER_DEGREE degrees.
        polarised: the same shape, -P12: positive where light swings across the scattering plane.
    """

    intensity: Floats
    polarised: Floats


def mie_coefficients(size: Reals, index: complex) -> tuple[Complexes, Complexes]:
    """Mie's a_n and b_n (Bohren and Huffman, equation 4.88), 0 beyond the terms that a size needs.

    Args:
        size: (size,) float64, size parameters 2 pi r / wavelength.
        index: relative refractive index, its imaginary part positive where light is absorbed.

    Returns:
        a and b, each (size, n) complex128, n from 1.
    """
    terms = (size + 4 * np.cbrt(size) + 2).astype(int)
    most = int(terms.max())
    inner = index * size
    start = int(max(most, np.abs(inner).max())) + 16
    slope = np.zeros((start + 1, len(size)), complex)  # logarithmic derivative, from above
    for n in range(start, 0, -1):
        slope[n - 1] = n / inner - 1 / (slope[n] + n / inner)
    a, b = (np.zeros((most, len(size)), complex) for _ in range(2))
    psi_before, psi = np.cos(size), np.sin(size)
    chi_before, chi = -np.sin(size), np.cos(size)
    for n in range(1, most + 1):
        used = n <= terms
        # Beyond the last term the recurrence of psi is worthless and that of chi overflows.
        psi_before, psi = psi, np.where(used, (2 * n - 1) / size * psi - psi_before, 0)
        chi_before, chi = chi, np.where(used, (2 * n - 1) / size * chi - chi_before, 0)
        xi, xi_before = psi - 1j * chi, psi_before - 1j * chi_before
        for out, part in ((a, slope[n] / index), (b, slope[n] * index)):
            part = part + n / size
            below = np.where(used, part * xi - xi_before, 1)
            out[n - 1] = np.where(used, (part * psi - psi_before) / below, 0)
    return a.T, b.T


def amplitudes(a: Complexes, b: Complexes, cosine: Reals) -> tuple[Complexes, Complexes]:
    """Scattering amplitudes S1 (across the scattering plane) and S2 (Bohren and Huffman, 4.74).

    Args:
        a: (size, n).
        b: (size, n).
        cosine: (angle,) float64, of the scattering angle.

    Returns:
        S1 and S2, each (size, angle) complex128.
    """
    terms = a.shape[1]
    pi, tau = (np.empty((terms, len(cosine))) for _ in range(2))
    before, now = np.zeros_like(cosine), np.ones_like(cosine)
    for n in range(1, terms + 1):
        pi[n - 1], tau[n - 1] = now, n * cosine * now - (n + 1) * before
        before, now = now, ((2 * n + 1) * cosine * now - (n + 1) * before) / n
    order = np.arange(1, terms + 1)
    weight = (2 * order + 1) / (order * (order + 1))
    a, b = a * weight, b * weight
    return _product(a, pi) + _product(b, tau), _product(a, tau) + _product(b, pi)


def efficiencies(a: Complexes, b: Complexes, size: Reals) -> tuple[Reals, Reals, Reals]:
    """Efficiencies of extinction and scattering, and asymmetry (Bohren and Huffman, 4.61, 4.62).

    Args:
        a: (size, n).
        b: (size, n).
        size: (size,) float64.

    Returns:
        Each (size,) float64.
    """
    n = np.arange(1, a.shape[1] + 1)
    extinction = 2 / size**2 * ((2 * n + 1) * (a + b).real).sum(axis=1)
    scattering = 2 / size**2 * ((2 * n + 1) * (np.abs(a) ** 2 + np.abs(b) ** 2)).sum(axis=1)
    # Asymmetry: Bohren and Huffman, page 120.
    with_next = (a[:, :-1] * a[:, 1:].conj() + b[:, :-1] * b[:, 1:].conj()).real
    first = (n * (n + 2) / (n + 1))[:-1] * with_next
    second = (2 * n + 1) / (n * (n + 1)) * (a * b.conj()).real
    mean_cosine = 4 / size**2 * (first.sum(axis=1) + second.sum(axis=1)) / scattering
    return extinction, scattering, mean_cosine


def gamma_distribution(radius: Reals, effective: float, variance: float) -> Reals:
    """Hansen and Travis's gamma distribution n(r) ~ r^((1 - 3 v) / v) exp(-r / (v r_eff)).

    Args:
        radius: (size,) float64.
        effective: effective radius, the same unit.
        variance: effective variance v.

    Returns:
        (size,) float64, largest value 1.
    """
    relative = radius / effective
    exponent = (1 - 3 * variance) / variance * np.log(relative) - relative / variance
    return np.asarray(np.exp(exponent - exponent.max()))


@cache
def droplets(wavelength_nm: int) -> tuple[Phase, Reals]:
    """Phase functions of droplets of all `RADII`, and their asymmetry.

    Args:
        wavelength_nm: a key of `WATER`.

    Returns:
        Phase with (radius, angle), and (radius,) float64.
    """
    wave = 2 * np.pi / (wavelength_nm * 1e-9)
    # From a tenth of the smallest to three times the largest effective radius; closely enough that
    # the ripples of single sizes are averaged out.
    radius = np.geomspace(0.1 * RADII[0], 2.6 * RADII[-1], _SIZES)
    size = wave * radius
    a, b = mie_coefficients(size, WATER[wavelength_nm])
    _, scattering, asymmetry = efficiencies(a, b, size)
    angle = np.deg2rad(np.arange(180 * STEPS_PER_DEGREE + 1) / STEPS_PER_DEGREE)
    across, along = (np.abs(s) ** 2 for s in amplitudes(a, b, np.cos(angle)))
    number = np.stack([gamma_distribution(radius, one, VARIANCE) for one in RADII])
    number *= np.gradient(radius)
    section = number * (np.pi * radius**2 * scattering)
    # Bohren and Huffman 4.77 and page 112; P11 = 4 pi S11 / (k^2 C_sca).
    scale = 4 * np.pi / wave**2 / section.sum(axis=1, keepdims=True)
    elements = [scale * (number @ part) for part in ((across + along) / 2, (across - along) / 2)]
    mean = (section * asymmetry).sum(axis=1) / section.sum(axis=1)
    return Phase(*(element.astype(np.float32) for element in elements)), mean


def _product(coefficients: Complexes, table: Reals) -> Complexes:
    return np.asarray(coefficients.real @ table + 1j * (coefficients.imag @ table))
