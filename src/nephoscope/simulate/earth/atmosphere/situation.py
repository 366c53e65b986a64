"""Weather map: large-scale fields that decide which clouds stand where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from nephoscope.simulate.earth.atmosphere.air import warmth_of_season
from nephoscope.simulate.earth.atmosphere.belts import Belts
from nephoscope.simulate.earth.atmosphere.fields import Field, Texture
from nephoscope.simulate.earth.atmosphere.grid import LocalGrid
from nephoscope.simulate.earth.atmosphere.state import LAND
from nephoscope.simulate.earth.atmosphere.surface import Ground
from nephoscope.simulate.earth.atmosphere.winds import Winds
from nephoscope.simulate.fractal import enlarge, sigmoid

Floats = NDArray[np.float32]
FieldOf = Callable[[str, Texture, tuple[int, int], float], Field]

COARSE = 12_000.0
"""Spacing of the weather map, m."""
_STEERING = 3000.0  # m: the wind there carries weather systems along
_SYNOPTIC = Texture(1_500_000.0, inner=100_000.0, slope=2.2, dissipation=2e-5)
_EDDIES = Texture(600_000.0, inner=150_000.0, slope=2.5, dissipation=2e-5)
_DEFORMATION = 35_000.0  # m
_FRONTS = Texture(2_000_000.0, inner=450_000.0, slope=2.5, stretch=1.5, angle=35, dissipation=2e-5)
_CYCLONES = Texture(1_500_000.0, inner=400_000.0, slope=2.2, dissipation=2e-5)
_MAPS = {
    "rise": _SYNOPTIC,
    "stability": _SYNOPTIC,
    "moisture": _SYNOPTIC,
    "front": _FRONTS,
    "cyclones": _CYCLONES,
}


@dataclass(frozen=True)
class Situation:
    """Weather map that cloud layers are made from. Maps are (row, col) of a coarse grid, float32.

    Args:
        grid: of the columns.
        seconds: since the start.
        winds: of the scene.
        step: columns per cell of the coarse grid, in each direction.
        latitude: degrees north.
        local_hour: mean solar time, hours.
        land: share of land.
        rise: large-scale ascent, standard deviations.
        stability: of the lower troposphere, likewise.
        moisture: of the upper troposphere, likewise.
        front: distance from a front, m, positive on the warm side.
        frontal: strength of that front, 0 to 1.
        belts: profiles of the air by latitude.
        ground: (row * col,) float32, altitude of the ground, m.
        warp: (row * col,) int32, from where each column takes its noise: flow has drawn it out.
        field_of: makes, or finds again, the evolving field of a name.
    """

    grid: LocalGrid
    seconds: float
    winds: Winds
    step: int
    latitude: Floats
    local_hour: Floats
    land: Floats
    rise: Floats
    stability: Floats
    moisture: Floats
    front: Floats
    frontal: Floats
    belts: Belts
    ground: Floats
    warp: NDArray[np.int32]
    field_of: FieldOf

    def field(self, name: str, texture: Texture, altitude: float, bent: bool = True) -> Floats:
        """Noise on all columns, drifting with the wind at an altitude: (row * col,) float32.

        Args:
            name: of the field.
            texture: its spectrum.
            altitude: m.
            bent: whether eddies have drawn it out; cells are too short-lived for that.
        """
        field = self.field_of(name, texture, self.grid.shape, self.grid.spacing)
        straight = field.at(self.seconds, self.winds.at(altitude)).ravel()
        return np.take(straight, self.warp) if bent else straight

    def map(self, name: str, texture: Texture, altitude: float = _STEERING) -> Floats:
        """Noise on the coarse grid."""
        spacing = self.grid.spacing * self.step
        field = self.field_of(name, texture, self.latitude.shape, spacing)
        return field.at(self.seconds, self.winds.at(altitude))

    def spread(self, values: NDArray[np.floating]) -> Floats:
        """Interpolate from the coarse grid to every column: (row * col,) float32."""
        rows, cols = values.shape
        large = enlarge(
            np.ascontiguousarray(values, np.float32), (rows * self.step, cols * self.step)
        )
        return large[: self.grid.rows, : self.grid.cols].ravel()

    def threshold(self, cover: NDArray[np.floating]) -> Floats:
        """Threshold that a standard normal field exceeds over a share `cover` of the columns."""
        return self.spread(-ndtri(np.clip(cover, 1e-5, 0.9999)).astype(np.float32))

    def tropopause(self, columns: NDArray[np.int32]) -> Floats:
        """Altitude of the tropopause above some columns, m."""
        return np.take(self.belts.tropopause, self.belts.number[columns])

    def freezing(self, columns: NDArray[np.int32]) -> Floats:
        """Altitude of 0 degrees Celsius in some columns, m; 0 where nowhere."""
        return np.take(self.belts.freezing, self.belts.number[columns])


def draw_situation(
    grid: LocalGrid,
    seconds: float,
    time: np.datetime64,
    belts: Belts,
    ground: Ground,
    winds: Winds,
    field_of: FieldOf,
) -> Situation:
    """Draw the weather map at a time."""
    step = max(1, round(COARSE / grid.spacing))
    rows, cols = (-(-size // step) for size in grid.shape)
    middle = (step - 1) / 2
    lat, lon = grid.to_place(
        np.arange(rows)[:, None] * step + middle, np.arange(cols)[None] * step + middle
    )
    noise = {}
    for name, texture in _MAPS.items():
        # Cold fronts trail westwards towards the equator in both hemispheres.
        slanted = replace(texture, angle=texture.angle * (1 if grid.latitude >= 0 else -1))
        field = field_of(f"weather {name}", slanted, (rows, cols), grid.spacing * step)
        noise[name] = field.at(seconds, winds.at(_STEERING))
    latitude = lat.astype(np.float32)
    land = _blocks(ground.kind == LAND, step, (rows, cols))
    day = (time - time.astype("datetime64[D]")) / np.timedelta64(1, "h")
    return Situation(
        grid=grid,
        seconds=seconds,
        winds=winds,
        step=step,
        latitude=latitude,
        local_hour=np.asarray((day + lon / 15) % 24, np.float32),
        land=land,
        **_drivers(noise, regimes(latitude, warmth_of_season(time)), land),
        front=_distance(noise["front"], grid.spacing * step),
        ground=ground.altitude.ravel(),
        warp=_warp(grid, seconds, winds, field_of),
        field_of=field_of,
        belts=belts,
    )


def _drivers(noise: dict[str, Floats], share: dict[str, Floats], land: Floats) -> dict[str, Floats]:
    """Fields that decide about clouds: the general circulation with the day's weather on it."""
    rise = 1.3 * share["itcz"] + 0.35 * share["storms"] - 1.0 * share["dry"] - 0.3 * share["polar"]
    rise = rise + (0.7 + 0.3 * share["storms"]) * noise["rise"]
    stability = 0.6 * share["dry"] * (1 - land) + 0.7 * share["polar"] - 0.9 * share["itcz"]
    stability = stability + 0.8 * noise["stability"] - 0.35 * noise["rise"]
    cyclones = sigmoid(4 * (noise["cyclones"] + 0.5 * noise["rise"]) - 0.5)
    return {
        "rise": np.asarray(rise, np.float32),
        "stability": np.asarray(stability, np.float32),
        "moisture": np.asarray(0.6 * rise + 0.8 * noise["moisture"], np.float32),
        "frontal": cyclones * share["storms"],
    }


def regimes(latitude: Floats, season: float) -> dict[str, Floats]:
    """Share of each climatic belt in a place, 0 to 1: the belts move with the season.

    Positions, chosen here, are about those of the zonal-mean vertical motion (Peixoto and Oort
    1992): ascent near 7 degrees north in July and 3 south in January, descent near 20 to 28, storm
    tracks near 54.
    """
    away = np.abs(latitude)
    belts = {
        "itcz": np.exp(-(((latitude - 2 - 5 * season) / 9) ** 2)),
        "dry": np.exp(-(((np.abs(latitude - 4 * season) - 24) / 9) ** 2)),
        "storms": np.exp(-(((away - 54) / 17) ** 2)),
        "polar": sigmoid((away - 68) / 4),
    }
    return {name: np.asarray(share, np.float32) for name, share in belts.items()}


def _warp(grid: LocalGrid, seconds: float, winds: Winds, field_of: FieldOf) -> NDArray[np.int32]:
    """Places from which columns take their noise: deformation by eddies of some 100 km.

    It bends what would be straight and gathers patches into bands. Beyond the edge the noise is
    mirrored.
    """
    index = []
    for name, size in (("south", grid.rows), ("east", grid.cols)):
        field = field_of(f"warp {name}", _EDDIES, grid.shape, grid.spacing)
        moved = field.at(seconds, winds.at(_STEERING)) * np.float32(_DEFORMATION / grid.spacing)
        straight = np.arange(size, dtype=np.float32)
        moved += straight[:, None] if name == "south" else straight
        last = max(size - 1, 1)
        folded = last - np.abs(last - np.abs(moved) % (2 * last))
        index.append(np.minimum(np.rint(folded), size - 1).astype(np.int32))
    return np.asarray(index[0] * np.int32(grid.cols) + index[1]).ravel()


def _distance(field: Floats, spacing: float) -> Floats:
    """Distance (m) from the lines where a smooth field is 0: fronts lie there."""
    down, right = np.gradient(field, spacing)
    return np.asarray(field / np.maximum(np.hypot(down, right), 1 / 1_500_000), np.float32)


def _blocks(plane: NDArray[np.bool_], step: int, shape: tuple[int, int]) -> Floats:
    """Means of step x step columns; the last may be incomplete."""
    rows, cols = plane.shape
    padded = np.pad(plane, ((0, shape[0] * step - rows), (0, shape[1] * step - cols)), mode="edge")
    blocks = padded.reshape(shape[0], step, shape[1], step)
    return np.asarray(blocks.mean(axis=(1, 3), dtype=np.float32))
