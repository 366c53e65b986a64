"""Pixels of a picture of SEVIRI around places."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from nephoscope.errors import InputError
from nephoscope.grids.corners import Corners, corners_between
from nephoscope.instruments.seviri.scenes import grid_of
from nephoscope.scene import source_of

_GRID = ("sub_satellite_longitude", "centre_row", "centre_col", "step")
_SAME = 0.01
"""Degrees within which a pixel is where its grid says; pixels are 0.027 degrees or more."""


def corners(scene: xr.Dataset, latitude: ArrayLike, longitude: ArrayLike) -> Corners:
    """The four pixels of a Scene around places, all of them on the disk.

    Args:
        scene: of SEVIRI, as it was read.
        latitude: (place,) degrees north, NaN where unknown.
        longitude: (place,) degrees east.

    Raises:
        InputError: the Scene was cut or turned, so that its attributes tell of other pixels; or it
            lost them.
    """
    for name in _GRID:
        if name not in scene.attrs:
            problem = "attribute is missing from the scene"
            remedy = "xarray.set_options(keep_attrs=True) keeps them"
            raise InputError(source_of(scene), problem, field=name, remedy=remedy)
    grid = grid_of(scene)
    found = corners_between(*grid.to_pixel(latitude, longitude), grid.shape)
    row, col = found.row, found.col
    north, east = (scene[name].values[row, col] for name in ("latitude", "longitude"))
    on_disk = np.isfinite(north).all(axis=1) & found.enclosed
    wanted = grid.to_place(row[on_disk], col[on_disk])
    turned = (wanted[1] - east[on_disk] + 180) % 360 - 180
    if (np.hypot(wanted[0] - north[on_disk], turned) > _SAME).any():
        problem = "is not where the grid of the scene has it: the scene was cut or turned"
        remedy = "read the region with window= or bounds="
        raise InputError(source_of(scene), problem, field="latitude", remedy=remedy)
    return found.only(on_disk)
