"""Absorption by oxygen in POLDER's pair of bands at 763 nm (narrow) and 765 nm (wide).

Lines of the A band are saturated and broadened by pressure, so that what is absorbed on a way down
to pressure p and up again depends on airmass and pressure through x = m (p / p0)^2 alone (Vanbauce
et al. 1998, doi 10.1029/98GL02324). The two functions of x below were fitted to a sum over the
lines of the band (levels after Rouillé et al. 1992, strength of 2.24e-22 cm per molecule as in
HITRAN, half-widths of 0.06 to 0.032 cm-1 in air, 260 K, mean pressure of the path) through filters
of 10 and 40 nm full width at half maximum; the sum itself is in the tests. They err by less than
0.01 for m = 2 to 5 and p = 150 to 1,013 hPa.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nephoscope.simulate.earth.constants import STANDARD_PRESSURE

Floats = NDArray[np.float32]

BANDS = {763: (-0.8514, 0.4581, -0.0137), 765: (-2.3703, 0.3879, -0.0233)}
"""Coefficients of ln(-ln(transmittance)) = a + b ln(x) + c ln(x)^2 by band, nm."""
_LEAST = 1e-6


def absorber(airmass: ArrayLike, pressure: ArrayLike) -> Floats:
    """Logarithm of x = m (p / p0)^2, which both bands follow.

    Args:
        airmass: 1 / mu_sun + 1 / mu_view, any shape.
        pressure: Pa, where the light turns back, broadcast.
    """
    share = np.asarray(pressure, np.float32) * np.float32(1 / STANDARD_PRESSURE)
    path = np.asarray(airmass, np.float32) * share**2
    return np.asarray(np.log(np.maximum(path, np.float32(_LEAST))))


def transmittance(band: int, log_path: ArrayLike) -> Floats:
    """Share of the light of a band left after a path.

    Args:
        band: a key of `BANDS`, nm.
        log_path: of `absorber`, any shape.
    """
    first, second, third = (np.float32(one) for one in BANDS[band])
    path = np.asarray(log_path, np.float32)
    return np.asarray(np.exp(-np.exp(first + path * (second + third * path))))
