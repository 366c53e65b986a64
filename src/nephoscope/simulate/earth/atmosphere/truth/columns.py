"""Cloud tops, bases, water paths and optical depth of columns, summed from above."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nephoscope.simulate.earth.atmosphere.state import EDGES, THICKNESS

CLOUD_EXTINCTION = 1e-5
"""Visible extinction above which air counts as cloud, m-1: the faintest cirrus that CALIOP finds
has a backscatter of 4 to 8e-7 m-1 sr-1 (Winker et al. 2009, J. Atmos. Oceanic Technol. 26, 2310),
times a lidar ratio of 25 sr."""
LIQUID, ICE, MIXED = 1, 2, 3
_MOSTLY = 0.9  # a top is liquid, or ice, if this share of its extinction is

Floats = NDArray[np.float32]


class Columns:
    """Sums over the layers of some subcolumns of pixels.

    Args:
        shape: subpixels, pixels.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._depth = np.zeros(shape, np.float32)
        self._top = np.full(shape, np.nan, np.float32)
        self._base = np.full(shape, np.nan, np.float32)
        self._opaque = np.full(shape, np.nan, np.float32)
        self._top_extinction = np.zeros((2, *shape[1:]), np.float32)
        self._paths = np.zeros((2, *shape[1:]), np.float32)

    def add_from_above(
        self,
        level: int,
        liquid: Floats,
        ice: Floats,
        lwc: Floats,
        iwc: Floats,
        cloudy: NDArray[np.bool_],
    ) -> None:
        """Add a layer; each is below all before. All (subpixel, pixel).

        Args:
            level: its number.
            liquid: extinction of droplets, m-1.
            ice: extinction of crystals, m-1.
            lwc: kg m-3.
            iwc: kg m-3.
            cloudy: where it counts as cloud.
        """
        lower, upper = EDGES[level : level + 2]
        first = cloudy & np.isnan(self._top)
        self._top[first] = upper
        self._base[cloudy] = lower
        for phase, extinction in enumerate((liquid, ice)):
            self._top_extinction[phase] += np.where(first, extinction, 0).sum(axis=0)
        for phase, content in enumerate((lwc, iwc)):
            self._paths[phase] += content.mean(axis=0) * np.float32(THICKNESS)
        more = (liquid + ice) * np.float32(THICKNESS)
        crossing = (self._depth < 1) & (self._depth + more >= 1)
        into = (1 - self._depth[crossing]) / more[crossing]
        self._opaque[crossing] = upper - into * np.float32(THICKNESS)
        self._depth += more

    def planes(self) -> dict[str, NDArray[Any]]:
        """Means over the subpixels, (pixel,)."""
        found = np.isfinite(self._top)
        ice = np.divide(
            self._top_extinction[1],
            self._top_extinction.sum(axis=0),
            out=np.zeros_like(self._top_extinction[1]),
            where=found.any(axis=0),
        )
        phase = np.where(ice >= _MOSTLY, ICE, np.where(ice <= 1 - _MOSTLY, LIQUID, MIXED))
        return {
            "lwp": self._paths[0],
            "iwp": self._paths[1],
            "optical_depth": self._depth.mean(axis=0),
            "cloud_cover": found.mean(axis=0, dtype=np.float32),
            "cloud_top_height": _mean_where(self._top),
            "cloud_base_height": _mean_where(self._base),
            "opaque_top_height": _mean_where(self._opaque),
            "cloud_top_phase": np.where(found.any(axis=0), phase, 0).astype(np.int8),
        }


def _mean_where(heights: Floats) -> Floats:
    """Mean over the subpixels that have one, NaN where none has."""
    there = np.isfinite(heights)
    count = there.sum(axis=0, dtype=np.float32)
    total = np.where(there, heights, 0).sum(axis=0)
    mean = np.full(total.shape, np.nan, np.float32)
    np.divide(total, count, out=mean, where=count > 0)
    return mean
