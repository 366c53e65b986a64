"""Radar of CloudSat: echo at 94 GHz, straight down, of the columns below its track."""

from __future__ import annotations

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

from nephoscope.simulate.earth.atmosphere.state import ALTITUDE, THICKNESS
from nephoscope.simulate.earth.microphysics import ice_reflectivity, liquid_reflectivity
from nephoscope.simulate.earth.profilers.columns import Columns, Floats

SENSITIVITY = -30.0
"""Weakest echo distinguished from noise, dBZ (Tanelli et al. 2008, IEEE TGRS 46, 3560)."""
CLUTTER = 1000.0
"""Depth above the ground that the echo of the ground covers, m: the blind zone of 2B-CLDCLASS,
0.75 to 1.2 km (Marchand et al. 2008, JTECH 25, 519; Blanchard et al. 2014, Atmos. Res. 147, 1)."""
NOISE = 0.2
"""Of one averaged profile, dB: 1 / sqrt(600 pulses) of 0.16 s."""
LIQUID_ABSORPTION = 4.9
"""One way, dB km-1 per g m-3: Rayleigh, 6 pi Im(K) / wavelength with Im(K) = 0.19 for water of
10 degrees C at 3.19 mm (Liebe et al. 1991, Int. J. Infrared Millim. Waves 12, 659)."""
RAIN_FACTOR, RAIN_EXPONENT = 1.32, 0.689
"""One way, dB km-1 of a rain rate in mm h-1: ITU-R P.838-3, horizontal, 94.05 GHz."""
FREQUENCY = 94.05
"""GHz."""
RAIN_RATE = 17.0
"""mm h-1 per g m-3: falling at 4.7 m s-1, mean drops of 1.2 mm."""
_PULSE = np.array([0.25, 0.5, 0.25])
"""Weights of neighbouring layers of 240 m in a pulse 485 m long."""


def echo(columns: Columns, rng: np.random.Generator) -> Floats:
    """Measured reflectivity: weakened on its way, as long as the pulse, with noise.

    Returns:
        (profile, level) float32, dBZ, the lowest level first; NaN where nothing is detected: too
        weak, or within `CLUTTER` of the ground.
    """
    power = ice_reflectivity(columns.iwc, columns.ice_extinction)
    power = power + liquid_reflectivity(columns.lwc, columns.liquid_extinction, columns.rain)
    power = power * 10 ** (-0.2 * _one_way(columns))
    seen = scipy.ndimage.convolve1d(power, _PULSE, axis=1, mode="nearest")
    with np.errstate(divide="ignore"):
        decibel = 10 * np.log10(seen) + rng.normal(0, NOISE, seen.shape)
    hidden = ALTITUDE < columns.ground[:, None] + CLUTTER
    return np.where((decibel < SENSITIVITY) | hidden, np.nan, decibel).astype(np.float32)


def _one_way(columns: Columns) -> NDArray[np.floating]:
    """Attenuation between the satellite and the middle of each layer, dB."""
    gases = gas_attenuation(columns.temperature, columns.pressure, columns.vapour)
    rate = RAIN_RATE * 1000 * columns.rain
    per_km = gases + LIQUID_ABSORPTION * 1000 * columns.lwc + RAIN_FACTOR * rate**RAIN_EXPONENT
    layers = per_km * THICKNESS / 1000
    return np.asarray(np.cumsum(layers[:, ::-1], axis=1)[:, ::-1] - layers / 2)


def gas_attenuation(temperature: Floats, pressure: Floats, vapour: Floats) -> Floats:
    """Attenuation one way, dB km-1, by water vapour and oxygen at 94 GHz: ITU-R P.676-3, annex 2.

    Args:
        temperature: any shape, K.
        pressure: the same shape, Pa.
        vapour: the same shape, kg m-3.
    """
    p, t, rho, f = pressure / 101_300, 288 / temperature, 1000 * vapour, FREQUENCY
    lines = 3.79 / ((f - 22.235) ** 2 + 9.81 * p**2 * t)
    lines = lines + 11.73 * t / ((f - 183.31) ** 2 + 11.85 * p**2 * t)
    lines = lines + 4.01 * t / ((f - 325.153) ** 2 + 10.44 * p**2 * t)
    continuum = 3.27e-2 * t + 1.67e-3 * rho * t**7 / p + 7.7e-4 * f**0.5
    water = (continuum + lines) * f**2 * rho * p * t * 1e-4
    oxygen = 3.79e-7 * f + 0.265 / ((f - 63) ** 2 + 1.59) + 0.028 / ((f - 118) ** 2 + 1.47)
    return np.asarray(water + oxygen * (f + 198) ** 2 * 1e-3 * p**2 * t**2, np.float32)
