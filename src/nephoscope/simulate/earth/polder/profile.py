"""Profile of the gases over a band of latitudes, and columns above a place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from nephoscope.simulate.earth.atmosphere import ALTITUDE, THICKNESS, Air

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Profile:
    """Gases by altitude, the lowest first.

    Args:
        altitude: (point,) float64, m: the sea and the centres of the layers.
        pressure: (point,) float64, Pa.
        vapour: (point,) float64, water vapour above, kg m-2.
    """

    altitude: NDArray[np.float64]
    pressure: NDArray[np.float64]
    vapour: NDArray[np.float64]

    @classmethod
    def at(cls, air: Air, latitude: float) -> Self:
        """The profile at a latitude, degrees north."""
        log = np.log(air.at(air.pressure, latitude).astype(np.float64))
        # The lowest layers' scale height reaches down to the sea.
        slope = (log[1] - log[0]) / THICKNESS
        density = air.at(air.vapour, latitude).astype(np.float64)
        above = np.cumsum(density[::-1])[::-1] * THICKNESS - density * THICKNESS / 2
        lowest = above[0] + density[0] * float(ALTITUDE[0])
        return cls(
            np.concatenate([[0.0], ALTITUDE]),
            np.exp(np.concatenate([[log[0] - slope * float(ALTITUDE[0])], log])),
            np.concatenate([[lowest], above]),
        )

    @property
    def of_levels(self) -> Floats:
        """Pressure of the layers, (level,) float32, Pa."""
        return self.pressure[1:].astype(np.float32)

    def pressure_at(self, altitude: Floats) -> Floats:
        """Pressure (Pa) at altitudes (m), same shape."""
        log = np.interp(altitude, self.altitude, np.log(self.pressure))
        return np.exp(log).astype(np.float32)

    def vapour_above(self, pressure: Floats) -> Floats:
        """Water vapour (kg m-2) above pressures (Pa), same shape."""
        inside = np.interp(pressure, self.pressure[::-1], self.vapour[::-1])
        return inside.astype(np.float32)


def columns(air: Air, latitude: NDArray[np.floating]) -> tuple[Floats, Floats]:
    """Water vapour from the sea to the top, and ozone, over latitudes: same shape, kg m-2."""
    vapour = air.vapour.sum(axis=0) * np.float32(THICKNESS)
    ozone = air.ozone.sum(axis=0) * np.float32(THICKNESS) + air.column_above
    return air.at(vapour, latitude), air.at(ozone, latitude)
