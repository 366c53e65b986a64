"""The Track contract: what every profiler reader returns, checked at the door.

A Track is an `xarray.Dataset` of profiles along an orbit with

- `time` (profile,) datetime64[ns], UTC; `latitude`, `longitude` (profile,) float64, degrees, east
  positive within -180..180: NaT and NaN where the file has none, so that the profiles keep the
  numbers they have in the file,
- `height` above mean sea level, m, of the centre of each bin, the highest first: on
  (profile, level) where each profile has its own, NaN where missing; on (level,) where all share
  one axis, and then `height_bounds` (level, bound) holds the lower and the upper edge of each,
- at least one variable on (profile, level),
- attrs `instrument`, `product` and `source_files` (list of str).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import xarray as xr

from nephoscope.errors import InputError, UsageError

DIMS = ("profile", "level")
BOUNDS_DIMS = ("level", "bound")
PLACES = {"latitude": 90.0, "longitude": 180.0}
"""Coordinates of a profile and the largest number they may have, degrees."""
CLOUD_TYPES = (
    "none",
    "cirrus",
    "altostratus",
    "altocumulus",
    "stratus",
    "stratocumulus",
    "cumulus",
    "nimbostratus",
    "deep_convection",
)
"""Names of the cloud types 0..8 of `cloud_type`, which a Track has on (profile, level), -1 unknown.

Source: CloudSat 2B-CLDCLASS Process Description and Interface Control Document, table 5.
"""
LONGEST_GAP = np.timedelta64(2, "s")
"""Between profiles of one overpass; the nominal step of CloudSat and DARDAR is 0.16 s."""


def check_track(track: xr.Dataset, source: str | None = None) -> xr.Dataset:
    """Return `track` unchanged if it keeps the contract.

    Args:
        track: the Dataset a reader made.
        source: the file to blame; by default the track's first source file.

    Raises:
        InputError: a part of the contract is broken; the message names the field.
    """
    blame = source or next(iter(track.attrs.get("source_files", [])), "track")
    for name in ("time", *PLACES, "height"):
        if name not in track.variables:
            raise InputError(blame, "is missing from the track", field=name)
    _check_form(track["time"], [DIMS[:1]], ["datetime64[ns]"], blame)
    for name, largest in PLACES.items():
        _check_form(track[name], [DIMS[:1]], ["float64"], blame)
        if (np.abs(track[name].values) > largest).any():
            raise InputError(blame, f"has values beyond {largest:g} degrees", field=name)
    _check_form(track["height"], [DIMS, DIMS[1:]], ["float32", "float64"], blame)
    _check_height(track, blame)
    for name in ("time", *PLACES, "height"):
        if track[name].size and not track[name].notnull().any():
            raise InputError(blame, "is missing in every profile", field=name)
    if not any(variable.dims == DIMS for variable in track.data_vars.values()):
        raise InputError(blame, f"no variable has dims {DIMS}", field="track")
    for name in ("instrument", "product", "source_files"):
        if name not in track.attrs:
            raise InputError(blame, "attribute is missing from the track", field=name)
    return track


def height_bounds(height: np.ndarray) -> np.ndarray:
    """Edges half-way between neighbouring centres, the outermost as far from theirs as the inner.

    Args:
        height: (level,) float, m, falling, at least 2.

    Returns:
        (level, bound) float64, m: lower and upper edge.

    Raises:
        ValueError: fewer than 2 levels.
    """
    centres = np.asarray(height, np.float64)
    if centres.size < 2:
        raise ValueError("bounds need at least 2 levels")
    between = (centres[1:] + centres[:-1]) / 2
    edges = np.concatenate(
        [[2 * centres[0] - between[0]], between, [2 * centres[-1] - between[-1]]]
    )
    return np.stack([edges[1:], edges[:-1]], axis=1)


def overpasses(track: xr.Dataset, longest_gap: np.timedelta64 = LONGEST_GAP) -> list[slice]:
    """Segments of a Track without a gap in time, in the order of its profiles.

    Args:
        track: a Track of any profiler.
        longest_gap: between neighbours of one segment, either way: time that runs back is a gap.

    Returns:
        Slices of `profile`: every profile is in exactly one of them. Profiles without a time go
        with those before them, at the beginning with those after them.

    Raises:
        UsageError: it is no Track, or the gap is not positive.
    """
    if not isinstance(track, xr.Dataset) or "time" not in track or track["time"].dims != DIMS[:1]:
        raise UsageError("overpasses are cut of a Track, as open_track gives it")
    if not isinstance(longest_gap, np.timedelta64) or not longest_gap > np.timedelta64(0):
        raise UsageError(f"the longest gap is {longest_gap!r}, not a positive numpy.timedelta64")
    time = track["time"].values
    known = np.flatnonzero(~np.isnat(time))
    cuts = known[1:][np.abs(np.diff(time[known])) > longest_gap]
    edges = [0, *(int(cut) for cut in cuts), len(time)]
    return [slice(*pair) for pair in pairwise(edges) if pair[0] < pair[1]]


def _check_form(
    variable: xr.DataArray, dims: Sequence[tuple[str, ...]], dtypes: Sequence[str], blame: str
) -> None:
    name = str(variable.name)
    if variable.dims not in dims:
        problem = f"has dims {variable.dims}, not {' or '.join(map(str, dims))}"
        raise InputError(blame, problem, field=name)
    if variable.dtype not in dtypes:
        problem = f"is {variable.dtype}, not {dtypes[0] if len(dtypes) == 1 else 'float'}"
        raise InputError(blame, problem, field=name)


def _check_height(track: xr.Dataset, blame: str) -> None:
    height = track["height"]
    if (np.diff(height.values, axis=-1) >= 0).any():
        raise InputError(blame, "does not fall from level to level", field="height")
    if height.ndim == 2:
        return
    if "height_bounds" not in track.variables:
        raise InputError(blame, "is missing from the track", field="height_bounds")
    bounds = track["height_bounds"]
    if bounds.dims != BOUNDS_DIMS or bounds.shape[1] != 2:
        raise InputError(blame, f"has dims {bounds.dims}, not {BOUNDS_DIMS}", field="height_bounds")
    lower, upper = bounds.values.T
    if not ((lower < height.values) & (height.values < upper)).all():
        raise InputError(blame, "do not lie around the heights", field="height_bounds")
