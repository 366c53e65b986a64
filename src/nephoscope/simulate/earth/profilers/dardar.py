"""DARDAR-Nice NetCDF files, with the real names, types, dimensions and fills."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from nephoscope.errors import OutputError, UsageError
from nephoscope.files import atomic_path
from nephoscope.simulate.earth.version import STAMP

Floats = NDArray[np.floating[Any]]
FILL = np.float32(-999)
FLAG_FILLS = {np.dtype(np.int8): -99, np.dtype(np.int16): -999}


def write_nice(
    path: str | PathLike[str],
    latitude: Floats,
    longitude: Floats,
    time: NDArray[np.datetime64],
    height: Floats,
    fields: Mapping[str, Floats],
    version: int = 1,
    base_type: DTypeLike = np.float64,
) -> None:
    """Write a DARDAR-Nice L2 file.

    Args:
        path: the final name.
        latitude: (profile,) degrees.
        longitude: (profile,) degrees, -180..180.
        time: (profile,) datetime64, UTC, none missing.
        height: (level,) m, centres of 60-m gates, as they shall lie in the file.
        fields: `iwc` kg m-3, `icnc_5um`, `icnc_100um` m-3, `reffcli` m, `ta` K, NaN where missing,
            and `clm`, `clm_full` codes, each (profile, level); `nightday_flag`,
            `land_water_mask`, `iteration_flag` (profile,).
        version: 1 or 2: v1 calls `clm_full` `clm_v2`.
        base_type: of `base_time`: float64, int32 or int64.

    Raises:
        OutputError: the file cannot be written.
        UsageError: netCDF4 is not installed.
    """
    start = time[0].astype("datetime64[s]")
    units = {"iwc": "kg m-3", "icnc_5um": "m-3", "icnc_100um": "m-3", "reffcli": "m", "ta": "K"}
    renamed = {("clm_v2" if version == 1 and k == "clm_full" else k): v for k, v in fields.items()}
    with atomic_path(path) as part, _created(part) as file:
        file.title = f"DARDAR-Nice L2 v{version}"
        _dimensions(file, len(latitude), height)
        base = file.createVariable("base_time", base_type, ())
        base.units = "seconds since 1970-01-01 00:00:00"
        base[...] = start.astype(np.int64)
        _put(file, "dtime", _seconds(time, start).astype(np.float64), "s")
        _put(file, "lat", latitude, "degrees_north")
        _put(file, "lon", longitude, "degrees_east")
        for name, values in renamed.items():
            _put(file, name, values, units.get(name))


def _created(part: Path) -> Any:  # noqa: ANN401 - netCDF4 has no types
    try:
        import netCDF4
    except ImportError as error:
        raise UsageError(f"{part}: writing DARDAR needs nephoscope[satellites]") from error
    try:
        file = netCDF4.Dataset(part, "w")
        file.comment = STAMP
        return file
    except RuntimeError as error:
        raise OutputError(f"{part}: could not be written: {error}") from error


def _dimensions(file: Any, profiles: int, height: Floats) -> None:  # noqa: ANN401
    file.createDimension("time", profiles)
    file.createDimension("height", len(height))
    axis = file.createVariable("height", "f4", ("height",))
    axis.units = "m"
    axis[:] = height


def _put(file: Any, name: str, values: NDArray[Any], units: str | None) -> None:  # noqa: ANN401
    values = np.asarray(values)
    dims = ("time", "height")[: values.ndim]
    if values.dtype.kind == "f" and name not in {"dtime"}:
        values = np.where(np.isnan(values), FILL, values).astype(np.float32)
    fill = FILL if values.dtype == np.float32 else FLAG_FILLS.get(values.dtype)
    variable = file.createVariable(
        name, values.dtype, dims, zlib=True, complevel=1, shuffle=True, fill_value=fill
    )
    if units is not None:
        variable.units = units
    if fill is not None:
        variable.missing_value = values.dtype.type(fill)
    variable[:] = values


def _seconds(time: NDArray[np.datetime64], start: np.datetime64) -> NDArray[np.float64]:
    return (time - start) / np.timedelta64(1, "s")
