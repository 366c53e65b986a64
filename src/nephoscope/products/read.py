"""Reading products back: ours, and masks of the original's predictions and the label files."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.errors import InputError, UsageError
from nephoscope.files import read_netcdf
from nephoscope.products import cf
from nephoscope.products.zarr_store import read_zarr
from nephoscope.tasks.mask import threshold_step

UNKNOWN = np.int8(-1)
_OF_MASKS = {"cloud_probability", "cloud_mask"}
_OF_COLUMNS = "column_cloud_probability"
_SAID_OF_MASKS = ("threshold", "map_id", "cloud_cover", "missing_share")


def open_packed(path: str | os.PathLike[str]) -> xr.Dataset:
    """Read one of our products, of a mask or of another task, packed as it is stored.

    Args:
        path: a NetCDF file, or the Zarr store of one product.

    Raises:
        InputError: the file is unreadable, or lacks a part of the product.
    """
    stored = read_zarr if Path(path).is_dir() else read_netcdf
    product = stored(path, decode=False)
    named = {*map(str, product.variables)}
    other = "quality_flag" in named and (not _OF_MASKS & named or _OF_COLUMNS in named)
    for name in () if other else (*sorted(_OF_MASKS, reverse=True), "quality_flag"):
        if name not in product.variables:
            raise InputError(path, "is missing: this is no cloud-mask product", field=name)
    for name in ("map_id", "missing_share") if other else _SAID_OF_MASKS:
        if name not in product.attrs:
            raise InputError(path, "attribute is missing", field=name)
    # Without decoding xarray leaves those that are no dimensions where CF puts them: plain.
    listed = {n for v in product.variables.values() for n in v.attrs.get("coordinates", "").split()}
    return product.set_coords(sorted(listed & product.variables.keys()))


def read_mask(
    path: str | os.PathLike[str], threshold: float | None = None
) -> npt.NDArray[np.int8] | npt.NDArray[np.float32]:
    """Read a cloud mask in image orientation (row 0 in the north).

    Reads our products, the original's predictions and the label files (values above 1: cloud).

    Args:
        path: a NetCDF file.
        threshold: probability from which a pixel is cloudy; None for the probability itself.
            Labels are certain, so any threshold gives the same mask.

    Returns:
        With a threshold (y, x) int8, -1 unknown, 0 clear, 1 cloudy; without one (y, x) float32,
        0..1, NaN where unknown.

    Raises:
        InputError: the file is unreadable or holds no cloud mask.
        UsageError: the threshold is not within 0..1.
    """
    product = read_netcdf(path, decode=False)
    probability = _probability_of(product, path)
    if "latitude" in product.variables and product["latitude"].ndim == 1:
        latitude = product["latitude"].values
        if latitude.size != probability.shape[0]:
            raise InputError(
                path, f"has {latitude.size} rows, the mask {probability.shape[0]}", field="latitude"
            )
        probability = probability[np.argsort(-latitude, kind="stable")]
    if threshold is None:
        return probability
    return _threshold(probability, threshold)


def _probability_of(product: xr.Dataset, path: str | os.PathLike[str]) -> npt.NDArray[np.float32]:
    if "cloud_probability" in product.variables:
        packed = product["cloud_probability"].values
        known, probability = packed != cf.FILL, packed * np.float32(cf.SCALE_FACTOR)
    elif "cloudmask" in product.variables:
        values = product["cloudmask"].values
        # Below 0 is -999; labels hold the blue DN of cloudy pixels, so above 1 is certain.
        known, probability = values >= 0, np.minimum(values, 1).astype(np.float32)
    else:
        raise InputError(
            path, "is neither a nephoscope product nor a cloudmask file", field="cloud_probability"
        )
    if probability.ndim != 2:
        raise InputError(path, f"has dims {probability.shape}, not two", field="cloudmask")
    probability[~known] = np.nan
    return probability


def _threshold(probability: npt.NDArray[np.float32], threshold: float) -> npt.NDArray[np.int8]:
    if not 0.0 <= threshold <= 1.0:
        raise UsageError(f"threshold {threshold}: must be within 0 and 1")
    # Thresholds are compared in the product's steps, so that its own mask comes back exactly.
    edge = np.float32((threshold_step(threshold) - 0.5) * cf.SCALE_FACTOR)
    mask = (probability >= edge).astype(np.int8)
    mask[np.isnan(probability)] = UNKNOWN
    return mask
