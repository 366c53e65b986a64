"""Saturation pressure of water vapour over liquid water."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Reals = NDArray[np.float64]


def over_water(temperature: ArrayLike) -> Reals:
    """Saturation vapour pressure over (also supercooled) water, Pa, float64.

    Murphy and Koop (2005, Q. J. R. Meteorol. Soc. 131, 1539, doi 10.1256/qj.04.94), equation 10,
    for 123 to 332 K.

    Args:
        temperature: any shape, K.
    """
    t = np.asarray(temperature, np.float64)
    logarithm = np.log(t)
    return np.asarray(
        np.exp(
            54.842763
            - 6763.22 / t
            - 4.210 * logarithm
            + 0.000367 * t
            + np.tanh(0.0415 * (t - 218.8))
            * (53.878 - 1331.22 / t - 9.44523 * logarithm + 0.014025 * t)
        )
    )
