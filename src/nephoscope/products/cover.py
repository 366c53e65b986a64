"""Cloud cover: the share of what was predicted that is cloudy, by area."""

from __future__ import annotations

import math
from os import PathLike, fspath

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.errors import UsageError
from nephoscope.files import read_netcdf
from nephoscope.products import cf
from nephoscope.products.quality import BoolArray


def cloud_cover(product: xr.Dataset | str | PathLike[str], *, within_bounds: bool = True) -> float:
    """The share (0..1) of the predicted area that is cloudy; NaN where nothing was predicted.

    On a map a row counts by the cosine of its latitude, and polar ice beyond the seasonal bounds,
    which looks like cloud, counts for nothing. In a camera's frame every known pixel counts alike.

    Args:
        product: what `nephoscope.predict` gives for a Scene, or the path of a NetCDF product.
        within_bounds: leave out what lies beyond bounds of the instrument; false: the whole map.

    Raises:
        UsageError: this is no product.
        InputError: the file cannot be read.
    """
    if isinstance(product, str | PathLike):
        if not fspath(product).lower().endswith((".nc", ".nc4")):
            raise UsageError(
                f"cloud_cover: {fspath(product)} is no NetCDF product; of a frame's FITS the cover "
                "is `cloud_fraction` in frames.csv"
            )
        product = read_netcdf(product)
    if not isinstance(product, xr.Dataset) or "cloud_mask" not in product.variables:
        raise UsageError("cloud_cover: give a product, which has a `cloud_mask`, or its path")
    mask = product["cloud_mask"]
    packed = np.where(np.isfinite(mask.values), mask.values, cf.FILL).astype(np.uint8)
    if "latitude" not in mask.dims:
        return covered(packed, np.zeros(len(packed)))
    outside = None
    if within_bounds and "quality_flag" in product.variables:
        flag = product["quality_flag"].values.astype(np.uint8)
        outside = (flag & cf.OUTSIDE) > 0
    return covered(packed, product["latitude"].values, outside)


def covered(
    mask: npt.NDArray[np.uint8],
    latitude: npt.NDArray[np.floating],
    outside: BoolArray | None = None,
) -> float:
    """The share of the predicted area that is cloudy; NaN where nothing was predicted.

    Args:
        mask: (y, x) uint8, 0 clear, 1 cloudy, 255 no prediction.
        latitude: (y,) degrees; a row's area goes with its cosine.
        outside: broadcastable to (y, x) bool, what counts for nothing.
    """
    if outside is not None:
        mask = np.where(outside, cf.FILL, mask)
    area = np.cos(np.deg2rad(latitude))
    known = float(np.count_nonzero(mask != cf.FILL, axis=1) @ area)
    return float(np.count_nonzero(mask == 1, axis=1) @ area) / known if known else math.nan
