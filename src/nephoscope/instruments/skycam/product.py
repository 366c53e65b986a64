"""Products of a frame beside its FITS: when and where it was taken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import xarray as xr

from nephoscope.instruments.coordinates import placed, time_of


def dress(product: xr.Dataset, scene: xr.Dataset, options: Mapping[str, Any]) -> xr.Dataset:
    """The product with time and site of the camera, where they are known."""
    titled = product.assign_attrs(title=f"Clouds in a camera's frame, {product.attrs['map_id']}")
    return placed(titled, scene, time_of(scene["time"]))
