"""Low clouds: stratus, decks of stratocumulus with cells, cumulus as towers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nephoscope.simulate.earth.atmosphere.fields import Texture
from nephoscope.simulate.earth.atmosphere.layers.cloud import (
    CUMULUS,
    STRATOCUMULUS,
    STRATUS,
    Cloud,
    Grain,
)
from nephoscope.simulate.earth.atmosphere.situation import Situation
from nephoscope.simulate.fractal import sigmoid

Floats = NDArray[np.float32]

_DECK = Texture(250_000.0, slope=1.6)
_CELLS = Texture(ring=30_000.0, dissipation=3e-4)
_FINE = Texture(30_000.0, dissipation=3e-4)
_FOG = Texture(200_000.0, inner=4_000.0, slope=1.6)
_MESO = Texture(90_000.0, dissipation=3e-4)
_TOWERS = Texture(12_000.0, dissipation=1e-3)
_WIDE = Texture(600_000.0, inner=60_000.0, slope=2.0)
_TOWERS_LEAN = 0.6
"""Metres downshear per metre of altitude: 2 m s-1 per km of altitude at an ascent of 3 m s-1 or so.
Chosen here."""


def stratocumulus(situation: Situation) -> list[Cloud]:
    """Decks under the inversion of the subtropical highs, behind cold fronts and over cold sea.

    Closed cells where the cover is high, fragments where it is low; 200 to 500 m thick, topped
    600 to 1,800 m above the ground (Wood 2012, Mon. Wea. Rev. 140, 2373).
    """
    s = situation
    behind = s.frontal * np.exp(-(((s.front + 600_000) / 400_000) ** 2))
    cover = 0.92 * sigmoid(2.4 * (s.stability - 0.65)) * (1 - 0.6 * s.land) + 0.35 * behind
    cover = cover * (1 - 0.8 * _under_front(s))
    deck, cells = s.field("sc deck", _DECK, 1000), s.field("sc cells", _CELLS, 1000, bent=False)
    fine = s.field("sc fine", _FINE, 1000, bent=False)
    excess = 0.76 * deck + 0.54 * cells + 0.36 * fine - s.threshold(cover)
    columns = np.flatnonzero(excess > 0).astype(np.int32)
    excess, ground = excess[columns], s.ground[columns]
    wide = s.map("sc inversion", _WIDE)
    inversion = np.clip(1150 - 220 * np.clip(s.stability, -1, 2) + 280 * wide, 450, 2200)
    top = s.spread(inversion)[columns] + 0.8 * ground + 45 * fine[columns]
    depth = s.spread(360 * np.exp(0.3 * s.map("sc depth", _WIDE)))[columns]
    depth = 50 + depth * (1 - np.exp(-excess / np.float32(1.1)))
    base = np.maximum(top - depth, ground + 150)
    return [
        Cloud(
            STRATOCUMULUS,
            columns,
            base,
            np.maximum(top, base + 60),
            Grain((fine, cells), 0.25, 900.0),
            liquid=0.75,
            droplets=_droplets(s)[columns],
            ice=3e-6,
            phases=(248.15, 268.15),
            rain=0.04 * np.clip((depth - 330) / 250, 0, 2) ** 2,
        )
    ]


def stratus(situation: Situation) -> list[Cloud]:
    """Low, smooth sheets over cold sea and in the polar night: base 100 to 400 m above ground."""
    s = situation
    away = np.abs(s.latitude)
    cover = 0.42 * sigmoid(2 * (s.stability - 0.9)) * sigmoid((away - 38) / 6) + 0.02
    fog, fine = s.field("st fog", _FOG, 500), s.field("st fine", _FINE, 500)
    excess = 0.93 * fog + 0.36 * fine - s.threshold(cover * (1 - 0.7 * _under_front(s)))
    columns = np.flatnonzero(excess > 0).astype(np.int32)
    excess, ground = excess[columns], s.ground[columns]
    base = ground + s.spread(np.clip(220 + 90 * s.map("st base", _WIDE), 60, 500))[columns]
    depth = 70 + 330 * (1 - np.exp(-excess / np.float32(0.6)))
    return [
        Cloud(
            STRATUS,
            columns,
            base,
            base + depth,
            Grain((fine, fog), 0.2, 900.0),
            liquid=0.65,
            droplets=_droplets(s)[columns],
            ice=3e-6,
            phases=(246.15, 266.15),
        )
    ]


def cumulus(situation: Situation) -> list[Cloud]:
    """Trade-wind and fair-weather towers, and congestus where the air rises.

    Bases at the lifting condensation level; clusters in lines along the wind; over land in the
    afternoon.
    """
    s = situation
    afternoon = 0.5 + 0.5 * np.cos(2 * np.pi * (s.local_hour - 14.5) / 24)
    by_day = 1 - s.land + s.land * (0.1 + 1.3 * afternoon**2)
    warm = sigmoid((58 - np.abs(s.latitude)) / 6)
    cold_air = s.frontal * np.exp(-(((s.front + 700_000) / 350_000) ** 2))
    cover = 0.24 * sigmoid(1.6 - 1.6 * s.stability) * by_day * warm + 0.2 * cold_air
    cover = np.clip(cover * (1 - 0.9 * _under_front(s)), 0, 0.4)
    east, north = s.winds.at(1000)
    streets = Texture(
        60_000.0, stretch=2.5, angle=float(np.rad2deg(np.arctan2(north, east))), dissipation=3e-4
    )
    meso, rows = s.field("cu meso", _MESO, 1000), s.field("cu streets", streets, 1000, bent=False)
    towers = s.field("cu towers", _TOWERS, 1000, bent=False)
    excess = 0.52 * meso + 0.42 * rows + 0.74 * towers - s.threshold(cover)
    columns = np.flatnonzero(excess > 0).astype(np.int32)
    excess, ground = excess[columns], s.ground[columns]
    base = ground + s.spread(650 + 700 * s.land + 90 * s.map("cu base", _WIDE))[columns]
    growth = s.spread(np.clip(1000 + 900 * s.rise - 350 * s.stability, 600, 2600))[columns]
    # The inversion of the trades stops most; those of rising air reach the freezing level and on.
    lid = s.spread(np.clip(2300 + 2600 * np.maximum(s.rise, 0), 1500, 8000))[columns]
    depth = np.minimum(120 + growth * excess ** np.float32(1.3), lid)
    congestus = np.clip((depth - 1500) / 1500, 0, 3)
    return [
        Cloud(
            CUMULUS,
            columns,
            base,
            base + depth,
            Grain((towers, meso), 0.45, 700.0, s.winds.leaning(1000, _TOWERS_LEAN)),
            liquid=0.24 - 0.06 * np.minimum(congestus, 2),
            most_liquid=1e-3,
            droplets=0.8 * _droplets(s)[columns],
            ice=2e-5,
            phases=(248.15, 265.15),
            fullness=(0.8, 0.3),
            rain=0.6 * congestus ** np.float32(1.5),
        )
    ]


def _droplets(s: Situation) -> Floats:
    """Number, m-3: 30 to 300 cm-3, more over land (Miles et al. 2000, J. Atmos. Sci. 57, 295)."""
    number = 75e6 * (1 + 1.6 * s.land) * np.exp(0.4 * s.map("droplets", _WIDE))
    return s.spread(np.clip(number, 30e6, 300e6))


def _under_front(s: Situation) -> Floats:
    return np.asarray(s.frontal * np.exp(-(((s.front - 80_000) / 250_000) ** 2)), np.float32)
