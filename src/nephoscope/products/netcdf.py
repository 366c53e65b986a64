"""NetCDF-4 of a product, with plain codecs, written atomically."""

from __future__ import annotations

import os
from collections.abc import Hashable
from typing import Any

import numpy as np
import xarray as xr

from nephoscope.files import write_bytes
from nephoscope.products import cf


def write_netcdf(product: xr.Dataset, path: str | os.PathLike[str]) -> None:
    """Write a packed product as NetCDF-4 (zlib), atomically.

    Args:
        product: what `nephoscope.products.product.make_product` made.
        path: the final name; an existing file is replaced once the new one is complete.

    Raises:
        OutputError: the file cannot be written.
    """
    # Coordinates may not have a fill value (CF 2.5.1), and xarray gives floats one by default.
    encoding: dict[Hashable, dict[str, Any]] = {
        name: {"_FillValue": None} for name in product.coords
    }
    for name, variable in product.coords.items():
        if variable.ndim >= len(cf.CHUNKS):
            encoding[name] |= _compression(variable.dtype)
    for name, variable in product.data_vars.items():
        if variable.ndim >= len(cf.CHUNKS):
            sides = cf.CHUNKS if variable.ndim == len(cf.CHUNKS) else cf.CHUNKS_OF_COLUMNS
            rows_and_columns = variable.shape[-len(sides) :]
            chunks = (*variable.shape[: -len(sides)], *map(min, sides, rows_and_columns))
            encoding[name] = _compression(variable.dtype) | {"chunksizes": chunks}
    product = product.assign_attrs({key: _utf8(text) for key, text in product.attrs.items()})
    # In memory first: HDF5 that meets a full disk while it writes may crash the interpreter.
    write_bytes(path, product.to_netcdf(engine="h5netcdf", encoding=encoding))


def _compression(dtype: np.dtype[Any]) -> dict[str, Any]:
    """Bytes of a number are sorted by their place, where it has several."""
    return cf.COMPRESSION | {"shuffle": dtype.itemsize > 1}


def _utf8(value: Any) -> Any:  # noqa: ANN401 - attributes are of any kind
    """Names of files may hold bytes that are no UTF-8, which NetCDF cannot store: as escapes."""
    if not isinstance(value, str):
        return value
    return value.encode("utf-8", "backslashreplace").decode("utf-8")
