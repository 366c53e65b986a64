"""Flags of pixels of many samples, held as bits: an eighth of what bool takes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

Flags = npt.NDArray[np.bool_]


class Bits:
    """(sample, y, x) bool, read by windows as an array of numpy or zarr is.

    Args:
        flags: (y, x) of each sample.
    """

    def __init__(self, flags: Iterable[Flags]) -> None:
        each = [(np.packbits(one, axis=-1), one.shape) for one in flags]
        self._packed = np.stack([packed for packed, _ in each])
        self.shape = (len(each), *each[0][1])

    def __getitem__(self, window: tuple[int, slice, slice]) -> Flags:
        """(y, x) of a window: sample, rows and columns."""
        sample, rows, cols = window
        first, last, _ = cols.indices(self.shape[2])
        start = first // 8
        bits = np.unpackbits(self._packed[sample, rows, start : -(-last // 8)], axis=-1)
        return bits[:, first - 8 * start : last - 8 * start].view(np.bool_)
