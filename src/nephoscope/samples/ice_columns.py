"""Ice above pixels: profiles of a Track averaged to the pixels that they cross, on thick levels.

Levels are 240 m thick, from 1650 m to 17010 m: their edges are those of the 60-m gates of DARDAR
(Sourdeval et al. 2018, doi 10.5194/acp-18-14327-2018), four of which make one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.samples.levels import BESIDE_TRUTH

Reals = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

LEVELS, LOWEST, STEP = 64, 1650.0, 240.0
"""Number of levels, lower edge of the lowest and thickness of each, m."""
ALTITUDE: Reals = LOWEST + STEP * (np.arange(LEVELS, dtype=np.float64)[::-1] + 0.5)
"""Middles of the levels, m, the highest first."""
_LEVEL = ("point", "level")
_NUMBERS = {"ice_number_5um": "ice_number", "ice_number_100um": "ice_number_100um"}
_UNKNOWN_FLAG = -99


@dataclass(frozen=True)
class Crossed:
    """Pixels that profiles lie in, and the means of what the profiles say.

    Attributes:
        track: a Track whose profiles share one axis of heights, and that says `iwc`.
        profile: (profile,) numbers of profiles in the track.
        pixel: (profile,) which pixel each lies in, from 0 on; none is without a profile.
    """

    track: xr.Dataset
    profile: Whole
    pixel: Whole

    @cached_property
    def _order(self) -> tuple[Whole, Whole]:
        """Profiles pixel by pixel, and where those of each pixel begin."""
        order = np.argsort(self.pixel, kind="stable")
        return order, np.searchsorted(self.pixel[order], np.arange(self.pixel.max() + 1))

    @cached_property
    def _gates(self) -> tuple[slice, Whole, Whole]:
        """Gates within the levels, where those of each level begin, and which levels these are."""
        height = self.track["height"].values.astype(np.float64)
        level = LEVELS - 1 - np.floor((height - LOWEST) / STEP).astype(np.int64)
        inside = np.flatnonzero((level >= 0) & (level < LEVELS))
        levels, begin = np.unique(level[inside], return_index=True)
        return slice(inside[0], inside[-1] + 1), begin, levels

    def of_profiles(self, values: npt.NDArray[Any]) -> Reals:
        """Sum over the profiles of each pixel, of (profile of the track, ...)."""
        order, first = self._order
        chosen = values[self.profile][order].astype(np.float64)
        return np.asarray(np.add.reduceat(chosen, first, axis=0))

    def on_levels(self, values: npt.NDArray[Any]) -> Reals:
        """Sum over profiles and gates of each pixel and level, of (profile, gate): (pixel, level).

        Of what is no number nothing is added.
        """
        gates, begin, levels = self._gates
        inside = values[self.profile, gates].astype(np.float64)
        sums = np.add.reduceat(np.nan_to_num(inside, nan=0.0), begin, axis=1)
        order, first = self._order
        found = np.zeros((len(first), LEVELS))
        found[:, levels] = np.add.reduceat(sums[order], first, axis=0)
        return found

    def mean(self, name: str) -> tuple[Reals, npt.NDArray[np.bool_]]:
        """Mean over all that is known, and where less than half is (NaN there): (pixel, level)."""
        values = self.track[name].values
        known = self.on_levels(np.isfinite(values))
        unknown = known * 2 < np.maximum(self.on_levels(np.ones_like(values)), 1)
        mean = self.on_levels(values) / np.maximum(known, 1)
        return np.where(unknown, np.nan, mean), unknown

    def mean_in_cloud(self, name: str) -> Reals:
        """Mean over the gates with ice, 0 where there is none: (pixel, level)."""
        values = self.track[name].values
        icy = (self.track["iwc"].values > 0) & np.isfinite(values)
        return self.on_levels(np.where(icy, values, 0)) / np.maximum(self.on_levels(icy), 1)

    def mode(self, name: str) -> npt.NDArray[np.int16]:
        """The most frequent code, of several the lowest: (pixel,) or (pixel, level)."""
        codes = self.track[name].values
        add = self.on_levels if codes.ndim > 1 else self.of_profiles
        kinds = [kind for kind in np.unique(codes) if kind != _UNKNOWN_FLAG] or [_UNKNOWN_FLAG]
        counts = np.stack([add(codes == kind) for kind in kinds])
        found: npt.NDArray[np.int16] = np.array(kinds, np.int16)[counts.argmax(axis=0)]
        found[~counts.any(axis=0)] = _UNKNOWN_FLAG
        return found


def ice_of(crossed: Crossed) -> xr.Dataset:
    """What profiles say above pixels.

    Args:
        crossed: the pixels, and the track, with `iwc` on (profile, level).

    Returns:
        On (point, level), float32, the highest level first, NaN where less than half is known:
        `iwc` kg m-3 and `ice_number` m-3, means over profiles and gates, clear ones included;
        `cloud_share` 0..1 of these with ice. Beside these: the same in cloud alone
        (`iwc_in_cloud`, ..., 0 where there is none), `effective_radius`, `temperature`, codes by
        mode, and `profiles` (point), how many there are.
    """
    track, found = crossed.track, {}
    iwc, unknown = crossed.mean("iwc")
    known = crossed.on_levels(np.isfinite(track["iwc"].values))
    share = crossed.on_levels(track["iwc"].values > 0) / np.maximum(known, 1)
    found["iwc"] = _level(iwc, "kg m-3", "ice water content, mean of the pixel")
    found["cloud_share"] = _level(
        np.where(unknown, np.nan, share), "1", "share of profiles and gates with ice", beside=True
    )
    found["iwc_in_cloud"] = _level(
        crossed.mean_in_cloud("iwc"), "kg m-3", "ice water content in cloud", beside=True
    )
    for stored, name in _NUMBERS.items():
        if stored in track:
            words, main = str(track[stored].attrs["long_name"]), name == "ice_number"
            found[name] = _level(crossed.mean(stored)[0], "m-3", words, beside=not main)
            inside = crossed.mean_in_cloud(stored)
            found[f"{name}_in_cloud"] = _level(inside, "m-3", f"{words}, in cloud", beside=True)
    if "effective_radius" in track:
        radius = crossed.mean_in_cloud("effective_radius")
        found["effective_radius"] = _level(radius, "m", "effective radius in cloud", beside=True)
    if "temperature" in track:
        warm = crossed.mean("temperature")[0]
        found["temperature"] = _level(warm, "K", "air temperature", beside=True)
    for code, variable in track.data_vars.items():
        if variable.dtype == np.int16:
            about = {"long_name": f"{code}, the most frequent", "role": BESIDE_TRUTH}
            kinds = crossed.mode(str(code))
            found[str(code)] = xr.Variable(_LEVEL[: variable.ndim], kinds, about)
    number = crossed.of_profiles(np.ones(track.sizes["profile"])).astype(np.int16)
    found["profiles"] = xr.Variable("point", number, {"role": BESIDE_TRUTH})
    return xr.Dataset(found).assign(height=heights(len(number)))


def heights(points: int) -> xr.Variable:
    """Middles of the levels of each of some points, (point, level) float32, m."""
    return xr.Variable(_LEVEL, np.tile(ALTITUDE.astype(np.float32), (points, 1)), {"units": "m"})


def cloud_tops(track: xr.Dataset) -> Reals:
    """Upper edge of the highest ice of each profile, (profile,) m, 0 where there is none."""
    icy = track["iwc"].values > 0
    upper = track["height_bounds"].values[:, 1]
    return np.where(icy.any(axis=1), upper[icy.argmax(axis=1)], 0.0)


def _level(values: Reals, units: str, words: str, *, beside: bool = False) -> xr.Variable:
    attrs = {"units": units, "long_name": words} | ({"role": BESIDE_TRUTH} if beside else {})
    return xr.Variable(_LEVEL, values.astype(np.float32), attrs)
