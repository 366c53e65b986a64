"""Bounds of a map within which clouds are looked for: of the season, a label, black borders."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nephoscope.instruments.marci.grid import MARS

OFFSET = 3.0
"""Degrees by which the original moves both bounds towards the equator."""


def seasonal_bounds(
    solar_longitude: float,
    offset: float = OFFSET,
    rule: Literal["icecap", "legacy"] = "icecap",
) -> tuple[float, float]:
    """Latitudes between which polar ice does not disturb the mask, from Ls.

    Source: Mengwall & Guzewich (2023, doi 10.1016/j.icarus.2022.115252) and their code.

    Args:
        solar_longitude: Ls, degrees, 0..360.
        offset: degrees by which both bounds are moved towards the equator.
        rule: "icecap": both caps move all year. "legacy": the older published rule, where only
            the cap of the spring and summer hemisphere moves (published with offset 0).

    Returns:
        Northern and southern bound, degrees north.

    Raises:
        ValueError: Ls is not in 0..360 (NaN included).
    """
    if not 0 <= solar_longitude <= 360:
        raise ValueError(f"solar longitude {solar_longitude} is not in 0..360 degrees")
    north, south = (_icecap if rule == "icecap" else _legacy)(solar_longitude)
    return north - offset, south + offset


def season_rows(
    solar_longitude: float,
    offset: float = OFFSET,
    rule: Literal["icecap", "legacy"] = "icecap",
) -> slice:
    """Rows of the map whose latitude lies within the seasonal bounds."""
    north, south = seasonal_bounds(solar_longitude, offset, rule)
    return slice(math.ceil(MARS.to_row(north)), math.floor(MARS.to_row(south)) + 1)


def label_bounds(label: NDArray[np.int8]) -> tuple[slice, slice]:
    """Rows and columns that hold any valid label; both empty if none does.

    Args:
        label: (y, x) int8, -1 unknown.
    """
    return _extent(np.asarray(label >= 0))


def black_borders(pixels: NDArray[np.uint8], darkest: int = 30) -> tuple[slice, slice]:
    """Rows and columns within the black borders of a map; both empty if it is black throughout.

    Args:
        pixels: (y, x, channel) uint8, DN.
        darkest: a row or column counts if all channels of one pixel in it reach this (the
            original's rule; it cuts off a dark limb, see `missing_mask` for what is missing).
    """
    return _extent(np.asarray((pixels >= darkest).all(axis=-1)))


def _extent(used: NDArray[np.bool_]) -> tuple[slice, slice]:
    rows, cols = (np.flatnonzero(used.any(axis=axis)) for axis in (1, 0))
    if rows.size == 0:
        return slice(0, 0), slice(0, 0)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(cols[0]), int(cols[-1]) + 1)


def _icecap(ls: float) -> tuple[float, float]:
    if ls <= 180:
        swing = 90 - abs(90 - ls)
        return 59 + 0.214 * swing, -57 + 0.247 * swing
    swing = 90 - abs(270 - ls)
    return 59 - 0.214 * swing, -57 - 0.247 * swing


def _legacy(ls: float) -> tuple[float, float]:
    if ls <= 180:
        return 59 + 0.214 * min(ls, 180 - ls), -57.0
    return 59.0, -12 - 0.247 * min(ls, 540 - ls)
