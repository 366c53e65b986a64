"""Strata: what pixels are told apart by when scores are given of each kind: ground, views, light.

All is read from the names of a picture's channels: `land_sea_flag`; `solar_zenith` and
`satellite_zenith`, degrees; and `<field>_<view>` of pictures that see each pixel in several views.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.evaluation.sample import LabelledSample

SURFACE = "land_sea_flag"
_SURFACES = ((25, "sea"), (75, "mixed"), (np.inf, "land"))
"""Below which value of the flag (0 sea, 50 mixed, 100 land) the ground is called what."""
SUN, SEEN_FROM = "solar_zenith", "satellite_zenith"
_DAY_ENDS, _NIGHT_BEGINS = 80.0, 95.0
"""Zenith angles of the Sun, degrees. Beyond the second the highest clouds lie in shadow."""
SLANT = 10
"""Width of the bins of the zenith angle of the satellite, degrees."""
ZONE = 10
"""Width of the bins of latitude, degrees."""
_OF_A_VIEW = re.compile(r".+_(\d\d)")


def strata_at(
    sample: LabelledSample, row: NDArray[np.intp], col: NDArray[np.intp]
) -> dict[str, NDArray[Any]]:
    """Labels of pixels, by stratum; only strata that the sample's channels tell.

    Args:
        sample: the picture.
        row: (point,) of the pixels.
        col: (point,) of the pixels.

    Returns:
        `surface` (point,) str: "sea", "mixed", "land" or "unknown"; `daylight` (point,) str: "day",
        "twilight", "night" or "unknown"; `satellite_zenith` (point,) int64, the lower edge of a bin
        of `SLANT` degrees, -1 unknown; `views` (point,) int64: views in which every channel of the
        pixel is there.
    """
    if len(sample.image) != len(sample.channels):
        return {}
    found: dict[str, NDArray[Any]] = {}
    if SURFACE in sample.channels:
        flag = sample.image[sample.channels.index(SURFACE), row, col]
        found["surface"] = surface_of(flag)
    angles = {n: sample.channels.index(n) for n in (SUN, SEEN_FROM) if n in sample.channels}
    found |= _of_angles({name: sample.image[place, row, col] for name, place in angles.items()})
    if views := channels_by_view(sample.channels):
        found["views"] = views_of(sample.image[:, row, col], views)
    return found


def strata_of(
    scene: xr.Dataset, row: NDArray[np.intp], col: NDArray[np.intp]
) -> dict[str, NDArray[Any]]:
    """Labels of pixels of a Scene by light, angle of the satellite and latitude; see `strata_at`.

    `latitude` (point,) int64 is the southern edge of a bin of `ZONE` degrees, where the Scene says.
    """
    names = [str(name) for name in scene["channel"].values]
    planes = {n: scene["image"].values[names.index(n)] for n in (SUN, SEEN_FROM) if n in names}
    found = _of_angles({name: plane[row, col] for name, plane in planes.items()})
    if "latitude" in scene and scene["latitude"].ndim == 2:
        north = scene["latitude"].values[row, col]
        found["latitude"] = (np.floor(north / ZONE) * ZONE).astype(np.int64)
    return found


def _of_angles(angles: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Labels of angles, degrees, (point,) each."""
    found: dict[str, NDArray[Any]] = {}
    if SUN in angles:
        found["daylight"] = daylight_of(angles[SUN])
    if SEEN_FROM in angles:
        known = np.isfinite(angles[SEEN_FROM])
        lower = np.floor(np.where(known, angles[SEEN_FROM], 0) / SLANT) * SLANT
        found[SEEN_FROM] = np.where(known, lower, -1).astype(np.int64)
    return found


def surface_of(flag: NDArray[Any]) -> NDArray[np.str_]:
    """Kind of ground of values of the flag, any shape, NaN where it is not known."""
    names = np.array([name for _, name in _SURFACES] + ["unknown"])
    limits = np.array([limit for limit, _ in _SURFACES])
    known = np.isfinite(flag)
    place = np.searchsorted(limits, np.where(known, flag, 0), side="right")
    return np.asarray(names[np.where(known, place, len(limits))])


def ground_of(codes: NDArray[np.integer]) -> NDArray[np.str_]:
    """Kind of ground of a profiler's codes: 1 is land; others are kinds of water, and coasts."""
    return np.where(codes == 1, "land", np.where(codes < 0, "unknown", "water or coast"))


def daylight_of(zenith: NDArray[Any]) -> NDArray[np.str_]:
    """Kind of light of zenith angles of the Sun, degrees, any shape, NaN where not known."""
    names = np.array(["day", "twilight", "night", "unknown"])
    known = np.isfinite(zenith)
    place = np.searchsorted([_DAY_ENDS, _NIGHT_BEGINS], np.where(known, zenith, 0), side="right")
    return np.asarray(names[np.where(known, place, 3)])


def channels_by_view(channels: Sequence[str]) -> dict[str, list[int]]:
    """View → places of its channels, of pictures with more than one; none of others."""
    found: dict[str, list[int]] = {}
    for place, name in enumerate(channels):
        if match := _OF_A_VIEW.fullmatch(name):
            found.setdefault(match[1], []).append(place)
    return found if len(found) > 1 else {}


def views_of(values: NDArray[Any], views: dict[str, list[int]]) -> NDArray[np.int64]:
    """Number of views in which every channel is there, of values (channel, ...)."""
    there = [np.isfinite(values[places]).all(axis=0) for places in views.values()]
    return np.asarray(np.sum(there, axis=0), np.int64)
