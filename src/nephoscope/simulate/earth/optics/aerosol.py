"""Aerosol of clear air, the same for all imagers: how much light it scatters, and where to.

Values chosen here, within what Dubovik et al. 2002 (J. Atmos. Sci. 59, 590) found from mixtures of
continental and marine aerosol.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

EXPONENT = 1.1
"""Of the optical depth with wavelength (Angstrom's)."""
SCATTERED = 0.95
"""Albedo of a single scattering."""
ASYMMETRY = 0.65
"""Mean cosine of the scattering angle."""


def optical_depth(at_550: Floats, wavelength_um: float) -> Floats:
    """Optical depth at a wavelength, same shape.

    Args:
        at_550: optical depth at 550 nm, any shape.
        wavelength_um: of a band.
    """
    return at_550 * np.float32((0.55 / wavelength_um) ** EXPONENT)
