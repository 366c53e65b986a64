"""Single ice crystals: mass and area by size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nephoscope.simulate.earth.constants import ICE_DENSITY, WATER_DENSITY

Reals = NDArray[np.float64]


def mass(size: Reals) -> Reals:
    """Mass (kg) of crystals by their size (m).

    m = 0.0185 D^1.9 (Brown and Francis 1995, J. Atmos. Oceanic Technol. 12, 410), solid spheres
    480 D^3 where that is less, below 97 um, as equation 2 of Hogan, Mittermaier and Illingworth
    (2006, J. Appl. Meteor. Climatol. 45, 301).
    """
    return np.minimum(np.pi / 6 * ICE_DENSITY * size**3, 0.0185 * size**1.9)


def projected_area(size: Reals) -> Reals:
    """Area (m2) that crystals of a size (m) show.

    The share of the circle around them is 0.18 D^-0.271, D in cm, and at most 1 (Heymsfield and
    Miloshevich 2003, J. Atmos. Sci. 60, 936, mid-latitude cirrus).
    """
    share = np.minimum(0.18 * (100 * size) ** -0.271, 1)
    return np.asarray(np.pi / 4 * size**2 * share)


def melted_diameter(size: Reals) -> Reals:
    """Diameter (m) of the water sphere that a crystal of a size (m) melts to."""
    return np.asarray((6 * mass(size) / (np.pi * WATER_DENSITY)) ** (1 / 3))
