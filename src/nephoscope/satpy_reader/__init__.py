"""Reader of our NetCDF products for satpy: `satpy.Scene(reader="nephoscope", filenames=[product])`.

satpy finds it by the entry point `satpy.readers`, and the YAML in `etc/readers`. It is imported by
satpy alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from pyproj import CRS
from pyresample.geometry import AreaDefinition
from satpy.readers.core.file_handlers import BaseFileHandler

from nephoscope.products.series import UNREADABLE, first_time, stored_at

_PLANE = ("y", "x")
_PLACES = ("latitude", "longitude")
_TIMELESS = datetime(1, 1, 1)
"""Of maps of Mars, which tell no time of the Earth: satpy sorts files by it."""


class ProductFileHandler(BaseFileHandler):  # type: ignore[misc]  # satpy is not typed
    """One product: its variables by name, on an area where its grid is regular, else on a swath."""

    def __init__(self, filename: str, filename_info: Any, filetype_info: Any) -> None:  # noqa: ANN401 - satpy's
        super().__init__(filename, filename_info, filetype_info)
        try:
            stored = stored_at(Path(filename), chunks={})
        except UNREADABLE as error:
            # The only kind that satpy passes on for a file.
            raise ValueError(f"{filename}: is no product that can be read: {error}") from error
        if "quality_flag" not in stored.variables:
            raise ValueError(f"{filename}: is no product of nephoscope: it has no quality_flag")
        self._product = _on_plane(stored)

    @property
    def start_time(self) -> datetime:
        """When the first line was seen, UTC; year 1 of products that tell no time."""
        return _as_datetime(first_time(self._product))

    @property
    def end_time(self) -> datetime:
        """When the last line was seen, UTC."""
        time = self._product.get("time")
        if time is None or time.dtype.kind != "M":
            return _TIMELESS
        return _as_datetime(np.nanmax(np.atleast_1d(time.values)))

    @property
    def sensor_names(self) -> set[str]:
        """The instrument."""
        return {str(self._product.attrs.get("instrument", "unknown"))}

    def available_datasets(
        self,
        configured_datasets: Any = None,  # noqa: ANN401 - satpy's
    ) -> Iterator[tuple[bool, dict[str, Any]]]:
        """Each variable on pixels, with its attributes."""
        yield from super().available_datasets(configured_datasets)
        for name, each in self._product.variables.items():
            if each.dims[-2:] == _PLANE:
                yield True, {**self._said_of(str(name), each), "name": str(name)}

    def get_dataset(self, dataset_id: Any, info: Any) -> xr.DataArray:  # noqa: ANN401 - satpy's
        """A variable, lazy: (y, x) or (level, y, x), decoded; NaN where nothing is said."""
        name = dataset_id["name"]
        array: xr.DataArray = self._product[name]
        dropped = [each for each in array.coords if each not in (*_PLANE, "altitude")]
        array = array.drop_vars(dropped)
        array.attrs = {**array.attrs, **self._said_of(name, array.variable)}
        array.attrs |= {"start_time": self.start_time, "end_time": self.end_time}
        return array

    def get_area_def(self, dataset_id: Any) -> AreaDefinition:  # noqa: ANN401 - satpy's
        """The area of a regular grid.

        Raises:
            NotImplementedError: the product is a swath: satpy then asks for its coordinates.
        """
        if not {"crs", *_PLANE} <= {*self._product.variables}:
            raise NotImplementedError
        name = str(self._product.attrs.get("grid_id", self._product.attrs.get("instrument")))
        x, y = (self._product[axis].values.astype(float) for axis in ("x", "y"))
        half_x, half_y = np.diff(x[:2]).item() / 2, np.diff(y[:2]).item() / 2
        extent = (x[0] - half_x, y[-1] + half_y, x[-1] + half_x, y[0] - half_y)
        crs = CRS.from_cf(self._product["crs"].attrs)
        sizes = x.size, y.size
        return AreaDefinition(name, name, name, crs, *sizes, extent)  # type: ignore[no-untyped-call]

    def _said_of(self, name: str, variable: xr.Variable) -> dict[str, Any]:
        wanted = ("units", "standard_name", "long_name", "flag_values", "flag_meanings")
        said = {key: variable.attrs[key] for key in wanted if key in variable.attrs}
        said |= {"file_type": self.filetype_info["file_type"], "sensor": self.sensor_names}
        if name in _PLACES:
            said["standard_name"] = name
        elif not {*_PLANE} <= {*self._product.variables}:
            said["coordinates"] = _PLACES[::-1]
        return said


def _on_plane(stored: xr.Dataset) -> xr.Dataset:
    """With the dimensions y and x that satpy wants, also where they are latitude and longitude."""
    names = dict(zip(_PLACES, _PLANE, strict=True))
    here = {name: axis for name, axis in names.items() if name in stored.dims}
    return stored.rename(here) if here else stored


def _as_datetime(time: np.datetime64) -> datetime:
    if np.isnat(time):
        return _TIMELESS
    return datetime.fromisoformat(str(time.astype("M8[us]")))
