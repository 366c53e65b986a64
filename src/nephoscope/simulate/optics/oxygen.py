"""Absorption by oxygen in POLDER's pair of bands at 763 nm (narrow) and 765 nm (wide)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float32]

SEA_LEVEL = 101_325.0
BANDS = {763: (0.36, 0.43), 765: (0.085, 0.45)}
"""Coefficients a and b of the transmittance exp(-a x^b) by band."""


def transmittance(band: int, airmass: ArrayLike, pressure: ArrayLike) -> Floats:
    """Share of the light of a band left after a path down to a pressure and up again.

    Args:
        band: a key of `BANDS`, nm.
        airmass: 1 / mu_sun + 1 / mu_view, any shape.
        pressure: Pa, where the light turns back, broadcast.
    """
    depth, power = BANDS[band]
    path = np.asarray(airmass, np.float32) * (np.asarray(pressure, np.float32) / SEA_LEVEL) ** 2
    return np.asarray(np.exp(-np.float32(depth) * path ** np.float32(power)))
