"""Absorption of sunlight by ozone (Chappuis band) and by water vapour at 910 nm."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nephoscope.simulate.earth.constants import OZONE_MOLE

Floats = NDArray[np.float32]

# Cross-sections of ozone at 243 K, 1e-26 m2 per molecule, averaged over POLDER's bands
# and rounded (Serdyuchenko et al. 2014, doi 10.5194/amt-7-625-2014).
_OZONE = {443: 1.5, 490: 7.0, 565: 44.0, 670: 16.0, 763: 2.8, 765: 2.8, 865: 0.6, 910: 0.2, 1020: 0}
_MOLECULES = 6.022_140_76e23 / OZONE_MOLE  # kg-1

# exp(-a path^b), the form of SMAC (Rahman and Dedieu 1994); values chosen here: a fifth of the
# light is lost on a path of 40 kg m-2.
_VAPOUR = (0.031, 0.55)


def ozone_depth(band: int, column: ArrayLike) -> Floats:
    """Optical depth of ozone, same shape as `column`.

    Args:
        band: of POLDER, nm.
        column: kg m-2 (300 Dobson units are 0.0064).
    """
    section = np.float32(_OZONE[band] * 1e-26 * _MOLECULES)
    return np.asarray(section * np.asarray(column, np.float32))


def vapour_transmittance(airmass: ArrayLike, column: ArrayLike) -> Floats:
    """Share of the light of the band at 910 nm left after a path through water vapour.

    Args:
        airmass: 1 / mu_sun + 1 / mu_view, any shape.
        column: water vapour above where the light turns back, kg m-2, broadcast.
    """
    depth, power = _VAPOUR
    path = np.asarray(airmass, np.float32) * np.asarray(column, np.float32)
    return np.asarray(np.exp(-np.float32(depth) * path ** np.float32(power)))
