"""Places of the pixels of pictures of A-Train Cloud Segmentation.

Version 1 cut pieces of the grid, each row with columns of its own; version 0 resampled to evenly
spaced latitudes and longitudes. Where the pictures hold their latitude and longitude these tell it,
else the labels do, whose places are known by degree and by pixel.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nephoscope.grids.sinusoidal import POLDER
from nephoscope.instruments.polder.atcs.profiles import Profiles

Reals = NDArray[np.float64]
Whole = NDArray[np.int64]


class Places(NamedTuple):
    """Places of a picture's pixels.

    Attributes:
        latitude: (y, x) degrees north, NaN where unknown.
        longitude: (y, x) degrees east.
        row: (y,) row of the grid, -1 where the picture is no piece of it.
        origin: (y,) column of the first pixel, likewise.
    """

    latitude: Reals
    longitude: Reals
    row: Whole
    origin: Whole


def grid_places(
    planes: tuple[Reals, Reals] | None, profiles: Profiles, shape: tuple[int, int]
) -> Places | None:
    """Places of a piece of the grid; None where nothing tells which piece.

    Args:
        planes: latitude and longitude (y, x) as the picture holds them, NaN where missing.
        profiles: of version 1.
        shape: rows and columns.
    """
    row, col = _pixels_of_planes(planes) if planes is not None else _pixels_of(profiles, shape)
    told = np.isfinite(row).any(axis=1)
    if not told.any():
        return None
    y, x = np.arange(shape[0]), np.arange(shape[1])
    first = round(float(np.nanmedian(row - y[:, None])))
    rows = np.clip(first + y, 0, POLDER.rows - 1)
    around = 2 * POLDER.half_length(rows)[:, None]
    # Columns that follow one another beyond the end of a row as well.
    start = POLDER.wrap_col(rows[:, None], np.nan_to_num(col - x).astype(np.int64))
    start = np.where(np.isfinite(col), start, -1)
    origin = np.array([_most_frequent(line[line >= 0]) for line in start])
    origin = _filled(origin, rows, shape[1])
    columns = POLDER.first_col(rows)[:, None] + np.mod(
        origin[:, None] + x - POLDER.first_col(rows)[:, None], around
    )
    latitude = np.repeat(POLDER.to_latitude(rows)[:, None], shape[1], axis=1)
    return Places(latitude, POLDER.to_longitude(rows[:, None], columns), rows, origin)


def even_places(
    planes: tuple[Reals, Reals] | None, profiles: Profiles, shape: tuple[int, int]
) -> Places:
    """Places of an evenly spaced picture, NaN where nothing tells them.

    Args:
        planes: latitude and longitude (y, x) as the picture holds them, NaN where missing.
        profiles: of version 0.
        shape: rows and columns.
    """
    y, x = (np.arange(size, dtype=float) for size in shape)
    if planes is not None:
        told = [(np.broadcast_to(y[:, None], shape), planes[0])]
        told += [(np.broadcast_to(x, shape), planes[1])]
    else:
        row, col = profiles.place or (np.empty(0), np.empty(0))
        told = [(row, profiles.latitude), (col, profiles.longitude)]
    latitude, longitude = (_line(*pair, axis) for pair, axis in zip(told, (y, x), strict=True))
    nowhere = np.full(shape[0], -1)
    return Places(
        np.repeat(latitude[:, None], shape[1], axis=1),
        np.repeat((longitude[None] + 180) % 360 - 180, shape[0], axis=0),
        nowhere,
        nowhere,
    )


def _pixels_of_planes(planes: tuple[Reals, Reals]) -> tuple[Reals, Reals]:
    """Row and column of the grid of each pixel, (y, x), NaN where unknown."""
    latitude, longitude = planes
    known = np.isfinite(latitude) & np.isfinite(longitude) & (np.abs(latitude) <= 90)
    row, col = POLDER.to_pixel(np.where(known, latitude, 0), np.where(known, longitude, 0))
    return np.where(known, row, np.nan), np.where(known, col, np.nan)


def _pixels_of(profiles: Profiles, shape: tuple[int, int]) -> tuple[Reals, Reals]:
    """The same where labels lie."""
    row, col = np.full(shape, np.nan), np.full(shape, np.nan)
    found, given = POLDER.corners(profiles.latitude, profiles.longitude), profiles.corners
    if given is not None:
        # Where both lie in the same two rows it is the cell of the grid.
        same = found.enclosed & (np.diff(given.row[:, [0, 1]]) == 0).all(axis=1)
        pixel = given.row[same], given.col[same]
        row[pixel], col[pixel] = found.row[same], found.col[same]
    return row, col


def _most_frequent(numbers: Whole) -> int:
    if not numbers.size:
        return -1
    values, counts = np.unique(numbers, return_counts=True)
    return int(values[counts.argmax()])


def _filled(origin: Whole, rows: Whole, width: int) -> Whole:
    """Origins with those of rows that nothing tells of: centred where the others are."""
    told = origin >= 0
    if told.all():
        return origin
    middle = origin[told] + width / 2 - 0.5
    half = POLDER.half_length(rows)
    offset = (middle - (POLDER.rows - 0.5)) / half[told] * np.pi
    centre = np.angle(np.exp(1j * offset).mean()) * 180 / np.pi
    guessed = np.ceil(POLDER.to_col(rows, centre) - width / 2).astype(np.int64)
    return np.where(told, origin, guessed)


def _line(number: Reals, degrees: Reals, axis: Reals) -> Reals:
    """Degrees along an axis, by the straight line through those that are known."""
    known = np.isfinite(degrees) & (np.abs(degrees) <= 360)
    number, degrees = number[known], degrees[known]
    if not number.size or not np.ptp(number):
        return np.full(axis.shape, np.nan)
    turned = degrees[0] + (degrees - degrees[0] + 180) % 360 - 180
    slope, start = np.polyfit(number.ravel(), turned.ravel(), 1)
    return np.asarray(start + slope * axis)
