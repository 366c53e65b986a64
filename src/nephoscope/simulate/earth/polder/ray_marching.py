"""Ray marching of lines of sight down through the clouds: optical depth, and what reflects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from nephoscope.simulate.earth.atmosphere import ALTITUDE, THICKNESS, Atmosphere
from nephoscope.simulate.earth.microphysics.effective_radius import radius_of
from nephoscope.simulate.earth.optics import ice
from nephoscope.simulate.earth.sight import Sight

Floats = NDArray[np.float32]

LIQUID_ASYMMETRY = 0.86
"""Of droplets in the visible (`mie.droplets`: 0.85 to 0.875)."""
LIQUID_KEPT = 1 - LIQUID_ASYMMETRY**2
"""Share of the droplets' optical depth that delta scaling keeps (Joseph et al. 1976)."""
ICE_KEPT = 1 - ice.ASYMMETRY**2
"""The same of ice crystals."""
ASYMMETRY = 0.85
"""Whose delta scaling leaves 0.46, as droplets; crystals are left with 0.43: one value for all."""
HALFWAY = np.float32(2.3)
"""Scaled optical depth of which a conservative cloud reflects half, about 4 / (3 (1 - 0.46))."""
PENETRATION, DETOUR = np.float32(8), np.float32(0.5)
"""How deep the light goes that oxygen absorbs, in scaled optical depth, and how much longer than
straight its way inside the cloud is: fitted to the paths of photons in slabs (see `march`)."""
_TINY = np.float32(1e-12)


@dataclass(frozen=True)
class Layer:
    """One level that holds cloud: planes are (column,) float32 over the whole grid.

    Args:
        altitude: m.
        level: its number.
        depth: delta-scaled optical depth of the cloud.
        drops: the droplets' part of it; None where there are none, `depth` where all are.
        radius: effective radius of the droplets, m; None where there are none.
    """

    altitude: float
    level: int
    depth: Floats
    drops: Floats | None
    radius: Floats | None

    @classmethod
    def of(cls, atmosphere: Atmosphere, level: int) -> Self:
        """The cloud of a level, its optical depth scaled."""
        liquid = atmosphere.liquid_extinction[level].reshape(-1)
        frozen = atmosphere.ice_extinction[level].reshape(-1)
        altitude = float(ALTITUDE[level])
        ice_depth = frozen * np.float32(ICE_KEPT * THICKNESS)
        if not liquid.any():
            return cls(altitude, level, ice_depth, None, None)
        drops = liquid * np.float32(LIQUID_KEPT * THICKNESS)
        radius = radius_of(atmosphere.lwc[level].reshape(-1), liquid)
        return cls(altitude, level, drops + ice_depth if frozen.any() else drops, drops, radius)


def layers_of(atmosphere: Atmosphere) -> dict[int, Layer]:
    """All levels that hold cloud, by their number."""
    return {int(level): Layer.of(atmosphere, level) for level in atmosphere.cloudy_levels}


@dataclass(frozen=True)
class Crossing:
    """Cloud that lines of sight cross; each field has the shape of the lines, float32.

    Args:
        depth: delta-scaled vertical optical depth of all cloud.
        liquid: share of the sunlight that droplets scatter once into the line, of what an endless
            cloud would: the sum over layers of exp(-depth / mu) differences on the slant path.
        ice: the same of crystals.
        bow: as `liquid`, of twice the scaled depth: all but what is diffracted counts as scattered.
        direct: what is left of sunlight that comes down and goes up the line unscattered.
        radius: effective radius of the droplets that scatter, m; 0 without any.
        pressure: mean pressure at which cloud sends light back, Pa; 0 without cloud.
        apparent: the pressure down to which the light would have to go straight through clear air
            to meet as much air as it does, Pa; 0 without cloud.
    """

    depth: Floats
    liquid: Floats
    ice: Floats
    bow: Floats
    direct: Floats
    radius: Floats
    pressure: Floats
    apparent: Floats


def shade(layers: list[Layer], sight: Sight) -> Floats:
    """Delta-scaled vertical optical depth of the cloud between places on the ground and the Sun.

    Args:
        layers: that hold cloud.
        sight: lines towards the Sun.
    """
    depth = np.zeros(sight.row.shape, np.float32)
    for layer in layers:
        depth += layer.depth.take(sight.at(layer.altitude))
    return depth


def march(layers: list[Layer], pressure: Floats, sight: Sight, airmass: Floats) -> Crossing:
    """Follow lines of sight from the top of the atmosphere to the ground.

    Light that comes from a layer at scaled depth t was weakened by exp(-airmass t) if scattered
    once. Light scattered many times comes from as deep as the albedo t / (t + `HALFWAY`) of all
    cloud above still grows (two-stream; Bohren 1987, doi 10.1119/1.15109): so the mean pressure
    lies inside a thick cloud. What goes deepest goes longest, and not straight: the apparent
    pressure is a mean with `PENETRATION` in place of `HALFWAY`, in which the air between cloud
    particles counts 1 + `DETOUR` times. It lies near the middle of a cloud, as POLDER's does
    (Vanbauce et al. 1998, 2003, doi 10.1029/2002GL016449).

    Args:
        layers: all that hold cloud there, the lowest first.
        pressure: (level,) float32, Pa, of all levels.
        sight: the lines.
        airmass: 1 / mu_sun + 1 / mu_view, broadcast with the lines.
    """
    shape = sight.row.shape
    depth, liquid, bow, radius, other = np.zeros((5, *shape), np.float32)
    means = [_Mean.of(shape, half) for half in (HALFWAY, PENETRATION)]
    detour, thickness = np.zeros(shape, np.float32), np.abs(np.gradient(pressure))
    left, after = np.ones((2, *shape), np.float32)
    for layer in layers[::-1]:
        column = sight.at(layer.altitude)
        here = layer.depth.take(column, mode="clip")
        if not here.any():
            continue
        depth += here
        np.multiply(airmass, depth, out=after)
        np.negative(after, out=after)
        np.exp(after, out=after)
        detour += (here > 0) * (DETOUR * thickness[layer.level])
        means[0].add(depth, pressure[layer.level])
        means[1].add(depth, np.add(detour, pressure[layer.level], out=other))
        if layer.drops is not None and layer.radius is not None:
            by_drops = np.subtract(left, after, out=other)
            if layer.drops is not layer.depth:
                np.maximum(here, _TINY, out=here)
                by_drops *= layer.drops.take(column, mode="clip")
                by_drops /= here
            liquid += by_drops
            radius += by_drops * layer.radius.take(column, mode="clip")
            # The difference of the squares, which fade twice as fast.
            left += after
            by_drops *= left
            bow += by_drops
        left, after = after, left
    radius /= np.maximum(liquid, _TINY)
    deep = [mean.value() for mean in means]
    return Crossing(depth, liquid, 1 - left - liquid, bow, left, radius, deep[0], deep[1])


@dataclass
class _Mean:
    """Mean over the growth of the albedo t / (t + half): all but `half` have the lines' shape."""

    half: np.float32
    total: Floats
    albedo: Floats
    spare: Floats

    @classmethod
    def of(cls, shape: tuple[int, ...], half: np.float32) -> Self:
        return cls(half, *np.zeros((3, *shape), np.float32))

    def add(self, depth: Floats, value: Floats | np.float32) -> None:
        """Add a value, weighted by what the albedo has grown since the last."""
        grown = np.add(depth, self.half, out=self.spare)
        np.divide(depth, grown, out=grown)
        growth = np.subtract(grown, self.albedo, out=self.albedo)
        growth *= value
        self.total += growth
        self.albedo, self.spare = grown, growth

    def value(self) -> Floats:
        """The mean; 0 where there was no cloud."""
        return np.asarray(self.total / np.maximum(self.albedo, _TINY))
