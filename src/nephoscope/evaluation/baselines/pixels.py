"""Pixels drawn from a sample as rows of a table, and what windows around them hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nephoscope.evaluation.sample import Floats, LabelledSample

PLANET_EDGES = ("nearest", "wrap")
FRAME_EDGES = ("nearest", "nearest")
"""How windows go on beyond the edges of (y, x): the map ends at the poles, longitude wraps."""
Planes = Iterator[tuple[str, Floats]]
"""Features, one at a time: name and (y, x) float32, NaN where it is not known."""


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


def draw_pixels(
    sample: LabelledSample,
    features: Callable[[LabelledSample], Planes],
    number: int,
    seed: int,
    reach: int | None = None,
) -> Pixels:
    """Draw labelled pixels of a picture and compute their features.

    Args:
        sample: the picture.
        features: of a picture.
        number: how many pixels; all of them when there are fewer.
        seed: of the draw, together with the sample's id.
        reach: how many rows away a feature looks: rows beyond cost only time. None: everywhere.
    """
    label = sample.label
    places = np.flatnonzero(label.ravel() >= 0)
    if number < places.size:
        rng = np.random.default_rng([seed, *sample.id.encode()])
        places = np.sort(rng.choice(places, number, replace=False))
    row, col = np.unravel_index(places, label.shape)
    first, last = 0, len(label)
    if reach is not None:
        first = max(0, int(row.min(initial=last)) - reach)
        last = int(row.max(initial=0)) + reach + 1
    seen = _rows(sample, slice(first, last))
    return Pixels(
        id=sample.id,
        label=label[row, col],
        latitude=sample.latitude[row],
        known=sample.known[row, col],
        values={name: plane[row - first, col] for name, plane in features(seen)},
    )


def _rows(sample: LabelledSample, rows: slice) -> LabelledSample:
    return replace(
        sample,
        image=sample.image[:, rows],
        known=sample.known[rows],
        truth=sample.label[rows],
        latitude=sample.latitude[rows],
        background=None if sample.background is None else sample.background[:, rows],
    )


def windows(
    name: str, plane: Floats, widths: Sequence[int], edges: tuple[str, str] = FRAME_EDGES
) -> Planes:
    """Mean and contrast of (y, x) in square windows."""
    for width in widths:
        yield f"{name}_mean_{width}", box_mean(plane, width, edges)
        yield f"{name}_contrast_{width}", contrast(plane, width, edges)


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
