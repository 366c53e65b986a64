"""Writing products: NetCDF-4 with plain codecs, atomically; and the original's own layout."""

from __future__ import annotations

import io
import os
from collections.abc import Hashable
from typing import Any

import h5py
import numpy as np
import xarray as xr

from nephoscope.files import write_bytes
from nephoscope.products import cf

LEGACY_FILL = np.float32(-999.0)


def write_netcdf(product: xr.Dataset, path: str | os.PathLike[str]) -> None:
    """Write a packed product as NetCDF-4 (zlib), atomically.

    Args:
        product: what `nephoscope.products.mask.mask_product` made.
        path: the final name; an existing file is replaced once the new one is complete.

    Raises:
        OutputError: the file cannot be written.
    """
    # Coordinates may not have a fill value (CF 2.5.1), and xarray gives floats one by default.
    encoding: dict[Hashable, dict[str, Any]] = {
        name: {"_FillValue": None} for name in product.coords
    }
    for name, variable in product.data_vars.items():
        if variable.ndim >= len(cf.CHUNKS):
            rows_and_columns = variable.shape[-len(cf.CHUNKS) :]
            chunks = (*variable.shape[: -len(cf.CHUNKS)], *map(min, cf.CHUNKS, rows_and_columns))
            encoding[name] = cf.COMPRESSION | {"chunksizes": chunks}
    product = product.assign_attrs({key: _utf8(text) for key, text in product.attrs.items()})
    # In memory first: HDF5 that meets a full disk while it writes may crash the interpreter.
    write_bytes(path, product.to_netcdf(engine="h5netcdf", encoding=encoding))


def _utf8(value: Any) -> Any:  # noqa: ANN401 - attributes are of any kind
    """Names of files may hold bytes that are no UTF-8, which NetCDF cannot store: as escapes."""
    if not isinstance(value, str):
        return value
    return value.encode("utf-8", "backslashreplace").decode("utf-8")


def write_legacy(product: xr.Dataset, path: str | os.PathLike[str]) -> None:
    """Write the original's layout: NETCDF4_CLASSIC, dims (y, x), y from the south, -999 missing.

    Variables longitude(x), latitude(y) and cloudmask(y, x), float32, without attributes, as the
    cloudmask of Mengwall and Guzewich wrote them; `cloudmask` holds the probability, 0..1.

    Args:
        product: what `nephoscope.products.mask.mask_product` made.
        path: the final name.

    Raises:
        OutputError: the file cannot be written.
    """
    south_first = np.argsort(product["latitude"].values, kind="stable")
    values = np.arange(256, dtype=np.float32) * np.float32(cf.SCALE_FACTOR)
    values[cf.FILL] = LEGACY_FILL
    layout = xr.Dataset(
        {
            "longitude": ("x", product["longitude"].values.astype(np.float32)),
            "latitude": ("y", product["latitude"].values[south_first].astype(np.float32)),
            "cloudmask": (("y", "x"), values[product["cloud_probability"].values[south_first]]),
        }
    )
    encoding: dict[Hashable, dict[str, Any]] = {
        name: {"_FillValue": None} for name in layout.variables
    }
    encoding["cloudmask"] |= cf.COMPRESSION
    buffer = io.BytesIO(layout.to_netcdf(engine="h5netcdf", encoding=encoding))
    with h5py.File(buffer, "r+") as file:
        # This attribute is what makes a NetCDF-4 file one of the classic model.
        file.attrs["_nc3_strict"] = np.int32(1)
    write_bytes(path, buffer.getbuffer())
