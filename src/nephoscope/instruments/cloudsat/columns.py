"""Columns of a CloudSat file: from stored numbers to the variables of a Track."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.instruments.a_train import since_launch, wrapped_longitude
from nephoscope.instruments.cloudsat.hdf4 import Hdf4
from nephoscope.instruments.cloudsat.names import marks_of
from nephoscope.instruments.cloudsat.scenario import ICARE_FILL, MISSING
from nephoscope.instruments.tai93 import to_utc
from nephoscope.track import CLOUD_TYPES, check_track

LOWEST, HIGHEST = -5000, 30000
"""Valid heights of a bin, m (CloudSat 2B product specifications); all others are missing."""


def heights(file: Hdf4, profiles: int) -> NDArray[np.float32]:
    """Data set `Height` of a file, (profile, level) float32, m, NaN where missing.

    Missing is what the file's own attributes say, and what no bin can be.

    Raises:
        InputError: absent, not int16, or not of so many profiles.
    """
    stored = by_profile(file.dataset("Height", np.int16, 2), profiles)
    if stored.shape[0] != profiles:
        raise file.wrong("Height", f"has {stored.shape[0]} profiles, Latitude has {profiles}")
    height = file.coding("Height").decode(stored).astype(np.float32)
    height[(height < LOWEST) | (height > HIGHEST)] = np.nan
    return height


def by_profile(plane: NDArray[Any], profiles: int) -> NDArray[Any]:
    """(profile, bin) of a plane that may lie the other way round, as CloudSat's documents list it.

    A plane of neither shape stays as it is, for its reader to refuse.
    """
    turned = plane.shape[0] != profiles and plane.shape[1] == profiles
    return plane.T if turned else plane


def scenario(file: Hdf4, profiles: int) -> NDArray[np.int16]:
    """Data set `cloud_scenario`, (profile, level) int16, `MISSING` for every missing code.

    Missing are -9999, ICARE's -32768 and what the file's own attributes say.

    Raises:
        InputError: absent, or not int16.
    """
    codes = by_profile(file.dataset("cloud_scenario", np.int16, 2), profiles)
    missing = file.coding("cloud_scenario").is_missing(codes) | (codes == ICARE_FILL)
    return np.where(missing, np.int16(MISSING), codes)


def place(file: Hdf4, name: str, stored: NDArray[np.float32]) -> NDArray[np.float64]:
    """Degrees (profile,) float64; NaN for fill values: by the file's attributes, or far out.

    Longitudes that count from 0 to 360 are turned to -180..180.

    Args:
        file: that says how the numbers are stored.
        name: "Latitude" or "Longitude".
        stored: (profile,) the numbers.
    """
    degrees = file.coding(name).decode(stored)
    if name == "Longitude":
        return wrapped_longitude(degrees)
    return np.where(np.abs(degrees) <= 90, degrees, np.nan)


def profile_time(file: Hdf4) -> NDArray[np.datetime64]:
    """UTC of each profile of a CALTRACK file, (profile,) datetime64[ns], NaT where missing.

    Raises:
        InputError: `Time` is absent, of another type, or older than the satellites throughout.
    """
    time = to_utc(file.coding("Time").decode(file.dataset("Time", np.float64, 1)))
    return since_launch(time, "Time", file.wrong)


def make_track(
    file: Hdf4,
    product: str,
    places: tuple[NDArray[np.float32], NDArray[np.float32]],
    time: NDArray[np.datetime64],
    height: NDArray[np.float32],
    variables: dict[str, Any],
) -> xr.Dataset:
    """A checked Track of per-profile arrays and variables on (profile, level).

    Args:
        file: what it was read from.
        product: name of the product.
        places: latitude and longitude as stored, (profile,) float32, degrees.
        time: (profile,) datetime64[ns], UTC.
        height: (profile, level) float32, m.
        variables: as `xarray.Dataset` takes them.

    Raises:
        InputError: a shape does not fit, or the contract of a Track is broken.
    """
    latitude, longitude = places
    for name, array in {"Longitude": longitude, "Time": time, "Height": height}.items():
        if len(array) != len(latitude):
            raise file.wrong(name, f"has {len(array)} profiles, Latitude has {len(latitude)}")
    track = xr.Dataset(
        variables,
        coords={
            "time": ("profile", time),
            "latitude": (
                "profile",
                place(file, "Latitude", latitude),
                {"units": "degrees_north"},
            ),
            "longitude": (
                "profile",
                place(file, "Longitude", longitude),
                {"units": "degrees_east"},
            ),
            "height": (("profile", "level"), height, {"units": "m", "positive": "up"}),
        },
        attrs={
            "instrument": "cloudsat",
            "product": product,
            "source_files": [str(file.path)],
            **marks_of(file.path),
        },
    )
    return check_track(track)


def type_variable(cloud_type: NDArray[np.int8]) -> tuple[tuple[str, str], Any, dict[str, Any]]:
    """`cloud_type` (profile, level) as a variable that says what its numbers mean."""
    attributes = {
        "long_name": "cloud type, -1 unknown",
        "flag_values": np.arange(len(CLOUD_TYPES), dtype=np.int8),
        "flag_meanings": " ".join(CLOUD_TYPES),
        "missing_value": np.int8(-1),
    }
    return ("profile", "level"), cloud_type, attributes


def code_variable(codes: NDArray[np.int16]) -> tuple[tuple[str, str], Any, dict[str, Any]]:
    """`cloud_scenario` (profile, level), -9999 where missing, see `scenario.decode_field`."""
    attributes = {"long_name": "16-bit cloud scenario", "missing_value": np.int16(MISSING)}
    return ("profile", "level"), codes, attributes
