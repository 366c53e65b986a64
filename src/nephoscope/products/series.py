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
            for slot in _slots(stack.enter_context(_opened(path, (ICE, "altitude"))), path):
                found.setdefault(slot["time"].values[()], slot)
        yield [found[time] for time in sorted(found)]


@contextmanager
def open_series(paths: Sequence[Path]) -> Iterator[list[tuple[str, xr.Dataset]]]:
    """Products of any kind with their names, in time where they tell it, else by name.

    Args:
        paths: NetCDF files, stores of one product, and cubes of many.

    Yields:
        for each its time or, where it has none, its file's name; and the Dataset, decoded.

    Raises:
        InputError: one cannot be read, or is no product.
    """
    with contextlib.ExitStack() as stack:
        found: dict[tuple[bool, str], xr.Dataset] = {}
        for path in paths:
            for slot in _slots(stack.enter_context(_opened(path, ("quality_flag",))), path):
                time = slot["time"].values[()]
                timeless = bool(np.isnat(time))
                name = (
                    path.stem if timeless else f"{str(time.astype('M8[s]')).replace('T', ' ')} UTC"
                )
                found.setdefault((timeless, name), slot)
        yield [(name, found[timeless, name]) for timeless, name in sorted(found)]


def _opened(path: Path, wanted: Sequence[str]) -> AbstractContextManager[xr.Dataset]:
    try:
        product: xr.Dataset
        if path.is_dir():
            product = xr.open_zarr(path, chunks=None, decode_coords="all")
        else:
            product = xr.open_dataset(path, engine="h5netcdf", decode_coords="all")
    except (OSError, KeyError, ValueError) as error:
        raise InputError(path, f"is no product that can be read: {error}") from error
    if missing := [name for name in wanted if name not in product.variables]:
        product.close()
        of = " of cloud ice" if ICE in wanted else ""
        raise InputError(path, f"is missing: this is no product{of}", field=missing[0])
    return product


def _slots(product: xr.Dataset, path: Path) -> Iterator[xr.Dataset]:
    if "status" not in product:
        times = product["time"].values if "time" in product.variables else np.array("NaT", "M8[ns]")
        start = np.nanmin(times) if times.size else np.array("NaT", "M8[ns]")
        yield product.drop_vars("time", errors="ignore").assign_coords(time=start)
        return
    for number in slots_made(path):
        yield product.isel(time=number)
