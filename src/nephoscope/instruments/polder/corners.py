"""Pixels of a half orbit's Scene around places."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from nephoscope.errors import InputError
from nephoscope.grids.corners import Corners
from nephoscope.grids.sinusoidal import POLDER
from nephoscope.scene import source_of


def corners(scene: xr.Dataset, latitude: ArrayLike, longitude: ArrayLike) -> Corners:
    """The four pixels of a Scene around places.

    They are told by the Scene's `row` and `column`, so that one cut by the user is right as well.
    A place in the seam of a window that goes all around a pole is not enclosed.

    Args:
        scene: of POLDER.
        latitude: (place,) degrees north, NaN where unknown.
        longitude: (place,) degrees east.

    Raises:
        InputError: the Scene has no `row` or `column`.
    """
    for name, dims in (("row", ("y",)), ("column", ("y", "x"))):
        if name not in scene.variables or scene[name].dims != dims:
            raise InputError(source_of(scene), f"is missing on {dims}", field=name)
    found = POLDER.corners(latitude, longitude)
    y, x = _in_scene(scene["row"].values, scene["column"].values, found)
    beside = (x[:, 1::2] == x[:, ::2] + 1).all(axis=1)
    return Corners(y, x, found.weight).only((x >= 0).all(axis=1) & beside)


def _in_scene(
    row: NDArray[np.int64], column: NDArray[np.int32], found: Corners
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns (place, 4) of the scene that are those pixels of the grid; -1 for none."""
    place = np.full(POLDER.rows + 1, -1, np.int64)  # the last answers for row -1
    place[row] = np.arange(len(row))
    y = place[found.row]
    first = (column >= 0).argmax(axis=1)
    start = column[np.arange(len(row)), first].astype(np.int64)
    around = 2 * POLDER.half_length(row)
    x = first[y] + np.mod(found.col - start[y], around[y])
    inside = (y >= 0) & (x < column.shape[1])
    # A column left out, or a scene turned round: what is there decides.
    inside &= column[y, np.where(inside, x, 0)] == found.col
    return np.where(inside, y, -1), np.where(inside, x, -1)
