"""Lines of sight marched down through the clouds: how deep light gets, and what turns it back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nephoscope.simulate.atmosphere import ALTITUDE, THICKNESS, Atmosphere
from nephoscope.simulate.optics import ice
from nephoscope.simulate.sight import Sight

Floats = NDArray[np.float32]

LIQUID_ASYMMETRY = 0.86
"""Of droplets in the visible (`mie.droplets`: 0.85 to 0.875)."""
LIQUID_KEPT = 1 - LIQUID_ASYMMETRY**2
"""Share of the droplets' optical depth that delta scaling keeps (Joseph et al. 1976)."""
ICE_KEPT = 1 - ice.ASYMMETRY**2
"""The same of ice crystals."""
ASYMMETRY = 0.85
"""Whose delta scaling leaves 0.46, as droplets; crystals are left with 0.43: one value for all."""
HALFWAY = 2.3
"""Scaled optical depth of which a conservative cloud reflects half, about 4 / (3 (1 - 0.46))."""
_TINY = np.float32(1e-12)


@dataclass(frozen=True)
class Crossing:
    """What lines of sight met; each field has the shape of the lines, float32.

    Args:
        depth: delta-scaled vertical optical depth of all cloud.
        liquid: share of the sunlight that droplets scatter once into the line, of what an endless
            cloud would: the sum over layers of exp(-depth / mu) differences on the slant path.
        ice: the same of crystals.
        bow: as `liquid`, of twice the scaled depth: all but what is diffracted counts as scattered.
        direct: what is left of sunlight that comes down and goes up the line unscattered.
        radius: effective radius of the droplets that scatter, m; 0 without any.
        pressure: mean pressure at which cloud sends light back, Pa; 0 without cloud.
    """

    depth: Floats
    liquid: Floats
    ice: Floats
    bow: Floats
    direct: Floats
    radius: Floats
    pressure: Floats


def shade(atmosphere: Atmosphere, levels: NDArray[np.intp], sight: Sight) -> Floats:
    """Delta-scaled vertical optical depth of the cloud between places on the ground and the Sun.

    Args:
        atmosphere: the air.
        levels: numbers of the levels to be looked at.
        sight: lines towards the Sun.
    """
    depth = np.zeros(sight.row.shape, np.float32)
    for level in levels:
        column = sight.at(float(ALTITUDE[level]))
        for cube, kept in (
            (atmosphere.liquid_extinction, LIQUID_KEPT),
            (atmosphere.ice_extinction, ICE_KEPT),
        ):
            if cube[level].any():
                depth += cube[level].reshape(-1).take(column) * np.float32(kept * THICKNESS)
    return depth


def march(
    atmosphere: Atmosphere,
    levels: NDArray[np.intp],
    pressure: Floats,
    sight: Sight,
    airmass: Floats,
) -> Crossing:
    """Follow lines of sight from the top of the atmosphere to the ground.

    Light that comes from a layer at scaled depth t was weakened by exp(-airmass t) if scattered
    once. Light scattered many times comes from as deep as the albedo t / (t + `HALFWAY`) of all
    cloud above still grows (two-stream; Bohren 1987, doi 10.1119/1.15109): so the mean pressure
    lies inside a thick cloud.

    Args:
        atmosphere: the air.
        levels: numbers of the levels to be looked at: all that hold cloud there.
        pressure: (level,) float32, Pa, of all levels.
        sight: the lines.
        airmass: 1 / mu_sun + 1 / mu_view, broadcast with the lines.
    """
    shape = sight.row.shape
    depth, liquid, bow, radius, raised = (np.zeros(shape, np.float32) for _ in range(5))
    left, albedo = np.ones(shape, np.float32), np.zeros(shape, np.float32)
    liquid_share = np.float32(LIQUID_KEPT * THICKNESS)
    ice_share = np.float32(ICE_KEPT * THICKNESS)
    for level in levels[::-1]:
        column = sight.at(float(ALTITUDE[level]))
        droplets = atmosphere.liquid_extinction[level].reshape(-1).take(column)
        here = atmosphere.ice_extinction[level].reshape(-1).take(column)
        here *= ice_share
        wet = bool(droplets.any())
        if wet:
            drops = droplets * liquid_share
            here += drops
        elif not here.any():
            continue
        depth += here
        after = np.exp(-airmass * depth)
        scattered = left - after
        both = left + after
        left = after
        grown = depth / (depth + np.float32(HALFWAY))
        raised += (grown - albedo) * pressure[level]
        albedo = grown
        if wet:
            np.maximum(here, _TINY, out=here)
            scattered *= drops
            scattered /= here
            liquid += scattered
            # The difference of the squares, which fade twice as fast.
            bow += scattered * both
            water = atmosphere.lwc[level].reshape(-1).take(column)
            np.maximum(droplets, _TINY, out=droplets)
            scattered *= water
            scattered /= droplets
            radius += scattered
    # Effective radius = 1.5 lwc / (1000 kg m-3 extinction).
    return Crossing(
        depth,
        liquid,
        1 - left - liquid,
        bow,
        left,
        np.asarray(np.float32(1.5e-3) * radius / np.maximum(liquid, _TINY)),
        np.asarray(raised / np.maximum(albedo, _TINY)),
    )
