"""Products of a folder as one Dataset, of which no more is read than is asked for."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

import numpy as np
import xarray as xr

from nephoscope.errors import InputError, UsageError
from nephoscope.extras import need
from nephoscope.folders import is_store
from nephoscope.products.cube import slots_made
from nephoscope.products.places import arrays_below, no_product
from nephoscope.products.series import first_time, open_stored
from nephoscope.remote.copies import local_places

SEASON, TIME, NAME = "solar_longitude", "time", "map_id"


def open_products(place: str | PathLike[str]) -> xr.Dataset:
    """All products of a folder as one Dataset, along `time`, or `solar_longitude` of Mars.

    Args:
        place: a folder of NetCDF products, or of the cubes of `predict --format zarr`; or one cube;
            or the URL of any of them, which is copied to this machine first.

    Returns:
        what the products hold, decoded and lazy (dask arrays), a product after the other in time or
        season; `map_id` names each.

    Raises:
        InputError: there is no product, or one cannot be read or is of another grid or pipeline.
        UsageError: the products are frames of a camera, or neither time nor season is told.
        MissingExtraError: dask is not installed.
    """
    need("open_products", "cluster")
    (path,) = local_places([place])
    if not path.exists():
        raise InputError(path, "does not exist")
    files = [path] if is_store(path) else arrays_below(path)
    if not files:
        if next(path.rglob("*.fits"), None) is not None:
            raise UsageError(f"{path} holds frames as FITS: frames.csv is the table of them")
        raise no_product(path)
    parts = [_part(file) for file in files]
    dim = TIME if TIME in parts[0].sizes else SEASON
    for file, part in zip(files, parts, strict=True):
        if difference := _unlike(parts[0], part, dim):
            raise InputError(file, f"cannot stand beside {files[0].name}: {difference}")
    joined = parts[0] if len(parts) == 1 else _joined(parts, dim)
    # Years are whole numbers beside the season.
    beside = {name: each for name, each in joined.coords.items() if each.dims == (dim,)}
    years = [name for name, each in beside.items() if each.dtype.kind == "i"]
    return joined.sortby([dim] if dim == TIME else [*years, dim])


def _joined(parts: list[xr.Dataset], dim: str) -> xr.Dataset:
    """The products one after the other; what they say alike of themselves is kept."""
    return xr.concat(
        parts,
        dim,
        data_vars="minimal",
        coords="minimal",
        compat="override",
        join="override",
        combine_attrs="drop_conflicts",
    )


def _unlike(first: xr.Dataset, other: xr.Dataset, dim: str) -> str:
    """What two products differ in, so that they are no series; "" of those that are one."""
    if dim not in other.sizes:
        return f"it has no {dim}"
    if odd := sorted({*map(str, first.data_vars)} ^ {*map(str, other.data_vars)}):
        return f"one of them has no {odd[0]}"
    for name in first.sizes:
        same = first.sizes[name] == other.sizes.get(name)
        if name != dim and not (same and _same_axis(first, other, str(name))):
            return f"it is of another grid ({name})"
    return ""


def _same_axis(first: xr.Dataset, other: xr.Dataset, name: str) -> bool:
    if name not in first.coords or name not in other.coords:
        return (name in first.coords) == (name in other.coords)
    return bool(np.array_equal(first[name].values, other[name].values))


def _part(path: Path) -> xr.Dataset:
    """One file or cube, with a dimension along which others can follow."""
    stored = open_stored(path, ("quality_flag",), chunks={})
    if "status" in stored:
        made: xr.Dataset = stored.isel({TIME: slots_made(path)})
        return made.drop_vars("status").assign_coords({NAME: (TIME, _names(made))})
    return _alone(stored, path)


def _names(made: xr.Dataset) -> list[str]:
    return [str(each.astype("M8[s]")) for each in made[TIME].values]


def _alone(stored: xr.Dataset, path: Path) -> xr.Dataset:
    """A product of one picture."""
    name = str(stored.attrs.get(NAME, path.stem))
    if not np.isnat(time := first_time(stored)):
        stored = stored.drop_vars(TIME).assign_coords({TIME: time})
        dim = TIME
    elif SEASON in stored.variables:
        dim = SEASON
    else:
        raise UsageError(f"{path}: tells neither time nor season: it cannot stand in a series")
    beside = [each for each in stored.coords if not stored[each].ndim and each != "crs"]
    series: xr.Dataset = stored.expand_dims(dim)
    for each in beside:
        series = series.assign_coords({each: (dim, [stored[each].values[()]], stored[each].attrs)})
    return series.assign_coords({NAME: (dim, [name])})
