"""From what radar and lidar detect to the variables of 2B-CLDCLASS and DARDAR-Nice."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

from nephoscope.instruments.cloudsat import encode
from nephoscope.instruments.dardar.reading import GATE
from nephoscope.simulate.atmosphere.microphysics import ice_number
from nephoscope.simulate.atmosphere.microphysics.crystals import ICE_DENSITY
from nephoscope.simulate.atmosphere.state import (
    ALTITUDE,
    EDGES,
    LAND,
    LEVELS,
    SEA,
    THICKNESS,
    level_at,
)
from nephoscope.simulate.profilers.columns import Columns, Floats
from nephoscope.simulate.profilers.lidar import detected
from nephoscope.simulate.profilers.radar import echo

BINS, BIN_SPACING, TOP_BIN = 125, 240.0, 25_000.0
"""Range bins of CloudSat: 125 of 240 m; the highest is near 25 km and drifts along the orbit."""
GATES = np.arange(25_080, -1_021, -60).astype(np.float32)
"""Centres of the gates of DARDAR, m, the highest first."""
BOTH, ALONE = 0.15, 0.35
"""Relative error of retrieved ice where both instruments see it, and where one does (Delanoë and
Hogan 2010, JGR 115, D00H29; Cazenave et al. 2019, AMT 12, 2819)."""
# Codes of the simplified DARDAR mask: clear, ice, ice with supercooled droplets, droplets,
# supercooled droplets, ground.
_CLEAR, _ICE, _MIXED, _LIQUID, _SUPERCOOLED, _GROUND = 0, 1, 2, 3, 4, -1
_LEAST = 1.5e-8
"""Smallest ice water content that DARDAR retrieves, kg m-3."""


def cloud_classes(
    columns: Columns, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.int16]]:
    """The scene as 2B-CLDCLASS has it: the radar alone.

    Thin cirrus, small droplets and what lies in the echo of the ground are called clear, as there.

    Returns:
        Height of each bin, m, and `cloud_scenario`, int16: (profile, bin), the highest first.
    """
    height = _bin_heights(columns)
    seen = np.isfinite(echo(columns, rng))
    within = (height >= EDGES[0]) & (height < EDGES[-1])
    rows = np.arange(len(height))[:, None]
    # Rain that is detected below a cloud belongs to it.
    kinds = np.where(seen, _with_rain(columns), 0)[rows, level_at(height)]
    warm = columns.temperature[:, 0] > 273.15
    raining = (columns.rain > 0)[:, :5].any(axis=1)
    codes = encode(
        np.where(within, kinds, 0).astype(np.int8),
        surface=np.select([columns.kind == SEA, columns.kind == LAND], [2, 1], 3)[:, None],
        latitude_zone=_zone(columns.latitude)[:, None],
        quality=1,
        precipitation=np.where(raining, np.where(warm, 1, 2), 0)[:, None],
    )
    return height, codes


def retrieved_ice(columns: Columns, rng: np.random.Generator) -> dict[str, NDArray[Any]]:
    """The variables of DARDAR-Nice: radar and lidar together, on gates of 60 m.

    Ice that neither sees is 0; errors are log-normal, alike over a few kilometres and gates, and
    bias nothing on average.

    Returns:
        What `write_nice` takes as fields: (profile, gate), the highest first, and (profile,).
    """
    radar, lidar = np.isfinite(echo(columns, rng)), detected(columns)
    found = (radar | lidar) & (columns.iwc > _LEAST)
    spread = np.where(radar & lidar, BOTH, ALONE)
    wrong = _lognormal(rng, spread)
    iwc = np.where(found, columns.iwc * wrong, 0)
    # An error of the concentration is shared by size and number, as in the retrieval's own PSD.
    extinction = np.where(found, columns.ice_extinction * _lognormal(rng, spread * 0.7), 0)
    radius = np.full(iwc.shape, np.nan)
    radius[found] = 1.5 * iwc[found] / (ICE_DENSITY * extinction[found])
    fields = {
        "iwc": iwc,
        "icnc_5um": ice_number(iwc, extinction, 5e-6),
        "icnc_100um": ice_number(iwc, extinction, 100e-6),
        "reffcli": radius,
    }
    within = (GATES >= EDGES[0]) & (GATES < EDGES[-1])
    level = level_at(GATES)
    gates = {
        name: np.where(within, values[:, level], 0 if name != "reffcli" else np.nan)
        for name, values in fields.items()
    }
    below = GATES + GATE / 2 <= columns.ground[:, None]
    made: dict[str, NDArray[Any]] = {
        name: np.where(below, np.nan, values).astype(np.float32) for name, values in gates.items()
    }
    made["ta"] = _temperature(columns)
    code = np.where(within, _mask(columns, found, lidar)[:, level], _CLEAR)
    made["clm"] = np.where(below, _GROUND, code).astype(np.int16)
    made["clm_full"] = made["clm"]
    made["nightday_flag"] = np.where(columns.daylight, 0, 1).astype(np.int8)
    made["land_water_mask"] = np.where(columns.kind == SEA, 2, 1).astype(np.int8)
    made["iteration_flag"] = np.ones(len(columns.kind), np.int8)
    return made


def _bin_heights(columns: Columns) -> NDArray[np.float64]:
    """The oblate Earth and the orbit's eccentricity shift the bins by up to one along the orbit."""
    drift = BIN_SPACING / 2 * np.sin(np.deg2rad(2 * columns.latitude + 30))
    bins = TOP_BIN + drift[:, None] - BIN_SPACING * np.arange(BINS)
    return np.asarray(np.round(bins), np.float64)


def _with_rain(columns: Columns) -> NDArray[np.int8]:
    """Cloud types, and in rain below a cloud the type of the lowest cloud above it."""
    kinds = columns.cloud_type.copy()
    for level in range(LEVELS - 2, -1, -1):
        falling = (kinds[:, level] == 0) & (columns.rain[:, level] > 0)
        kinds[falling, level] = kinds[falling, level + 1]
    return kinds


def _zone(latitude: NDArray[np.float64]) -> NDArray[np.int64]:
    """1 Tropics, 2 middle, 3 polar latitudes."""
    return 1 + np.digitize(np.abs(latitude), [30, 60])


def _lognormal(rng: np.random.Generator, spread: NDArray[np.float64]) -> NDArray[np.float64]:
    """Factors with mean 1, alike over some 5 profiles and 3 levels."""
    smooth = scipy.ndimage.gaussian_filter(rng.standard_normal(spread.shape), (2, 1))
    return np.asarray(np.exp(spread * smooth / smooth.std() - spread**2 / 2))


def _temperature(columns: Columns) -> Floats:
    """Interpolated to the gates; the highest known above the levels."""
    place = np.clip((GATES - ALTITUDE[0]) / THICKNESS, 0, LEVELS - 1)
    low = np.minimum(place.astype(int), LEVELS - 2)
    share = (place - low).astype(np.float32)
    known = columns.temperature
    return np.asarray((1 - share) * known[:, low] + share * known[:, low + 1], np.float32)


def _mask(columns: Columns, ice: NDArray[np.bool_], lidar: NDArray[np.bool_]) -> NDArray[np.int16]:
    liquid = lidar & (columns.lwc > 0)
    cold = columns.temperature < 273.15
    choices = [ice & liquid, ice, liquid & cold, liquid]
    return np.select(choices, [_MIXED, _ICE, _SUPERCOOLED, _LIQUID], _CLEAR).astype(np.int16)
