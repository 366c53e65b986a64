"""Weather of one scene: an atmosphere at any time, the same whatever was asked before."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nephoscope.simulate.earth.atmosphere.air import draw_air
from nephoscope.simulate.earth.atmosphere.belts import Belts
from nephoscope.simulate.earth.atmosphere.fields import Field, Texture
from nephoscope.simulate.earth.atmosphere.grid import LocalGrid
from nephoscope.simulate.earth.atmosphere.layers import LAYERS, Cubes, add_cloud
from nephoscope.simulate.earth.atmosphere.situation import Situation, draw_situation
from nephoscope.simulate.earth.atmosphere.state import LEVELS, THICKNESS, Atmosphere
from nephoscope.simulate.earth.atmosphere.surface import draw_ground, surface_at
from nephoscope.simulate.earth.atmosphere.winds import Winds
from nephoscope.simulate.earth.seeds import stream

Floats = NDArray[np.float32]

_CLOUDY, _MOST_MOIST = 1.2, 1.3
"""Factors on the vapour that bring the lower troposphere of the tables near saturation."""
_MOST_SATURATED = 0.99
"""Relative humidity that no level passes: below 1, as a belt's is not quite a column's."""


class Weather:
    """Air, ground and clouds over a grid, moving from a start onwards (or back).

    Args:
        grid: of the columns.
        seed: of everything that is random.
        start: UTC, when the fields are as drawn; season and gases are those of this day.
    """

    def __init__(self, grid: LocalGrid, seed: int, start: np.datetime64) -> None:
        self.grid, self.seed = grid, seed
        self.start = start.astype("datetime64[ns]")
        self._places = grid.places()
        latitude = self._places[0]
        self.air = draw_air(
            stream(seed, "air"), float(latitude.min()), float(latitude.max()), self.start
        )
        self.winds = Winds.drawn(stream(seed, "winds"), grid.latitude)
        self.ground = draw_ground(grid, latitude, seed, self.air, self.start)
        self._belts = Belts.of(self.air, latitude)
        self._fields: dict[str, Field] = {}

    def at(self, time: np.datetime64) -> Atmosphere:
        """The atmosphere at a time, UTC; days away from the start the season is still its own."""
        moment = time.astype("datetime64[ns]")
        seconds = float((moment - self.start) / np.timedelta64(1, "s"))
        situation = draw_situation(
            self.grid, seconds, moment, self._belts, self.ground, self.winds, self._field
        )
        cubes = Cubes.empty(self.grid.rows * self.grid.cols)
        for layer in LAYERS:
            for cloud in layer(situation):
                add_cloud(cubes, cloud, situation)
        depth = _optical_depth(cubes).reshape(self.grid.shape)
        names = ("lwc", "iwc", "liquid_extinction", "ice_extinction", "rain", "cloud_type")
        shape = (LEVELS, *self.grid.shape)
        return Atmosphere(
            grid=self.grid,
            time=moment,
            air=self.air,
            moisture=_moisture(situation, depth),
            # Two-stream transmittance of a conservative cloud with asymmetry 0.85.
            surface=surface_at(
                self.ground, self._places, self.air, self.winds, moment, 1 / (1 + 0.11 * depth)
            ),
            **{name: getattr(cubes, name).reshape(shape) for name in names},
        )

    def _field(self, name: str, texture: Texture, shape: tuple[int, int], spacing: float) -> Field:
        """A field is drawn once; its modes are kept."""
        if name not in self._fields:
            self._fields[name] = Field(texture, shape, spacing, self.seed, name)
        return self._fields[name]


def _optical_depth(cubes: Cubes) -> Floats:
    depth = np.zeros(cubes.lwc.shape[1], np.float32)
    for level in np.flatnonzero(cubes.cloud_type.any(axis=1)):
        depth += cubes.liquid_extinction[level]
        depth += cubes.ice_extinction[level]
    return depth * np.float32(THICKNESS)


def _moisture(situation: Situation, depth: Floats) -> Floats:
    """Factor on the water vapour: less where air sinks, more where it rises and in clouds.

    Nowhere is air then saturated over liquid water; what condenses is in the clouds.
    """
    clear = situation.spread(np.exp(0.16 * np.clip(situation.moisture, -2.5, 2)))
    clear = np.minimum(clear.reshape(depth.shape), np.float32(_MOST_MOIST))
    cloudy = 1 - np.exp(-depth / 3)
    wanted = clear + (np.maximum(clear, np.float32(_CLOUDY)) - clear) * cloudy
    belts = situation.belts
    most = np.float32(_MOST_SATURATED) * belts.headroom[belts.number].reshape(depth.shape)
    return np.asarray(np.minimum(wanted, most), np.float32)
