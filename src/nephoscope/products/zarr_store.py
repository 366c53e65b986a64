"""Zarr v3 store of one product: plain codecs, one shard for each variable, written atomically."""

from __future__ import annotations

import math
import os
import warnings
from typing import Any

import numpy as np
import xarray as xr

from nephoscope.errors import InputError
from nephoscope.files import atomic_path

CHUNK = 128
"""Pixels along the sides of what is compressed and read alone; levels are whole."""
_PLANE = 2  # dimensions of rows and columns


def write_zarr(product: xr.Dataset, path: str | os.PathLike[str]) -> None:
    """Write a packed product as a Zarr store, atomically; plain `xarray.open_zarr` reads it.

    Args:
        product: what `nephoscope.products.product.make_product` made.
        path: the final name; an existing store is replaced once the new one is complete.

    Raises:
        OutputError: the store cannot be written.
    """
    encoding = {name: _encoding(each) for name, each in product.variables.items()}
    with atomic_path(path) as part, warnings.catch_warnings():
        # zarr calls consolidated metadata not yet final
        warnings.filterwarnings("ignore", message=".*[Cc]onsolidated metadata.*")
        product.to_zarr(part, zarr_format=3, consolidated=True, encoding=encoding)


def read_zarr(path: str | os.PathLike[str], decode: bool = True) -> xr.Dataset:
    """Read a whole store into memory; packed as it is stored without `decode`.

    Raises:
        InputError: it is no Zarr store, or is damaged.
    """
    try:
        stored: xr.Dataset = xr.open_zarr(
            path, chunks=None, decode_cf=decode, mask_and_scale=decode
        )
        return stored.load()
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        raise InputError(path, f"is no Zarr store that can be read: {error}") from error


def _encoding(variable: xr.Variable) -> dict[str, Any]:
    from zarr.codecs import BloscCodec

    missing = {} if "_FillValue" in variable.attrs else {"_FillValue": None}
    if variable.ndim < _PLANE or not np.issubdtype(variable.dtype, np.number):
        return missing
    sides = (*variable.shape[:-_PLANE], *(min(CHUNK, n) for n in variable.shape[-_PLANE:]))
    shard = (n * math.ceil(size / n) for n, size in zip(sides, variable.shape, strict=True))
    codec = BloscCodec(cname="zstd", clevel=3, shuffle="shuffle")
    return missing | {"chunks": sides, "shards": tuple(shard), "compressors": [codec]}
