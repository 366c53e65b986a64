"""Pixels as rows of a table: what a baseline without a network may see of a map."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

MEAN_WINDOWS = (5, 9, 21, 61, 121)
DIFFERENCE_WINDOWS = (5, 41, 121)
EXTREME_WINDOW = 9
MARGIN = max(MEAN_WINDOWS) // 2
EDGES = ("nearest", "wrap")
FRAME_EDGES = ("nearest", "nearest")
"""How windows go on beyond the edges of (y, x): the map ends at the poles, longitude wraps."""


@dataclass(frozen=True)
class Pixels:
    """Sampled pixels of one map.

    Attributes:
        day: the map's id.
        label: (pixel,) int8, 0 clear, 1 cloud.
        latitude: (pixel,) degrees.
        known: (pixel,) whether the image has data there.
        values: feature name → (pixel,) float32, NaN where it is not known.
    """

    day: str
    label: NDArray[np.int8]
    latitude: NDArray[np.float64]
    known: NDArray[np.bool_]
    values: dict[str, Floats]


@dataclass(frozen=True)
class LabelledMap:
    """One map with its label.

    Attributes:
        day: the map's id.
        image: (channel, y, x) uint8, red, green, blue DN, 0 where missing; or float32 counts, NaN.
        label: (y, x) int8, -1 unknown, 0 clear, 1 cloud.
        latitude: (y,) degrees.
        longitude: (x,) degrees.
        background: (statistic, y, x) float32, median blue (DN) and blue/red, or None.
        position: whether the model may know the longitude.
    """

    day: str
    image: NDArray[np.uint8] | Floats
    label: NDArray[np.int8]
    latitude: NDArray[np.float64]
    longitude: NDArray[np.float64]
    background: Floats | None = None
    position: bool = True


def sample_pixels(scene: LabelledMap, number: int, seed: int) -> Pixels:
    """Draw labelled pixels of a map and compute their features.

    Args:
        scene: the map.
        number: how many pixels; all of them when there are fewer.
        seed: of the draw, together with the map's id.
    """
    row, col = draw_places(scene, number, seed)
    values = {name: plane[row, col] for name, plane in _planes(_trim(scene, row))}
    values["latitude"] = scene.latitude[row].astype(np.float32)
    values["longitude"] = scene.longitude[col].astype(np.float32)
    return Pixels(
        day=scene.day,
        label=scene.label[row, col],
        latitude=scene.latitude[row],
        known=np.asarray(scene.image[:, row, col].any(axis=0)),
        values=values,
    )


def draw_places(
    scene: LabelledMap, number: int, seed: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of `number` labelled pixels, or of all; `seed` and the map's id decide."""
    places = np.flatnonzero(scene.label.ravel() >= 0)
    if number < places.size:
        rng = np.random.default_rng([seed, *scene.day.encode()])
        places = np.sort(rng.choice(places, number, replace=False))
    row, col = np.unravel_index(places, scene.label.shape)
    return row, col


@dataclass(frozen=True)
class _Trimmed:
    """The rows that windows around the sampled pixels can reach; the others cost only time."""

    image: NDArray[np.uint8]
    background: Floats | None
    first: int


def _trim(scene: LabelledMap, row: NDArray[np.intp]) -> _Trimmed:
    first = max(0, int(row.min(initial=scene.label.shape[0])) - MARGIN)
    rows = slice(first, int(row.max(initial=0)) + MARGIN + 1)
    background = None if scene.background is None else scene.background[:, rows]
    return _Trimmed(scene.image[:, rows].astype(np.uint8, copy=False), background, first)


@dataclass(frozen=True)
class _Plane:
    """A feature over the trimmed rows, indexed by rows of the whole map."""

    array: Floats
    first: int

    def __getitem__(self, place: tuple[NDArray[np.intp], NDArray[np.intp]]) -> Floats:
        row, col = place
        return self.array[row - self.first, col]


def _planes(scene: _Trimmed) -> Iterator[tuple[str, _Plane]]:
    for name, array in _features(scene.image, scene.background):
        yield name, _Plane(array, scene.first)


def _features(image: NDArray[np.uint8], background: Floats | None) -> Iterator[tuple[str, Floats]]:
    """Every feature of a map, one at a time: (name, (y, x) float32)."""
    known = np.asarray(image.any(axis=0))
    red, green, blue = (_masked(channel, known) for channel in image)
    ratio = np.asarray(blue / np.maximum(red, 1), np.float32)
    yield from (("red", red), ("green", green), ("blue", blue), ("blue_red_ratio", ratio))
    for width in MEAN_WINDOWS:
        yield f"blue_mean_{width}", box_mean(blue, width)
        yield f"ratio_mean_{width}", box_mean(ratio, width)
    yield "blue_contrast", contrast(blue, EXTREME_WINDOW)
    yield from _extremes(blue)
    if background is not None:
        yield from _differences(blue, ratio, background)


def _masked(channel: NDArray[np.uint8], known: NDArray[np.bool_]) -> Floats:
    return np.where(known, channel, np.float32(np.nan)).astype(np.float32)


def _differences(blue: Floats, ratio: Floats, background: Floats) -> Iterator[tuple[str, Floats]]:
    for name, plane, clear in zip(("blue", "ratio"), (blue, ratio), background, strict=True):
        yield f"{name}_background", clear
        difference = plane - clear
        yield f"{name}_difference", difference
        for width in DIFFERENCE_WINDOWS:
            yield f"{name}_difference_mean_{width}", box_mean(difference, width)


def box_mean(plane: Floats, width: int, edges: tuple[str, str] = EDGES) -> Floats:
    """Mean over a square window of the known pixels of (y, x); NaN for none."""
    from scipy.ndimage import uniform_filter

    known = np.isfinite(plane)
    share = uniform_filter(known.astype(np.float32), width, mode=edges)
    total = uniform_filter(np.where(known, plane, 0), width, mode=edges)
    # Running sums leave dust where a window holds nothing.
    nothing = share < 0.5 / width**2
    return np.where(nothing, np.nan, total / np.where(nothing, 1, share)).astype(np.float32)


def contrast(plane: Floats, width: int, edges: tuple[str, str] = EDGES) -> Floats:
    """Standard deviation in a square window; the offset keeps the squares small."""
    offset = np.float32(np.nanmean(plane)) if np.isfinite(plane).any() else np.float32(0)
    above = plane - offset
    variance = box_mean(above**2, width, edges) - box_mean(above, width, edges) ** 2
    return np.asarray(np.sqrt(np.maximum(variance, 0)), np.float32)


def _extremes(blue: Floats) -> Iterator[tuple[str, Floats]]:
    from scipy.ndimage import maximum_filter, minimum_filter

    for name, extreme, empty in (
        ("blue_minimum", minimum_filter, np.inf),
        ("blue_maximum", maximum_filter, -np.inf),
    ):
        found = extreme(np.where(np.isfinite(blue), blue, empty), EXTREME_WINDOW, mode=EDGES)
        yield name, np.where(np.isfinite(found), found, np.nan).astype(np.float32)
