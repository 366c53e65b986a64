"""Ice crystals: content, extinction, number and reflectivity of one particle-size distribution.

With D the melted-equivalent diameter, N(D) = N0* F(D / Dm), F the normalised modified gamma
function of Delanoe et al. (2005, J. Geophys. Res. 110, D16210) with the shape that DARDAR-CLOUD
takes from Delanoe et al. (2014, J. Geophys. Res. 119, 4204): alpha -0.237, beta 1.839. So
everything per N0* depends on Dm alone, or on ice water content per N0*, and is tabulated.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import gamma

from nephoscope.simulate.earth.constants import WATER_DENSITY
from nephoscope.simulate.earth.microphysics.crystals import (
    melted_diameter,
    projected_area,
)
from nephoscope.simulate.earth.microphysics.radar import ice_backscatter

ALPHA, BETA = -0.237, 1.839

Floats = NDArray[np.float32]
Reals = NDArray[np.float64]


def shape(ratio: Reals) -> Reals:
    """F(D / Dm) of Delanoe et al. (2005), eq. 8: its third and fourth moments are 3! / 4^4."""
    first, second = gamma((ALPHA + 4) / BETA), gamma((ALPHA + 5) / BETA)
    scale = BETA * gamma(4) / 4**4 * second ** (4 + ALPHA) / first ** (5 + ALPHA)
    return np.asarray(scale * ratio**ALPHA * np.exp(-((ratio * second / first) ** BETA)))


def mean_diameter(content_per_n0: Reals) -> Reals:
    """Dm (m) from IWC / N0* (kg m): IWC = pi rho_w N0* Dm^4 / 4^4 (Delanoe et al. 2005, eq. 6)."""
    return np.asarray(4 * (content_per_n0 / (np.pi * WATER_DENSITY)) ** 0.25)


@dataclass(frozen=True)
class Table:
    """Natural logarithms of moments per N0*, by that of IWC / N0*, evenly spaced.

    Args:
        content: (n,) ln of IWC / N0*, kg m.
        extinction: (n,) ln of extinction / IWC, m2 kg-1.
        number: (n,) ln of crystals above 5 um / N0*, m.
        large: (n,) the same above 100 um.
        reflectivity: (n,) ln of reflectivity at 94 GHz / IWC, mm6 m-3 per kg m-3.
    """

    content: Reals
    extinction: Reals
    number: Reals
    large: Reals
    reflectivity: Reals


@cache
def table() -> Table:
    """Integrals over 0.5 um to 30 mm, for Dm from 1 um to 8 mm."""
    size = np.geomspace(5e-7, 3e-2, 1500)
    melted = melted_diameter(size)
    width = np.gradient(melted)
    low, high = (np.log(np.pi * WATER_DENSITY * diameter**4 / 4**4) for diameter in (1e-6, 8e-3))
    content = np.linspace(low, high, 400)
    diameter = mean_diameter(np.exp(content))
    crystals = shape(melted[None] / diameter[:, None]) * width
    area, scattering = projected_area(size), ice_backscatter(size)
    moments = {
        "extinction": crystals @ (2 * area) / np.exp(content),
        "number": crystals @ (size >= 5e-6),
        "large": crystals @ (size >= 1e-4),
        "reflectivity": crystals @ scattering / np.exp(content),
    }
    logs = {name: np.log(np.maximum(values, 1e-300)) for name, values in moments.items()}
    return Table(content, **logs)


def usual_n0(temperature: Floats, iwc: Floats) -> Floats:
    """Logarithm of N0* (m-4): more crystals where it is colder, and where there is more ice.

    17.948 - 0.076586 (T - 273.15), after Delanoe et al. (2014). Times (IWC / 3e-6 kg m-3)^0.4, both
    numbers chosen here: 3e-6 is about the mean content, and N0* grows with the 0.6th power of the
    extinction at a temperature (Delanoe and Hogan 2008).

    Args:
        temperature: any shape, K.
        iwc: the same shape, kg m-3, positive.
    """
    by_temperature = 17.948 - 0.076586 * (temperature - np.float32(273.15))
    return np.asarray(by_temperature + 0.4 * np.log(iwc / np.float32(3e-6)), np.float32)


def ice_extinction(iwc: Floats, log_n0: Floats) -> Floats:
    """Visible extinction, twice the projected area, m-1, float32.

    Args:
        iwc: any shape, float32, kg m-3, positive.
        log_n0: the same shape, ln of N0* in m-4.
    """
    return iwc * np.exp(_look_up(np.log(iwc) - log_n0, table().content, _extinction()))


@cache
def _extinction() -> Floats:
    return table().extinction.astype(np.float32)


def ice_log_n0(iwc: Floats, extinction: Floats) -> Reals:
    """Find ln N0* (m-4) of the distribution that has this content and this extinction, float64.

    Args:
        iwc: any shape, kg m-3, positive.
        extinction: the same shape, m-1, positive.
    """
    known = table()
    falls = np.log(np.asarray(extinction, np.float64) / iwc)
    content = np.interp(-falls, -known.extinction, known.content)
    return np.asarray(np.log(np.asarray(iwc, np.float64)) - content)


def ice_number(iwc: Floats, extinction: Floats, larger_than: float = 5e-6) -> Floats:
    """Number of crystals, m-3, float32; 0 where there is no ice.

    Args:
        iwc: any shape, kg m-3.
        extinction: the same shape, visible, m-1.
        larger_than: 5e-6 or 1e-4, m.

    Raises:
        ValueError: another size.
    """
    if larger_than not in (5e-6, 1e-4):
        raise ValueError(f"crystals larger than {larger_than:g} m: the table has 5e-6 and 1e-4")
    return _per_content(iwc, extinction, "number" if larger_than == 5e-6 else "large")


def ice_reflectivity(iwc: Floats, extinction: Floats) -> Floats:
    """Equivalent reflectivity at 94 GHz, mm6 m-3, float32; 0 where there is no ice.

    Args:
        iwc: any shape, kg m-3.
        extinction: the same shape, visible, m-1.
    """
    return _per_content(iwc, extinction, "reflectivity")


@cache
def _by_extinction() -> tuple[Reals, dict[str, Floats]]:
    """Moments per IWC by ln of extinction / IWC, evenly spaced: the table turned round."""
    known = table()
    axis = np.linspace(known.extinction[-1], known.extinction[0], 2000)
    per_content = {
        "number": known.number - known.content,
        "large": known.large - known.content,
        "reflectivity": known.reflectivity,
    }
    return axis, {
        name: np.interp(axis, known.extinction[::-1], values[::-1]).astype(np.float32)
        for name, values in per_content.items()
    }


def _per_content(iwc: Floats, extinction: Floats, name: str) -> Floats:
    """A moment where there is ice, 0 elsewhere."""
    result = np.zeros(np.shape(iwc), np.float32)
    there = (np.asarray(iwc) > 0) & (np.asarray(extinction) > 0)
    content = np.asarray(iwc, np.float32)[there]
    axis, moments = _by_extinction()
    ratio = np.log(np.asarray(extinction, np.float32)[there] / content)
    result[there] = content * np.exp(_look_up(ratio, axis, moments[name]))
    return result


def _look_up(place: Floats, axis: Reals, values: Floats) -> Floats:
    """Linear interpolation on an evenly spaced axis, held at its ends."""
    rate = np.float32(1 / (axis[1] - axis[0]))
    at = np.clip((place - np.float32(axis[0])) * rate, 0, np.float32(len(axis) - 1.001))
    left = at.astype(np.int32)
    low = values[left]
    return np.asarray(low + (values[left + 1] - low) * (at - left), np.float32)
