"""Baselines of any pictures: what the channels of a pixel and of its surroundings tell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nephoscope.evaluation.baselines.fitted import (
    Baseline,
    BaselineOptions,
    boosted_trees,
    check_classes,
)
from nephoscope.evaluation.baselines.pixels import (
    FRAME_EDGES,
    PLANET_EDGES,
    Pixels,
    box_mean,
    contrast,
    draw_places,
)
from nephoscope.evaluation.sample import LabelledSample

WINDOWS = (3, 9, 27)


def fit_channel_baselines(
    train: Sequence[Pixels], validation: Sequence[Pixels], options: BaselineOptions
) -> list[Baseline]:
    """Always clear, always cloudy, and boosted trees on every channel and its windows.

    Args:
        train: pixels of the training samples.
        validation: pixels of the validation samples; with none, the training samples choose.
        options: how much work.

    Raises:
        UsageError: the training pixels lack cloud, or clear sky.
    """
    check_classes(train)
    return [
        Baseline("always clear", lambda pixels: np.zeros(pixels.label.size), 0.5, True),
        Baseline("always cloudy", lambda pixels: np.ones(pixels.label.size), 0.5, True),
        boosted_trees(train, validation or train, options),
    ]


def sample_channels(sample: LabelledSample, number: int, seed: int) -> Pixels:
    """Draw labelled pixels of a picture: each channel there, its mean and contrast in windows.

    Args:
        sample: the picture.
        number: how many pixels; all of them when there are fewer.
        seed: of the draw, together with the sample's id.
    """
    row, col = draw_places(sample, number, seed)
    edges = PLANET_EDGES if sample.wraps else FRAME_EDGES
    values = {}
    for name, channel in zip(sample.channels, sample.image, strict=True):
        plane = np.where(sample.known, channel, np.float32(np.nan)).astype(np.float32)
        values[name] = plane[row, col]
        for width in WINDOWS:
            values[f"{name}_mean_{width}"] = box_mean(plane, width, edges)[row, col]
            values[f"{name}_contrast_{width}"] = contrast(plane, width, edges)[row, col]
    return Pixels(
        id=sample.id,
        label=sample.label[row, col],
        latitude=sample.latitude[row],
        known=sample.known[row, col],
        values=values,
    )
