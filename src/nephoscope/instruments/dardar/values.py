"""Stored numbers of a DARDAR file → values, with the missing ones known."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nephoscope.instruments.dardar.fields import Quantity
from nephoscope.instruments.dardar.netcdf import NetcdfFile

UNKNOWN = -99
"""Flag where a file has none."""
_FILLS = (-999.0, -9999.0)
_NETCDF_FILL = 9e36
"""Default fill of NetCDF's floats is 9.97e36, of one precision or the other."""


def physical(file: NetcdfFile, name: str, shape: tuple[int, ...] | int) -> NDArray[Any]:
    """Values, NaN where missing, scaled where the file says so.

    They are float64, so that whole numbers stay exact, but float32 where that holds all of them.

    Missing are `_FillValue` and `missing_value` of the variable, -999 and -9999, and the default
    fills of NetCDF, which files have in what was never written.

    Raises:
        InputError: absent, of another type or shape, or with a scale that is no number.
    """
    stored = file.stored(name, "fiu", shape)
    attributes = file.attributes(name)
    fits = stored.dtype == np.float32 or stored.dtype.itemsize <= 2
    values = stored.astype(np.float32 if fits else np.float64)
    missing = ~(np.abs(values) <= _NETCDF_FILL)
    for fill in sorted(set(_fills(file, stored.dtype, attributes))):
        missing |= stored == fill
    values[missing] = np.nan
    scale, offset = (
        _number(file, name, attributes, spellings, otherwise)
        for spellings, otherwise in ((("scale_factor", "factor"), 1), (("add_offset", "offset"), 0))
    )
    if (scale, offset) == (1, 0):
        return values
    return values.astype(np.float64) * scale + offset


def quantity(file: NetcdfFile, wanted: Quantity, shape: tuple[int, int]) -> NDArray[np.float32]:
    """A measured quantity, float32, NaN where missing: also what is negative, which none can be.

    Raises:
        InputError: as of `physical`, whole numbers without a scale, or of another unit.
    """
    name = file.first_of(wanted.stored) or wanted.stored[0]
    if name in file and not {"scale_factor", "factor"} & file.attributes(name).keys():
        file.stored(name, "f", shape)  # whole numbers without a scale are no quantity
    values = physical(file, name, shape)
    units = str(file.attributes(name).get("units", wanted.units)).strip()
    if units not in (wanted.units, *wanted.spellings):
        raise file.wrong(name, f"is in '{units}', not {wanted.units}")
    values[values < 0] = np.nan
    return values.astype(np.float32, copy=False)


def flag(file: NetcdfFile, name: str, shape: tuple[int, ...]) -> NDArray[np.int16]:
    """Codes, int16, `UNKNOWN` where missing."""
    values = physical(file, name, shape)
    values[np.abs(values) > np.iinfo(np.int16).max] = np.nan
    return np.where(np.isnan(values), UNKNOWN, values).astype(np.int16)


def check_units(file: NetcdfFile, name: str, beginnings: tuple[str, ...]) -> None:
    """Units, where a file names them, begin as expected: spellings differ between versions.

    Raises:
        InputError: they do not.
    """
    units = str(file.attributes(name).get("units", beginnings[0]))
    if not units.strip().startswith(beginnings):
        problem = f"is in '{units}', not in {' or '.join(beginnings)}..."
        raise file.wrong(f"{name}:units", problem)


def _fills(file: NetcdfFile, dtype: np.dtype[Any], attributes: dict[str, Any]) -> list[int | float]:
    codes = [attributes[key] for key in ("_FillValue", "missing_value") if key in attributes]
    numbers = [np.ravel(each) for each in codes if np.asarray(each).dtype.kind in "fiu"]
    fills = [*_FILLS, *(float(fill) for each in numbers for fill in each)]
    default = file.default_fills.get(dtype.str[1:])
    if dtype.kind == "i" and default is not None:
        fills.append(float(default))
    if dtype != np.float32:
        return fills
    # An attribute may be of double precision, and its numbers then no stored ones.
    with np.errstate(over="ignore"):
        return [float(np.float32(fill)) for fill in fills]


def _number(
    file: NetcdfFile,
    name: str,
    attributes: dict[str, Any],
    spellings: tuple[str, ...],
    otherwise: float,
) -> float:
    key = next((each for each in spellings if each in attributes), None)
    if key is None:
        return otherwise
    try:
        value = float(np.asarray(attributes[key]).reshape(()))
    except (TypeError, ValueError) as error:
        raise file.wrong(f"{name}:{key}", "is no number") from error
    if not np.isfinite(value) or (value == 0 and otherwise == 1):
        raise file.wrong(f"{name}:{key}", f"is {value:g}")
    return value
