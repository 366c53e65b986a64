"""Products of a slot: scanning angles, the geostationary projection, places and times of lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from nephoscope.grids.geostationary import EQUATORIAL_RADIUS, HEIGHT, POLAR_RADIUS
from nephoscope.instruments.coordinates import placed, places, time_of
from nephoscope.instruments.seviri.scenes import grid_of

_AXES = {
    "x": ("projection_x_angular_coordinate", "scanning angle, eastward", "X"),
    "y": ("projection_y_angular_coordinate", "scanning angle, northward", "Y"),
}


def dress(product: xr.Dataset, scene: xr.Dataset, options: Mapping[str, Any]) -> xr.Dataset:
    """The product with `x` and `y` (radian), `latitude`, `longitude`, and `time` of each line."""
    grid = grid_of(scene)
    angle = grid.step / HEIGHT
    steps = {
        "x": (np.arange(grid.cols) - grid.centre_col) * angle,
        "y": (grid.centre_row - np.arange(grid.rows)) * angle,
    }
    axes = {
        name: xr.Variable(
            name,
            steps[name],
            {"standard_name": standard, "long_name": text, "units": "radian", "axis": axis},
        )
        for name, (standard, text, axis) in _AXES.items()
    }
    title = f"Clouds seen by SEVIRI on {scene.attrs['satellite']}, {product.attrs['map_id']}"
    return placed(
        product.assign_attrs(title=title),
        axes | places(scene) | time_of(scene["time"]),
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
