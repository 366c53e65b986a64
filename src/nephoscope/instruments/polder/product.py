"""Products of a half orbit: places and start; rows of the grid have origins of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import xarray as xr

from nephoscope.instruments.coordinates import placed, time_of

_REFERENCES = "POLDER3_L1B-BG1 of AERIS/ICARE, from the CNES level-1 product of PARASOL"


def dress(product: xr.Dataset, scene: xr.Dataset, options: Mapping[str, Any]) -> xr.Dataset:
    """The product with the latitude and longitude of each pixel, and the start of the half orbit.

    There is no grid mapping: no row begins at the longitude of another.
    """
    title = f"Clouds seen by POLDER-3 on PARASOL, half orbit {product.attrs['map_id']}"
    titled = product.assign_attrs(title=title, references=_REFERENCES)
    return placed(titled, scene, time_of(scene["time"]))
