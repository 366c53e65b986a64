"""Planck's law in the thermal channels, by the coefficients that the calibration inverts.

Effective radiance of a channel: B = c1 nu^3 / (exp(c2 nu / (alpha T + beta)) - 1), mW m-2 sr-1
(cm-1)-1, as EUMETSAT converts radiances to brightness temperatures; coefficients are satpy's, of
each satellite.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

C1, C2 = 1.19104273e-5, 1.43877523
"""2 h c^2 in mW m-2 sr-1 (cm-1)-4, and h c / k in K (cm-1)-1."""
SUN, SUN_SOLID_ANGLE = 5770.0, 6.80e-5
"""Brightness temperature of the Sun near 3.9 um (K, chosen here), and its size at one astronomical
unit (sr)."""


@dataclass(frozen=True)
class Planck:
    """A thermal channel of a satellite.

    Args:
        wavenumber: cm-1.
        slope: alpha.
        offset: beta, K.
    """

    wavenumber: float
    slope: float
    offset: float

    @classmethod
    def of(cls, channel: str, satellite: int) -> Planck:
        """The coefficients of a channel of `nephoscope.instruments.seviri.channels.SATELLITES`."""
        from satpy.readers.core.seviri import CALIB

        known = CALIB[satellite][channel]
        return cls(known["VC"], known["ALPHA"], known["BETA"])

    def radiance(self, temperature: ArrayLike) -> NDArray[np.floating]:
        """Radiance of a black body at `temperature` (K), mW m-2 sr-1 (cm-1)-1, the same shape."""
        effective = np.asarray(temperature) * self.slope + self.offset
        return C1 * self.wavenumber**3 / np.expm1(C2 * self.wavenumber / effective)

    def temperature(self, radiance: ArrayLike) -> NDArray[np.floating]:
        """Brightness temperature (K) of a `radiance`, the same shape."""
        effective = C2 * self.wavenumber / np.log1p(C1 * self.wavenumber**3 / np.asarray(radiance))
        return np.asarray((effective - self.offset) / self.slope)

    def sunlight(self) -> float:
        """Irradiance by the Sun at one astronomical unit, mW m-2 (cm-1)-1."""
        spectral = C1 * self.wavenumber**3 / np.expm1(C2 * self.wavenumber / SUN)
        return float(SUN_SOLID_ANGLE * spectral)
