"""Sampled pixels as rows of a table, and what windows around them hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nephoscope.evaluation.sample import Floats, LabelledSample

PLANET_EDGES = ("nearest", "wrap")
FRAME_EDGES = ("nearest", "nearest")
"""How windows go on beyond the edges of (y, x): the map ends at the poles, longitude wraps."""


@dataclass(frozen=True)
class Pixels:
    """Sampled pixels of one sample.

    Attributes:
        id: of the sample.
        label: (pixel,) int8, 0 clear, 1 cloud.
        latitude: (pixel,) degrees.
        known: (pixel,) whether the image has data there.
        values: feature name → (pixel,) float32, NaN where it is not known.
    """

    id: str
    label: NDArray[np.int8]
    latitude: NDArray[np.float64]
    known: NDArray[np.bool_]
    values: dict[str, Floats]


def draw_places(
    sample: LabelledSample, number: int, seed: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of `number` labelled pixels, or all; `seed` and the sample's id decide."""
    places = np.flatnonzero(sample.label.ravel() >= 0)
    if number < places.size:
        rng = np.random.default_rng([seed, *sample.id.encode()])
        places = np.sort(rng.choice(places, number, replace=False))
    row, col = np.unravel_index(places, sample.label.shape)
    return row, col


def box_mean(plane: Floats, width: int, edges: tuple[str, str] = PLANET_EDGES) -> Floats:
    """Mean over a square window of the known pixels of (y, x); NaN for none."""
    from scipy.ndimage import uniform_filter

    known = np.isfinite(plane)
    share = uniform_filter(known.astype(np.float32), width, mode=edges)
    total = uniform_filter(np.where(known, plane, 0), width, mode=edges)
    # Running sums leave dust where a window holds nothing.
    nothing = share < 0.5 / width**2
    return np.where(nothing, np.nan, total / np.where(nothing, 1, share)).astype(np.float32)


def contrast(plane: Floats, width: int, edges: tuple[str, str] = PLANET_EDGES) -> Floats:
    """Standard deviation in a square window; the offset keeps the squares small."""
    offset = np.float32(np.nanmean(plane)) if np.isfinite(plane).any() else np.float32(0)
    above = plane - offset
    variance = box_mean(above**2, width, edges) - box_mean(above, width, edges) ** 2
    return np.asarray(np.sqrt(np.maximum(variance, 0)), np.float32)
