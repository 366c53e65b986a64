"""2B-CLDCLASS, radar only: the original granule and the CALTRACK 5-km resampling → Track."""

from __future__ import annotations

from os import PathLike

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.instruments.a_train import since_launch
from nephoscope.instruments.cloudsat.columns import (
    code_variable,
    heights,
    make_track,
    profile_time,
    scenario,
    type_variable,
)
from nephoscope.instruments.cloudsat.hdf4 import Hdf4
from nephoscope.instruments.cloudsat.offsets import add_time_offsets
from nephoscope.instruments.cloudsat.scenario import Undetermined, cloud_type
from nephoscope.instruments.tai93 import to_utc

GRANULE = "2B-CLDCLASS"
CALTRACK = "CALTRACK-5km_CS-2B-CLDCLASS"


def read_granule(
    path: str | PathLike[str], *, undetermined: Undetermined = "unknown"
) -> xr.Dataset:
    """Read an original granule: HDF-EOS swath of about 37,000 profiles of 125 bins.

    Bins are data sets (`Height`, `cloud_scenario`, int16), profiles Vdatas (`Latitude`,
    `Longitude`, `Profile_time` float32, scalar `TAI_start` float64). The radar alone misses thin
    cirrus, and all cloud in the ground clutter below about 1 km.

    Args:
        path: the file.
        undetermined: see `scenario.cloud_type`.

    Returns:
        A Track with `cloud_type` (profile, level) int8, -1 unknown, 0 clear, 1..8, and
        `cloud_scenario` (profile, level) int16 as stored, but -9999 for every missing code.

    Raises:
        InputError: truncated, another product, or a field absent or of another type.
        UsageError: pyhdf is not installed.
    """
    with Hdf4(path) as file:
        places = file.table("Latitude", np.float32), file.table("Longitude", np.float32)
        time = granule_time(file)
        return _track(file, GRANULE, places, time, undetermined)


def read_caltrack(
    path: str | PathLike[str],
    offsets: str | PathLike[str] | None = None,
    *,
    undetermined: Undetermined = "unknown",
) -> xr.Dataset:
    """Read 2B-CLDCLASS on the 5-km profiles of CALIPSO (ICARE CALTRACK), all of it data sets.

    Args:
        path: the file.
        offsets: the `PAR-RB2` file of the same half orbit: adds `time_difference` and what else
            `offsets.read_time_offsets` returns.
        undetermined: see `scenario.cloud_type`.

    Returns:
        A Track as of `read_granule`, about 3,700 profiles; attrs `half_orbit` ("day" or "night")
        and `half_orbit_start`, if the name says.

    Raises:
        InputError: truncated, another product, a field absent or of another type, or offsets of
            another number of profiles.
        UsageError: pyhdf is not installed.
    """
    with Hdf4(path) as file:
        places = file.dataset("Latitude", np.float32, 1), file.dataset("Longitude", np.float32, 1)
        time = profile_time(file)
        track = _track(file, CALTRACK, places, time, undetermined)
    return track if offsets is None else add_time_offsets(track, offsets)


def granule_time(file: Hdf4) -> NDArray[np.datetime64]:
    """UTC of each profile of an original granule, (profile,) datetime64[ns].

    Raises:
        InputError: `TAI_start` or `Profile_time` is absent, of another type, or older than the
            satellites.
    """
    start = file.table("TAI_start", np.float64)
    if start.size != 1:
        raise file.wrong("TAI_start", f"has {start.size} values, not 1")
    since = file.coding("Profile_time").decode(file.table("Profile_time", np.float32))
    time = to_utc(start[0] + np.where(since >= 0, since, np.nan))
    return since_launch(time, "TAI_start", file.wrong)


def _track(
    file: Hdf4,
    product: str,
    places: tuple[NDArray[np.float32], NDArray[np.float32]],
    time: NDArray[np.datetime64],
    undetermined: Undetermined,
) -> xr.Dataset:
    height = heights(file, len(places[0]))
    codes = scenario(file, len(height))
    if codes.shape != height.shape:
        raise file.wrong("cloud_scenario", f"has shape {codes.shape}, Height {height.shape}")
    variables = {
        "cloud_type": type_variable(cloud_type(codes, undetermined)),
        "cloud_scenario": code_variable(codes),
    }
    return make_track(file, product, places, time, height, variables)
