"""Scattering by air: optical depth by wavelength and pressure, phase function and polarisation."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nephoscope.simulate.earth.constants import STANDARD_PRESSURE

Floats = NDArray[np.float32]

DEPOLARISATION = 0.0279
"""Of air in the visible (Young 1980; Bodhaine et al. 1999, table 3, 0.028 to 0.027 at 0.5 to 1)."""
_ANISOTROPY = (1 - DEPOLARISATION) / (1 + DEPOLARISATION / 2)


def optical_depth(wavelength_um: float, pressure: ArrayLike = STANDARD_PRESSURE) -> Floats:
    """Optical depth of the air above a pressure (Pa, any shape): float32, same shape.

    Source: Bodhaine et al. 1999 (doi 10.1175/1520-0426(1999)016<1854:ORODC>2.0.CO;2), equation 30:
    at sea level, 45 degrees north; in proportion to the pressure.
    """
    square = wavelength_um**2
    above = 1.0455996 - 341.29061 / square - 0.90230850 * square
    whole = 0.0021520 * above / (1 + 0.0027059889 / square - 85.968563 * square)
    return np.asarray(np.asarray(pressure, np.float32) * np.float32(whole / STANDARD_PRESSURE))


def phase(cos_scattering: ArrayLike) -> tuple[Floats, Floats]:
    """P11 (mean 1) and -P12 of air, same shape (Hansen and Travis 1974, equation 2.15 and 2.16).

    Args:
        cos_scattering: cosine of the scattering angle, any shape.
    """
    square = np.asarray(cos_scattering, np.float32) ** 2
    part = np.float32(0.75 * _ANISOTROPY)
    return part * (1 + square) + np.float32(1 - _ANISOTROPY), part * (1 - square)
