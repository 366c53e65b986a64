"""The geostationary projection of a picture as CF has it: axes in metres, grid mapping."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from nephoscope.grids.geostationary import (
    EQUATORIAL_RADIUS,
    HEIGHT,
    POLAR_RADIUS,
    Geostationary,
)

_AXES = {
    "x": {"standard_name": "projection_x_coordinate", "long_name": "eastward", "axis": "X"},
    "y": {"standard_name": "projection_y_coordinate", "long_name": "northward", "axis": "Y"},
}


def axes_of(grid: Geostationary) -> dict[str, xr.Variable]:
    """`x` (x,) and `y` (y,) of a grid, m: the scanning angle times the height of the satellite."""
    steps = {
        "x": np.arange(grid.cols) - grid.centre_col,
        "y": grid.centre_row - np.arange(grid.rows),
    }
    return {
        name: xr.Variable(name, steps[name] * grid.step, {**attrs, "units": "m"})
        for name, attrs in _AXES.items()
    }


def mapping_of(longitude: float) -> dict[str, Any]:
    """CF attributes of the projection seen from above `longitude`, degrees east."""
    return {
        "grid_mapping_name": "geostationary",
        "perspective_point_height": HEIGHT,
        "semi_major_axis": EQUATORIAL_RADIUS,
        "semi_minor_axis": POLAR_RADIUS,
        "latitude_of_projection_origin": 0.0,
        "longitude_of_projection_origin": longitude,
        "sweep_angle_axis": "y",
        "false_easting": 0.0,
        "false_northing": 0.0,
    }
