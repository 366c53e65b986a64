"""A labelled sample as a model and its baselines see it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class LabelledScene:
    """One scene with its label.

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
