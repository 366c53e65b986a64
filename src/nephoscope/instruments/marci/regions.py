"""Regions of a map where a prediction is wanted: all, within the season's bounds, in a box."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.errors import InputError, UsageError
from nephoscope.instruments.marci.bounds import OFFSET, label_bounds, seasonal_bounds
from nephoscope.instruments.marci.labels import label_path_for, read_label
from nephoscope.instruments.protocol import Outside
from nephoscope.scene import source_of

BoolArray = npt.NDArray[np.bool_]
Bounds = Literal["data", "season", "label"]


class Box(NamedTuple):
    """A manual box, degrees; `west` may be east of `east`: the box then crosses 180 degrees."""

    west: float
    south: float
    east: float
    north: float


def parse_box(text: str) -> Box:
    """Read `WEST,SOUTH,EAST,NORTH`, degrees.

    Raises:
        UsageError: not four numbers, a latitude beyond the poles, or south above north.
    """
    try:
        box = Box(*(float(part) for part in text.split(",")))
    except (ValueError, TypeError):
        raise UsageError(f"--bbox {text}: write it as WEST,SOUTH,EAST,NORTH in degrees") from None
    if not -90 <= box.south < box.north <= 90:
        raise UsageError(f"--bbox {text}: latitudes must be within -90 and 90, south before north")
    if not (-360 <= box.west <= 360 and -360 <= box.east <= 360):
        raise UsageError(f"--bbox {text}: longitudes must be within -360 and 360")
    return box


def outside(scene: xr.Dataset, options: Mapping[str, Any]) -> Outside:
    """(y, 1) bool: poleward of the seasonal bounds, or nowhere if Ls is unknown.

    Raises:
        InputError: Ls is no number within 0..360 degrees, or the map has neither Ls nor a time.
    """
    return Outside("seasonal_bounds", _outside_season(scene, options.get("offset", OFFSET)))


def _outside_season(scene: xr.Dataset, offset: float) -> BoolArray:
    latitude = scene["latitude"].values[:, None]
    if "solar_longitude" not in scene.variables:
        if "time" not in scene.variables:
            problem = "has neither time nor solar_longitude"
            raise InputError(source_of(scene), problem, field="time")
        return np.zeros(latitude.shape, np.bool_)
    given = scene["solar_longitude"].values
    if given.ndim or given.dtype.kind not in "iuf" or not (np.isnan(given) or 0 <= given <= 360):
        problem = f"is {given if not given.ndim else given.shape}, not one number within 0..360"
        raise InputError(source_of(scene), problem, field="solar_longitude")
    if np.isnan(given):
        return np.zeros(latitude.shape, np.bool_)
    north, south = seasonal_bounds(float(given), offset)
    return np.asarray((latitude > north) | (latitude < south))


def blank(scene: xr.Dataset, options: Mapping[str, Any]) -> BoolArray | None:
    """Mask of pixels without prediction: broadcastable to (y, x) bool, or None for nowhere.

    Args:
        scene: the map.
        options: `bounds`: "data", wherever there is data; "season", within the seasonal bounds;
            "label", within the box of the map's label. `offset`: degrees by which the seasonal
            bounds lie equatorward of the ice. `box`: a manual `Box`.

    Raises:
        InputError: `bounds` is "label" and the map has no label.
    """
    parts = []
    if options.get("bounds") == "season":
        parts.append(_outside_season(scene, options.get("offset", OFFSET)))
    if options.get("bounds") == "label":
        parts.append(_outside_label(scene))
    if (box := options.get("box")) is not None:
        parts.append(_outside_box(scene, box))
    return np.asarray(np.logical_or.reduce(np.broadcast_arrays(*parts))) if parts else None


def _outside_label(scene: xr.Dataset) -> BoolArray:
    source = source_of(scene)
    label_path = label_path_for(source)
    if label_path is None:
        raise InputError(source, "has no label whose box could be taken", field="label")
    outside = np.ones(scene["image"].shape[1:], np.bool_)
    outside[label_bounds(read_label(label_path))] = False
    return outside


def _outside_box(scene: xr.Dataset, box: Box) -> BoolArray:
    latitude, longitude = scene["latitude"].values[:, None], scene["longitude"].values[None, :]
    east_of_west = np.mod(longitude - box.west, 360.0)
    span = 360.0 if box.east - box.west >= 360 else (box.east - box.west) % 360.0
    inside = (latitude >= box.south) & (latitude <= box.north) & (east_of_west <= span)
    return np.asarray(~inside)
