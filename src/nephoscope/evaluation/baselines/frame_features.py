"""Pixels of a camera's frames as rows of a table: what a baseline without a network may see."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from nephoscope.evaluation.baselines.pixels import (
    FRAME_EDGES,
    Pixels,
    box_mean,
    contrast,
    draw_places,
)
from nephoscope.evaluation.sample import Floats, LabelledSample
from nephoscope.formulas import otsu, zscale_log_otsu
from nephoscope.inputs.sky import MAD_OF_GAUSSIAN
from nephoscope.scene import known_of
from nephoscope.tasks.mask import as_floats

WINDOWS = (3, 9, 27, 81)
SATURATED = 250  # DN: the sun, and the glare around it


def sample_frame(sample: LabelledSample, number: int, seed: int) -> Pixels:
    """Draw labelled pixels of a frame and compute their features.

    Args:
        sample: the frame.
        number: how many pixels; all of them when there are fewer.
        seed: of the draw, together with the frame's id.
    """
    row, col = draw_places(sample, number, seed)
    return Pixels(
        id=sample.id,
        label=sample.label[row, col],
        latitude=np.zeros(row.size),
        known=sample.known[row, col],
        values={name: plane[row, col] for name, plane in frame_features(sample.image)},
    )


def frame_features(image: NDArray[np.uint8] | Floats) -> Iterator[tuple[str, Floats]]:
    """Every feature of a frame, one at a time: (name, (y, x) float32, NaN where missing).

    `otsu` is 0 or 1: Otsu's threshold of the frame itself. `minmax` is the place in the frame's own
    range, 0..1.
    """
    planes = np.where(known_of(image), image.astype(np.float32), np.float32(np.nan))
    if len(planes) == 3:
        yield from _colour(planes)
    else:
        yield from _counts(planes[0])


def _colour(planes: Floats) -> Iterator[tuple[str, Floats]]:
    red, green, blue = planes
    whiteness = np.asarray((red - blue) / np.maximum(red + blue, 1), np.float32)
    grey = np.asarray(planes.mean(axis=0), np.float32)
    yield from (("red", red), ("green", green), ("blue", blue), ("whiteness", whiteness))
    yield "red_blue_ratio", np.asarray(red / np.maximum(blue, 1), np.float32)
    yield from _thresholded(whiteness)
    yield from _windows("whiteness", whiteness)
    yield from _windows("grey", grey)
    yield "sun_distance", _distance_to_sun(grey)


def _counts(counts: Floats) -> Iterator[tuple[str, Floats]]:
    known = np.isfinite(counts)
    centre = np.median(counts[known]) if known.any() else 0.0
    spread = np.median(np.abs(counts[known] - centre)) / MAD_OF_GAUSSIAN if known.any() else 1.0
    robust = np.asarray((counts - centre) / max(float(spread), 1e-6), np.float32)
    yield "counts_robust", robust
    yield from _thresholded(counts)
    yield "zscale_log_otsu", _by_formula(counts)
    yield from _windows("counts", robust)


def _thresholded(plane: Floats) -> Iterator[tuple[str, Floats]]:
    known = np.isfinite(plane)
    otsu = np.full(plane.shape, np.nan, np.float32)
    share = otsu.copy()
    if known.any():
        values = plane[known]
        low, high = float(values.min()), float(values.max())
        share[known] = (values - low) / (high - low) if high > low else 0.0
        otsu[known] = values > _otsu_threshold(values)
    yield "otsu", otsu
    yield "minmax", share


def _otsu_threshold(values: Floats) -> float:
    return float(otsu(values[None]).threshold)


def _by_formula(counts: Floats) -> Floats:
    return as_floats(zscale_log_otsu(counts).mask)


def _windows(name: str, plane: Floats) -> Iterator[tuple[str, Floats]]:
    for width in WINDOWS:
        yield f"{name}_mean_{width}", box_mean(plane, width, FRAME_EDGES)
        yield f"{name}_contrast_{width}", contrast(plane, width, FRAME_EDGES)


def _distance_to_sun(grey: Floats) -> Floats:
    """Distance from the middle of the largest saturated patch, shares of the longer side."""
    from scipy import ndimage

    patches, count = ndimage.label(np.nan_to_num(grey) >= SATURATED)
    if not count:
        return np.full(grey.shape, np.nan, np.float32)
    largest = 1 + int(np.bincount(patches.ravel())[1:].argmax())
    middle = ndimage.center_of_mass(patches == largest)
    rows, cols = np.ogrid[: grey.shape[0], : grey.shape[1]]
    distance = np.hypot(rows - middle[0], cols - middle[1]) / max(grey.shape)
    return np.asarray(distance, np.float32)
