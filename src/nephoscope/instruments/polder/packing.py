"""Packing of fields into int16: the counts of the file themselves, with one code for missing."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nephoscope.instruments.polder.datasets import Coding
from nephoscope.instruments.polder.fields import FIELDS
from nephoscope.instruments.polder.schemes import DOLP

MISSING = np.iinfo(np.int16).min
"""Count of what was not measured."""
_LOW, _HIGH = MISSING + 1, np.iinfo(np.int16).max
_UNSIGNED = 32767  # less, uint16 counts but the codes at their end are int16
_PER_DEGREE = 32000 / 180  # counts of latitude and longitude, which files hold as floats
_PER_UNIT = 10_000  # counts of a degree of polarisation


class Packing(NamedTuple):
    """Packing of one field: value = count x `scale_factor` + `add_offset`.

    Attributes:
        scale_factor: value of one count.
        add_offset: value of count 0.
        shift: that a count of the file is greater than the packed one; None where the file has no
            whole counts.
    """

    scale_factor: float
    add_offset: float
    shift: int | None

    def pack(self, counts: NDArray[Any], coding: Coding) -> NDArray[np.int16]:
        """Counts of the file as int16, same shape; `MISSING` where there is no measurement.

        Args:
            counts: of the file.
            coding: of the file.
        """
        valid = coding.is_valid(counts)
        if self.shift is None:
            values = coding.decode(counts).astype(np.float64)
            whole = np.rint((np.where(valid, values, 0) - self.add_offset) / self.scale_factor)
            packed = np.clip(whole, _LOW, _HIGH).astype(np.int16)
        elif counts.dtype.itemsize < 2 or counts.dtype == np.int16:
            packed = counts.astype(np.int16)
        else:
            shifted = counts.astype(np.int64) - self.shift
            packed = np.clip(shifted, _LOW, _HIGH).astype(np.int16)
        np.copyto(packed, np.int16(MISSING), where=~valid)
        return packed


def packing_of(name: str, coding: Coding | None = None) -> Packing:
    """Packing of a field.

    Args:
        name: of the field, or of a degree of polarisation.
        coding: of the file; by default as the documentation says it.
    """
    if name in DOLP:
        return Packing(1 / _PER_UNIT, 0.0, None)
    field = FIELDS[name]
    dtype = np.dtype(field.dtype)
    if dtype.kind == "f":
        return Packing(1 / _PER_DEGREE, 0.0, None)
    scale, offset = (field.scale, 0.0) if coding is None else (coding.scale, coding.offset)
    shift = _UNSIGNED if dtype == np.uint16 else 0
    return Packing(scale, offset + shift * scale, shift)
