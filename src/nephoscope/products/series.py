"""Series of products on levels: files, stores and cubes, slot by slot in time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from nephoscope.errors import InputError
from nephoscope.products.cube import slots_made

ICE = "iwc"
"""Variable that every product of a series has."""


@contextmanager
def open_slots(paths: Sequence[Path]) -> Iterator[list[xr.Dataset]]:
    """Products of cloud ice, in time, each once; of none more is read than is asked for.

    Args:
        paths: NetCDF files, stores of one product, and cubes of many.

    Yields:
        one Dataset for each slot, decoded, with `time` () datetime64[ns], its first line's.

    Raises:
        InputError: one cannot be read, or holds no ice.
    """
    with contextlib.ExitStack() as stack:
        found: dict[Any, xr.Dataset] = {}
        for path in paths:
            for slot in _slots(stack.enter_context(_opened(path)), path):
                found.setdefault(slot["time"].values[()], slot)
        yield [found[time] for time in sorted(found)]


def _opened(path: Path) -> AbstractContextManager[xr.Dataset]:
    try:
        product: xr.Dataset
        if path.is_dir():
            product = xr.open_zarr(path, chunks=None, decode_coords="all")
        else:
            product = xr.open_dataset(path, engine="h5netcdf", decode_coords="all")
    except (OSError, KeyError, ValueError) as error:
        raise InputError(path, f"is no product that can be read: {error}") from error
    if ICE not in product or "altitude" not in product.variables:
        product.close()
        raise InputError(path, "is missing: this is no product of cloud ice", field=ICE)
    return product


def _slots(product: xr.Dataset, path: Path) -> Iterator[xr.Dataset]:
    if "status" not in product:
        times = product["time"].values if "time" in product.variables else np.array("NaT", "M8[ns]")
        start = np.nanmin(times) if times.ndim else times
        yield product.drop_vars("time", errors="ignore").assign_coords(time=start)
        return
    for number in slots_made(path):
        yield product.isel(time=number)
