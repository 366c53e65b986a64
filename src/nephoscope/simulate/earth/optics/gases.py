"""Absorption by gases in the thermal channels of SEVIRI: a few terms of a k-distribution each.

Water vapour lines, carbon dioxide and ozone: mass absorption coefficients, each with its share of
the channel, that grow with pressure as (p / 1013 hPa)^n (scaling approximation: Goody & Yung 1989,
chapter 6; terms of all gases of a channel go together). They are effective values for the width of
the channel, chosen for textbook brightness temperatures of clear standard atmospheres; see the
tests. Continuum of water vapour: Roberts, Selby & Biberman (1976, Applied Optics 15, 2085),
equations 5 to 8: C0 = 4.18 + 5578 exp(-0.00787 wavenumber) g-1 cm2 atm-1 at 296 K, times
exp(1800 (1 / T - 1 / 296)), times vapour pressure plus 0.002 times that of the other air.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nephoscope.simulate.earth.atmosphere import ALTITUDE, THICKNESS, Air
from nephoscope.simulate.earth.constants import DRY_GAS, GRAVITY, STANDARD_PRESSURE, VAPOUR_GAS

Floats = NDArray[np.float32]

_FOREIGN = 0.002
_PER_GRAM_ATMOSPHERE = 0.1 / STANDARD_PRESSURE  # g-1 cm2 atm-1 -> kg-1 m2 Pa-1

STRATOSPHERE = 224.0
"""Temperature of the gases above the highest level, K: near 25 km (US Standard Atmosphere 1976)."""


class _Terms(NamedTuple):
    """Terms of one channel: shares, coefficients at sea-level pressure, and their exponents."""

    share: tuple[float, ...]
    vapour: tuple[float, ...]  # m2 kg-1 of vapour
    dry: tuple[float, ...]  # m2 kg-1 of air: carbon dioxide, nitrogen
    ozone: tuple[float, ...]  # m2 kg-1 of ozone
    vapour_exponent: float
    dry_exponent: float
    wavenumber: float  # cm-1, of the continuum; 0 where there is none


_CHANNELS = {
    "IR_039": _Terms((0.8, 0.2), (0.005, 0.013), (8e-6, 2.2e-4), (0, 0), 0.8, 0.8, 0),
    "WV_062": _Terms((0.3, 0.4, 0.3), (7.2, 25, 91), (0, 0, 0), (0, 0, 0), 0.7, 0.0, 0),
    "WV_073": _Terms((0.35, 0.4, 0.25), (0.35, 2.6, 25), (0, 0, 0), (0, 0, 0), 0.7, 0.0, 0),
    "IR_087": _Terms((0.75, 0.25), (0.0072, 0.048), (2e-6, 8e-6), (0, 0), 0.8, 0.5, 1149),
    "IR_097": _Terms((0.35, 0.4, 0.25), (0.001,) * 3, (1e-6,) * 3, (15, 125, 750), 0.8, 0.5, 1034),
    "IR_108": _Terms((0.9, 0.1), (0.0024, 0.016), (0, 5e-6), (0, 0), 0.8, 0.5, 931),
    "IR_120": _Terms((0.9, 0.1), (0.0046, 0.03), (1e-6, 1e-5), (0, 0), 0.8, 0.5, 838),
    "IR_134": _Terms((0.3, 0.35, 0.25, 0.1), (0.006,) * 4, (2e-5, 1.2e-4, 5e-4, 3.4e-3), (0,) * 4,
                     0.8, 0.8, 752),
}  # fmt: skip


class GasDepth(NamedTuple):
    """Vertical optical depth of the gases of a channel.

    Args:
        share: (term,) float32, of the channel; their sum is 1.
        dry: (term, level, node) float32, of what does not depend on moisture.
        linear: (term, level, node) float32, per unit of moisture.
        quadratic: (level, node) float32, per square of moisture.
        above: (term, node) float32, above the highest level.
    """

    share: Floats
    dry: Floats
    linear: Floats
    quadratic: Floats
    above: Floats


def gas_depth(channel: str, air: Air) -> GasDepth:
    """Optical depth of each layer at each node of latitude.

    Args:
        channel: thermal, of SEVIRI.
        air: profiles.
    """
    terms = _CHANNELS[channel]
    pressure = air.pressure.astype(np.float64) / STANDARD_PRESSURE
    temperature = air.temperature.astype(np.float64)
    mass = air.pressure / (DRY_GAS * temperature) * THICKNESS  # kg m-2
    vapour, ozone = (one.astype(np.float64) * THICKNESS for one in (air.vapour, air.ozone))
    lines = np.multiply.outer(terms.vapour, vapour * pressure**terms.vapour_exponent)
    dry = np.multiply.outer(terms.dry, mass * pressure**terms.dry_exponent)
    dry += np.multiply.outer(terms.ozone, ozone)
    own, foreign = _continuum(terms.wavenumber, air)
    top = air.pressure[-1].astype(np.float64)
    above = np.multiply.outer(terms.ozone, air.column_above.astype(np.float64))
    # Of gas mixed evenly: the integral of p^n dp / g.
    spread = terms.dry_exponent + 1
    above += np.multiply.outer(
        terms.dry, (top / STANDARD_PRESSURE) ** spread * STANDARD_PRESSURE / GRAVITY / spread
    )
    return GasDepth(
        *(
            np.asarray(one, np.float32)
            for one in (terms.share, dry, lines + foreign * vapour, own * vapour, above)
        )
    )


def continuum_coefficient(wavenumber: float, temperature: float) -> float:
    """Continuum of water vapour, g-1 cm2 atm-1 (Roberts et al. 1976, equations 5 and 8).

    Args:
        wavenumber: cm-1, 700 to 1250.
        temperature: K.
    """
    at_room = 4.18 + 5578 * np.exp(-7.87e-3 * wavenumber)
    return float(at_room * np.exp(1800 * (1 / temperature - 1 / 296)))


def _continuum(wavenumber: float, air: Air) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(level, node): mass absorption by the vapour's own pressure, and by that of other air."""
    temperature = air.temperature.astype(np.float64)
    if not wavenumber:
        return np.zeros_like(temperature), np.zeros_like(temperature)
    per_pascal = continuum_coefficient(wavenumber, 296.0) * _PER_GRAM_ATMOSPHERE
    grown = per_pascal * np.exp(1800 * (1 / temperature - 1 / 296))
    own = air.vapour.astype(np.float64) * VAPOUR_GAS * temperature
    return grown * own, grown * (_FOREIGN * air.pressure.astype(np.float64))


def vapour_above(air: Air, altitude: float) -> Floats:
    """Water vapour above an altitude (m) where moisture is 1: (node,) float32, kg m-2."""
    part = np.clip((ALTITUDE + THICKNESS / 2 - altitude) / THICKNESS, 0, 1)
    return np.asarray((air.vapour * part[:, None] * THICKNESS).sum(axis=0), np.float32)
