"""Winds by altitude: trades, westerlies and their jets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

_LATITUDES = (0, 12, 28, 45, 60, 75, 90)
# Zonal-mean westerlies at the surface and at 11 km, m s-1, by distance from the equator: values
# chosen here, of the size of the annual means of Peixoto and Oort (1992), Physics of Climate.
_SURFACE = (-4, -7, -2, 6, 4, -1, 0)
_ALOFT = (-4, 4, 24, 26, 17, 10, 4)
_JET = 11_000.0  # m
_STEP = 100.0  # m: half of the layer over which the change of the wind is taken


@dataclass(frozen=True)
class Winds:
    """Wind of a scene, one for each altitude.

    Args:
        surface: eastward and northward, m s-1, at the ground.
        aloft: the same at 11 km.
    """

    surface: tuple[float, float]
    aloft: tuple[float, float]

    @classmethod
    def drawn(cls, rng: np.random.Generator, latitude: float) -> Self:
        """The zonal-mean wind of a latitude (degrees north) with the weather's own on it."""
        away = abs(latitude)
        low, high = (float(np.interp(away, _LATITUDES, winds)) for winds in (_SURFACE, _ALOFT))
        noise = rng.standard_normal(4)
        share = 0.5 + 0.5 * min(away / 40, 1)
        # The trades blow towards the equator.
        to_equator = -np.sign(latitude) * np.interp(away, (0, 12, 30), (0, 3, 0))
        surface = (low + 3 * share * noise[0], to_equator + 3 * share * noise[1])
        return cls(surface, (high + 8 * share * noise[2], 8 * share * noise[3]))

    def at(self, altitude: float) -> tuple[float, float]:
        """Eastward and northward wind, m s-1, at an altitude (m): linear to 11 km, less above."""
        share = min(altitude / _JET, 1.0) - 0.5 * max(0.0, min((altitude - _JET) / 9000, 1.0))
        east, north = (
            low + (high - low) * share for low, high in zip(self.surface, self.aloft, strict=True)
        )
        return east, north

    def leaning(self, altitude: float, slope: float) -> tuple[float, float]:
        """Lean of what the wind bends, metres eastwards and northwards per metre of altitude.

        Args:
            altitude: m, where the wind's change with altitude gives the direction.
            slope: metres along it per metre of altitude.
        """
        below, above = (self.at(altitude + step) for step in (-_STEP, _STEP))
        east, north = (high - low for low, high in zip(below, above, strict=True))
        size = float(np.hypot(east, north)) or 1.0
        return slope * east / size, slope * north / size
