"""Scattering of visible light by ice crystals: rough and full of bubbles, so without any halo.

What POLDER sees of ice clouds from 60 to 180 degrees is smooth, as of hexagonal columns with
inclusions of air (C.-Labonnote et al. 2001, the inhomogeneous hexagonal monocrystal, asymmetry
0.77): no rainbow, light that swings across the scattering plane, less and less towards
backscattering. Here P11 is the sum of two functions of Henyey and Greenstein with shares and
asymmetries chosen here to be as flat as theirs at large angles (0.38 at 60, 0.18 at 90,
0.16 at 120, 0.18 at 150 degrees), and the degree of
polarisation of single scattering has the form of Rayleigh's, 0.3 at 90 degrees (chosen here).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float32]

_FORWARD, _ASYMMETRIES = 0.93, (0.84, -0.25)
ASYMMETRY = _FORWARD * _ASYMMETRIES[0] + (1 - _FORWARD) * _ASYMMETRIES[1]
"""Mean cosine of the scattering angle, 0.76."""
POLARISATION = 0.3
"""Degree of polarisation of light scattered once by 90 degrees."""


def henyey_greenstein(cos_scattering: ArrayLike, asymmetry: float) -> Floats:
    """P11 = (1 - g^2) / (1 + g^2 - 2 g cos)^1.5 (Henyey and Greenstein 1941), mean 1."""
    cosine = np.asarray(cos_scattering, np.float32)
    below = np.float32(1 + asymmetry**2) - np.float32(2 * asymmetry) * cosine
    return np.asarray(np.float32(1 - asymmetry**2) / (below * np.sqrt(below)))


def phase(cos_scattering: ArrayLike) -> tuple[Floats, Floats]:
    """P11 (mean 1) and -P12 of ice crystals, any shape, float32.

    Args:
        cos_scattering: cosine of the scattering angle.
    """
    shares = (_FORWARD, 1 - _FORWARD)
    parts = [
        np.float32(share) * henyey_greenstein(cos_scattering, g)
        for share, g in zip(shares, _ASYMMETRIES, strict=True)
    ]
    intensity = parts[0] + parts[1]
    square = np.asarray(cos_scattering, np.float32) ** 2
    return intensity, intensity * (np.float32(POLARISATION) * (1 - square) / (1 + square))
