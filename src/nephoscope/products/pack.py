"""Packed variables: numbers as products store them, scaled to integers or rounded to a few bits.

Scaled integers follow CF 8.1 and `xarray.decode_cf` unpacks them; rounded floats are plain floats
whose last bits are zero, so that they compress (CF-1.13, 8.4: `quantization_nsb`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.rounding import MANTISSA, rounded

NUMBER_OF_BITS = "quantization_nsb"
"""The attribute that says how many bits of a float's mantissa are kept, 1 to 23."""


def unfilled(
    dims: Sequence[str], shape: Sequence[int], dtype: npt.DTypeLike, attrs: Mapping[str, Any]
) -> xr.Variable:
    """Variable that holds its fill value everywhere: one number in memory, whatever its shape.

    A template of products (`products.cube.open_cube`); a deep copy has arrays of its own.

    Args:
        dims: names of the dimensions.
        shape: their sizes.
        dtype: of the stored numbers: integers, or float32 (fill value NaN).
        attrs: CF attributes; integers name their `_FillValue`.
    """
    missing = np.array(fill_value_of(dtype, attrs), dtype)
    return xr.Variable(dims, np.broadcast_to(missing, shape), dict(attrs))


def fill_value_of(dtype: npt.DTypeLike, attrs: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """What stands for missing: NaN of floats; integers name their `_FillValue`."""
    return np.nan if np.dtype(dtype).kind == "f" else attrs["_FillValue"]


def pack(values: npt.ArrayLike, dtype: npt.DTypeLike, attrs: Mapping[str, Any]) -> npt.NDArray[Any]:
    """Numbers as they are stored under the CF attributes of their variable.

    What is not finite becomes the fill value. What is beyond the valid range becomes its nearest
    end: too much ice is still much ice, and a value that was made is not missing.

    Args:
        values: of any shape, in the variable's unit.
        dtype: of the stored numbers: integers or float32.
        attrs: of integers `scale_factor` (1 by default), `add_offset` (0), `_FillValue` and
            `valid_range` (stored numbers; by default all but the fill value); of floats
            `quantization_nsb`, the bits of the mantissa that are kept (by default all).

    Raises:
        ValueError: the fill value is within the valid range; or a value is not finite, and there
            is no fill value.
    """
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return _pack_float(np.asarray(values, dtype), attrs)
    numbers = np.array(values, np.float64)  # a copy, worked on in place
    unknown = ~np.isfinite(numbers)
    if unknown.any() and "_FillValue" not in attrs:
        raise ValueError("a value is not finite, and the variable has no _FillValue")
    numbers[unknown] = 0
    numbers -= float(attrs.get("add_offset", 0))
    numbers /= float(attrs.get("scale_factor", 1))
    np.clip(np.rint(numbers, out=numbers), *_valid_range(dtype, attrs), out=numbers)
    packed = numbers.astype(dtype)
    if unknown.any():
        packed[unknown] = attrs["_FillValue"]
    return packed


def _valid_range(dtype: np.dtype[Any], attrs: Mapping[str, Any]) -> tuple[int, int]:
    limits = np.iinfo(dtype)
    low, high = (int(end) for end in attrs.get("valid_range", (limits.min, limits.max)))
    if "_FillValue" in attrs:
        missing = int(attrs["_FillValue"])
        if "valid_range" not in attrs:
            low, high = low + (missing == low), high - (missing == high)
        if low <= missing <= high:
            raise ValueError(f"_FillValue {missing} is within the valid range {low} to {high}")
    return low, high


def _pack_float(values: npt.NDArray[Any], attrs: Mapping[str, Any]) -> npt.NDArray[Any]:
    values = np.where(np.isfinite(values), values, np.float32(np.nan))
    return rounded(values, int(attrs.get(NUMBER_OF_BITS, MANTISSA)))
