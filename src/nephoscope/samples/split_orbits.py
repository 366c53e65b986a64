"""Division of samples along tracks into parts: half orbits, days or blocks of days, by lot.

Samples of one half orbit show the same weather, and so do half orbits of neighbouring days. Slots
are divided by their day, which is their group; days of which slots follow one another across
midnight, as an overpass may, stay together.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.errors import InputError, UsageError
from nephoscope.samples.split_rules import draw_parts
from nephoscope.samples.store import PARTS, source_of
from nephoscope.track import CLOUD_TYPES

BLOCK_DAYS = 3
"""Days of a block."""
_DAY = 86_400.0
_ONE_OVERPASS = 3_600.0
"""Seconds between slots of one overpass at most; the next one is 99 minutes later."""
_POINTS = 50_000
"""Profiles whose types are held at a time."""


def orbit_parts(
    store: xr.Dataset, by: str | None, fractions: Sequence[float], seed: int
) -> list[str]:
    """The part of each sample.

    Args:
        store: an open store whose unit is the half orbit (granule), or the slot.
        by: "block", of days; anything else is by group, which no part shares with another.
        fractions: relative weights of train, validation and test.
        seed: of the lots.

    Raises:
        UsageError: the weights are not usable, or there are fewer units than parts.
        InputError: samples of blocks do not say when they are of.
    """
    units = _blocks(store) if by == "block" else _granules(store)
    if store.attrs["unit"] == "slot" and store.attrs.get("points") == "track":
        units = _joined(units, store["order"].values)
    wanted = np.count_nonzero(fractions)
    if len(set(units)) < wanted:
        noun = "half orbits" if store.attrs["unit"] == "granule" else "days"
        noun = f"blocks of {BLOCK_DAYS} days" if by == "block" else noun
        raise UsageError(f"{len(set(units))} {noun} cannot fill {wanted} parts")
    drawn = draw_parts(sorted(set(units)), fractions, seed)
    return [drawn[unit] for unit in units]


def _granules(store: xr.Dataset) -> list[str]:
    pairs = zip(store["group"].values.tolist(), store["id"].values.tolist(), strict=True)
    return [group or sample for group, sample in pairs]


def _joined(units: Sequence[str], order: npt.NDArray[np.float64]) -> list[str]:
    """Units of slots; those that an overpass crosses bear the name of the first of them."""
    named = dict.fromkeys(units)
    owner = {unit: unit for unit in named}
    times = np.argsort(order, kind="stable")
    for before, after in pairwise(times.tolist()):
        if order[after] - order[before] < _ONE_OVERPASS:
            owner[units[after]] = owner[units[before]]
    return [owner[unit] for unit in units]


def _blocks(store: xr.Dataset) -> list[str]:
    """Blocks of days, each named by a number that sorts as time does."""
    order = store["order"].values
    if not np.isfinite(order).all():
        raise InputError(source_of(store), "is not known of every sample", field="order")
    return [f"{int(block):08d}" for block in order // (BLOCK_DAYS * _DAY)]


def class_counts(store: xr.Dataset) -> dict[str, dict[str, Any]]:
    """Of each part that has samples: how many of what there are.

    Args:
        store: an open store with `cloud_type` (point, level) and `split`.

    Returns:
        Part ("" for none) → `samples`, `granules`, `profiles`, `cloudy_profiles` (with any cloud),
        `cloud_type` (9 numbers of bins of each type, 0 clear) and `unknown` bins.
    """
    names = (*PARTS, "")
    parts = np.array([names.index(str(part)) for part in store["split"].values], np.int8)
    part_of_point = np.repeat(parts, store["row_size"].values)
    kinds = np.zeros((len(names), len(CLOUD_TYPES) + 1), np.int64)
    cloudy = np.zeros(len(names), np.int64)
    for start in range(0, len(part_of_point), _POINTS):
        piece = slice(start, start + _POINTS)
        bins, part = store["cloud_type"][piece].values, part_of_point[piece]
        np.add.at(cloudy, part[(bins > 0).any(axis=1)], 1)
        for place in np.unique(part):
            counted = bins[part == place].ravel() + np.int16(1)
            kinds[place] += np.bincount(counted, minlength=kinds.shape[1])
    groups = np.array(_granules(store), dtype=object)
    return {
        names[place]: {
            "samples": int(np.count_nonzero(parts == place)),
            "granules": len(set(groups[parts == place].tolist())),
            "profiles": int(np.count_nonzero(part_of_point == place)),
            "cloudy_profiles": int(cloudy[place]),
            "cloud_type": kinds[place, 1:].tolist(),
            "unknown": int(kinds[place, 0]),
        }
        for place in np.unique(parts).tolist()
    }
