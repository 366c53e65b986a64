"""Overpasses: cloud on levels along a track, as it is true and as it is said."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.evaluation.items import published_items
from nephoscope.evaluation.sample import LabelledSample
from nephoscope.samples.truth import Points
from nephoscope.tasks.mask import FILL

_ASIDE = 3
"""Columns between points of neighbouring rows; more are not along a track."""
LEAST_CLOUD = 0.02
"""Share of an overpass that is cloud, from which on it is worth a look."""
TRUTH = "cloud_type"
_SAID = ("cloud_type", "cloud_mask_3d")

Pixels = NDArray[np.intp]


@dataclass(frozen=True)
class Overpass:
    """What is true along an overpass, and what is said.

    Attributes:
        name: of the sample.
        dice: of cloud on levels.
        latitude: (point,) degrees; and so `longitude`.
        longitude: (point,).
        true: (point, level) cloud type, 0 clear, -1 unknown.
        said: (point, level) cloud type, or 1 where there is cloud; -1 unknown.
    """

    name: str
    dice: float
    latitude: NDArray[np.float64]
    longitude: NDArray[np.float64]
    true: NDArray[np.int64]
    said: NDArray[np.int64]


def is_along_a_track(col: NDArray[np.integer]) -> bool:
    """Whether points lie along a line, by their columns (point,) in the order of their rows."""
    return len(col) > 1 and bool(np.median(np.abs(np.diff(col))) <= _ASIDE)


def pixels_along(points: Points, shape: tuple[int, ...]) -> tuple[Pixels, Pixels, Pixels]:
    """The pixels that points lie in, from the top row down.

    Args:
        points: of a sample.
        shape: (y, x) of its plane; points off it are left out.

    Returns:
        row and col of each, and its number among the points on the plane.
    """
    row, col = (np.floor(place + 0.5).astype(np.intp) for place in (points.row, points.col))
    inside = (row >= 0) & (row < shape[0]) & (col >= 0) & (col < shape[1])
    row, col = row[inside], col[inside]
    order = np.argsort(row, kind="stable")
    return row[order], col[order], order


def overpass_of(sample: LabelledSample, variables: xr.Dataset) -> Overpass | None:
    """The overpass of a sample; None where it has none, too little cloud, or nothing on levels.

    Args:
        sample: with its truth at points.
        variables: as the task publishes them, on (level, y, x).
    """
    points, name = sample.truth, next((n for n in _SAID if n in variables), None)
    if name is None or not isinstance(points, Points) or TRUTH not in points.values:
        return None
    row, col, order = pixels_along(points, sample.known.shape)
    items = published_items(variables, sample)
    if sample.wraps or not is_along_a_track(col):
        return None
    said = items.variables[name].values[order].astype(np.int64)
    said[items.variables["cloud_probability"].values[order] == FILL] = -1
    true = np.asarray(items.truth[TRUTH], np.int64)[order]
    seen = (true >= 0) & (said >= 0)
    cloud, told = seen & (true > 0), seen & (said > 0)
    if cloud.sum() <= LEAST_CLOUD * seen.sum():
        return None
    dice = 2 * float((cloud & told).sum()) / float(cloud.sum() + told.sum())
    latitude, longitude = (
        axis[row, col] if axis.ndim > 1 else axis[number]
        for axis, number in ((sample.latitude, row), (sample.longitude, col))
    )
    return Overpass(sample.id, dice, latitude, longitude, true, said)
