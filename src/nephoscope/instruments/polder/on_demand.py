"""Image of a half orbit that is read on demand: of the rows and channels asked for, no others.

A whole half orbit is gigabytes of float32, of which a model looks at some rows at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from xarray.backends import BackendArray
from xarray.core.indexing import (
    ExplicitIndexer,
    IndexingSupport,
    LazilyIndexedArray,
    explicit_indexing_adapter,
)

from nephoscope.instruments.polder.windows import Window

ROWS = 32
"""Rows that are best read at once: as many as the reader holds of a field."""

Read = Callable[[tuple[str, ...], Window], NDArray[np.float32]]
"""Names of fields and a window → (channel, y, x) float32, field by field and view by view."""


class ImageOnDemand(BackendArray):
    """What xarray asks for parts of an image.

    Args:
        read: reads some fields of a window.
        fields: the field of each channel; those of one field follow one another.
        window: of the image.
    """

    def __init__(self, read: Read, fields: list[str], window: Window) -> None:
        self._read, self._fields, self._window = read, np.array(fields), window
        self.shape = (len(fields), *window.shape)
        self.dtype = np.dtype(np.float32)

    def __getitem__(self, key: ExplicitIndexer) -> NDArray[np.float32]:
        """The part that is asked for."""
        whole: NDArray[np.float32] = explicit_indexing_adapter(
            key, self.shape, IndexingSupport.OUTER, self._part
        )
        return whole

    def _part(self, key: tuple[Any, ...]) -> NDArray[np.float32]:
        """The part of whole numbers, slices and arrays of numbers, one for each dimension."""
        numbers = [np.arange(size)[part] for size, part in zip(self.shape, key, strict=True)]
        channels, rows, cols = (np.atleast_1d(each) for each in numbers)
        out = np.empty((channels.size, rows.size, cols.size), np.float32)
        if out.size:
            first = int(rows.min())
            window = self._window.rows_of(first, int(rows.max()) + 1)
            names = tuple(dict.fromkeys(self._fields[channels].tolist()))
            read = self._read(names, window)
            # Where each channel lies among those that were read.
            there = np.flatnonzero(np.isin(self._fields, names))
            place = np.concatenate([there[self._fields[there] == name] for name in names])
            where = {int(channel): n for n, channel in enumerate(place)}
            for target, channel in zip(out, channels, strict=True):
                target[...] = read[where[int(channel)]][np.ix_(rows - first, cols)]
        return out[tuple(0 if each.ndim == 0 else slice(None) for each in numbers)]


def on_demand(read: Read, fields: list[str], window: Window) -> xr.Variable:
    """`image` (channel, y, x) of a Scene, of which nothing is read yet."""
    image = LazilyIndexedArray(ImageOnDemand(read, fields, window))
    found = xr.Variable(("channel", "y", "x"), image)
    found.encoding["preferred_chunks"] = {"y": ROWS}
    return found
