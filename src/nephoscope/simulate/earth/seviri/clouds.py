"""Clouds on lines of sight: layer by layer, summed to one layer of ice above one of water."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nephoscope.simulate.earth.atmosphere import ALTITUDE, THICKNESS, Atmosphere
from nephoscope.simulate.earth.constants import ICE_DENSITY, WATER_DENSITY
from nephoscope.simulate.earth.seviri.lines import Lines
from nephoscope.simulate.earth.sight import Sight

Floats = NDArray[np.float32]
Levels = NDArray[np.intp]

_SEEN_DEPTH = 8.0  # optical depth over which reflected light forgets the particles (Platnick 2000)


class Layer(NamedTuple):
    """One level of cloud, where lines cross any.

    Args:
        level: its number.
        where: (m,) intp, which lines.
        water: (m,) float32, vertical optical depth of droplets in the visible.
        ice: (m,) float32, of crystals.
        water_radius: (m,) float32, effective, um; 0 without droplets.
        ice_radius: (m,) float32.
    """

    level: int
    where: NDArray[np.intp]
    water: Floats
    ice: Floats
    water_radius: Floats
    ice_radius: Floats


@dataclass(frozen=True)
class Phase:
    """All cloud of one phase on each line: (line,) float32.

    Args:
        depth: vertical optical depth in the visible.
        radius: effective, um, weighted as reflected light sees it.
        altitude: m, weighted in the same way; 0 without cloud.
    """

    depth: Floats
    radius: Floats
    altitude: Floats


@dataclass(frozen=True)
class Column:
    """Cloud as sunlight meets it on each line.

    Args:
        ice: crystals, taken as lying above all droplets.
        water: droplets.
        altitude: (line,) float32, m, from which light comes that was scattered once, or the
            ground's, in shares.
    """

    ice: Phase
    water: Phase
    altitude: Floats


def crossed(atmosphere: Atmosphere, levels: Levels, sight: Sight) -> list[Layer]:
    """The layers of cloud that lines of sight cross, from the top.

    Args:
        atmosphere: the one that is measured.
        levels: its `cloudy_levels`, which take a while to find.
        sight: the lines.
    """
    layers = []
    for level in levels[::-1]:
        columns = sight.at(float(ALTITUDE[level]))
        where = np.flatnonzero(atmosphere.cloud_type[level].ravel()[columns])
        if not where.size:
            continue
        columns = columns[where]
        parts = []
        for mass, extinction, density in (
            (atmosphere.lwc, atmosphere.liquid_extinction, WATER_DENSITY),
            (atmosphere.iwc, atmosphere.ice_extinction, ICE_DENSITY),
        ):
            per_metre = extinction[level].ravel()[columns]
            content = mass[level].ravel()[columns]
            radius = np.float32(1.5e6 / density) * content / np.maximum(per_metre, np.float32(1e-9))
            parts.append((per_metre * np.float32(THICKNESS), radius))
        (water, water_radius), (ice, ice_radius) = parts
        layers.append(Layer(int(level), where, water, ice, water_radius, ice_radius))
    return layers


def column(layers: list[Layer], lines: Lines) -> Column:
    """Sum layers (from the top) as reflected light weighs them.

    Deeper particles count by exp(-depth above / 8): after the vertical weighting functions of
    reflectance of Platnick (2000).
    """
    count = lines.latitude.size
    above, seen = np.zeros(count, np.float32), np.zeros(count, np.float32)
    sums = {phase: np.zeros((4, count), np.float32) for phase in ("water", "ice")}
    for layer in layers:
        where, height = layer.where, ALTITUDE[layer.level]
        before = above[where]
        weight = np.exp(before / np.float32(-_SEEN_DEPTH))
        for phase, depth, radius in (
            ("water", layer.water, layer.water_radius),
            ("ice", layer.ice, layer.ice_radius),
        ):
            counted = depth * weight
            parts = (depth, counted, counted * radius, counted * height)
            for row, part in zip(sums[phase], parts, strict=True):
                row[where] += part
        after = before + layer.water + layer.ice
        seen[where] += (np.exp(-before) - np.exp(-after)) * height
        above[where] = after
    seen += np.exp(-above) * lines.altitude
    return Column(_phase(sums["ice"]), _phase(sums["water"]), seen)


def _phase(sums: Floats) -> Phase:
    depth, weight, radius, altitude = sums
    share = 1 / np.maximum(weight, np.float32(1e-9))
    return Phase(depth, radius * share, altitude * share)


def shadow_depth(
    atmosphere: Atmosphere, levels: Levels, lines: Lines, layers: list[Layer], altitude: Floats
) -> Floats:
    """Depth of cloud that the Sun's path crosses beyond that on the line of sight.

    Args:
        atmosphere: the one that is measured.
        levels: its `cloudy_levels`.
        lines: of sight.
        layers: that they cross.
        altitude: (line,) float32, m, of what is seen.

    Returns:
        (line,) float32, vertical optical depth in the visible, 0 or more: in a flat deck, none.
    """
    more = np.zeros(altitude.size, np.float32)
    for layer in layers:
        higher = ALTITUDE[layer.level] > altitude[layer.where]
        more[layer.where[higher]] -= (layer.water + layer.ice)[higher]
    sight, sun = lines.sight, lines.sun
    from_here = Sight(
        sight.grid,
        sight.row + (sight.rows_per_metre - sun.rows_per_metre) * altitude,
        sight.col + (sight.cols_per_metre - sun.cols_per_metre) * altitude,
        sun.rows_per_metre, sun.cols_per_metre, sun.slant,
    )  # fmt: skip
    for level in levels:
        columns = from_here.at(float(ALTITUDE[level]))
        cloudy = atmosphere.cloud_type[level].ravel()[columns] > 0
        where = np.flatnonzero(cloudy & (ALTITUDE[level] > altitude))
        columns = columns[where]
        per_metre = atmosphere.liquid_extinction[level].ravel()[columns]
        per_metre += atmosphere.ice_extinction[level].ravel()[columns]
        more[where] += per_metre * np.float32(THICKNESS)
    return np.maximum(more, 0)
