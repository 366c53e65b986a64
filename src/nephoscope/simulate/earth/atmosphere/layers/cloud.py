"""Cloud layer by its columns, and writing it into the cubes level by level."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from nephoscope.simulate.earth.atmosphere.belts import ALL_ICE, FREEZING
from nephoscope.simulate.earth.atmosphere.grid import LocalGrid
from nephoscope.simulate.earth.atmosphere.situation import Situation
from nephoscope.simulate.earth.atmosphere.state import ALTITUDE, EDGES, LEVELS, THICKNESS, level_at
from nephoscope.simulate.earth.microphysics import (
    droplet_radius,
    ice_extinction,
    liquid_extinction,
    usual_n0,
)

Floats = NDArray[np.float32]
Columns = NDArray[np.int32]

CIRRUS, ALTOSTRATUS, ALTOCUMULUS, STRATUS = 1, 2, 3, 4
STRATOCUMULUS, CUMULUS, NIMBOSTRATUS, DEEP = 5, 6, 7, 8
LEAST_LIQUID, LEAST_ICE = 2e-6, 2e-8
"""Contents below which there is no cloud, kg m-3."""
_STEPS = 64
_REFERENCE = np.float32(243.15)  # K


@dataclass(frozen=True)
class Grain:
    """Structure inside a cloud: two independent planes of noise, mixed in turn with altitude.

    Args:
        planes: two (row * col,) float32, standard normal.
        strength: standard deviation of the logarithm of the content.
        depth: m; structure half a turn (pi of these) away in the vertical is the opposite.
        shear: metres by which the structure is displaced eastwards and northwards per metre of
            altitude: `Winds.leaning`.
    """

    planes: tuple[Floats, Floats]
    strength: float
    depth: float
    shear: tuple[float, float] = (0.0, 0.0)

    def at(self, columns: Columns, altitude: float, grid: LocalGrid) -> Floats:
        """Factor on the content with mean 1."""
        right, up = (round(rate * altitude / grid.spacing) for rate in self.shear)
        places = columns - np.int32(right - up * grid.cols)
        turn = altitude / self.depth
        noise = np.float32(self.strength * np.cos(turn)) * np.take(
            self.planes[0], places, mode="wrap"
        )
        noise += np.float32(self.strength * np.sin(turn)) * np.take(
            self.planes[1], places, mode="wrap"
        )
        noise -= np.float32(self.strength**2 / 2)
        return np.asarray(np.exp(noise, out=noise))


@dataclass(frozen=True)
class Cloud:
    """One layer of cloud: some columns, each from a base to a top. Fields are (column,) float32.

    Args:
        kind: 1 to 8 as in 2B-CLDCLASS; int, or (column,) int8.
        columns: (column,) int32, row * cols + col.
        base: m above the sea.
        top: m above the sea.
        liquid: share of the adiabatic water that is there, 0 to 1; a number will do.
        droplets: number, m-3.
        most_liquid: what entrainment, freezing and rain leave at most, kg m-3.
        ice: ice water content at its fullest, at -30 degrees Celsius, kg m-3.
        warmer: growth of the ice content with temperature, K-1.
        fullness: exponents a, b of the ice profile h^a (1 - h)^b from base (0) to top (1).
        phases: temperatures (K) at and below which all is ice, at and above which all is liquid.
        crystals: ln of the factor on N0*, from cloud to cloud.
        rain: rate, mm per hour; 0 where it does not reach the ground.
        grain: the structure inside.
    """

    kind: int | NDArray[np.int8]
    columns: Columns
    base: Floats
    top: Floats
    grain: Grain
    liquid: Floats | float = 0.0
    droplets: Floats | float = 1e8
    most_liquid: float = 2e-3
    ice: Floats | float = 0.0
    warmer: float = 0.06
    fullness: tuple[float, float] = (0.5, 0.5)
    phases: tuple[float, float] = (ALL_ICE, FREEZING)
    crystals: Floats | float = 0.0
    rain: Floats | float = 0.0


@dataclass(frozen=True)
class Cubes:
    """The clouds so far, as in `Atmosphere`, each (level, row * col)."""

    lwc: Floats
    iwc: Floats
    liquid_extinction: Floats
    ice_extinction: Floats
    rain: Floats
    cloud_type: NDArray[np.int8]

    @classmethod
    def empty(cls, columns: int) -> Cubes:
        """Cubes without a cloud."""
        a, b, c, d, e = (np.zeros((LEVELS, columns), np.float32) for _ in range(5))
        return cls(a, b, c, d, e, np.zeros((LEVELS, columns), np.int8))


def add_cloud(cubes: Cubes, cloud: Cloud, situation: Situation) -> None:
    """Write a cloud into the cubes, in place; its type replaces what was in its cells."""
    if not len(cloud.columns):
        return
    base = np.maximum(cloud.base, situation.ground[cloud.columns])
    # A mountain may stand higher than the cloud: no part has it then.
    base = np.where(base < cloud.top, base, np.float32(np.inf))
    lowest, highest = level_at(base.min()), level_at(cloud.top.max())
    depth = np.maximum(cloud.top - base, 1)
    for level in range(lowest, highest + 1):
        low, high = EDGES[level : level + 2]
        here = np.flatnonzero((base < high) & (cloud.top > low))
        if len(here):
            foot, head = np.maximum(base[here], low), np.minimum(cloud.top[here], high)
            above = (foot + head) / 2 - base[here]
            share = (head - foot) / np.float32(THICKNESS)
            part = _Part(level, here, cloud.columns[here], share, above, above / depth[here])
            _add_part(cubes, cloud, situation, part)
    _add_rain(cubes, cloud, situation)


@dataclass(frozen=True)
class _Part:
    """Cells of a cloud on one level of the atmosphere; all (n,).

    Args:
        level: its number.
        here: which of the cloud's columns.
        columns: which of the grid's.
        share: of the layer's thickness that is in the cloud.
        above: how far the middle of that is above the cloud's base, m.
        height: the same as a share of the cloud's depth.
    """

    level: int
    here: NDArray[np.intp]
    columns: Columns
    share: NDArray[np.floating]
    above: NDArray[np.floating]
    height: NDArray[np.floating]

    def of(self, value: Floats | float) -> Floats | float:
        """Values of a property of the cloud in these cells."""
        return value if isinstance(value, float | int) else value[self.here]

    def only(self, which: NDArray[np.intp] | NDArray[np.bool_]) -> _Part:
        """Those of the cells that `which` selects."""
        return _Part(
            self.level,
            self.here[which],
            self.columns[which],
            self.share[which],
            self.above[which],
            self.height[which],
        )


def _add_part(cubes: Cubes, cloud: Cloud, situation: Situation, part: _Part) -> None:
    level = part.level
    belt = np.take(situation.belts.number, part.columns)
    temperature = np.take(situation.belts.temperature[level], belt)
    altitude = float(ALTITUDE[level])
    grain = cloud.grain.at(part.columns, altitude, situation.grid) * part.share
    frozen = _frozen(temperature, cloud.phases)
    there = np.zeros(len(part.here), bool)
    wet = np.flatnonzero(frozen < 1)
    if len(wet) and (not isinstance(cloud.liquid, float) or cloud.liquid > 0):
        rate = np.take(situation.belts.condensation[level], belt[wet])
        there[wet] = _add_liquid(cubes, cloud, part.only(wet), rate * (1 - frozen[wet]), grain[wet])
    if not isinstance(cloud.ice, float) or cloud.ice > 0:
        full = _profile(cloud.fullness)[(part.height * (_STEPS - 1)).astype(np.int32)]
        full = full * part.of(cloud.ice) * grain
        full *= np.exp(np.float32(cloud.warmer) * (temperature - _REFERENCE))
        full *= np.where(temperature < FREEZING, np.maximum(frozen, 0.3), 0)
        there |= _add_ice(cubes, part, full, temperature, part.of(cloud.crystals))
    kind = cloud.kind if isinstance(cloud.kind, int) else cloud.kind[part.here[there]]
    cubes.cloud_type[level, part.columns[there]] = kind


def _frozen(temperature: Floats, phases: tuple[float, float]) -> Floats:
    """Share of the condensate that is ice; all below -38 degrees Celsius, none above 0."""
    cold, warm = phases
    frozen = np.clip((warm - temperature) / np.float32(max(warm - cold, 0.1)), 0, 1)
    frozen[temperature >= FREEZING] = 0
    frozen[temperature <= ALL_ICE] = 1
    return np.asarray(frozen, np.float32)


def _add_liquid(
    cubes: Cubes, cloud: Cloud, part: _Part, rate: Floats, grain: Floats
) -> NDArray[np.bool_]:
    inside = np.asarray(rate * part.above * part.of(cloud.liquid), np.float32)
    inside /= 1 + inside / np.float32(cloud.most_liquid)
    mean = np.asarray(inside * grain)
    there = np.asarray(mean > LEAST_LIQUID)
    part, inside, mean = part.only(there), inside[there], mean[there]
    radius = np.maximum(droplet_radius(inside, part.of(cloud.droplets)), np.float32(2e-6))
    cubes.lwc[part.level, part.columns] += mean
    cubes.liquid_extinction[part.level, part.columns] += liquid_extinction(mean, radius)
    return there


def _add_ice(
    cubes: Cubes, part: _Part, mean: Floats, temperature: Floats, crystals: Floats | float
) -> NDArray[np.bool_]:
    there = np.asarray(mean > LEAST_ICE)
    mean, columns = mean[there], part.columns[there]
    log_n0 = usual_n0(temperature[there], mean)
    log_n0 += crystals if isinstance(crystals, float | int) else crystals[there]
    cubes.iwc[part.level, columns] += mean
    cubes.ice_extinction[part.level, columns] += ice_extinction(mean, log_n0)
    return there


def _add_rain(cubes: Cubes, cloud: Cloud, situation: Situation) -> None:
    """Rain from the melting level, or the top of a warm cloud, to the ground.

    Content 0.072 R^0.88 g m-3, R in mm per hour: Marshall and Palmer (1948, J. Meteor. 5, 165).
    """
    if isinstance(cloud.rain, float):
        return
    wet = np.flatnonzero(cloud.rain > 0.005)
    columns, rate = cloud.columns[wet], cloud.rain[wet]
    ceiling = np.minimum(situation.freezing(columns), cloud.top[wet])
    floor = situation.ground[columns]
    content = np.float32(0.072e-3) * rate ** np.float32(0.88)
    for level in range(level_at(ceiling.max(initial=0)) + 1):
        low, high = EDGES[level : level + 2]
        share = (np.minimum(ceiling, high) - np.maximum(floor, low)) / np.float32(THICKNESS)
        here = np.flatnonzero(share > 0)
        cubes.rain[level, columns[here]] += content[here] * share[here]


@cache
def _profile(fullness: tuple[float, float]) -> Floats:
    """h^a (1 - h)^b, 1 at its fullest: (step,) float32."""
    height = (np.arange(_STEPS) + 0.5) / _STEPS
    values = height ** fullness[0] * (1 - height) ** fullness[1]
    return np.asarray(values / values.max(), np.float32)
