"""Coordinates of products, with the CF attributes that those of every instrument share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

LATITUDE = {"standard_name": "latitude", "long_name": "latitude", "units": "degrees_north"}
LONGITUDE = {
    "standard_name": "longitude",
    "long_name": "longitude, positive eastward",
    "units": "degrees_east",
}
_TIME = {"standard_name": "time", "long_name": "time"}
_EPOCH = np.datetime64("1970-01-01", "ns")


def places(scene: xr.Dataset) -> dict[str, xr.Variable]:
    """`latitude` and `longitude` of a scene: with an axis where each has a dimension of its own.

    A camera's site that is not known is left out.
    """
    found: dict[str, xr.Variable] = {}
    for name, attrs, axis in (("latitude", LATITUDE, "Y"), ("longitude", LONGITUDE, "X")):
        variable = scene[name].variable
        if variable.ndim or np.isfinite(variable.values):
            own = {"axis": axis} if variable.ndim == 1 else {}
            found[name] = xr.Variable(variable.dims, variable.values, attrs | own)
    return found


def time_of(time: xr.DataArray) -> dict[str, xr.Variable]:
    """`time` of a scene, float64 seconds since 1970; nothing where none of it is known."""
    known = ~np.isnat(time.values)
    if not known.any():
        return {}
    seconds = (time.values.astype("datetime64[ns]") - _EPOCH) / np.timedelta64(1, "s")
    attrs = _TIME | {"units": "seconds since 1970-01-01 00:00:00", "calendar": "standard"}
    return {"time": xr.Variable(time.dims, np.where(known, seconds, np.nan), attrs)}


def placed(
    product: xr.Dataset,
    scene: xr.Dataset,
    more: Mapping[str, xr.Variable] | None = None,
    mapping: Mapping[str, Any] | None = None,
) -> xr.Dataset:
    """A product with the places of its scene and, where it has one, a grid mapping `crs`.

    Where latitude is of a row and longitude of a column they become the product's dimensions.

    Args:
        product: on (..., y, x); the attributes of its variables are added to.
        scene: with `latitude` and `longitude`.
        more: other coordinates, on y, x or none.
        mapping: CF attributes of the grid mapping.
    """
    coordinates = places(scene) | dict(more or {})
    if scene["latitude"].dims == ("y",):
        names = {"y": "latitude", "x": "longitude"}
        product = product.rename_dims(names)
        coordinates = {
            name: xr.Variable([names.get(str(d), d) for d in each.dims], each.values, each.attrs)
            for name, each in coordinates.items()
        }
    if mapping is not None:
        for variable in product.data_vars.values():
            variable.attrs["grid_mapping"] = "crs"
        product = product.assign(crs=((), np.int32(0), dict(mapping)))
    return product.assign_coords(coordinates)
