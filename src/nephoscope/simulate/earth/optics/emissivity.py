"""Emissivity of the ground in the thermal channels of SEVIRI.

After spectra of Salisbury & D'Aria (1992, Remote Sens. Environ. 42, 83; 1994, 47, 345) averaged
over the channels; the sea at a zenith angle of 40 degrees after Masuda et al. (1988, Remote Sens.
Environ. 24, 313). Dry sand of quartz is grey at 8 to 10 um (reststrahlen) and at 3.9 um.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nephoscope.simulate.earth.atmosphere import SEA, SNOW, Surface

# channel: sea, snow, bare soil, vegetation
_EMISSIVITY = {
    "IR_039": (0.975, 0.975, 0.80, 0.965),
    "WV_062": (0.985, 0.985, 0.95, 0.98),
    "WV_073": (0.985, 0.985, 0.95, 0.98),
    "IR_087": (0.985, 0.990, 0.84, 0.975),
    "IR_097": (0.987, 0.992, 0.87, 0.975),
    "IR_108": (0.990, 0.993, 0.950, 0.980),
    "IR_120": (0.985, 0.980, 0.970, 0.982),
    "IR_134": (0.975, 0.975, 0.970, 0.982),
}


def emissivity(surface: Surface, channel: str) -> NDArray[np.float32]:
    """Emissivity of each column's ground: (row, col) float32; land mixes soil and vegetation.

    Args:
        surface: the ground.
        channel: thermal, of SEVIRI.
    """
    sea, snow, soil, green = (np.float32(value) for value in _EMISSIVITY[channel])
    land = soil + (green - soil) * surface.vegetation
    kinds = [surface.kind == SEA, surface.kind == SNOW]
    return np.asarray(np.select(kinds, [sea, snow], land), np.float32)
