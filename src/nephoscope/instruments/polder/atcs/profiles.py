"""Labels of A-Train Cloud Segmentation: pickled profiles and their pixels → points of a sample."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.errors import InputError
from nephoscope.grids.corners import Corners, bilinear, corners_between
from nephoscope.grids.wgs84 import distance
from nephoscope.instruments.cloudsat.columns import (
    HIGHEST,
    LOWEST,
    code_variable,
    type_variable,
)
from nephoscope.instruments.cloudsat.scenario import (
    MISSING,
    UNKNOWN,
    cloud_type,
    decode_field,
    encode,
)
from nephoscope.instruments.polder.atcs.plain_pickle import read_plain

_PARTS = {
    "cloud_scenario_flag": "determined",
    "cloud_scenario": "cloud_type",
    "land_sea_flag": "surface",
    "latitude_flag": "latitude_zone",
    "algorithm_flag": "algorithm",
    "quality_flag": "quality",
    "precipitation_flag": "precipitation",
}
"""Decoded parts by the names of the pickles → parts of the code."""
_MISSING_DECODED = encode(
    np.array(8, np.int8), surface=3, latitude_zone=1, algorithm=0, quality=3, precipitation=2
)
"""What -9999 became where its bits were decoded: deep convection, of a quality there is not."""
_CORNER, _LEVEL = ("point", "corner"), ("point", "level")

Reals = NDArray[np.float64]


class Profiles(NamedTuple):
    """Labelled profiles of a sample.

    Attributes:
        latitude: (point,) degrees north.
        longitude: (point,) degrees east.
        time: (point,) s, TAI93; NaN where unknown.
        height: (point, level) float32, m, the highest first, NaN where missing.
        codes: (point, level) int16, -9999 where missing.
        corners: row and column (point, 4) of the four pixels and their weights by inverse
            distance, of version 1; None before.
        place: fractional row and column (point,), of version 0; None after.
    """

    latitude: Reals
    longitude: Reals
    time: Reals
    height: NDArray[np.float32]
    codes: NDArray[np.int16]
    corners: Corners | None
    place: tuple[Reals, Reals] | None


def read_profiles(path: Path, shape: tuple[int, int]) -> Profiles:
    """Read the labels of a sample.

    Args:
        path: the pickle.
        shape: rows and columns of its picture.

    Raises:
        InputError: absent, refused, or without what labels have; names the field.
    """
    held = read_plain(path)
    if not isinstance(held, dict):
        raise InputError(path, "is no dict of labels", field="output")
    latitude = _numbers(path, held, "lat", (None,))
    size = len(latitude)
    longitude = _numbers(path, held, "lon", (size,))
    heights = _numbers(path, held, "height", (size, None))
    codes = _codes(path, held, heights.shape)
    inside = (heights >= LOWEST) & (heights <= HIGHEST)
    height = np.where(inside, heights, np.nan).astype(np.float32)
    if _rises(height):
        height, codes = height[:, ::-1], codes[:, ::-1]
    time = _numbers(path, held, "time", (size,)) if "time" in held else np.full(size, np.nan)
    corners = _corners(path, held, size, shape) if "corner_idx" in held else None
    place = None if corners is not None else _place(path, held, size)
    return Profiles(latitude, longitude, time, height, codes, corners, place)


def label_of(
    profiles: Profiles, latitude: Reals, longitude: Reals, time_offset: float
) -> xr.Dataset:
    """Points of a sample, as a store has them.

    The corners of version 1 stay what they are, and so do their weights; bilinear ones are made
    from the places. Of version 0 it is the other way round.

    Args:
        profiles: labelled.
        latitude: (y, x) of the picture, degrees.
        longitude: (y, x).
        time_offset: s, track minus picture.
    """
    if profiles.corners is None:
        row, col = profiles.place or (np.empty(0), np.empty(0))
        found = corners_between(row, col, (latitude.shape[0], latitude.shape[1]))
        profiles = _only(profiles, found.enclosed)
        found = found.at(np.flatnonzero(found.enclosed))
        by_distance = _by_distance(profiles, found, latitude, longitude)
    else:
        found, by_distance = _sorted(profiles, latitude, longitude)
    row, col = ((index * found.weight).sum(axis=1) for index in found[:2])
    size = len(row)
    about = {"long_name": "track minus picture, by their starts", "units": "s"}
    return xr.Dataset(
        {
            "row": ("point", row),
            "col": ("point", col),
            "time_offset": ("point", np.full(size, time_offset), about),
            "corner_row": (_CORNER, found.row.astype(np.int16)),
            "corner_col": (_CORNER, found.col.astype(np.int16)),
            "weight_bilinear": (_CORNER, found.weight.astype(np.float32)),
            "weight_inverse_distance": (_CORNER, by_distance.astype(np.float32)),
            "profile": ("point", np.full(size, -1, np.int32)),
            "profile_time": ("point", profiles.time, {"units": "s", "long_name": "TAI93"}),
            "cloud_type": _without_missing(type_variable(cloud_type(profiles.codes))),
            "cloud_scenario": _without_missing(code_variable(profiles.codes)),
            "height": (_LEVEL, profiles.height, {"units": "m"}),
        }
    )


def far_away(profiles: Profiles, label: xr.Dataset, latitude: Reals, longitude: Reals) -> float:
    """Kilometres from labels to their nearest corner, the median; 0 where pixels lie nowhere.

    Args:
        profiles: of which the label was made.
        label: as `label_of` gives it.
        latitude: (y, x) of the picture, degrees.
        longitude: (y, x).
    """
    corner = label["corner_row"].values, label["corner_col"].values
    if len(profiles.latitude) != len(corner[0]):
        return 0.0  # of version 0: those outside were left out, and pixels are told by degrees
    here = (profiles.latitude[:, None], profiles.longitude[:, None])
    away = distance(*here, latitude[corner], longitude[corner]).min(axis=1)
    return float(np.median(away)) if np.isfinite(away).any() else 0.0


def _without_missing(variable: tuple[tuple[str, str], Any, dict[str, Any]]) -> tuple[Any, ...]:
    # Codes of what is missing stay numbers in plain xarray.
    _, values, attrs = variable
    return _LEVEL, values, {key: each for key, each in attrs.items() if key != "missing_value"}


def _numbers(
    path: Path, held: Mapping[Any, Any], name: str, sizes: tuple[int | None, ...]
) -> Reals:
    """An array of a pickle, float64, of known sizes; None fits any."""
    array = np.asarray(held.get(name))
    if array.dtype.kind not in "fiu":
        raise InputError(path, "is missing, or no array of numbers", field=name)
    fits = array.ndim == len(sizes) and all(
        size is None or size == found for size, found in zip(sizes, array.shape, strict=True)
    )
    if not fits:
        wanted = tuple("any" if size is None else size for size in sizes)
        raise InputError(path, f"has shape {array.shape}, not {wanted}", field=name)
    return array.astype(np.float64)


def _rises(height: NDArray[np.float32]) -> bool:
    """Whether heights rise from level to level."""
    steps = np.diff(height, axis=1)
    return bool((steps > 0).sum() > (steps < 0).sum())


def _codes(path: Path, held: Mapping[Any, Any], shape: tuple[int, ...]) -> NDArray[np.int16]:
    """16-bit codes of the decoded parts, or as they are."""
    told = held.get("cloud_scenario")
    if not isinstance(told, dict):
        codes = _whole(path, held, "cloud_scenario", shape, (-(2**15), 2**15 - 1))
        return codes.astype(np.int16)
    types = _whole(path, told, "cloud_scenario", shape, (-1, 15))
    parts = {
        part: _whole(path, told, name, shape, (-1, 15))
        for name, part in _PARTS.items()
        if name in told and part != "cloud_type"
    }
    missing = np.logical_or.reduce([each < 0 for each in (types, *parts.values())])
    flags: dict[str, NDArray[np.integer] | int] = {
        name: np.where(missing, 0, values) for name, values in parts.items()
    }
    encoded = encode(np.where(missing, UNKNOWN, types).astype(np.int8), **flags)
    return np.where(encoded == _MISSING_DECODED, np.int16(MISSING), encoded)


def decoded(codes: NDArray[np.int16]) -> dict[str, NDArray[np.int16]]:
    """Parts of codes by the names of the pickles; what is missing is not determined, no cloud.

    Args:
        codes: any shape, -9999 where missing.
    """
    known = np.where(codes == MISSING, np.int16(0), codes)
    return {name: decode_field(known, part).astype(np.int16) for name, part in _PARTS.items()}


def _whole(
    path: Path,
    held: Mapping[Any, Any],
    name: str,
    shape: tuple[int, ...],
    bounds: tuple[int, int],
) -> NDArray[np.int64]:
    numbers = _numbers(path, held, name, shape)
    low, high = bounds
    if not ((numbers >= low) & (numbers <= high) & (numbers == np.rint(numbers))).all():
        raise InputError(path, f"has numbers that are not whole or not {low} to {high}", field=name)
    return numbers.astype(np.int64)


def _corners(path: Path, held: Mapping[Any, Any], size: int, shape: tuple[int, int]) -> Corners:
    index = _numbers(path, held, "corner_idx", (size, 4, 2))
    weight = _numbers(path, held, "corner_weights", (size, 4))
    inside = (index >= 0) & (index < shape) & (index == np.rint(index))
    if not inside.all():
        raise InputError(path, f"points outside of {shape[0]} x {shape[1]}", field="corner_idx")
    if not ((weight >= 0).all() and np.allclose(weight.sum(axis=1), 1, atol=1e-3)):
        raise InputError(path, "are no weights that sum to 1", field="corner_weights")
    row, col = np.moveaxis(index.astype(np.int64), -1, 0)
    return Corners(row, col, weight / weight.sum(axis=1, keepdims=True))


def _place(path: Path, held: Mapping[Any, Any], size: int) -> tuple[Reals, Reals]:
    told: Any = held.get("patch_idx")
    if isinstance(told, np.ndarray) and told.ndim:
        told = list(told)
    if not isinstance(told, tuple | list) or len(told) != 2:
        raise InputError(path, "is missing: labels lie nowhere", field="corner_idx or patch_idx")
    row, col = (_numbers(path, {"patch_idx": part}, "patch_idx", (size,)) for part in told)
    return row, col


def _only(profiles: Profiles, kept: NDArray[np.bool_]) -> Profiles:
    latitude, longitude, time, height, codes = profiles[:5]
    return Profiles(
        latitude[kept], longitude[kept], time[kept], height[kept], codes[kept], None, None
    )


def _away(profiles: Profiles, found: Corners, latitude: Reals, longitude: Reals) -> Reals:
    """(point, 4) km to the corners."""
    corner = found.row, found.col
    return distance(
        profiles.latitude[:, None],
        profiles.longitude[:, None],
        latitude[corner],
        longitude[corner],
    )


def _by_distance(profiles: Profiles, found: Corners, latitude: Reals, longitude: Reals) -> Reals:
    away = np.maximum(_away(profiles, found, latitude, longitude), 1e-9)
    share = np.nan_to_num(1 / away, nan=1.0)
    return np.asarray(share / share.sum(axis=1, keepdims=True))


def _sorted(profiles: Profiles, latitude: Reals, longitude: Reals) -> tuple[Corners, Reals]:
    """Corners north-west to south-east with bilinear weights, and their own weights."""
    given = profiles.corners
    if given is None:
        raise ValueError("these profiles have no corners")
    north = latitude[given.row, given.col]
    east = _turned(longitude[given.row, given.col] - profiles.longitude[:, None])
    # The two northern ones first, and of each two the western one.
    order = np.argsort(-north, axis=1, kind="stable")
    for pair in (slice(0, 2), slice(2, 4)):
        of_pair = np.take_along_axis(east, order[:, pair], 1)
        turned = np.argsort(of_pair, axis=1, kind="stable")
        order[:, pair] = np.take_along_axis(order[:, pair], turned, 1)
    row, col = (np.take_along_axis(each, order, 1) for each in given[:2])
    weight, north, east = (
        np.take_along_axis(each, order, 1) for each in (given.weight, north, east)
    )
    span = np.maximum(east[:, 1::2] - east[:, ::2], 1e-12)
    share = np.clip(-east[:, ::2] / span, 0, 1)
    height = north[:, ::2] * (1 - share) + north[:, 1::2] * share
    depth = np.maximum(height[:, 0] - height[:, 1], 1e-12)
    down = np.clip((height[:, 0] - profiles.latitude) / depth, 0, 1)
    known = np.isfinite(down) & np.isfinite(share).all(axis=1)
    smooth = np.where(known[:, None], bilinear(down, *share.T), weight)
    return Corners(row, col, smooth), weight


def _turned(degrees: Reals) -> Reals:
    return np.asarray((degrees + 180) % 360 - 180)
