"""Cloud cover: the share of what was predicted that is cloudy, by area."""

from __future__ import annotations

import math
from os import PathLike, fspath
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.errors import UsageError
from nephoscope.files import read_netcdf
from nephoscope.products import cf
from nephoscope.products.quality import BoolArray

Floats = npt.NDArray[np.floating]
Bounds = tuple[float, float, float, float]


def cloud_cover(
    product: xr.Dataset | str | PathLike[str],
    *,
    within_bounds: bool = True,
    bounds: Bounds | None = None,
) -> float | xr.DataArray:
    """The share (0..1) of the predicted area that is cloudy; NaN where nothing was predicted.

    Pixels count by the area they cover on the globe, and polar ice beyond the seasonal bounds,
    which looks like cloud, counts for nothing. In a camera's frame every known pixel counts alike.

    Args:
        product: what `nephoscope.predict` gives for a Scene, the path of a NetCDF product, or a
            series of products as `nephoscope.open_products` opens it.
        within_bounds: leave out what lies beyond bounds of the instrument; false: the whole map.
        bounds: south, west, north, east in degrees: only what lies in this box. A box whose west is
            east of its east crosses the meridian where longitudes begin again.

    Returns:
        one share; of a series one for each product, along the dimension of the series.

    Raises:
        UsageError: this is no product, or no box, or it has no places for a box.
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
    plane = mask.dims[-2:]
    weight = _area(product, plane)
    if bounds is not None:
        weight = weight.where(_inside(product, bounds, plane), 0.0)
    # Packed as it is stored, 255 is no prediction; decoded that is NaN.
    known = np.isfinite(mask) & (mask != cf.FILL)
    if within_bounds and "latitude" in mask.dims and "quality_flag" in product.variables:
        known &= (product["quality_flag"].astype(np.uint8) & cf.OUTSIDE) == 0
    area = (weight * known).sum(plane)
    share = (weight * (known & (mask == 1))).sum(plane) / area.where(area > 0)
    return float(share) if share.ndim == 0 else share.rename("cloud_cover")


def _area(product: xr.Dataset, plane: tuple[Any, ...]) -> xr.DataArray:
    """Area of each pixel in any unit, on the plane or broadcast to it."""
    if "latitude" not in product.variables:
        return xr.DataArray(1.0)
    latitude = product["latitude"]
    if "latitude" in plane:
        return xr.DataArray(np.cos(np.deg2rad(latitude.values.astype(float))), dims=latitude.dims)
    if latitude.dims == plane:
        return xr.DataArray(pixel_areas(latitude.values, product["longitude"].values), dims=plane)
    return xr.DataArray(1.0)


def pixel_areas(latitude: Floats, longitude: Floats) -> npt.NDArray[np.float64]:
    """Areas of the pixels of any grid on a sphere, in units of its radius squared.

    Args:
        latitude: (y, x) degrees of the pixels' centres; NaN off the globe.
        longitude: (y, x) degrees.

    Returns:
        (y, x) the parallelogram that the ways to the neighbours span; 0 where one is unknown.
    """
    north, east = np.deg2rad(latitude.astype(float)), np.deg2rad(longitude.astype(float))
    place = np.stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)])
    down, across = (np.gradient(place, axis=axis) for axis in (1, 2))
    areas: npt.NDArray[np.float64] = np.linalg.norm(np.cross(down, across, axis=0), axis=0)
    return np.nan_to_num(areas)


def _inside(product: xr.Dataset, bounds: Bounds, plane: tuple[Any, ...]) -> xr.DataArray:
    """Whether a pixel's centre lies in a box."""
    try:
        south, west, north, east = (float(each) for each in bounds)
    except (TypeError, ValueError) as error:
        raise UsageError(f"bounds {bounds!r}: south, west, north, east in degrees") from error
    if not -90 <= south < north <= 90 or not np.isfinite([west, east]).all():
        raise UsageError(f"bounds {bounds!r}: south, west, north, east in degrees")
    if not {"latitude", "longitude"} <= {*product.variables} or not {*product["latitude"].dims} <= {
        *plane
    }:
        raise UsageError("bounds: the product does not say where its pixels are")
    latitude, longitude = product["latitude"], product["longitude"]
    wide = 360.0 if east - west >= 360 else (east - west) % 360
    return (latitude >= south) & (latitude <= north) & ((longitude - west) % 360 <= wide)


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
