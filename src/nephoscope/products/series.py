"""Series of products on levels: files, stores and cubes, slot by slot in time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from nephoscope.errors import InputError
from nephoscope.products.cube import slots_made

ICE = "iwc"
"""Variable that every product of a series has."""
UNREADABLE = (OSError, KeyError, ValueError)
"""What xarray raises of a file or store that it cannot open."""


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
            for slot in _slots(stack.enter_context(open_stored(path, (ICE, "altitude"))), path):
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
            for slot in _slots(stack.enter_context(open_stored(path, ("quality_flag",))), path):
                time = slot["time"].values[()]
                timeless = bool(np.isnat(time))
                name = (
                    path.stem if timeless else f"{str(time.astype('M8[s]')).replace('T', ' ')} UTC"
                )
                found.setdefault((timeless, name), slot)
        yield [(name, found[timeless, name]) for timeless, name in sorted(found)]


def stored_at(path: Path, chunks: dict[str, int] | None = None) -> xr.Dataset:
    """A NetCDF file or a Zarr store as xarray opens it: decoded, nothing of it read yet.

    Args:
        path: of it.
        chunks: None: plain arrays; {}: dask arrays.

    Raises:
        OSError, KeyError, ValueError: it is none; see `UNREADABLE`.
    """
    stored: xr.Dataset
    if path.is_dir():
        stored = xr.open_zarr(path, chunks=chunks, decode_coords="all")
    else:
        stored = xr.open_dataset(path, engine="h5netcdf", decode_coords="all", chunks=chunks)
    return stored


def open_stored(
    path: Path, wanted: Sequence[str], chunks: dict[str, int] | None = None
) -> xr.Dataset:
    """A product, decoded and not read yet.

    Args:
        path: a NetCDF file, or a Zarr store of one product or of many.
        wanted: variables that it must have.
        chunks: None: plain arrays; {}: dask arrays.

    Raises:
        InputError: it cannot be read, or a variable is missing.
    """
    try:
        product = stored_at(path, chunks)
    except UNREADABLE as error:
        raise InputError(path, f"is no product that can be read: {error}") from error
    if missing := [name for name in wanted if name not in product.variables]:
        product.close()
        of = " of cloud ice" if ICE in wanted else ""
        raise InputError(path, f"is missing: this is no product{of}", field=missing[0])
    return product


def is_product(path: Path) -> bool:
    """Whether a file or store is a product; what cannot be opened may be one that is damaged."""
    try:
        with stored_at(path) as stored:
            return "quality_flag" in stored.variables
    except UNREADABLE:
        return True


def _slots(product: xr.Dataset, path: Path) -> Iterator[xr.Dataset]:
    if "status" not in product:
        yield product.drop_vars("time", errors="ignore").assign_coords(time=first_time(product))
        return
    for number in slots_made(path):
        yield product.isel(time=number)


def first_time(product: xr.Dataset) -> np.datetime64:
    """When the first line of one picture was seen, datetime64[ns]; NaT where that is not told."""
    nothing = np.datetime64("NaT", "ns")
    if "time" not in product.variables or product["time"].dtype.kind != "M":
        return nothing
    times = np.atleast_1d(product["time"].values)
    known = times[~np.isnat(times)]
    return known.min() if known.size else nothing
