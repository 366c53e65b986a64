"""Truth of pixels: the mean of the columns that their lines of sight stand on."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from nephoscope.errors import UsageError
from nephoscope.simulate.earth.atmosphere.state import ALTITUDE, EDGES, LEVELS, Atmosphere
from nephoscope.simulate.earth.atmosphere.truth.attributes import PLANES, PROFILES, attributes_of
from nephoscope.simulate.earth.atmosphere.truth.columns import CLOUD_EXTINCTION, Columns
from nephoscope.simulate.earth.constants import ICE_DENSITY
from nephoscope.simulate.earth.microphysics import ice_number
from nephoscope.simulate.earth.microphysics.effective_radius import radius_of
from nephoscope.simulate.earth.version import SIMULATOR_VERSION

Places = NDArray[np.int64]


def average(
    atmosphere: Atmosphere, latitude: ArrayLike, longitude: ArrayLike, seed: int | None = None
) -> xr.Dataset:
    """Average an atmosphere to pixels, each seen along some lines of sight.

    Args:
        atmosphere: in its columns.
        latitude: (subpixel, y, x), degrees north, where the lines of sight meet the sea. A pixel
            with a NaN in any has NaN everywhere, and type 0.
        longitude: the same shape, degrees east.
        seed: of the weather, for the attributes.

    Returns:
        Dataset on (altitude, y, x), the lowest layer first, with `altitude_bnds`, and on (y, x);
        units and definitions are in its attributes.

    Raises:
        UsageError: a place lies outside the atmosphere's grid.
    """
    lat, lon = np.asarray(latitude, np.float64), np.asarray(longitude, np.float64)
    seen = np.asarray(np.isfinite(lat + lon).all(axis=0))
    places = _columns_of(atmosphere, lat[:, seen], lon[:, seen])
    shape = (LEVELS, *seen.shape)
    cubes: dict[str, NDArray[Any]] = {
        name: np.zeros(shape, np.int8 if name == "cloud_type" else np.float32) for name in PROFILES
    }
    for name in cubes.keys() - {"cloud_type"}:
        cubes[name][:, ~seen] = np.nan
    cubes["ice_effective_radius"][:] = np.nan
    columns = Columns(places.shape)
    for level in atmosphere.cloudy_levels[::-1]:
        for name, values in _layer(atmosphere, level, places, columns).items():
            cubes[name][level][seen] = values
    planes = columns.planes() | _ground(atmosphere, places)
    data: dict[str, Any] = {
        name: (("altitude", "y", "x"), cubes[name], attributes_of(name)) for name in PROFILES
    }
    for name in PLANES:
        data[name] = (("y", "x"), _placed(planes[name], seen), attributes_of(name))
    return _dataset(data, atmosphere, (lat, lon), seed)


def _columns_of(atmosphere: Atmosphere, lat: NDArray[Any], lon: NDArray[Any]) -> Places:
    """Flat numbers of the nearest columns, (subpixel, pixel)."""
    grid = atmosphere.grid
    row, col = (np.rint(index).astype(np.int64) for index in grid.to_index(lat, lon))
    if ((row < 0) | (row >= grid.rows) | (col < 0) | (col >= grid.cols)).any():
        raise UsageError("some lines of sight meet the sea outside the grid of the atmosphere")
    return np.asarray(row * grid.cols + col)


def _layer(
    atmosphere: Atmosphere, level: int, places: Places, columns: Columns
) -> dict[str, NDArray[Any]]:
    """Means over the subcolumns of one layer, (pixel,); the columns take note of it."""

    def of(name: str) -> NDArray[Any]:
        return np.take(getattr(atmosphere, name)[level].ravel(), places)

    lwc, iwc = of("lwc"), of("iwc")
    liquid, ice, kind = of("liquid_extinction"), of("ice_extinction"), of("cloud_type")
    cloudy = liquid + ice > np.float32(CLOUD_EXTINCTION)
    columns.add_from_above(level, liquid, ice, lwc, iwc, cloudy)
    mean = {"lwc": lwc.mean(axis=0), "iwc": iwc.mean(axis=0)}
    for name, size in (("ice_number", 5e-6), ("ice_number_100um", 1e-4)):
        mean[name] = ice_number(iwc, ice, size).mean(axis=0)
    area = ice.mean(axis=0)
    radius = np.where(area > 0, radius_of(mean["iwc"], area, ICE_DENSITY), np.float32(np.nan))
    return mean | {
        "ice_effective_radius": radius,
        "cloud_fraction": cloudy.mean(axis=0, dtype=np.float32),
        "cloud_type": _most_frequent(kind, cloudy),
    }


def _most_frequent(kind: NDArray[np.int8], cloudy: NDArray[np.bool_]) -> NDArray[np.int8]:
    """The most frequent type among cloudy subcolumns, of equals the lowest; 0 without cloud."""
    best = np.zeros(kind.shape[1], np.int8)
    most = np.zeros(kind.shape[1], np.int8)
    for wanted in np.unique(kind[cloudy]):
        count = ((kind == wanted) & cloudy).sum(axis=0, dtype=np.int8)
        best = np.where(count > most, wanted, best)
        most = np.maximum(count, most)
    return best


def _ground(atmosphere: Atmosphere, places: Places) -> dict[str, NDArray[Any]]:
    surface = atmosphere.surface
    kinds = np.take(surface.kind.ravel(), places).astype(np.int8)
    return {
        "surface_kind": _most_frequent(kinds + 1, np.ones(kinds.shape, bool)) - 1,
        "surface_altitude": np.take(surface.altitude.ravel(), places).mean(axis=0),
    }


def _placed(values: NDArray[Any], seen: NDArray[np.bool_]) -> NDArray[Any]:
    """Values where pixels were seen; elsewhere NaN, or -1 for codes."""
    missing = np.nan if np.issubdtype(values.dtype, np.floating) else -1
    plane = np.full(seen.shape, missing, values.dtype)
    plane[seen] = values
    return plane


def _dataset(
    data: dict[str, Any],
    atmosphere: Atmosphere,
    places: tuple[NDArray[np.float64], NDArray[np.float64]],
    seed: int | None,
) -> xr.Dataset:
    lat, lon = places
    longitude = np.rad2deg(
        np.arctan2(np.sin(np.deg2rad(lon)).mean(axis=0), np.cos(np.deg2rad(lon)).mean(axis=0))
    )
    edges = EDGES.astype(np.float64)
    coordinates = {
        "altitude": ("altitude", ALTITUDE.astype(np.float64), attributes_of("altitude")),
        "latitude": (("y", "x"), lat.mean(axis=0), attributes_of("latitude")),
        "longitude": (("y", "x"), longitude, attributes_of("longitude")),
        "time": ((), atmosphere.time.astype("datetime64[ns]"), attributes_of("time")),
    }
    data["altitude_bnds"] = (("altitude", "bnds"), np.stack([edges[:-1], edges[1:]], axis=1))
    attributes: dict[str, Any] = {
        "Conventions": "CF-1.11",
        "title": "Simulated clouds: truth averaged to the pixels of an imager",
        "simulator_version": SIMULATOR_VERSION,
        "cloud_extinction_threshold": CLOUD_EXTINCTION,
        "comment": "A pixel is the mean of the columns where its lines of sight meet the sea.",
    }
    if seed is not None:
        attributes["seed"] = seed
    return xr.Dataset(data, coordinates, attributes)
