"""Products of a half orbit: places and start; rows of the grid have origins of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from nephoscope.instruments.coordinates import placed, time_of

_TEXTS = {
    "summary": "Cloud at each height over the swath of POLDER-3, found by a neural network in many "
    "views of each pixel; it learned from the types that a cloud radar saw along a thin line.",
    "references": "pictures: POLDER3_L1B-BG1 of AERIS/ICARE, from the CNES level-1 product of "
    "PARASOL; cloud types: CloudSat 2B-CLDCLASS; first networks for this task: Foley et al. "
    "(2024), doi:10.5194/amt-17-7027-2024",
    "comment": "Pixels are those of the sinusoidal grid of POLDER, 3240 rows from the north: "
    "column x of row y here is column origin[y] + x there, around the globe. No row begins at "
    "the longitude of another, so there is no grid mapping.",
}
_ROW = {"long_name": "row of the grid of POLDER, 0 in the north", "units": "1"}
_ORIGIN = {
    "long_name": "column of the grid of POLDER, of 6480, in which the row begins here; beyond the "
    "date line it goes on below 0 or above 6479",
    "units": "1",
}
_ALTITUDE = {"standard_name": "altitude", "units": "m", "positive": "up", "axis": "Z"}


def dress(product: xr.Dataset, scene: xr.Dataset, options: Mapping[str, Any]) -> xr.Dataset:
    """The product with the place of each pixel, the start of the half orbit and its grid.

    There is no grid mapping: no row begins at the longitude of another.
    """
    title = f"Clouds seen by POLDER-3 on PARASOL, half orbit {product.attrs['map_id']}"
    coordinates = time_of(scene["time"])
    for name, attrs in (("row", _ROW), ("origin", _ORIGIN)):
        if name in scene.variables:
            coordinates[name] = xr.Variable(("y",), scene[name].values.astype(np.int32), attrs)
    if "altitude" in product.coords:
        altitude = product["altitude"].variable
        coordinates["altitude"] = altitude.copy(deep=False)
        coordinates["altitude"].attrs = _ALTITUDE | altitude.attrs
    titled = product.assign_attrs(title=title, **_TEXTS)
    places = {name: scene[name].variable.astype(np.float32) for name in ("latitude", "longitude")}
    return placed(titled, scene.assign_coords(places), coordinates)
