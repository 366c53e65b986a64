"""Strips: the image of a scene that is read as it is used, some rows of it in memory at a time."""

from __future__ import annotations

from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

FloatArray = npt.NDArray[np.float32]


class Strips:
    """Rows of an image, from the top down; those that are wanted no more are let go.

    Threads may share it. What it hands out stays as it is.

    Args:
        image: (channel, y, x) float32, of a Scene whose image is read on demand.
    """

    def __init__(self, image: xr.DataArray) -> None:
        self._image = image
        self.shape, self.dtype = image.shape, image.dtype
        self._lock = Lock()
        self._first, self._held = 0, np.empty((image.shape[0], 0, image.shape[2]), np.float32)

    def __len__(self) -> int:
        """Channels."""
        return int(self.shape[0])

    def __getitem__(self, key: tuple[Any, slice, slice]) -> FloatArray:
        """All channels and columns of some rows: `strips[..., 3:9, :]`."""
        rows = key[-2]
        with self._lock:
            if rows.start < self._first or rows.stop > self._first + self._held.shape[1]:
                self._read(rows.start, rows.stop)
            held, first = self._held, self._first
        return held[:, rows.start - first : rows.stop - first]

    def _read(self, start: int, stop: int) -> None:
        """Hold these rows, and as many before them as are held: other threads are a line behind."""
        end = self._first + self._held.shape[1]
        if not self._first <= start <= end:
            self._held = self._image[:, start:stop].values
            self._first = start
            return
        keep = max(self._first, start - (stop - start))
        more = self._image[:, end:stop].values
        self._held = np.concatenate([self._held[:, keep - self._first :], more], axis=1)
        self._first = keep


def image_of(scene: xr.Dataset) -> Any:  # noqa: ANN401 - as much of an array as a View needs
    """The image of a scene, (channel, y, x): in memory, or as `Strips`."""
    return Strips(scene["image"]) if is_on_demand(scene) else scene["image"].values


def is_on_demand(scene: xr.Dataset) -> bool:
    """Whether the image of a scene is read when it is asked for, each time anew."""
    return "preferred_chunks" in scene["image"].encoding
