"""NetCDF-4 of a product, with plain codecs, written atomically."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping
from io import BytesIO
from typing import Any

import numpy as np
import xarray as xr

from nephoscope.files import write_bytes
from nephoscope.products import cf
from nephoscope.products.held import in_parts, is_held, let_go


def write_netcdf(product: xr.Dataset, path: str | os.PathLike[str], *, last: bool = False) -> None:
    """Write a packed product as NetCDF-4 (zlib), atomically.

    Args:
        product: what `nephoscope.products.product.make_product` made.
        path: the final name; an existing file is replaced once the new one is complete.
        last: whether nothing more is wanted of the product: what is large is let go once it is in
            the file.

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
    large = [name for name, variable in product.data_vars.items() if is_held(variable.variable)]
    kept = {name: how for name, how in encoding.items() if name not in large}
    # In memory first: HDF5 that meets a full disk while it writes may crash the interpreter.
    content = product.drop_vars(large).to_netcdf(engine="h5netcdf", encoding=kept)
    if large:
        content = _with_large(content, product, {n: encoding[n] for n in large}, last)
    write_bytes(path, content)


def _with_large(
    content: memoryview,
    product: xr.Dataset,
    encoding: Mapping[Hashable, Mapping[str, Any]],
    last: bool,
) -> memoryview:
    """A file with what is held compressed as well, by parts: xarray would load each whole."""
    import h5netcdf

    # With the names of their coordinates among the attributes.
    variables, _ = xr.conventions.encode_dataset_coordinates(product)
    file_of = BytesIO(content)
    with h5netcdf.File(file_of, "a") as file:
        for dim in sorted(product.sizes.keys() - file.dimensions.keys()):
            file.dimensions[dim] = product.sizes[dim]
        for name, how in encoding.items():
            variable, attributes = variables[name], dict(variables[name].attrs)
            target = file.create_variable(
                str(name), variable.dims, variable.dtype,
                fillvalue=attributes.pop("_FillValue", None), chunks=how["chunksizes"],
                **{key: value for key, value in how.items() if key != "chunksizes"},
            )  # fmt: skip
            target.attrs.update(attributes)
            for part, values in in_parts(product[name].variable):
                target[part] = values
            if last:
                let_go(product[name].variable)
    return file_of.getbuffer()


def _compression(dtype: np.dtype[Any]) -> dict[str, Any]:
    """Bytes of a number are sorted by their place, where it has several."""
    return cf.COMPRESSION | {"shuffle": dtype.itemsize > 1}


def _utf8(value: Any) -> Any:  # noqa: ANN401 - attributes are of any kind
    """Names of files may hold bytes that are no UTF-8, which NetCDF cannot store: as escapes."""
    if not isinstance(value, str):
        return value
    return value.encode("utf-8", "backslashreplace").decode("utf-8")
