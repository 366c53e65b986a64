"""Errors of the measurement: noise of the detector and of the calibration."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FLOOR = 4e-4
"""Standard deviation of the noise of a dark pixel, normalised radiance (value chosen here)."""
SHARE = 0.003
"""Standard deviation of the noise as a share of the signal: detector elements differ (value chosen
here)."""
CALIBRATION = 0.01
"""Standard deviation of the calibration of a band, the same in the whole scene (value chosen
here; Fougnie et al. 2007 discuss how well PARASOL's bands are known)."""


def add_noise(rng: np.random.Generator, fields: dict[str, NDArray[np.float32]]) -> None:
    """Disturb Stokes components in place.

    Args:
        rng: source of the noise.
        fields: by dataset, (view, y, x) float32; a band's Q and U share the gain of its I, and
            Q and U are differences of three pictures of intensity I, so theirs is its noise.
    """
    gains: dict[str, float] = {}
    for name, values in fields.items():
        band = name[1:]
        intensity = fields[f"I{band}"]
        if name[0] == "I":
            gains[band] = 1 + CALIBRATION * float(rng.standard_normal())
        values *= np.float32(gains[band])
        for plane, light in zip(values, intensity, strict=True):
            deviation = np.float32(FLOOR) + np.float32(SHARE) * light
            plane += deviation * rng.standard_normal(plane.shape, np.float32)
