"""Noise of SEVIRI, channel by channel.

Thermal: noise-equivalent difference of temperature at a scene temperature: half of what was
measured before launch (Schmid 2000, "The SEVIRI instrument", EUMETSAT conference): resampling
to level 1.5 averages neighbours. So 10.8 um has the 0.06 K of quiet sea in real pictures;
required are 0.35, 0.75, 0.75, 0.28, 1.50, 0.25, 0.37 and 1.80 K (Schmetz et al. 2002, Bull. Amer.
Meteor. Soc. 83, 977). Solar: required signal-to-noise ratios at 1 % (ibid.), doubled likewise.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nephoscope.simulate.seviri.planck import Planck

THERMAL_NOISE = {
    "IR_039": (0.12, 300.0), "WV_062": (0.20, 250.0), "WV_073": (0.24, 250.0),
    "IR_087": (0.075, 300.0), "IR_097": (0.12, 255.0), "IR_108": (0.065, 300.0),
    "IR_120": (0.105, 300.0), "IR_134": (0.145, 270.0),
}  # fmt: skip
"""Noise (K) at a temperature (K)."""
SOLAR_NOISE = {"VIS006": 20.0, "VIS008": 14.5, "IR_016": 6.0}
"""Signal over noise of a reflectance of 1 %."""


def thermal_noise(channel: str, planck: Planck) -> float:
    """Standard deviation of the radiance, the same at all temperatures."""
    noise, at = THERMAL_NOISE[channel]
    ends = planck.radiance(np.array([at - noise / 2, at + noise / 2]))
    return float(ends[1] - ends[0])


def solar_noise(channel: str) -> float:
    """Standard deviation of the reflectance, %."""
    return 1 / SOLAR_NOISE[channel]


def noise(
    rng: np.random.Generator, shape: tuple[int, ...], deviation: float
) -> NDArray[np.float32]:
    """White noise of a standard deviation: `shape` float32."""
    return rng.standard_normal(shape, np.float32) * np.float32(deviation)
