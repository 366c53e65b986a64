"""Baselines of any pictures: what the channels of a pixel and of its surroundings tell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nephoscope.evaluation.baselines.fitted import (
    Baseline,
    BaselineOptions,
    Kind,
    always,
    boosted_trees,
)
from nephoscope.evaluation.baselines.pixels import (
    FRAME_EDGES,
    PLANET_EDGES,
    Pixels,
    Planes,
    windows,
)
from nephoscope.evaluation.sample import LabelledSample

WINDOWS = (3, 9, 27)


def fit_channel_baselines(
    train: Sequence[Pixels], judge: Sequence[Pixels], options: BaselineOptions
) -> list[Baseline]:
    """Always clear, always cloudy, and boosted trees on every channel and its windows."""
    return [always("clear"), always("cloudy"), boosted_trees(train, judge, options)]


def channel_features(sample: LabelledSample) -> Planes:
    """Each channel, its mean and its contrast in windows."""
    edges = PLANET_EDGES if sample.wraps else FRAME_EDGES
    for name, channel in zip(sample.channels, sample.image, strict=True):
        plane = np.where(sample.known, channel, np.float32(np.nan)).astype(np.float32)
        yield name, plane
        yield from windows(name, plane, WINDOWS, edges)


PICTURES = Kind(channel_features, fit_channel_baselines)
