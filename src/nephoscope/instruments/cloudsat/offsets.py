"""CALTRACK PAR-RB2: when PARASOL saw the place of each 5-km profile of CALIPSO."""

from __future__ import annotations

from os import PathLike

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.errors import InputError
from nephoscope.instruments.cloudsat.hdf4 import Hdf4

FARTHEST_SAME = 0.05
"""Degrees within which two files mean the same 5-km profile."""


def read_time_offsets(path: str | PathLike[str]) -> xr.Dataset:
    """Read a PAR-RB2 file: per-profile time difference, distance and pixel of PARASOL.

    Returns:
        On (profile,): `time_difference` float32, s, CALIOP minus PARASOL; `colocation_distance`
        float32, km (both NaN where missing); `parasol_row`, `parasol_column` int32 as stored
        (`Input_Index`), -1 where missing; `latitude`, `longitude` float64, degrees. Attrs
        `begin`, `end`: the acquisition dates, text as stored.

    Raises:
        InputError: truncated, another product, or a field or attribute absent or of another type.
        UsageError: pyhdf is not installed.
    """
    with Hdf4(path) as file:
        difference = _finite(file.dataset("Acquisition_Time_Difference", np.float32, 1))
        variables = {
            "time_difference": ("profile", difference, {"units": "s"}),
            "colocation_distance": (
                "profile",
                _finite(file.dataset("Colocation_Distance", np.float32, 1)),
                {"units": "km"},
            ),
            **_pixels(file),
        }
        coords = {
            name: ("profile", _finite(file.dataset(stored, np.float32, 1)).astype(np.float64))
            for name, stored in (("latitude", "Latitude"), ("longitude", "Longitude"))
        }
        attrs = {
            "begin": file.attribute("Beginning_Acquisition_Date"),
            "end": file.attribute("Ending_Acquisition_Date"),
            "source_files": [str(file.path)],
        }
        try:
            return xr.Dataset(variables, coords, attrs)
        except ValueError as error:
            raise file.wrong(None, f"has fields of different lengths: {error}") from error


def add_time_offsets(track: xr.Dataset, path: str | PathLike[str]) -> xr.Dataset:
    """A CALTRACK Track with the variables of its PAR-RB2 file.

    Raises:
        InputError: the file cannot be read, or is of other profiles than the track.
    """
    offsets = read_time_offsets(path)
    if offsets.sizes["profile"] != track.sizes["profile"]:
        raise InputError(
            path,
            f"has {offsets.sizes['profile']} profiles, the track has {track.sizes['profile']}",
            field="Acquisition_Time_Difference",
            remedy="take the file of the same half orbit",
        )
    apart = np.abs(offsets["latitude"].values - track["latitude"].values)
    if (apart > FARTHEST_SAME).any():
        raise InputError(
            path,
            f"lies up to {np.nanmax(apart):.2f} degrees from the track",
            field="Latitude",
            remedy="take the file of the same half orbit",
        )
    return track.assign(offsets.drop_vars(["latitude", "longitude"]).data_vars).assign_attrs(
        source_files=[*track.attrs["source_files"], str(path)]
    )


def _pixels(file: Hdf4) -> dict[str, tuple[str, NDArray[np.int32]]]:
    index = file.dataset("Input_Index", np.int32, 2)
    if index.shape[1] != 2:
        raise file.wrong("Input_Index", f"has {index.shape[1]} columns, not row and column")
    index = np.where(index < 0, np.int32(-1), index)
    return {"parasol_row": ("profile", index[:, 0]), "parasol_column": ("profile", index[:, 1])}


def _finite(values: NDArray[np.float32]) -> NDArray[np.float32]:
    # CALTRACK files mark missing floats by minus infinity.
    return np.where(np.isfinite(values) & (values > -9000), values, np.float32(np.nan))
