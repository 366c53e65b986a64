"""Noise of SEVIRI, channel by channel.

What is required: 0.35, 0.75, 0.75, 0.28, 1.50, 0.25, 0.37 and 1.80 K (Schmetz et al. 2002), which
the instruments keep by far. Quiet patches of a real picture of Meteosat-9 differ by 0.064 to
0.071 K from pixel to pixel at 10.8 um; values for the other channels are chosen here: thermal ones
quieter than required in proportion to their bands, solar ones twice as good as a signal-to-noise
ratio of 10, 7 and 3 at 1 %. Estimates, not measurements.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nephoscope.simulate.earth.seviri.planck import Planck

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
