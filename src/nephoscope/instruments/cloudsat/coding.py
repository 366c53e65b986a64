"""Coding of a field by its attributes: missing values, valid range and scale.

ICARE's files have `_FillValue`, `scale_factor` and `add_offset` of the HDF4 library, whose formula
is value = scale_factor * (stored - add_offset) (HDF 4.2 Reference Manual, SDsetcal). CloudSat's
have `missing` with an operator `missop` ("==", or a comparison), `factor` and `offset`: stored =
factor * value + offset (CloudSat Standard Data Products Handbook).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nephoscope.errors import InputError

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "=": operator.eq,
    "": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_EQUAL_TO = ("_FillValue", "missing_value")


@dataclass(frozen=True)
class Coding:
    """Coding of one field: from stored numbers to values.

    Args:
        codes: numbers that are no value.
        limit: and all numbers beyond this one, where the file has such a rule ...
        beyond: ... by this comparison.
        scale: value of one count.
        zero: the count of value 0.
    """

    codes: tuple[float, ...] = ()
    limit: float | None = None
    beyond: str = "=="
    scale: float = 1.0
    zero: float = 0.0

    @classmethod
    def of(cls, path: Path, field: str, attributes: Mapping[str, Any]) -> Coding:
        """Coding from attributes by name, in either archive's spelling.

        Raises:
            InputError: one is no number, a scale is zero, or an operator is unknown.
        """
        numbers = {
            name: _numbers(path, f"{field}.{name}", value)
            for name, value in attributes.items()
            if name not in ("missop", "missing_op") and not _says_none(value)
        }
        codes = [code for name in _EQUAL_TO for code in numbers.get(name, ())]
        rule = attributes.get("missop", attributes.get("missing_op", "=="))
        # A text of one character comes as its number.
        rule = chr(rule) if isinstance(rule, int) else str(rule).strip("\0 ")
        if rule not in _OPERATORS:
            raise InputError(path, f"is {rule!r}: no comparison", field=f"{field}.missop")
        limits = numbers.get("missing", ())
        equal = _OPERATORS[rule] is operator.eq
        scale, zero = _scaling(numbers)
        if not np.isfinite([scale, zero]).all() or scale == 0:
            raise InputError(path, f"is {scale:g}, offset {zero:g}", field=f"{field}.scale_factor")
        return cls(
            (*codes, *(limits if equal else ())),
            None if equal or not limits else limits[0],
            rule,
            scale,
            zero,
        )

    def is_missing(self, stored: NDArray[Any]) -> NDArray[np.bool_]:
        """Mask of stored numbers that are no value, same shape."""
        missing = np.isnan(stored) if stored.dtype.kind == "f" else np.zeros(stored.shape, bool)
        for code in self.codes:
            with np.errstate(over="ignore"):
                missing |= stored == (stored.dtype.type(code) if stored.dtype.kind == "f" else code)
        if self.limit is not None:
            missing |= _OPERATORS[self.beyond](stored, self.limit)
        return missing

    def decode(self, stored: NDArray[Any]) -> NDArray[np.float64]:
        """Values, float64, same shape, NaN where missing."""
        values = (stored.astype(np.float64) - self.zero) * self.scale
        values[self.is_missing(stored)] = np.nan
        return values


def _scaling(numbers: Mapping[str, tuple[float, ...]]) -> tuple[float, float]:
    if "scale_factor" in numbers or "add_offset" in numbers:
        return numbers.get("scale_factor", (1.0,))[0], numbers.get("add_offset", (0.0,))[0]
    factor = numbers.get("factor", (1.0,))[0]
    return (1 / factor if factor else 0.0), numbers.get("offset", (0.0,))[0]


def _says_none(value: object) -> bool:
    return isinstance(value, str) and value.strip("\0 ").lower() in ("", "none")


def _numbers(path: Path, field: str, value: object) -> tuple[float, ...]:
    many = value if isinstance(value, list | tuple) else (value,)
    if not many or not all(isinstance(each, int | float) for each in many):
        raise InputError(path, f"is {value!r}: no number", field=field)
    return tuple(float(each) for each in many)
