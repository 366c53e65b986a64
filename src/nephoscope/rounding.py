"""Floats rounded to a few bits of their mantissa, so that they compress."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

MANTISSA = 23
"""Bits of the mantissa of a float32."""


def rounded(values: npt.NDArray[np.float32], bits: int) -> npt.NDArray[np.float32]:
    """Numbers of which the first `bits` of the mantissa are kept, to the nearest, halves to even.

    As netCDF-C's BitRound does it; the error is at most 2 to the power of -(bits + 1) of the value.

    Args:
        values: of any shape; NaN stays.
        bits: 1 to 23.
    """
    dropped = MANTISSA - bits
    if dropped == 0:
        return values
    plain = np.ascontiguousarray(values).view(np.uint32)
    found = plain >> np.uint32(dropped)
    found &= np.uint32(1)
    found += plain
    found += np.uint32((1 << (dropped - 1)) - 1)
    found &= np.uint32(0xFFFFFFFF << dropped & 0xFFFFFFFF)
    kept = found.view(np.float32).reshape(values.shape)
    np.copyto(kept, values, where=np.isnan(values))
    return kept
