"""Cloud droplets: adiabatic growth, and extinction by number."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nephoscope.simulate.earth.constants import DRY_GAS, GRAVITY, VAPOUR_GAS, WATER_DENSITY
from nephoscope.simulate.earth.microphysics.saturation import over_water

WIDTH_FACTOR = 0.8
"""k = (volume radius / effective radius)^3 (Martin, Johnson and Spice 1994, J. Atmos. Sci. 51)."""
_HEAT_CAPACITY, _LATENT_HEAT = 1004.7, 2.501e6  # J kg-1 K-1, J kg-1

Floats = NDArray[np.float32]


def condensation_rate(temperature: Floats, pressure: Floats) -> Floats:
    """Water that condenses per metre of adiabatic ascent, kg m-4, float32.

    rho dq_s/dz along the moist adiabat = rho c_p / L (g / c_p - Gamma_m) with the moist lapse rate
    of the Glossary of Meteorology (American Meteorological Society); low clouds are known for about
    2e-6 (Albrecht et al. 1990).

    Args:
        temperature: any shape, K.
        pressure: the same shape, Pa.
    """
    vapour = over_water(temperature)
    ratio = DRY_GAS / VAPOUR_GAS * vapour / (pressure - vapour)
    heat = _LATENT_HEAT * ratio / (DRY_GAS * temperature)
    more = _LATENT_HEAT**2 * ratio / (VAPOUR_GAS * _HEAT_CAPACITY * temperature**2)
    dry = GRAVITY / _HEAT_CAPACITY
    density = pressure / (DRY_GAS * temperature)
    rate = density * _HEAT_CAPACITY / _LATENT_HEAT * dry * (1 - (1 + heat) / (1 + more))
    return np.asarray(rate, np.float32)


def droplet_radius(lwc: Floats, number: Floats | float) -> Floats:
    """Effective radius, m, float32: (3 LWC / (4 pi rho k N))^(1/3) (Martin et al. 1994).

    Args:
        lwc: any shape, in the cloud, kg m-3.
        number: m-3, broadcast against it.
    """
    cube = lwc * np.float32(3 / (4 * np.pi * WATER_DENSITY * WIDTH_FACTOR)) / number
    return np.asarray(np.cbrt(cube), np.float32)


def liquid_extinction(lwc: Floats, radius: Floats) -> Floats:
    """Visible extinction, m-1: 1.5 LWC / (rho r_e), twice the droplets' cross-section.

    Args:
        lwc: any shape, kg m-3.
        radius: the same shape, effective, m.
    """
    return np.asarray(lwc * np.float32(1.5 / WATER_DENSITY) / radius, np.float32)
