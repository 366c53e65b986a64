"""The Scene contract: what every imager reader returns, checked at the door.

A Scene is an `xarray.Dataset` of one imager view with

- `image` (channel, y, x) float32, in the unit named by its `units`, NaN where missing,
- `latitude`, `longitude`: on (y,) and (x,) for a plate carrée grid, both on (y, x) for any other,
  both scalar (the site, NaN if unknown) for a camera on the ground, degrees,
- `time` (scalar or per line), or for planets without a civil clock in the file `solar_longitude`
  (degrees) and `mars_year`, scalar,
- attrs `instrument`, `source_files` (list of str) and `missing_share` (0..1).
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from nephoscope.errors import InputError

IMAGE_DIMS = ("channel", "y", "x")
PLACES = {(("y",), ("x",)), (("y", "x"), ("y", "x")), ((), ())}
"""Dims of latitude and longitude: plate carrée, any other grid, a camera's site."""


def check_scene(scene: xr.Dataset, source: str | None = None) -> xr.Dataset:
    """Return `scene` unchanged if it keeps the contract.

    Args:
        scene: the Dataset a reader made.
        source: the file to blame; by default the scene's first source file.

    Raises:
        InputError: a part of the contract is broken; the message names the field.
    """
    blame = source or next(iter(scene.attrs.get("source_files", [])), "scene")
    for name in ("image", "latitude", "longitude"):
        if name not in scene.variables:
            raise InputError(blame, "is missing from the scene", field=name)
    image = scene["image"]
    if image.dims != IMAGE_DIMS:
        raise InputError(blame, f"has dims {image.dims}, not {IMAGE_DIMS}", field="image")
    if image.dtype != np.float32:
        raise InputError(blame, f"is {image.dtype}, not float32", field="image")
    if "channel" not in scene.coords:
        raise InputError(blame, "names of the channels are missing", field="channel")
    places = scene["latitude"].dims, scene["longitude"].dims
    if places not in PLACES:
        raise InputError(blame, f"and longitude have dims {places}", field="latitude")
    if not {"time", "solar_longitude"} & set(scene.variables):
        raise InputError(blame, "has neither time nor solar_longitude", field="time")
    for name in ("instrument", "source_files", "missing_share"):
        if name not in scene.attrs:
            raise InputError(blame, "attribute is missing from the scene", field=name)
    return scene
