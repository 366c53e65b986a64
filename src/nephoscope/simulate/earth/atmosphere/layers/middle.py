"""Middle clouds: sheets of altostratus, cells of altocumulus with virga."""

from __future__ import annotations

import numpy as np

from nephoscope.simulate.earth.atmosphere.fields import Texture
from nephoscope.simulate.earth.atmosphere.layers.cloud import ALTOCUMULUS, ALTOSTRATUS, Cloud, Grain
from nephoscope.simulate.earth.atmosphere.situation import Situation
from nephoscope.simulate.fractal import sigmoid

_SHEET = Texture(350_000.0, inner=3_000.0, slope=1.5)
_PATCH = Texture(350_000.0, slope=1.6)
_CELLS = Texture(ring=11_000.0, dissipation=3e-4)
_FINE = Texture(40_000.0)
_WIDE = Texture(700_000.0, inner=60_000.0, slope=2.0)
# Metres that falling ice lags behind the wind above, per metre of fall: 2 to 3 m s-1 per km of
# altitude over 1.5 km of fall at 1 m s-1. Values chosen here.
_STREAKS, _VIRGA = 4.5, 3.0


def altostratus(situation: Situation) -> list[Cloud]:
    """Sheets of ice ahead of warm fronts and in rising air, 2 to 5 km thick.

    Bases 3 to 5 km, tops 6 to 9 km, lower towards the poles with the tropopause: values chosen here
    (observed: Sassen and Wang 2008 and 2012).
    """
    s = situation
    ahead = s.frontal * np.exp(-(((s.front - 330_000) / 230_000) ** 2))
    polar = sigmoid((np.abs(s.latitude) - 62) / 5)
    cover = 0.22 * sigmoid(1.8 * (s.rise + 0.5 * s.moisture - 1.1)) + 0.75 * ahead + 0.07 * polar
    sheet, fine = s.field("as sheet", _SHEET, 5500), s.field("as fine", _FINE, 5500)
    excess = 0.98 * sheet + 0.2 * fine - s.threshold(cover)
    columns = np.flatnonzero(excess > 0).astype(np.int32)
    excess = excess[columns]
    tropopause = s.tropopause(columns)
    high = s.spread(0.62 + 0.06 * s.map("as top", _WIDE))[columns]
    depth = s.spread(3000 * np.exp(0.3 * s.map("as depth", _WIDE)))[columns]
    depth = 500 + depth * (1 - np.exp(-excess / np.float32(0.6)))
    top = np.minimum(high * tropopause, 9500) + 150 * fine[columns]
    base = np.maximum(top - depth, s.ground[columns] + 1800)
    water = np.exp(0.7 * fine[columns] + s.spread(0.5 * s.map("as water", _WIDE))[columns])
    return [
        Cloud(
            ALTOSTRATUS,
            columns,
            base,
            np.maximum(top, base + 300),
            Grain((fine, sheet), 0.6, 900.0, s.winds.leaning(5500, _STREAKS)),
            liquid=0.04,
            most_liquid=1e-4,
            ice=2.2e-5 * water * (1 - np.exp(-excess / np.float32(0.3))),
            warmer=0.04,
            fullness=(0.7, 0.6),
            phases=(243.15, 271.15),
            crystals=s.spread(0.8 * s.map("as crystals", _WIDE))[columns],
        )
    ]


def altocumulus(situation: Situation) -> list[Cloud]:
    """Thin layers of supercooled droplets in cells, with virga of ice below.

    200 to 700 m thick at 2.5 to 7 km and -5 to -30 degrees Celsius: values chosen here; liquid tops
    with ice falling from them are the rule (Zhang, Wang and Liu 2010).
    """
    s = situation
    cover = 0.04 + 0.14 * sigmoid(1.2 * s.moisture) + 0.12 * s.frontal
    patch, cells = s.field("ac patch", _PATCH, 4500), s.field("ac cells", _CELLS, 4500, bent=False)
    fine = s.field("ac fine", _FINE, 4500)
    excess = 0.8 * patch + 0.5 * cells + 0.33 * fine - s.threshold(cover)
    columns = np.flatnonzero(excess > 0).astype(np.int32)
    excess, ground = excess[columns], s.ground[columns]
    above = s.spread(1200 + 1100 * s.map("ac base", _WIDE))[columns]
    freezing = s.freezing(columns)
    base = np.clip(freezing + above, ground + 1900, 7200) + 60 * fine[columns]
    depth = 80 + 380 * (1 - np.exp(-excess / np.float32(0.7)))
    layer = Cloud(
        ALTOCUMULUS,
        columns,
        base,
        base + depth,
        Grain((fine, cells), 0.35, 700.0),
        liquid=0.55,
        droplets=6e7,
        ice=2e-6,
        phases=(239.15, 256.15),
    )
    falling = excess > 0.35
    virga = Cloud(
        ALTOCUMULUS,
        columns[falling],
        (base - 1400 * np.minimum(excess, 1))[falling],
        base[falling],
        Grain((cells, fine), 0.7, 900.0, s.winds.leaning(4500, _VIRGA)),
        ice=4e-6,
        fullness=(0.8, 0.05),
        phases=(253.15, 265.15),
    )
    return [virga, layer]
