"""Radar reflectivity at 94 GHz of ice crystals, droplets and rain."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from nephoscope.simulate.earth.constants import ICE_DENSITY, WATER_DENSITY
from nephoscope.simulate.earth.microphysics.crystals import mass
from nephoscope.simulate.earth.microphysics.effective_radius import radius_of
from nephoscope.simulate.earth.microphysics.mie import mie_coefficients

WAVELENGTH = 2.99792458e8 / 94.05e9
"""Of the Cloud Profiling Radar, m."""
WATER_FACTOR = 0.75
"""|K|^2 of water that CloudSat's reflectivities refer to (Stephens et al. 2008)."""
ICE_FACTOR = 0.176
"""|K|^2 of solid ice, permittivity 3.17."""

Floats = NDArray[np.float32]
Reals = NDArray[np.float64]


def ice_backscatter(size: Reals) -> Reals:
    """Contribution of one crystal per m3 to the equivalent reflectivity, mm6 m-3.

    Self-similar Rayleigh-Gans approximation for aggregates, Hogan and Westbrook (2014, J. Atmos.
    Sci. 71, 3292), equation 12, with kappa 0.19, beta 0.23, gamma 5/3, and the extent along the
    beam 0.6 of the size (Hogan et al. 2012, J. Appl. Meteor. Climatol. 51, 655). Small crystals
    give the Rayleigh limit.

    Args:
        size: any shape, m.
    """
    wavenumber = 2 * np.pi / WAVELENGTH
    volume, x = mass(size) / ICE_DENSITY, wavenumber * 0.6 * size
    kappa, beta, power = 0.19, 0.23, 5 / 3
    mean = (1 + kappa / 3) * (1 / (2 * x + np.pi) - 1 / (2 * x - np.pi))
    mean -= kappa * (1 / (2 * x + 3 * np.pi) - 1 / (2 * x - 3 * np.pi))
    rough = sum(
        (2 * j) ** -power * (1 / (2 * x + 2 * np.pi * j) ** 2 + 1 / (2 * x - 2 * np.pi * j) ** 2)
        for j in range(1, 20)
    )
    form = np.cos(x) ** 2 * mean**2 + beta * np.sin(x) ** 2 * rough
    cross_section = 9 * np.pi * wavenumber**4 * ICE_FACTOR * volume**2 / 16 * form
    return np.asarray(1e18 * WAVELENGTH**4 / (np.pi**5 * WATER_FACTOR) * cross_section)


def droplet_reflectivity(lwc: Floats, extinction: Floats) -> Floats:
    """Reflectivity of cloud droplets, mm6 m-3, float32: Rayleigh, log-normal with sigma 0.35.

    Z = 64 M6; with LWC = 4/3 pi rho M3, extinction = 2 pi M2 and a log-normal distribution of
    radii, M6 / M3 = r_e^3 exp(6 sigma^2) (moments of the log-normal; Frisch et al. 1995, J. Atmos.
    Sci. 52, 2788, take sigma 0.35).

    Args:
        lwc: any shape, kg m-3.
        extinction: the same shape, visible, m-1.
    """
    lwc = np.asarray(lwc, np.float32)
    radius = radius_of(lwc, np.asarray(extinction, np.float32))
    third = lwc / (4 / 3 * np.pi * WATER_DENSITY)
    return np.asarray(64e18 * third * radius**3 * np.exp(6 * 0.35**2), np.float32)


def rain_reflectivity(rain: Floats) -> Floats:
    """Reflectivity of rain, mm6 m-3, float32: Mie backscatter of an exponential distribution.

    Marshall and Palmer (1948): N(D) = 8e6 m-4 exp(-D L), the slope L from the content.

    Args:
        rain: any shape, kg m-3.
    """
    content, reflectivity = _rain_table()
    log = np.log(np.maximum(rain, 1e-12))
    there = np.exp(np.interp(log, content, reflectivity))
    return np.where(np.asarray(rain) > 0, there, 0).astype(np.float32)


def liquid_reflectivity(lwc: Floats, liquid_extinction: Floats, rain: Floats) -> Floats:
    """Reflectivity of droplets and rain at 94 GHz, mm6 m-3, float32; all three of one shape.

    Args:
        lwc: any shape, kg m-3.
        liquid_extinction: visible, m-1.
        rain: kg m-3.
    """
    return droplet_reflectivity(lwc, liquid_extinction) + rain_reflectivity(rain)


@cache
def _rain_table() -> tuple[Reals, Reals]:
    """Logarithms of content (kg m-3) and of reflectivity (mm6 m-3)."""
    diameter = np.geomspace(2e-5, 8e-3, 400)
    efficiency = mie_backscatter(np.pi * diameter / WAVELENGTH, complex(3.36, 1.93))
    each = 1e18 * WAVELENGTH**4 / (np.pi**5 * WATER_FACTOR) * efficiency * np.pi * diameter**2 / 4
    content = np.geomspace(1e-9, 2e-2, 120)
    slope = (np.pi * WATER_DENSITY * 8e6 / content) ** 0.25
    drops = 8e6 * np.exp(-diameter * slope[:, None]) * np.gradient(diameter)
    return np.log(content), np.log(drops @ each)


def mie_backscatter(size: Reals, index: complex) -> Reals:
    """Backscatter efficiency of spheres, |sum (-1)^n (2n + 1) (a_n - b_n)|^2 / x^2.

    Bohren and Huffman (1983), equation 4.82.

    Args:
        size: (n,) size parameter pi D / wavelength.
        index: refractive index with positive imaginary part (3.36 + 1.93i is water at 94 GHz and
            283 K: Liebe, Hufford and Manabe 1991).
    """
    first, second = mie_coefficients(size, index)
    n = np.arange(1, first.shape[1] + 1)
    total = (first - second) @ ((-1.0) ** n * (2 * n + 1))
    return np.asarray(np.abs(total) ** 2 / size**2)
