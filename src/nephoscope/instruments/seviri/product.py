"""Products of a slot: geostationary projection, places of pixels and times of lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from nephoscope.grids.geostationary import EQUATORIAL_RADIUS, HEIGHT, POLAR_RADIUS
from nephoscope.instruments.coordinates import placed, time_of
from nephoscope.instruments.seviri.scenes import grid_of

_AXES = {
    "x": {"standard_name": "projection_x_coordinate", "long_name": "eastward", "axis": "X"},
    "y": {"standard_name": "projection_y_coordinate", "long_name": "northward", "axis": "Y"},
}


def dress(product: xr.Dataset, scene: xr.Dataset, options: Mapping[str, Any]) -> xr.Dataset:
    """The product with `x` and `y`, `latitude`, `longitude`, and `time` of each line.

    `x` and `y` are m: the scanning angle times the height of the satellite.
    """
    grid = grid_of(scene)
    steps = {
        "x": np.arange(grid.cols) - grid.centre_col,
        "y": grid.centre_row - np.arange(grid.rows),
    }
    axes = {
        name: xr.Variable(name, steps[name] * grid.step, {**attrs, "units": "m"})
        for name, attrs in _AXES.items()
    }
    title = f"Clouds seen by SEVIRI on {scene.attrs['satellite']}, {product.attrs['map_id']}"
    return placed(
        product.assign_attrs(title=title),
        scene,
        axes | time_of(scene["time"]),
        _mapping(grid.longitude),
    )


def _mapping(longitude: float) -> dict[str, Any]:
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
