"""Reflectance and polarisation from normalised radiances."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[Any]


def reflectance(radiance: Reals, solar_zenith: Reals) -> Reals:
    """Reflectance R = I / cos(thetas), the normalised radiance I being pi L / E0.

    The same division turns Q and U into their reflectances.

    Args:
        radiance: normalised radiance or a Stokes component of it, any shape, 1.
        solar_zenith: thetas, degrees, broadcast.

    Returns:
        The reflectance, 1; NaN where the sun is not above the horizon.
    """
    cosine = np.cos(np.radians(solar_zenith))
    up = np.asarray(solar_zenith) < 90
    return np.divide(radiance, np.where(up, cosine, np.nan))


def polarisation(intensity: Reals, q: Reals, u: Reals) -> Reals:
    """Degree of linear polarisation sqrt(Q^2 + U^2) / I, 1; NaN where I is not positive."""
    return np.divide(np.hypot(q, u), np.where(np.asarray(intensity) > 0, intensity, np.nan))
