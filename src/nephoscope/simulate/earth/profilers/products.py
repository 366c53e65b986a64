"""Variables of 2B-CLDCLASS and DARDAR-Nice, from what radar and lidar detect."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

from nephoscope.instruments.cloudsat import encode
from nephoscope.instruments.dardar.reading import GATE
from nephoscope.simulate.earth.atmosphere.state import (
    ALTITUDE,
    EDGES,
    LAND,
    LEVELS,
    SEA,
    THICKNESS,
    level_at,
)
from nephoscope.simulate.earth.constants import ICE_DENSITY
from nephoscope.simulate.earth.microphysics import (
    ice_extinction,
    ice_log_n0,
    ice_number,
)
from nephoscope.simulate.earth.profilers.cloudsat import LAYERS
from nephoscope.simulate.earth.profilers.columns import Columns, Floats
from nephoscope.simulate.earth.profilers.lidar import detected
from nephoscope.simulate.earth.profilers.radar import echo

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
    columns: Columns, measured: Floats
) -> tuple[NDArray[np.float64], NDArray[np.int16]]:
    """The scene as 2B-CLDCLASS has it: the radar alone.

    Thin cirrus, small droplets and what lies in the echo of the ground are called clear, as there.

    Args:
        columns: what was flown over.
        measured: the radar's echo of them (`echo`).

    Returns:
        Height of each bin, m, and `cloud_scenario`, int16: (profile, bin), the highest first.
    """
    height = _bin_heights(columns)
    seen = np.isfinite(measured)
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

    Ice that neither sees is 0, as is what lies below the ground (its mask code says so). Errors are
    log-normal and alike over a few kilometres and gates; those of the content bias nothing on
    average, and the intercept of the size distribution errs by twice as much.

    Returns:
        What `write_nice` takes as fields: (profile, gate), the highest first, and (profile,).
    """
    radar, lidar = np.isfinite(echo(columns, rng)), detected(columns)
    found = (radar | lidar) & (columns.iwc > _LEAST)
    spread = np.where(radar & lidar, BOTH, ALONE)
    # What is retrieved is a distribution of sizes: its content and its intercept err, and all else
    # follows from these two.
    wrong, other = _correlated(rng, spread.shape), _correlated(rng, spread.shape)
    content = (columns.iwc * np.exp(spread * wrong - spread**2 / 2))[found]
    usual = ice_log_n0(columns.iwc[found], columns.ice_extinction[found])
    intercept = usual + (2 * spread * other)[found]
    extinction = ice_extinction(content, intercept.astype(np.float32))
    retrieved = {
        "iwc": content,
        "icnc_5um": ice_number(content, extinction, 5e-6),
        "icnc_100um": ice_number(content, extinction, 100e-6),
        "reffcli": 1.5 * content / (ICE_DENSITY * extinction),
    }
    fields = {name: _placed(values, found, name) for name, values in retrieved.items()}
    within = (GATES >= EDGES[0]) & (GATES < EDGES[-1])
    level = level_at(GATES)
    gates = {
        name: np.where(within, values[:, level], 0 if name != "reffcli" else np.nan)
        for name, values in fields.items()
    }
    below = GATES + GATE / 2 <= columns.ground[:, None]
    made: dict[str, NDArray[Any]] = {
        name: values.astype(np.float32) for name, values in gates.items()
    }
    made["ta"] = _temperature(columns)
    code = np.where(within, _mask(columns, found, lidar)[:, level], _CLEAR)
    made["clm"] = np.where(below, _GROUND, code).astype(np.int16)
    made["clm_full"] = made["clm"]
    made["nightday_flag"] = np.where(columns.daylight, 0, 1).astype(np.int8)
    made["land_water_mask"] = np.where(columns.kind == SEA, 2, 1).astype(np.int8)
    made["iteration_flag"] = np.ones(len(columns.kind), np.int8)
    return made


def _placed(
    values: NDArray[np.floating], found: NDArray[np.bool_], name: str
) -> NDArray[np.float64]:
    """Values where ice was found; elsewhere 0, but for a radius, of which there is none."""
    cube = np.full(found.shape, np.nan if name == "reffcli" else 0.0)
    cube[found] = values
    return cube


def cloud_layers(
    columns: Columns, measured: Floats
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int8], NDArray[np.int8]]:
    """The layers of 2B-CLDCLASS-LIDAR: what radar or lidar see, the lowest layer first.

    Args:
        columns: what was flown over.
        measured: the radar's echo of them (`echo`).

    Returns:
        Base and top (m, NaN where there is none), type, and phase (1 ice, 2 mixed, 3 water), each
        (profile, layer), at most `LAYERS`.
    """
    seen = (np.isfinite(measured) | detected(columns)) & (columns.cloud_type > 0)
    count = len(seen)
    base, top = (np.full((count, LAYERS), np.nan, np.float32) for _ in range(2))
    kinds, phase = (np.zeros((count, LAYERS), np.int8) for _ in range(2))
    step = np.diff(seen.astype(np.int8), axis=1, prepend=0, append=0)
    for profile in np.flatnonzero(seen.any(axis=1)):
        runs = zip(
            np.flatnonzero(step[profile] > 0), np.flatnonzero(step[profile] < 0), strict=True
        )
        for number, (first, stop) in enumerate(list(runs)[:LAYERS]):
            part = profile, slice(first, stop)
            base[profile, number], top[profile, number] = EDGES[first], EDGES[stop]
            kinds[profile, number] = np.bincount(columns.cloud_type[part]).argmax()
            ice, water = (path[part].sum() for path in (columns.iwc, columns.lwc))
            phase[profile, number] = 1 if ice > 9 * water else 3 if water > 9 * ice else 2
    return base, top, kinds, phase


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
    """Code of the climate zone: 1 tropics, 2 middle, 3 polar latitudes."""
    return 1 + np.digitize(np.abs(latitude), [30, 60])


def _correlated(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Normal errors, mean 0 and deviation 1, alike over some 5 profiles and 3 levels."""
    smooth = scipy.ndimage.gaussian_filter(rng.standard_normal(shape), (2, 1))
    return np.asarray(smooth / smooth.std())


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
