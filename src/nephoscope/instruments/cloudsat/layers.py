"""2B-CLDCLASS-LIDAR: cloud layers seen by radar and lidar together → Track.

Fields (CloudSat 2B-CLDCLASS-LIDAR product specification): for up to 10 layers of each profile
`CloudLayerBase` and `CloudLayerTop` (float32, km, -99 missing), `CloudLayerType` (int8, 1..8 as
in 2B-CLDCLASS, 0 not determined, -9 missing), `CloudPhase` (int8, 1 ice, 2 mixed, 3 water);
`Cloudlayer` (int8, profile) is the number of layers; `Height` as in 2B-CLDCLASS.
"""

from __future__ import annotations

from os import PathLike
from typing import NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.instruments.cloudsat.classes import granule_time
from nephoscope.instruments.cloudsat.columns import (
    HIGHEST,
    by_profile,
    heights,
    make_track,
    type_variable,
)
from nephoscope.instruments.cloudsat.hdf4 import Hdf4
from nephoscope.instruments.cloudsat.scenario import UNKNOWN
from nephoscope.track import CLOUD_TYPES

PRODUCT = "2B-CLDCLASS-LIDAR"
PHASES = ("none", "ice", "mixed", "water")
METRES = np.float32(1000)


class Layers(NamedTuple):
    """Cloud layers of each profile.

    Base and top float32, m, NaN where there is none; type and phase int8, all (profile, layer);
    `known` (profile,) bool: whether the profile was classified at all.
    """

    base: NDArray[np.float32]
    top: NDArray[np.float32]
    cloud_type: NDArray[np.int8]
    phase: NDArray[np.int8]
    known: NDArray[np.bool_]


def read_layers(path: str | PathLike[str]) -> xr.Dataset:
    """Read a granule of 2B-CLDCLASS-LIDAR.

    A bin belongs to a layer when its centre lies in it; a layer thinner than the bins marks the
    bin nearest to its middle, so that no cloud is lost. Where layers meet in a bin, the upper one
    holds.

    Returns:
        A Track with `cloud_type` (profile, level) int8 (-1 unknown, 0 clear, 1..8) and
        `cloud_phase` (profile, level) int8 (-1 unknown, 0 no cloud, 1 ice, 2 mixed, 3 water);
        on (profile, layer) `layer_base`, `layer_top` float32, m.

    Raises:
        InputError: truncated, another product, or a field absent or of another type.
        UsageError: pyhdf is not installed.
    """
    with Hdf4(path) as file:
        places = file.table("Latitude", np.float32), file.table("Longitude", np.float32)
        height = heights(file, len(places[0]))
        layers = _layers(file, len(height))
        kind, phase = rasterise(layers, height)
        by_layer = ("profile", "layer")
        attributes = {
            "long_name": "cloud phase, -1 unknown",
            "flag_values": np.arange(len(PHASES), dtype=np.int8),
            "flag_meanings": " ".join(PHASES),
            "missing_value": np.int8(UNKNOWN),
        }
        variables = {
            "cloud_type": type_variable(kind),
            "cloud_phase": (("profile", "level"), phase, attributes),
            "layer_base": (by_layer, layers.base, {"units": "m"}),
            "layer_top": (by_layer, layers.top, {"units": "m"}),
        }
        return make_track(file, PRODUCT, places, granule_time(file), height, variables)


def rasterise(
    layers: Layers, height: NDArray[np.float32]
) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Type and phase of each bin.

    Args:
        layers: see `Layers`.
        height: (profile, level) float32, m, centres of the bins, NaN where missing.

    Returns:
        Two (profile, level) int8: type and phase, 0 clear, -1 unknown.
    """
    known = layers.known[:, None] & np.isfinite(height)
    kind = np.where(known, 0, UNKNOWN).astype(np.int8)
    phase = kind.copy()
    for layer in reversed(range(layers.base.shape[1])):
        # Few profiles have many layers: only those are searched.
        rows = np.flatnonzero(np.isfinite(layers.base[:, layer]))
        base, top = layers.base[rows, layer, None], layers.top[rows, layer, None]
        bins = height[rows]
        inside = (bins >= base) & (bins <= top)
        empty = np.flatnonzero(~inside.any(axis=1))
        distance = np.abs(bins[empty] - (base[empty] + top[empty]) / 2)
        nearest = np.argmin(np.where(np.isnan(distance), np.inf, distance), axis=1)
        inside[empty, nearest] = np.isfinite(bins[empty, nearest])
        inside &= layers.known[rows, None]
        for field, values in ((kind, layers.cloud_type), (phase, layers.phase)):
            field[rows] = np.where(inside, values[rows, layer, None], field[rows])
    return kind, phase


def _layers(file: Hdf4, profiles: int) -> Layers:
    base, top = (_metres(file, name, profiles) for name in ("CloudLayerBase", "CloudLayerTop"))
    kind, phase = (_codes(file, name, profiles) for name in ("CloudLayerType", "CloudPhase"))
    for name, array in (
        ("CloudLayerBase", base),
        ("CloudLayerTop", top),
        ("CloudLayerType", kind),
        ("CloudPhase", phase),
    ):
        if array.shape != base.shape or len(array) != profiles:
            raise file.wrong(name, f"has shape {array.shape}, not ({profiles}, layers)")
    count = file.table("Cloudlayer", np.int8)
    if len(count) != profiles:
        raise file.wrong("Cloudlayer", f"has {len(count)} profiles, not {profiles}")
    unclassified = file.coding("Cloudlayer").is_missing(count) | (count < 0)
    there = np.isfinite(base) & np.isfinite(top)
    return Layers(
        np.where(there, base, np.float32(np.nan)),
        np.where(there, top, np.float32(np.nan)),
        np.where((kind >= 1) & (kind < len(CLOUD_TYPES)), kind, UNKNOWN).astype(np.int8),
        np.where((phase >= 1) & (phase < len(PHASES)), phase, UNKNOWN).astype(np.int8),
        # Counted, but none of them placed: then nothing is known to be clear.
        ~unclassified & ~((count > 0) & ~there.any(axis=1)),
    )


def _metres(file: Hdf4, name: str, profiles: int) -> NDArray[np.float32]:
    stored = by_profile(file.dataset(name, np.float32, 2), profiles)
    kilometres = file.coding(name).decode(stored).astype(np.float32)
    # Layers lie between the ground, somewhere below sea level, and 30 km.
    real = (kilometres > -9) & (kilometres < HIGHEST / METRES)
    return np.where(real, kilometres * METRES, np.float32(np.nan))


def _codes(file: Hdf4, name: str, profiles: int) -> NDArray[np.int8]:
    stored = by_profile(file.dataset(name, np.int8, 2), profiles)
    return np.where(file.coding(name).is_missing(stored), np.int8(UNKNOWN), stored)
