"""Effective radius of particles that are large against the wavelength."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nephoscope.simulate.earth.constants import WATER_DENSITY

Floats = NDArray[np.float32]


def radius_of(content: Floats, extinction: Floats, density: float = WATER_DENSITY) -> Floats:
    """Effective radius, 3 content / (2 density extinction), m; 0 where there is no extinction.

    The ratio of the third to the second moment of the radii (Hansen and Travis 1974), with an
    extinction efficiency of 2.

    Args:
        content: mass per volume of air, any shape, kg m-3.
        extinction: the same shape, visible, m-1.
        density: of what the particles are made of, kg m-3.
    """
    mass = content * np.float32(1.5 / density)
    radius = np.divide(mass, extinction, out=np.zeros_like(mass), where=extinction > 0)
    return np.asarray(radius, np.float32)
