"""CALTRACK PAR-RB2 files: when PARASOL saw the place of each 5-km profile of CALIPSO.

Format: ICARE's page of CALTRACK-5km_PAR-RB2. `Input_Index` is the row and column in the input
product, which is RB2: the sinusoidal grid of 1/6 degree, 1080 x 2160, of 3 x 3 pixels of level 1B.
It is no row and column of level 1B.
"""

from __future__ import annotations

from os import PathLike
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.errors import InputError
from nephoscope.grids.sinusoidal import Sinusoidal
from nephoscope.instruments.cloudsat.columns import place, profile_time
from nephoscope.instruments.cloudsat.hdf4 import Hdf4
from nephoscope.instruments.cloudsat.names import marks_of

FARTHEST_SAME = 0.05
"""Degrees of arc within which two files mean the same 5-km profile."""
LONGEST_SAME = 600.0
"""Seconds within which two files mean the same half orbit: CloudSat and CALIPSO fly 15 s apart."""
RB2 = Sinusoidal(1080)
"""The grid that `Input_Index` counts in."""

_PROFILE = ("profile",)
_SAME = "take the file of the same half orbit"
_COVER_FILL, _COVER_SCALE = 255, 0.005
_MOST_COVER = 1.0001  # 200 counts of a float scale of 0.005
_PLACES = {"latitude": ("Latitude", "north"), "longitude": ("Longitude", "east")}
_FLOATS = (np.float32, np.float64)


def read_time_offsets(path: str | PathLike[str]) -> xr.Dataset:
    """Read a PAR-RB2 file: per-profile time difference, distance and RB2 pixel of PARASOL.

    Returns:
        On (profile,): `time_difference` float32, s, CALIOP minus PARASOL; `colocation_distance`
        float32, km (both NaN where missing); `rb2_row`, `rb2_column` int32, `Input_Index` as
        stored, in the 1/6-degree grid of 1080 x 2160 (`RB2`), -1 where missing or beyond it;
        `latitude`, `longitude` float64, degrees; `time` datetime64[ns], UTC, of CALIOP, where the
        file has it. `cloud_cover` (profile,) and `directional_cloud_cover` (profile, direction)
        float32, 0..1, PARASOL's, NaN where missing, where the file has them. Attrs `begin`, `end`:
        the acquisition dates, text as stored; `half_orbit` ("day" or "night") and
        `half_orbit_start`, if the name says.

    Raises:
        InputError: truncated, another product, or a field or attribute absent or of another type.
        UsageError: pyhdf is not installed.
    """
    with Hdf4(path) as file:
        variables = {
            "time_difference": _measured(file, "Acquisition_Time_Difference", "s"),
            "colocation_distance": _measured(file, "Colocation_Distance", "km"),
            **_rb2_pixels(file),
            **_cloud_covers(file),
        }
        coords: dict[str, Any] = {
            name: (
                _PROFILE,
                place(file, stored, file.dataset(stored, np.float32, 1)),
                {"units": f"degrees_{side}"},
            )
            for name, (stored, side) in _PLACES.items()
        }
        if file.has("Time"):
            coords["time"] = _PROFILE, profile_time(file)
        attrs = {
            "begin": file.attribute("Beginning_Acquisition_Date"),
            "end": file.attribute("Ending_Acquisition_Date"),
            "source_files": [str(file.path)],
            **marks_of(file.path),
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
            remedy=_SAME,
        )
    _check_same_places(offsets, track, path)
    if "time" in offsets.coords:
        late = np.abs(offsets["time"].values - track["time"].values) / np.timedelta64(1, "s")
        if (late > LONGEST_SAME).any():
            problem = f"is up to {np.nanmax(late):.0f} s from the track's"
            raise InputError(path, problem, field="Time", remedy=_SAME)
    return track.assign(offsets.drop_vars([*offsets.coords]).data_vars).assign_attrs(
        source_files=[*track.attrs["source_files"], str(path)]
    )


def _check_same_places(offsets: xr.Dataset, track: xr.Dataset, path: str | PathLike[str]) -> None:
    north = np.abs(offsets["latitude"].values - track["latitude"].values)
    turn = offsets["longitude"].values - track["longitude"].values
    # A degree of longitude shrinks towards the poles.
    east = np.abs((turn + 180) % 360 - 180) * np.cos(np.radians(track["latitude"].values))
    for name, apart in (("Latitude", north), ("Longitude", east)):
        if (apart > FARTHEST_SAME).any():
            problem = f"lies up to {np.nanmax(apart):.2f} degrees from the track"
            raise InputError(path, problem, field=name, remedy=_SAME)


def _measured(
    file: Hdf4, name: str, units: str
) -> tuple[tuple[str], NDArray[np.float32], dict[str, str]]:
    values = file.coding(name).decode(file.dataset(name, _FLOATS, 1))
    # CALTRACK files mark missing floats by minus infinity.
    real = np.isfinite(values) & (values > -9000)
    return _PROFILE, np.where(real, values, np.nan).astype(np.float32), {"units": units}


def _rb2_pixels(file: Hdf4) -> dict[str, Any]:
    # The archive's are int16 with fill -32768; int32 is read as well.
    stored = file.dataset("Input_Index", (np.int16, np.int32), 2)
    stored = stored.T if stored.shape[1] != 2 and stored.shape[0] == 2 else stored
    if stored.shape[1] != 2:
        raise file.wrong("Input_Index", f"has {stored.shape[1]} columns, not row and column")
    missing = file.coding("Input_Index").is_missing(stored) | (stored < 0)
    # Whether the archive counts from 0 or 1 its page does not say.
    beyond = ~missing & (stored > RB2.shape)
    unknown = (missing | beyond).any(axis=1)
    attributes: dict[str, Any] = {
        "long_name": "in the RB2 grid of 1/6 degree, 1080 rows of 2160; no pixel of level 1B",
        "missing_value": np.int32(-1),
    }
    if beyond.any():
        attributes["comment"] = f"{beyond.any(axis=1).sum()} profiles have one beyond that grid"
    return {
        f"rb2_{name}": (_PROFILE, np.where(unknown, -1, index).astype(np.int32), attributes)
        for name, index in zip(("row", "column"), stored.T, strict=True)
    }


def _cloud_covers(file: Hdf4) -> dict[str, Any]:
    found = {}
    for stored, name, dims in (
        ("Cloud_Cover", "cloud_cover", _PROFILE),
        ("Directional_Cloud_Cover", "directional_cloud_cover", ("profile", "direction")),
    ):
        if file.has(stored):
            counts = file.dataset(stored, (np.uint8, np.float32), len(dims))
            coding = file.coding(stored)
            cover = coding.decode(counts)
            if counts.dtype == np.uint8:
                cover[counts == _COVER_FILL] = np.nan
                cover *= 1 if coding.scale != 1 else _COVER_SCALE
            cover = np.where((cover >= 0) & (cover <= _MOST_COVER), cover, np.nan)
            found[name] = dims, cover.astype(np.float32), {"units": "1"}
    return found
