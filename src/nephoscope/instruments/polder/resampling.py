"""Resampling of packed fields between the columns of each row, as what the field counts allows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nephoscope.instruments.polder.fields import FLAGS
from nephoscope.instruments.polder.packing import MISSING, Packing

Packed = NDArray[np.int16]

_CLASSES = {"Nviews", "cloud_indicator", "land_sea_flag", *FLAGS}
"""Fields whose numbers name something: nothing lies between two of them."""
_AROUND = {"phi": 0.0, "phis": 0.0, "Longitude": -180.0}
"""Fields that count around a circle, and the least of their numbers, degrees."""


def resample(
    name: str,
    packed: Packed,
    packing: Packing,
    west: NDArray[np.int64],
    weight: NDArray[np.float64],
) -> Packed:
    """Values of a field between two columns each: linear, of circles along the shorter arc.

    Fields of classes are taken from the nearer column. A value is missing where a column that
    weighs anything is.

    Args:
        name: of the field.
        packed: (view, y, column) int16.
        packing: of the field.
        west: (y, x) column to the west of each place.
        weight: (y, x) of the column to the east, 0 to 1.

    Returns:
        (view, y, x) int16.
    """
    last = packed.shape[-1] - 1
    if name in _CLASSES:
        return _taken(packed, np.minimum(west + (weight >= 0.5), last))
    left, right = _taken(packed, west), _taken(packed, np.minimum(west + 1, last))
    if name in _AROUND:
        between = _arc(left, right, packing, weight, _AROUND[name])
    else:
        between = np.rint(left * (1 - weight) + right * weight)
    missing = ((left == MISSING) & (weight < 1)) | ((right == MISSING) & (weight > 0))
    return np.where(missing, MISSING, between).astype(np.int16)


def _taken(packed: Packed, column: NDArray[np.int64]) -> Packed:
    return packed[:, np.arange(packed.shape[1])[:, None], column]


def _arc(
    left: Packed, right: Packed, packing: Packing, weight: NDArray[np.float64], least: float
) -> NDArray[np.float64]:
    """Counts of the direction of the weighted sum of two unit vectors."""
    vectors = [
        np.exp(1j * np.radians(count * packing.scale_factor + packing.add_offset))
        for count in (left, right)
    ]
    degrees = np.degrees(np.angle(vectors[0] * (1 - weight) + vectors[1] * weight))
    degrees = np.mod(degrees - least, 360) + least
    return np.asarray(np.rint((degrees - packing.add_offset) / packing.scale_factor))
