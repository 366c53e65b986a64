"""DARDAR NetCDF file → Track, 60-m gates as they are."""

from __future__ import annotations

import re
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.errors import InputError
from nephoscope.instruments.a_train import wrapped_longitude
from nephoscope.instruments.dardar.clock import profile_times
from nephoscope.instruments.dardar.fields import PRODUCTS, Product
from nephoscope.instruments.dardar.netcdf import MAGICS, NetcdfFile
from nephoscope.instruments.dardar.values import UNKNOWN, check_units, flag, physical, quantity
from nephoscope.track import check_track, height_bounds

__all__ = ["GATE", "UNKNOWN", "read", "read_places", "recognises"]

GATE = 60.0
"""Depth of a gate, m."""


def recognises(path: str | PathLike[str]) -> bool:
    """Whether a file is a NetCDF and named as one of the products."""
    path = Path(path)
    if not path.is_file() or not re.search(r"DARDAR|DARNI", path.name, re.IGNORECASE):
        return False
    try:
        with path.open("rb") as file:
            return file.read(8).startswith(MAGICS)
    except OSError:  # the reader says why
        return True


def read(
    path: str | PathLike[str], profiles: tuple[int | None, int | None] = (None, None)
) -> xr.Dataset:
    """Read DARDAR-Nice (v1, v2) or DARDAR-CLOUD (NetCDF, v3), recognised by their variables.

    Args:
        path: the file.
        profiles: number of the first and the one after the last that is read; by default all.

    Returns:
        A Track whose profiles share one axis `height` (level,) float32, m, the highest first, with
        `height_bounds`. On (profile, level), float32, NaN where missing: `iwc` kg m-3 (0 is
        clear), `effective_radius` m, `temperature` K, and of Nice `ice_number_5um` and
        `ice_number_100um` m-3; int16 flags as stored, -99 where missing: `cloud_mask_code`, and
        of Nice `full_cloud_mask_code`, of CLOUD `instrument_flag`. On (profile,) int16:
        `day_night_flag`, `land_water_mask`, `iteration_flag` or `iterations`. Flags that a
        version does not have are left out.

    Raises:
        InputError: truncated, another product, a variable absent, of another type, shape or unit,
            or a time that cannot be.
        UsageError: netCDF4 is not installed.
    """
    path, part = Path(path), slice(*profiles)
    with NetcdfFile(path, part) as file:
        product = _product_of(file)
        latitude = _latitude(file, product.latitude)
        longitude = _longitude(file, product.longitude, latitude.shape)
        height, order = _heights(file)
        shape = (len(latitude), len(height))
        variables: dict[str, Any] = {
            name: (("profile", "level"), quantity(file, each, shape)[:, order], each.attributes)
            for name, each in product.quantities.items()
        }
        told = any(np.isfinite(values).any() for _, values, _ in variables.values())
        if not told and part == slice(None, None):
            raise InputError(path, "has no value in any profile", field=next(iter(variables)))
        for name, stored in product.bin_flags.items():
            if (found := file.first_of(stored)) is not None:
                variables[name] = ("profile", "level"), flag(file, found, shape)[:, order]
        for name, stored in product.profile_flags.items():
            if (found := file.first_of(stored)) is not None:
                variables[name] = "profile", flag(file, found, shape[:1])
        time = profile_times(file, shape[0])
    track = xr.Dataset(
        variables,
        coords={
            "time": ("profile", time),
            "latitude": ("profile", latitude[part], {"units": "degrees_north"}),
            "longitude": ("profile", longitude, {"units": "degrees_east"}),
            "height": ("level", height, {"units": "m", "bounds": "height_bounds"}),
            "height_bounds": (("level", "bound"), height_bounds(height)),
        },
        attrs={"instrument": "dardar", "product": product.name, "source_files": [str(path)]},
    )
    return check_track(track)


def read_places(path: str | PathLike[str]) -> xr.Dataset:
    """Read where and when the profiles of a file are, and nothing else.

    Returns:
        `time`, `latitude` and `longitude` on (profile,), as a Track has them.

    Raises:
        InputError: as `read`.
        UsageError: netCDF4 is not installed.
    """
    with NetcdfFile(Path(path)) as file:
        product = _product_of(file)
        latitude = _latitude(file, product.latitude)
        longitude = _longitude(file, product.longitude, latitude.shape)
        time = profile_times(file, len(latitude))
    places = {"time": time, "latitude": latitude, "longitude": longitude}
    return xr.Dataset({name: ("profile", values) for name, values in places.items()})


def _product_of(file: NetcdfFile) -> Product:
    for product in PRODUCTS:
        if product.mark in file:
            return product
    marks = " nor ".join(product.mark for product in PRODUCTS)
    raise file.wrong("iwc", f"has neither {marks}", "DARDAR-Nice and DARDAR-CLOUD can be read")


def _latitude(file: NetcdfFile, name: str) -> NDArray[np.float64]:
    degrees = physical(file, name, 1).astype(np.float64)
    check_units(file, name, ("deg",))
    return np.where(np.abs(degrees) <= 90, degrees, np.nan)


def _longitude(file: NetcdfFile, name: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    degrees = physical(file, name, shape).astype(np.float64)
    check_units(file, name, ("deg",))
    return wrapped_longitude(degrees)


def _heights(file: NetcdfFile) -> tuple[NDArray[np.float32], slice]:
    # The axis, the highest first, and how to turn what is stored to it.
    height = physical(file, "height", 1)
    check_units(file, "height", ("m", "km"))
    if str(file.attributes("height").get("units", "m")).strip().startswith("k"):
        height = height * 1000
    step = np.diff(height)
    if len(height) < 2 or not (np.abs(np.abs(step) - GATE) < 1).all() or np.ptp(np.sign(step)):
        raise file.wrong("height", f"does not go in steps of {GATE:g} m")
    order = slice(None, None, 1 if step[0] < 0 else -1)
    return height[order].astype(np.float32), order
