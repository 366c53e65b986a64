"""Ten-bit counts: four in five bytes, most significant bit first (EUM/MSG/ICD/105)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

GROUP, GROUP_BYTES = 4, 5
"""Counts, and the bytes they take."""
LARGEST = 1023


def unpack(packed: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Counts of packed lines.

    Args:
        packed: (..., bytes) uint8; a multiple of five bytes.

    Returns:
        (..., bytes * 4 / 5) uint16, 0 to 1023.
    """
    groups = packed.reshape(*packed.shape[:-1], -1, GROUP_BYTES)
    counts = np.empty((*groups.shape[:-1], GROUP), np.uint16)
    for place in range(GROUP):
        high = groups[..., place].astype(np.uint16)
        kept = (high & (0xFF >> 2 * place)) << (2 * place + 2)
        counts[..., place] = kept | (groups[..., place + 1] >> (6 - 2 * place))
    return counts.reshape(*packed.shape[:-1], -1)


def pack(counts: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """The inverse of `unpack`.

    Args:
        counts: (..., columns) uint16, 0 to 1023; a multiple of four columns.
    """
    groups = counts.reshape(*counts.shape[:-1], -1, GROUP)
    packed = np.zeros((*groups.shape[:-1], GROUP_BYTES), np.uint8)
    for place in range(GROUP):
        packed[..., place] |= (groups[..., place] >> (2 * place + 2)).astype(np.uint8)
        packed[..., place + 1] |= ((groups[..., place] << (6 - 2 * place)) & 0xFF).astype(np.uint8)
    return packed.reshape(*counts.shape[:-1], -1)
