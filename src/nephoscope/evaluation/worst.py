"""The windows of pictures in which a cloud mask errs most, and those in which it errs least."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nephoscope.evaluation.sample import Floats, LabelledSample
from nephoscope.inputs import COLOURS
from nephoscope.tasks.mask import is_cloud

SIZE = (240, 320)
MOST_OF_A_SAMPLE = 2
SOME_CLOUD = (0.1, 0.9)
"""Shares of a window that is labelled cloud, between which there is something to be told."""


@dataclass(frozen=True)
class Window:
    """A window of a sample in which the model errs much.

    Attributes:
        id: of the sample.
        image: (y, x, channel) uint8, red, green, blue.
        probability: (y, x) float32, 0..1, NaN where there is none.
        label: (y, x) int8, -1 unknown, 0 clear, 1 cloud.
        latitude: of the first and of the last row, degrees.
        longitude: of the first and of the last column, degrees.
        errors: labelled pixels that the model gets wrong.
    """

    id: str
    image: NDArray[np.uint8]
    probability: Floats
    label: NDArray[np.int8]
    latitude: tuple[float, float]
    longitude: tuple[float, float]
    errors: int


def worst_windows(sample: LabelledSample, probability: Floats, threshold: float) -> list[Window]:
    """The windows (of a fixed grid) of one sample with the most wrong pixels, worst first."""
    errors = _by_window(_wrong(sample, probability, threshold))
    worst = sorted((start for start in errors if errors[start]), key=lambda s: -errors[s])
    return [_cut(sample, probability, each, errors) for each in worst[:MOST_OF_A_SAMPLE]]


def best_windows(sample: LabelledSample, probability: Floats, threshold: float) -> list[Window]:
    """The windows of one sample with some cloud and the fewest wrong pixels, best first."""
    errors = _by_window(_wrong(sample, probability, threshold))
    cloudy, known = _by_window(sample.label == 1), _by_window(sample.label >= 0)
    low, high = SOME_CLOUD
    told = [each for each in errors if 0 < low * known[each] <= cloudy[each] <= high * known[each]]
    best = sorted(told, key=lambda start: errors[start] / known[start])
    return [_cut(sample, probability, each, errors) for each in best[:MOST_OF_A_SAMPLE]]


def _wrong(sample: LabelledSample, probability: Floats, threshold: float) -> NDArray[np.bool_]:
    cloud = is_cloud(probability, threshold)
    return np.asarray((sample.label >= 0) & (cloud != (sample.label == 1)))


def _side(shape: tuple[int, ...]) -> list[int]:
    """Height and width of the windows of a picture."""
    return [min(side, most) for side, most in zip(SIZE, shape, strict=True)]


def _by_window(chosen: NDArray[np.bool_]) -> dict[tuple[int, int], int]:
    """First row and column of each window → its pixels that are chosen."""
    height, width = _side(chosen.shape)
    return {
        (row, col): int(chosen[row : row + height, col : col + width].sum())
        for row in range(0, chosen.shape[0] - height + 1, height)
        for col in range(0, chosen.shape[1] - width + 1, width)
    }


def _cut(
    sample: LabelledSample,
    probability: Floats,
    start: tuple[int, int],
    errors: Mapping[tuple[int, int], int],
) -> Window:
    height, width = _side(sample.label.shape)
    rows, cols = slice(start[0], start[0] + height), slice(start[1], start[1] + width)
    latitude, longitude = (
        (float(axis[0]), float(axis[-1]))
        for axis in (sample.latitude[rows], sample.longitude[cols])
    )
    label, likely = sample.label[rows, cols].copy(), probability[rows, cols].copy()
    shown = _displayed(sample, rows, cols)
    return Window(sample.id, shown, likely, label, latitude, longitude, errors[start])


def _displayed(sample: LabelledSample, rows: slice, cols: slice) -> NDArray[np.uint8]:
    """A window as (y, x, channel) uint8: colours in DN as they are, else the first channel in grey.

    Grey is from the first to the last hundredth of the whole image's values.
    """
    image = sample.image
    window: NDArray[Any] = np.moveaxis(image[:, rows, cols], 0, -1)
    if image.dtype == np.uint8 and sample.channels == COLOURS:
        return np.asarray(window.copy(), np.uint8)
    low, high = (float(np.nanpercentile(image, share)) for share in (1, 99))
    grey = (1 + 254 * (window[..., :1] - low) / max(high - low, 1e-6)).clip(1, 255)
    return np.asarray(np.nan_to_num(grey, nan=0.0).repeat(3, axis=-1), np.uint8)
