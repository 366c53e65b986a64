"""The `mask` task: is there cloud in this pixel? One logit per pixel against a dense mask label."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

OUTPUTS = 1
PROBABILITY_STEPS = 250
"""Probabilities are published as multiples of 1/250. The one rule by which scores, products and
the chain of a camera call a pixel cloud: its published step is `threshold_step` or more."""


@dataclass(frozen=True)
class Calibration:
    """Straight line from the network's logit to the published log odds.

    Attributes:
        slope: factor on the logit.
        intercept: added to it.
    """

    slope: float = 1.0
    intercept: float = 0.0


def probability(
    logits: npt.NDArray[np.float32], calibration: Calibration
) -> npt.NDArray[np.float32]:
    """Calibrated probability of cloud, 0..1, same shape as `logits`, float32."""
    odds = np.multiply(logits, np.float32(-calibration.slope), dtype=np.float32)
    odds -= np.float32(calibration.intercept)
    np.clip(odds, -80.0, 80.0, out=odds)
    np.exp(odds, out=odds)
    odds += np.float32(1.0)
    return np.reciprocal(odds, out=odds)


def as_floats(mask: npt.NDArray[np.int8]) -> npt.NDArray[np.float32]:
    """A mask, int8, -1 unknown, 0 clear, 1 cloud → float32, NaN unknown, same shape."""
    return np.where(mask < 0, np.float32(np.nan), mask).astype(np.float32)


def steps_of(probabilities: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
    """Probability 0..1 → whole steps 0..250, uint8; the form in which it is stored and scored."""
    scaled = np.multiply(probabilities, PROBABILITY_STEPS, dtype=np.float32)
    scaled += np.float32(0.5)
    return np.asarray(scaled, np.uint8)


def threshold_step(threshold: float) -> int:
    """The first step that counts as cloud: cloud is `probability >= threshold`."""
    return int(np.ceil(threshold * PROBABILITY_STEPS - 1e-6))


def published(probabilities: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """Probability 0..1 rounded as it is published, same shape, float32; NaN stays NaN."""
    unknown = np.isnan(probabilities)
    steps = steps_of(np.where(unknown, np.float32(0), probabilities))
    return np.where(unknown, np.float32(np.nan), steps / np.float32(PROBABILITY_STEPS))


def is_cloud(probabilities: npt.NDArray[np.floating], threshold: float) -> npt.NDArray[np.bool_]:
    """Where a probability, as it is published, is cloud; nowhere where it is NaN."""
    unknown = np.isnan(probabilities)
    steps = steps_of(np.where(unknown, np.float32(0), probabilities))
    return np.asarray((steps >= threshold_step(threshold)) & ~unknown)
