"""Cirrus: patches with fall streaks sheared by the wind, and thin veils near the tropopause."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nephoscope.simulate.earth.atmosphere.fields import Texture
from nephoscope.simulate.earth.atmosphere.layers.cloud import (
    ALTOSTRATUS,
    CIRRUS,
    Cloud,
    Columns,
    Grain,
)
from nephoscope.simulate.earth.atmosphere.situation import Situation
from nephoscope.simulate.earth.atmosphere.state import level_at
from nephoscope.simulate.fractal import sigmoid

Floats = NDArray[np.float32]

_VEIL = Texture(500_000.0, inner=20_000.0, slope=1.6, stretch=1.5)
_WIDE = Texture(700_000.0, inner=60_000.0, slope=2.0)
_HIGH_CLOUD = 250.65  # K
_STREAK_SHEAR = 1.6
"""Metres that a fall streak lags behind the wind above, per metre of fall: 1.5 m s-1 per km of
altitude over 750 m of fall at 0.7 m s-1. Chosen here; such streaks: Marshall (1953)."""


def cirrus(situation: Situation) -> list[Cloud]:
    """Patches drawn out along the wind, of generating cells whose crystals fall in streaks.

    Tops 0.7 to 6 km below the tropopause, 0.5 to 3 km thick, optical depth mostly below 1 (Sassen,
    Wang and Liu 2008, J. Geophys. Res. 113, D00A12; Heymsfield et al. 2017, Meteor. Monographs 58).
    """
    s = situation
    ahead = s.frontal * np.exp(-(((s.front - 600_000) / 300_000) ** 2))
    cover = 0.04 + 0.42 * sigmoid(1.5 * (s.moisture - 0.25)) + 0.45 * ahead
    angle = _along(s.winds.at(9500))
    patches = Texture(300_000.0, slope=1.5, stretch=1.8, angle=angle)
    streaks = Texture(25_000.0, slope=1.2, stretch=2.5, angle=angle, dissipation=3e-4)
    patch, cells = s.field("ci patch", patches, 9500), s.field("ci streaks", streaks, 9500)
    other = s.field("ci streaks too", streaks, 9500)
    excess = 0.94 * patch + 0.34 * cells - s.threshold(cover)
    columns = np.flatnonzero(excess > 0).astype(np.int32)
    excess = excess[columns]
    below = s.spread(2200 * np.exp(0.6 * s.map("ci top", _WIDE)))[columns]
    top = s.tropopause(columns) - np.minimum(below, 6000) + 150 * cells[columns]
    depth = s.spread(1900 * np.exp(0.35 * s.map("ci depth", _WIDE)))[columns]
    depth = 250 + depth * (1 - np.exp(-excess / np.float32(0.7)))
    water = np.exp(0.6 * patch[columns] + s.spread(0.9 * s.map("ci water", _WIDE))[columns])
    base = np.maximum(top - depth, s.ground[columns] + 2500)
    return [
        Cloud(
            high_or_middle(s, columns, base),
            columns,
            base,
            top,
            Grain((cells, other), 0.8, 1500.0, s.winds.leaning(9500, _STREAK_SHEAR)),
            ice=1.4e-5 * water * (1 - np.exp(-excess / np.float32(0.35))),
            warmer=0.06,
            fullness=(0.6, 0.4),
            phases=(238.15, 258.15),
            crystals=s.spread(0.9 * s.map("ci crystals", _WIDE))[columns],
        )
    ]


def veil(situation: Situation) -> list[Cloud]:
    """Thin cirrus, optical depth 0.01 to 0.2, up to the tropopause: mostly tropical.

    Dessler and Yang (2003, J. Climate 16, 1241) find it over a third of the Tropics.
    """
    s = situation
    cover = 0.03 + 0.33 * np.exp(-((s.latitude / 20) ** 2)) * sigmoid(1.2 * (s.moisture + 0.2))
    cloth, other = (s.field(name, _VEIL, 15_000) for name in ("veil", "veil grain"))
    excess = cloth - s.threshold(cover)
    columns = np.flatnonzero(excess > 0).astype(np.int32)
    excess = excess[columns]
    top = s.tropopause(columns) - s.spread(350 + 250 * s.map("veil top", _WIDE))[columns]
    depth = 250 + 650 * (1 - np.exp(-excess / np.float32(0.5)))
    return [
        Cloud(
            CIRRUS,
            columns,
            top - depth,
            top,
            Grain((other, cloth), 0.4, 2000.0),
            ice=2.2e-6 * np.exp(0.5 * cloth[columns]),
            warmer=0.02,
            crystals=0.6,
        )
    ]


def high_or_middle(situation: Situation, columns: Columns, base: Floats) -> NDArray[np.int8]:
    """Cirrus, or altostratus where the base is warmer than -22.5 degrees Celsius: (column,) int8.

    That is the limit between high and middle clouds of Wang and Sassen (2001, J. Appl. Meteor. 40,
    1665).
    """
    belts = situation.belts
    foot = belts.temperature[level_at(base), belts.number[columns]]
    return np.where(foot < _HIGH_CLOUD, CIRRUS, ALTOSTRATUS).astype(np.int8)


def _along(wind: tuple[float, float]) -> float:
    """Direction towards which a wind blows, degrees from east towards north."""
    return float(np.rad2deg(np.arctan2(wind[1], wind[0])))
