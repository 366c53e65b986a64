"""A DARDAR NetCDF file → Track, 60-m gates as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.errors import InputError, UsageError
from nephoscope.instruments.dardar.fields import PRODUCTS, Product, Quantity
from nephoscope.track import check_track, height_bounds

GATE = 60.0
"""Depth of a gate, m."""
UNKNOWN = -99
"""Flag where a file has none."""
_FILLS = (-999.0, -9999.0)
_SINCE = re.compile(
    r"seconds since (\d{4})[- ](\d{1,2})[- ](\d{1,2})[T ](\d{1,2}:\d{2}:\d{2}(?:\.\d+)?)"
)
_MAGICS = (b"\x89HDF\r\n\x1a\n", b"CDF\x01", b"CDF\x02", b"CDF\x05")


def is_track(path: str | PathLike[str]) -> bool:
    """Whether a file is a NetCDF and named as one of the products."""
    path = Path(path)
    if not path.is_file() or not re.search(r"DARDAR|DARNI", path.name, re.IGNORECASE):
        return False
    with path.open("rb") as file:
        return file.read(8).startswith(_MAGICS)


def read_track(path: str | PathLike[str]) -> xr.Dataset:
    """Read DARDAR-Nice (v1, v2) or DARDAR-CLOUD (NetCDF, v3), told apart by their variables.

    Returns:
        A Track whose profiles share one axis `height` (level,) float32, m, the highest first, with
        `height_bounds`. On (profile, level), float32, NaN where missing: `iwc` kg m-3 (0 is
        clear), `effective_radius` m, `temperature` K, and of Nice `ice_number_5um` and
        `ice_number_100um` m-3; int16 flags as stored, -99 where missing: `cloud_mask_code`, and
        of Nice `full_cloud_mask_code`, of CLOUD `instrument_flag`. On (profile,) int16:
        `day_night_flag`, `land_water_mask`, `iteration_flag` or `iterations`. Flags that a
        version does not have are left out.

    Raises:
        InputError: truncated, another product, a variable absent, of another type, shape or unit.
        UsageError: netCDF4 is not installed.
    """
    path = Path(path)
    with _opened(path) as file:
        product = _product_of(path, file)
        latitude = _place(path, file, product.latitude, 90, 1)
        longitude = _place(path, file, product.longitude, 180, latitude.shape)
        height, order = _heights(path, file)
        shape = (len(latitude), len(height))
        variables: dict[str, Any] = {
            name: (("profile", "level"), _quantity(path, file, each, shape)[:, order], _says(each))
            for name, each in product.quantities.items()
        }
        if not any(np.isfinite(values).any() for _, values, _ in variables.values()):
            raise InputError(path, "has no value in any profile", field=next(iter(variables)))
        for name, stored in product.bin_flags.items():
            if (found := _first(file, stored)) is not None:
                variables[name] = ("profile", "level"), _flag(path, file, found, shape)[:, order]
        for name, stored in product.profile_flags.items():
            if (found := _first(file, stored)) is not None:
                variables[name] = "profile", _flag(path, file, found, shape[:1])
        track = xr.Dataset(
            variables,
            coords={
                "time": ("profile", _time(path, file, shape[0])),
                "latitude": ("profile", latitude, {"units": "degrees_north"}),
                "longitude": ("profile", longitude, {"units": "degrees_east"}),
                "height": ("level", height, {"units": "m", "bounds": "height_bounds"}),
                "height_bounds": (("level", "bound"), height_bounds(height)),
            },
            attrs={"instrument": "dardar", "product": product.name, "source_files": [str(path)]},
        )
    return check_track(track)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        import netCDF4
    except ImportError as error:
        raise UsageError(
            f"{path}: DARDAR files need netCDF4: pip install 'nephoscope[satellites]'"
        ) from error
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    if not start:
        raise InputError(path, "is empty (0 bytes)", remedy="fetch it again")
    if not start.startswith(_MAGICS):
        raise InputError(path, "is no NetCDF file", remedy="DARDAR in HDF4 is not read")
    try:
        with netCDF4.Dataset(path) as dataset:
            dataset.set_auto_maskandscale(False)
            yield dataset
    except (OSError, RuntimeError, MemoryError, UnicodeDecodeError) as error:
        raise InputError(
            path, f"is truncated or damaged: {error}", remedy="fetch it again"
        ) from error


def _product_of(path: Path, file: Any) -> Product:  # noqa: ANN401 - netCDF4 has no types
    for product in PRODUCTS:
        if product.mark in file.variables:
            return product
    marks = " nor ".join(product.mark for product in PRODUCTS)
    raise InputError(
        path, f"has neither {marks}", field="iwc", remedy="DARDAR-Nice and DARDAR-CLOUD can be read"
    )


def _first(file: Any, names: tuple[str, ...]) -> str | None:  # noqa: ANN401
    return next((name for name in names if name in file.variables), None)


def _read(
    path: Path,
    file: Any,  # noqa: ANN401
    name: str,
    kinds: str,
    shape: tuple[int, ...] | int,
) -> NDArray[Any]:
    # Values as stored, of a type of one of `kinds` and of a shape, or a number of dimensions.
    if name not in file.variables:
        raise InputError(path, "is missing", field=name, remedy="is it the right product?")
    variable = file.variables[name]
    if not isinstance(variable.dtype, np.dtype) or variable.dtype.kind not in kinds:
        wanted = "a float" if kinds == "f" else "a number"
        raise InputError(path, f"is {variable.dtype}, not {wanted}", field=name)
    found = variable.shape
    if (found != shape) if isinstance(shape, tuple) else (len(found) != shape):
        raise InputError(path, f"has shape {found}, not {shape}", field=name)
    try:
        return np.asarray(variable[...])
    except (OSError, RuntimeError, MemoryError) as error:
        raise InputError(
            path, f"cannot be read: {error}", field=name, remedy="fetch it again"
        ) from error


def _physical(path: Path, file: Any, name: str, shape: tuple[int, ...] | int) -> NDArray[Any]:  # noqa: ANN401
    # Floats with NaN where missing, scaled where the file says so.
    stored = _read(path, file, name, "fiu", shape)
    variable = file.variables[name]
    attributes = {key: variable.getncattr(key) for key in variable.ncattrs()}
    told = (attributes.get(name) for name in ("_FillValue", "missing_value"))
    fills = {*_FILLS, *(float(fill) for fill in told if isinstance(fill, int | float | np.number))}
    dtype: Any = np.float64 if stored.dtype.itemsize == 8 else np.float32
    values: NDArray[Any] = stored.astype(dtype)
    for fill in fills:
        values[stored == fill] = np.nan
    values[~np.isfinite(values)] = np.nan
    try:
        scale = float(attributes.get("scale_factor", 1))
        offset = float(attributes.get("add_offset", 0))
    except (TypeError, ValueError) as error:
        raise InputError(path, "is no number", field=f"{name}:scale_factor") from error
    return values if (scale, offset) == (1, 0) else (values * scale + offset).astype(dtype)


def _quantity(
    path: Path,
    file: Any,  # noqa: ANN401
    quantity: Quantity,
    shape: tuple[int, int],
) -> NDArray[np.float32]:
    name = _first(file, quantity.stored) or quantity.stored[0]
    if name in file.variables and "scale_factor" not in file.variables[name].ncattrs():
        _read(path, file, name, "f", shape)  # whole numbers without a scale are no quantity
    values = _physical(path, file, name, shape).astype(np.float32)
    units = getattr(file.variables[name], "units", quantity.units)
    if units not in (quantity.units, *quantity.spellings):
        raise InputError(path, f"is in '{units}', not {quantity.units}", field=name)
    return values


def _check_units(path: Path, file: Any, name: str, beginnings: tuple[str, ...]) -> None:  # noqa: ANN401
    """Units, where a file names them, begin as expected: spellings differ between versions."""
    units = str(getattr(file.variables[name], "units", beginnings[0]))
    if not units.strip().startswith(beginnings):
        problem = f"is in '{units}', not in {' or '.join(beginnings)}..."
        raise InputError(path, problem, field=f"{name}:units")


def _says(quantity: Quantity) -> dict[str, str]:
    return {"units": quantity.units, "long_name": quantity.long_name}


def _flag(path: Path, file: Any, name: str, shape: tuple[int, ...]) -> NDArray[np.int16]:  # noqa: ANN401
    values = _physical(path, file, name, shape)
    return np.where(np.isnan(values), UNKNOWN, values).astype(np.int16)


def _place(
    path: Path,
    file: Any,  # noqa: ANN401
    name: str,
    largest: float,
    shape: tuple[int, ...] | int,
) -> NDArray[np.float64]:
    degrees = _physical(path, file, name, shape).astype(np.float64)
    _check_units(path, file, name, ("deg",))
    degrees[~(np.abs(degrees) <= largest)] = np.nan
    return degrees


def _heights(path: Path, file: Any) -> tuple[NDArray[np.float32], slice]:  # noqa: ANN401
    # The axis, the highest first, and how to turn what is stored to it.
    height = _physical(path, file, "height", 1).astype(np.float32)
    _check_units(path, file, "height", ("m", "km"))
    if getattr(file.variables["height"], "units", "m").startswith("k"):
        height = height * np.float32(1000)
    step = np.diff(height)
    if len(height) < 2 or not (np.abs(np.abs(step) - GATE) < 1).all() or np.ptp(np.sign(step)):
        raise InputError(path, f"does not go in steps of {GATE:g} m", field="height")
    order = slice(None, None, 1 if step[0] < 0 else -1)
    return height[order], order


def _time(path: Path, file: Any, profiles: int) -> NDArray[np.datetime64]:  # noqa: ANN401
    # Nice: base_time (scalar, s since 1970) and dtime (s since then); CLOUD: time with its units.
    nice = "dtime" in file.variables or "base_time" in file.variables
    name = "dtime" if nice else "time"
    if nice and "dtime" in file.variables:
        _check_units(path, file, name, ("s",))
    seconds = _physical(path, file, name, (profiles,)).astype(np.float64)
    start = _base_time(path, file) if nice else _since(path, file.variables[name])
    good = np.abs(seconds) < 1e6
    offset = np.round(np.where(good, seconds, 0) * 1e9).astype("timedelta64[ns]")
    return np.where(good, start.astype("datetime64[ns]") + offset, np.datetime64("NaT", "ns"))


def _base_time(path: Path, file: Any) -> np.datetime64:  # noqa: ANN401
    variable = file.variables.get("base_time")
    base = _physical(path, file, "base_time", 0 if variable is None else variable.ndim)
    if base.size != 1 or not 0 <= base.item() < 1e10:
        raise InputError(path, "is no time in seconds since 1970", field="base_time")
    return np.datetime64(round(base.item() * 1000), "ms")


def _since(path: Path, variable: Any) -> np.datetime64:  # noqa: ANN401
    units = getattr(variable, "units", None)
    match = _SINCE.match(str(units))
    try:
        if match is None:
            raise ValueError
        year, month, day, clock = match.groups()
        return np.datetime64(f"{year}-{int(month):02d}-{int(day):02d}T{clock.zfill(8)}", "ms")
    except ValueError as error:
        problem = "are missing" if units is None else f"'{units}' are not 'seconds since ...'"
        raise InputError(path, problem, field="time:units") from error
