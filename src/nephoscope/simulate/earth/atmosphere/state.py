"""State of air, ground and cloud at one time: the contract of atmosphere and instruments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nephoscope.simulate.earth.atmosphere.grid import LocalGrid

LEVELS, THICKNESS, BOTTOM = 84, 240.0, -30.0
"""Layers of the atmosphere, their thickness and the lower edge of the lowest (m above the sea): the
60-m gates of DARDAR, centred on multiples of 60 m, nest in them."""
EDGES = (np.arange(LEVELS + 1, dtype=np.float32) * THICKNESS + BOTTOM).astype(np.float32)
"""Between the layers, m above the sea: (level + 1,) float32, the lowest first."""
ALTITUDE = (EDGES[:-1] + EDGES[1:]) / 2
"""Centres of the layers, m above the sea: (level,) float32, the lowest first."""


def level_at(altitude: ArrayLike) -> NDArray[np.intp]:
    """Number of the layer that holds each altitude (m), same shape; outermost beyond the ends."""
    number = np.floor((np.asarray(altitude) - BOTTOM) / THICKNESS)
    return np.asarray(np.clip(number, 0, LEVELS - 1), np.intp)


Floats = NDArray[np.float32]
SEA, LAND, SNOW = 0, 1, 2


@dataclass(frozen=True)
class Air:
    """Gases of the clear air: profiles at some latitudes, between which one interpolates.

    Args:
        latitude: (node,) float64, degrees north, ascending, evenly spaced, at least two.
        temperature: (level, node) float32, K, at the centres of layers.
        pressure: (level, node) float32, Pa.
        vapour: (level, node) float32, density of water vapour, kg m-3.
        ozone: (level, node) float32, density of ozone, kg m-3.
        column_above: (node,) float32, ozone above the highest level, kg m-2.
    """

    latitude: NDArray[np.float64]
    temperature: Floats
    pressure: Floats
    vapour: Floats
    ozone: Floats
    column_above: Floats

    def between(self, latitude: ArrayLike) -> tuple[NDArray[np.int32], Floats]:
        """Southern node of each place and how far it is on the way to the next, same shape.

        A quantity is `(1 - share) * nodes[south] + share * nodes[south + 1]`.
        """
        step = self.latitude[1] - self.latitude[0]
        place = (np.asarray(latitude, np.float64) - self.latitude[0]) / step
        south = np.clip(np.floor(place), 0, len(self.latitude) - 2).astype(np.int32)
        return south, np.clip(place - south, 0, 1).astype(np.float32)

    def at(self, nodes: Floats, latitude: ArrayLike) -> Floats:
        """Interpolate one quantity of nodes (node,) or (level, node) to places (last axes)."""
        south, share = self.between(latitude)
        return np.asarray((1 - share) * nodes[..., south] + share * nodes[..., south + 1])


@dataclass(frozen=True)
class Surface:
    """The ground below each column: all (row, col).

    Args:
        kind: uint8: `SEA`, `LAND` or `SNOW` (also sea ice).
        altitude: float32, m above the sea.
        temperature: float32, of the skin, K.
        vegetation: float32, 0 bare soil to 1 forest; 0 on the sea.
        wind: float32, m s-1 at 10 m.
        aerosol: float32, optical depth at 550 nm.
    """

    kind: NDArray[np.uint8]
    altitude: Floats
    temperature: Floats
    vegetation: Floats
    wind: Floats
    aerosol: Floats


@dataclass(frozen=True)
class Atmosphere:
    """A cloudy atmosphere at one time. Cubes are (level, row, col), the lowest level first.

    Args:
        grid: where the columns stand.
        time: UTC.
        air: the gases.
        moisture: (row, col) float32, what `air.vapour` is multiplied by in each column.
        surface: the ground.
        lwc: liquid water content, float32, kg m-3, 0 where there is none.
        iwc: ice water content, float32, kg m-3, 0 where there is none.
        liquid_extinction: of droplets in the visible (twice their cross-section), float32, m-1;
            effective radius = 1.5 lwc / (1000 kg m-3 liquid_extinction).
        ice_extinction: of ice crystals in the visible, float32, m-1;
            effective radius = 1.5 iwc / (917 kg m-3 ice_extinction).
        rain: mass of rain and drizzle, float32, kg m-3: seen by the radar alone.
        cloud_type: int8, 0 none, 1 to 8 as in 2B-CLDCLASS; a type wherever there is cloud water.
    """

    grid: LocalGrid
    time: np.datetime64
    air: Air
    moisture: Floats
    surface: Surface
    lwc: Floats
    iwc: Floats
    liquid_extinction: Floats
    ice_extinction: Floats
    rain: Floats
    cloud_type: NDArray[np.int8]

    @property
    def cloudy_levels(self) -> NDArray[np.intp]:
        """Numbers of the levels that hold any cloud."""
        return np.flatnonzero(self.cloud_type.any(axis=(1, 2)))
