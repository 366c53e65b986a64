"""Profiles at many latitudes, so that each column looks its air up by one number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from nephoscope.simulate.earth.atmosphere.air import tropopause
from nephoscope.simulate.earth.atmosphere.state import ALTITUDE, Air
from nephoscope.simulate.earth.constants import VAPOUR_GAS
from nephoscope.simulate.earth.microphysics import condensation_rate
from nephoscope.simulate.earth.microphysics.saturation import over_water

Floats = NDArray[np.float32]

BELTS = 512
"""Latitudes between the southernmost and the northernmost column."""
FREEZING, ALL_ICE = 273.15, 235.15
"""Above the one no cloud is ice, below the other (-38 degrees Celsius) none is liquid, K."""


@dataclass(frozen=True)
class Belts:
    """Profiles by latitude.

    Args:
        number: (row * col,) int16, the belt that each column is in.
        temperature: (level, belt) float32, K.
        condensation: (level, belt) float32, water that condenses on rising, kg m-4.
        tropopause: (belt,) float32, m.
        freezing: (belt,) float32, m, where it is 0 degrees Celsius; 0 where nowhere.
        headroom: (belt,) float32, what its vapour may be multiplied by until the first level is
            saturated over liquid water.
        south: latitude of the first belt, degrees north.
        north: of the last.
    """

    number: NDArray[np.int16]
    temperature: Floats
    condensation: Floats
    tropopause: Floats
    freezing: Floats
    headroom: Floats
    south: float
    north: float

    @classmethod
    def of(cls, air: Air, latitude: Floats) -> Self:
        """Belts of columns at (row, col) latitudes, degrees north."""
        south, north = float(latitude.min()), float(latitude.max())
        places = np.linspace(south, north, BELTS)
        temperature = air.at(air.temperature, places)
        top = np.interp(places, air.latitude, tropopause(air.temperature))
        return cls(
            number=_numbers(latitude, south, north).ravel(),
            temperature=temperature,
            condensation=condensation_rate(temperature, air.at(air.pressure, places)),
            tropopause=top.astype(np.float32),
            freezing=_altitude_of(FREEZING, temperature),
            headroom=_headroom(temperature, air.at(air.vapour, places)),
            south=south,
            north=north,
        )

    def numbers_of(self, latitude: Floats) -> NDArray[np.int16]:
        """Belts of places by their latitude (degrees north): outermost beyond."""
        return _numbers(latitude, self.south, self.north)


def _numbers(latitude: Floats, south: float, north: float) -> NDArray[np.int16]:
    share = (latitude - south) / max(north - south, 1e-6)
    return np.asarray(np.rint(np.clip(share, 0, 1) * (BELTS - 1)), np.int16)


def _headroom(temperature: Floats, vapour: Floats) -> Floats:
    """Least ratio in each belt of the vapour's saturation density to its own, (belt,)."""
    saturated = over_water(temperature) / (VAPOUR_GAS * temperature)
    ratio = saturated / np.maximum(vapour, np.float32(1e-12))
    return np.asarray(ratio.min(axis=0), np.float32)


def _altitude_of(wanted: float, temperature: Floats) -> Floats:
    """Altitude (m), per belt, below which it is warmer than `wanted` (K); 0 where nowhere."""
    highest = len(ALTITUDE) - 1 - np.argmax((temperature > wanted)[::-1], axis=0)
    above = np.minimum(highest + 1, len(ALTITUDE) - 1)
    each = np.arange(temperature.shape[1])
    here, there = temperature[highest, each], temperature[above, each]
    share = np.clip((here - wanted) / np.maximum(here - there, 1e-3), 0, 1)
    altitude = ALTITUDE[highest] + share * (ALTITUDE[above] - ALTITUDE[highest])
    return np.where((temperature > wanted).any(axis=0), altitude, 0).astype(np.float32)
