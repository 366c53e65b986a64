"""Files of 2B-CLDCLASS, 2B-CLDCLASS-LIDAR, CALTRACK CS-2B-CLDCLASS and PAR-RB2.

Names, types, dimensions and fills are the real ones.
"""

from __future__ import annotations

from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from nephoscope.instruments.tai93 import from_utc
from nephoscope.simulate.earth.profilers.swath import Field, write_datasets, write_swath

Floats = NDArray[np.floating[Any]]
FILL = -9999
_ICARE: dict[str, str | float] = {"scale_factor": 1.0, "add_offset": 0.0}
LAYERS = 10


def write_granule(
    path: str | PathLike[str],
    latitude: Floats,
    longitude: Floats,
    time: NDArray[np.datetime64],
    height: Floats,
    codes: NDArray[np.int16],
) -> None:
    """Write a 2B-CLDCLASS granule, an HDF-EOS swath.

    Args:
        path: the final name, as the archive has it
            (`2008153012345_11111_CS_2B-CLDCLASS_GRANULE_P1_R05_E02_F00.hdf`).
        latitude: (profile,) degrees.
        longitude: (profile,) degrees, -180..180.
        time: (profile,) datetime64, UTC, none missing.
        height: (profile, level) m, the highest first, NaN where missing.
        codes: (profile, level) int16, see `scenario.encode`.

    Raises:
        OutputError: the file cannot be written.
        UsageError: pyhdf is not installed.
    """
    geolocation = _geolocation(latitude, longitude, time, height)
    attributes = {"long_name": "Cloud scenario", "units": "none", **_scaling(), "missing": FILL}
    data = {
        "cloud_scenario": Field(np.asarray(codes, np.int16), ("nray", "nbin"), attributes),
    }
    write_swath(path, "2B-CLDCLASS", geolocation, data)


def write_layers(
    path: str | PathLike[str],
    latitude: Floats,
    longitude: Floats,
    time: NDArray[np.datetime64],
    height: Floats,
    layers: tuple[Floats, Floats, NDArray[np.int8], NDArray[np.int8]],
) -> None:
    """Write a 2B-CLDCLASS-LIDAR granule, an HDF-EOS swath.

    Args:
        path: the final name.
        latitude: (profile,) degrees.
        longitude: (profile,) degrees, -180..180.
        time: (profile,) datetime64, UTC, none missing.
        height: (profile, level) m, the highest first, NaN where missing.
        layers: base and top (m, NaN where there is none), type and phase, each
            (profile, layer), at most 10 layers.

    Raises:
        OutputError: the file cannot be written.
        UsageError: pyhdf is not installed.
    """
    dims = ("nray", "ncloud")
    data = {}
    for name, values in zip(("CloudLayerBase", "CloudLayerTop"), layers[:2], strict=True):
        kilometres = np.where(np.isnan(values), -99, np.asarray(values) / 1000)
        attributes: dict[str, str | float] = {
            "long_name": name,
            "units": "km",
            **_scaling(),
            "missing": -99.0,
        }
        data[name] = Field(_widened(kilometres.astype(np.float32), -99), dims, attributes)
    there = np.isfinite(layers[0])
    for name, kinds in zip(("CloudLayerType", "CloudPhase"), layers[2:], strict=True):
        values = np.where(there, kinds, -9).astype(np.int8)
        attributes = {"long_name": name, "units": "none", **_scaling(), "missing": -9}
        data[name] = Field(_widened(values, -9), dims, attributes)
    count = there.sum(axis=1).astype(np.int8)
    data["Cloudlayer"] = Field(count, ("nray",), {"long_name": "Number of cloud layers"})
    write_swath(path, "2B-CLDCLASS-LIDAR", _geolocation(latitude, longitude, time, height), data)


def write_caltrack(
    path: str | PathLike[str],
    latitude: Floats,
    longitude: Floats,
    time: NDArray[np.datetime64],
    height: Floats,
    codes: NDArray[np.int16],
    fill: int = FILL,
) -> None:
    """Write a CALTRACK-5km_CS-2B-CLDCLASS file: data sets only.

    Args:
        path: the final name, as the archive has it
            (`CALTRACK-5km_CS-2B-CLDCLASS_V1-00_2008-01-01T01-30-23ZD.hdf`).
        latitude: (profile,) degrees.
        longitude: (profile,) degrees, -180..180.
        time: (profile,) datetime64, UTC.
        height: (profile, level) m, the highest first, NaN where missing.
        codes: (profile, level) int16, see `scenario.encode`.
        fill: what missing heights and codes are stored as: CloudSat's -9999, or ICARE's -32768.

    Raises:
        OutputError: the file cannot be written.
        UsageError: pyhdf is not installed.
    """
    bins = ("profile", "bin")
    codes = np.where(codes == FILL, fill, codes).astype(np.int16)
    stored = np.where(np.isnan(height), fill, np.round(height)).astype(np.int16)
    fields = {
        **_places(latitude, longitude),
        "Time": Field(from_utc(time), ("profile",), {"units": "s"}),
        "Height": Field(stored, bins, {"units": "m", "_FillValue": fill}),
        "cloud_scenario": Field(codes, bins, {"_FillValue": fill}),
    }
    write_datasets(path, fields, _dates(time))


def write_time_offsets(
    path: str | PathLike[str],
    latitude: Floats,
    longitude: Floats,
    time: NDArray[np.datetime64],
    difference: Floats,
    distance: Floats,
    index: NDArray[np.integer[Any]],
    cover: Floats | None = None,
    index_type: DTypeLike = np.int16,
) -> None:
    """Write a CALTRACK-5km_PAR-RB2 file.

    Args:
        path: the final name.
        latitude: (profile,) degrees.
        longitude: (profile,) degrees, -180..180.
        time: (profile,) datetime64, UTC: begin and end are taken from it.
        difference: (profile,) s, CALIOP minus PARASOL, NaN where missing.
        distance: (profile,) km, NaN where missing.
        index: (profile, 2), row and column of PARASOL in the RB2 grid (`offsets.RB2`), negative
            where missing.
        cover: (profile,) cloud cover 0..1, NaN where missing; left out if None.
        index_type: int16 as ICARE's page has it, or int32.

    Raises:
        OutputError: the file cannot be written.
        UsageError: pyhdf is not installed.
    """
    profile = ("profile",)
    floats = (latitude, "degrees"), (longitude, "degrees"), (difference, "s"), (distance, "km")
    names = ("Latitude", "Longitude", "Acquisition_Time_Difference", "Colocation_Distance")
    fields = {}
    for name, (values, unit) in zip(names, floats, strict=True):
        stored = np.where(np.isnan(values), -np.inf, values).astype(np.float32)
        fields[name] = Field(stored, profile, {"units": unit, **_ICARE, "_FillValue": -np.inf})
    seconds = from_utc(time)
    seconds = np.where(np.isnan(seconds), -np.inf, seconds)
    fields["Time"] = Field(seconds, profile, {"units": "sec", **_ICARE, "_FillValue": -np.inf})
    fill = int(np.iinfo(index_type).min)
    pixels = np.where(np.asarray(index) < 0, fill, index).astype(index_type)
    unitless: dict[str, str | float] = {"units": "unitless"}
    fields["Input_Index"] = Field(
        pixels, ("profile", "index"), {**unitless, **_ICARE, "_FillValue": fill}
    )
    if cover is not None:
        counts = np.where(np.isnan(cover), 255, np.round(np.nan_to_num(cover) / 0.005))
        attributes = {**unitless, **_ICARE, "scale_factor": 0.005, "_FillValue": 255}
        fields["Cloud_Cover"] = Field(counts.astype(np.uint8), profile, attributes)
    write_datasets(path, fields, _dates(time))


def _geolocation(
    latitude: Floats, longitude: Floats, time: NDArray[np.datetime64], height: Floats
) -> dict[str, Field]:
    seconds = from_utc(time)
    midnight = time.astype("datetime64[D]")[0]
    of_day = np.array((time[0] - midnight) / np.timedelta64(1, "s"), np.float32)
    profile_time = (seconds - seconds[0]).astype(np.float32)
    in_seconds: dict[str, str | float] = {"units": "seconds", **_scaling()}
    return {
        "Profile_time": Field(profile_time, ("nray",), in_seconds),
        "UTC_start": Field(of_day, (), in_seconds),
        "TAI_start": Field(np.array(seconds[0]), (), in_seconds),
        **_places(latitude, longitude, "nray"),
        "Height": Field(
            _stored_height(height),
            ("nray", "nbin"),
            {"long_name": "Height of range bin", "units": "m", **_scaling(), "missing": FILL},
        ),
    }


def _places(latitude: Floats, longitude: Floats, dim: str = "profile") -> dict[str, Field]:
    units = {"units": "degrees"}
    return {
        "Latitude": Field(np.asarray(latitude, np.float32), (dim,), units),
        "Longitude": Field(np.asarray(longitude, np.float32), (dim,), units),
    }


def _stored_height(height: Floats) -> NDArray[np.int16]:
    return np.where(np.isnan(height), FILL, np.round(height)).astype(np.int16)


def _scaling() -> dict[str, str | float]:
    return {"factor": 1.0, "offset": 0.0}


def _widened(values: NDArray[Any], fill: float) -> NDArray[Any]:
    wide = np.full((len(values), LAYERS), fill, values.dtype)
    wide[:, : values.shape[1]] = values
    return wide


def _dates(time: NDArray[np.datetime64]) -> dict[str, str]:
    begin, end = (f"{np.datetime_as_string(time[each], 'ms')}Z" for each in (0, -1))
    return {"Beginning_Acquisition_Date": begin, "Ending_Acquisition_Date": end}
