"""Deep clouds: nimbostratus of fronts, convective systems with cores, rain and anvils."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nephoscope.simulate.earth.atmosphere.fields import Texture
from nephoscope.simulate.earth.atmosphere.layers.cloud import (
    DEEP,
    NIMBOSTRATUS,
    Cloud,
    Grain,
)
from nephoscope.simulate.earth.atmosphere.layers.high import high_or_middle
from nephoscope.simulate.earth.atmosphere.situation import Situation
from nephoscope.simulate.fractal import sigmoid

Floats = NDArray[np.float32]

_BAND = Texture(200_000.0, inner=4_000.0, slope=1.7)
_FINE = Texture(40_000.0, dissipation=3e-4)
_SYSTEM = Texture(260_000.0, inner=9_000.0, slope=1.7, dissipation=4e-4)
_CORES = Texture(28_000.0, inner=3_000.0, slope=1.5, dissipation=1e-3)
_OUTFLOW = 1.6 * 3600  # s: how long an anvil is carried away from the system below
_LID = Texture(300_000.0, inner=40_000.0, slope=2.0)
_WIDE = Texture(700_000.0, inner=60_000.0, slope=2.0)
_STREAKS = 3.0
"""Metres that falling ice lags behind the wind above, per metre of fall. Chosen here."""


def nimbostratus(situation: Situation) -> list[Cloud]:
    """Bands along fronts and in strongly rising air: from near the ground to 6 to 9 km, raining."""
    s = situation
    near = np.where(s.front > 0, s.front / 190_000, s.front / 80_000)
    polar = sigmoid((np.abs(s.latitude) - 50) / 5)
    cover = 0.97 * s.frontal * np.exp(-(near**4)) + 0.12 * polar * sigmoid(2.5 * (s.rise - 1.0))
    band, fine = s.field("ns band", _BAND, 4000), s.field("ns fine", _FINE, 4000)
    excess = 0.98 * band + 0.2 * fine - s.threshold(cover)
    columns = np.flatnonzero(excess > 0).astype(np.int32)
    excess, ground = excess[columns], s.ground[columns]
    tropopause = s.tropopause(columns)
    share = s.spread(0.72 + 0.07 * s.map("ns top", _WIDE))[columns]
    reach = 0.55 + 0.45 * (1 - np.exp(-excess / np.float32(0.7)))
    top = np.minimum(tropopause * share, 10_500) * reach + 200 * fine[columns]
    base = ground + s.spread(600 + 200 * s.map("ns base", _WIDE))[columns]
    rain = 1.4 * excess * np.exp(0.8 * fine[columns])
    return [
        Cloud(
            NIMBOSTRATUS,
            columns,
            base,
            np.maximum(top, base + 2500),
            Grain((fine, band), 0.5, 1200.0, s.winds.leaning(4000, _STREAKS)),
            liquid=0.1,
            most_liquid=6e-5,
            droplets=4e7,
            ice=7e-5 * np.exp(0.5 * fine[columns]) * (0.3 + excess),
            warmer=0.045,
            fullness=(0.15, 0.6),
            phases=(253.15, 272.15),
            crystals=s.spread(0.6 * s.map("ns crystals", _WIDE))[columns],
            rain=rain,
        )
    ]


def convection(situation: Situation) -> list[Cloud]:
    """Convective systems: anvil, raining stratiform part and cores, in this order.

    A system is where one smooth field is high; in it a rough field makes cores that reach the
    tropopause, the strongest beyond it; the anvil spreads with the wind aloft, thinner outwards
    (Houze 2004, Rev. Geophys. 42, RG4003; Yuan and Houze 2010, J. Climate 23, 5864).
    """
    s = situation
    warm = np.take(s.belts.temperature[0], s.belts.numbers_of(s.latitude))
    afternoon = 1 + 0.85 * s.land * np.cos(2 * np.pi * (s.local_hour - 16.5) / 24)
    cover = 0.33 * sigmoid(2.2 * (s.rise - 1.1 - 0.3 * s.stability)) * afternoon
    cover = cover * sigmoid((warm - 291) / 2) * (1 - 0.5 * s.frontal)
    field, cores = (
        s.field("cb system", _SYSTEM, 6000),
        s.field("cb cores", _CORES, 6000, bent=False),
    )
    fine = s.field("cb fine", _FINE, 10_000)
    excess = field - s.threshold(np.clip(cover, 0, 0.6))
    spreading = spread_downwind(s, excess)
    # Systems differ in how far below the tropopause they spread.
    lid = s.spread(np.clip(1100 + 800 * s.map("cb lid", _LID), 300, 4000))
    return [
        _anvil(s, spreading, lid, fine, field),
        _stratiform(s, excess, lid, fine, field),
        _cores(s, excess, lid, cores, fine),
    ]


def _cores(s: Situation, excess: Floats, lid: Floats, cores: Floats, fine: Floats) -> Cloud:
    vigour = cores + 0.6 * excess - np.float32(1.0)
    columns = np.flatnonzero((excess > 0) & (vigour > 0)).astype(np.int32)
    vigour = np.minimum(vigour[columns], 2)
    tropopause = s.tropopause(columns)
    base = s.ground[columns] + s.spread(600 + 500 * s.land)[columns]
    growing = 1 - np.exp(-vigour / np.float32(0.25))
    top = base + (tropopause - lid[columns] - base) * (0.45 + 0.55 * growing) + 850 * vigour
    return Cloud(
        DEEP,
        columns,
        base,
        np.minimum(top, tropopause + 900),
        Grain((fine, cores), 0.5, 1500.0),
        liquid=0.3,
        most_liquid=3e-4,
        droplets=6e7,
        ice=6e-4 * (0.5 + vigour),
        warmer=0.02,
        fullness=(0.4, 0.35),
        phases=(238.15, 268.15),
        crystals=1.2,
        rain=6 * np.exp(1.3 * vigour),
    )


def _stratiform(s: Situation, excess: Floats, lid: Floats, fine: Floats, field: Floats) -> Cloud:
    """The thick, raining part of the anvil: deep convection where densest, else nimbostratus."""
    columns = np.flatnonzero(excess > 0.25).astype(np.int32)
    strength = excess[columns] - np.float32(0.25)
    tropopause = s.tropopause(columns)
    base = s.ground[columns] + 900
    kind = np.where(strength > 0.45, DEEP, NIMBOSTRATUS).astype(np.int8)
    return Cloud(
        kind,
        columns,
        base,
        np.maximum(tropopause - lid[columns] - 100 + 150 * fine[columns], base + 3000),
        Grain((fine, field), 0.45, 1500.0),
        liquid=0.08,
        most_liquid=6e-5,
        droplets=4e7,
        ice=1.0e-4 * np.exp(0.6 * fine[columns]) * (0.4 + strength),
        warmer=0.025,
        fullness=(0.2, 0.5),
        phases=(253.15, 272.15),
        crystals=0.6,
        rain=1.5 * strength * np.exp(0.7 * fine[columns]),
    )


def _anvil(s: Situation, spreading: Floats, lid: Floats, fine: Floats, field: Floats) -> Cloud:
    columns = np.flatnonzero(spreading > 0).astype(np.int32)
    strength = spreading[columns]
    tropopause = s.tropopause(columns)
    full = 1 - np.exp(-strength / np.float32(0.45))
    top = tropopause - lid[columns] - 500 * (1 - full) + 120 * fine[columns]
    base = np.maximum(top - 400 - 5500 * full**2, s.ground[columns] + 4000)
    return Cloud(
        high_or_middle(s, columns, base),
        columns,
        base,
        top,
        Grain((fine, field), 0.5, 1500.0, s.winds.leaning(10_000, _STREAKS)),
        ice=7e-5 * np.exp(0.5 * fine[columns]) * full**2,
        warmer=0.03,
        fullness=(0.5, 0.4),
        phases=(238.15, 262.15),
        crystals=0.8,
    )


def spread_downwind(s: Situation, excess: Floats) -> Floats:
    """Depth inside the anvil: as `excess`, but wider, most of all downwind at 12 km."""
    plane = excess.reshape(s.grid.shape)
    east, north = (
        12 / 10 * speed - low
        for speed, low in zip(s.winds.at(12_000), s.winds.at(6000), strict=True)
    )
    reach = plane + np.float32(0.3)
    # Copies so close to each other that they do not show.
    steps = int(np.clip(_OUTFLOW * np.hypot(east, north) / 9000, 1, 20))
    for share in np.arange(1, steps + 1) / steps:
        away = share * _OUTFLOW / s.grid.spacing
        moved = _moved(plane, round(-north * away), round(east * away))
        np.maximum(reach, moved + np.float32(0.3 - 0.5 * share), out=reach)
    return reach.ravel()


def _moved(plane: Floats, down: int, right: int) -> Floats:
    """Shifted by whole rows and columns; what comes from beyond the edge holds no cloud."""
    rows, cols = plane.shape
    moved = np.full_like(plane, -9)
    if abs(down) < rows and abs(right) < cols:
        moved[max(down, 0) : rows + min(down, 0), max(right, 0) : cols + min(right, 0)] = plane[
            max(-down, 0) : rows - max(down, 0), max(-right, 0) : cols - max(right, 0)
        ]
    return moved
