"""Power spectra of frames: how much structure there is at each size, and how it falls off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nephoscope.inputs.sky import subtract_plane

Floats = npt.NDArray[np.float64]

RINGS = 16
COARSEST = 2.0  # cycles over the shorter side; below lie gradient and vignetting
FIT = (3.0, 16.0)
"""Cycles over the shorter side between which the slope is fitted: coarser is the clear sky's own
curve and the lens, finer is the camera's noise."""


@dataclass(frozen=True)
class Spectrum:
    """The power spectrum of one frame.

    Attributes:
        frequency: (ring,) cycles over the frame's shorter side, rising by a constant factor.
        power: (ring,) mean power of each ring over the variance of the frame: neither scale nor
            offset of the camera is in it. NaN where a ring holds no frequency.
        slope: exponent of the power law between the frequencies of `FIT`; NaN of a flat frame.
    """

    frequency: Floats
    power: Floats
    slope: float


def spectrum_of(image: npt.ArrayLike) -> Spectrum:
    """The azimuthal mean of a frame's power, after a plane was taken out, under a Hann window.

    Args:
        image: (y, x), any unit, NaN where missing.
    """
    frame = _without_plane(np.asarray(image, np.float64))
    shorter = min(frame.shape)
    window = np.hanning(frame.shape[0])[:, None] * np.hanning(frame.shape[1])
    power = np.abs(np.fft.fft2(frame * window)) ** 2
    rows, cols = (np.fft.fftfreq(side) * shorter for side in frame.shape)
    frequency = np.hypot(rows[:, None], cols)
    edges = np.geomspace(COARSEST, shorter / 2, RINGS + 1)
    ring = np.digitize(frequency, edges) - 1
    inside = (ring >= 0) & (ring < RINGS)
    total = np.bincount(ring[inside], power[inside], RINGS)
    number = np.bincount(ring[inside], minlength=RINGS)
    # Over the variance a frame of white noise has power 1 everywhere.
    norm = float(frame.var() * (window**2).sum())
    found = np.full(RINGS, np.nan)
    if norm > 0:
        np.divide(total, number * norm, out=found, where=number > 0)
    middle = np.sqrt(edges[1:] * edges[:-1])
    return Spectrum(middle, found, power_law(middle, found)[0])


def power_law(frequency: Floats, power: Floats) -> tuple[float, float]:
    """Slope and level, ln power at frequency 1, of the best power law within `FIT`; NaN if none.

    Args:
        frequency: (ring,) cycles over the shorter side.
        power: (ring,), NaN where unknown.
    """
    used = (frequency >= FIT[0]) & (frequency <= FIT[1]) & (np.nan_to_num(power) > 0)
    if used.sum() < 3:
        return float("nan"), float("nan")
    slope, level = np.polyfit(np.log(frequency[used]), np.log(power[used]), 1)
    return float(slope), float(level)


def _without_plane(frame: Floats) -> Floats:
    """A frame without its mean and its linear gradient; 0 where missing."""
    known = np.isfinite(frame)
    rest = np.zeros(frame.shape)
    if known.sum() > 3:
        rest[known] = frame[known]
        subtract_plane(rest, known)
        # What is left of a flat frame is rounding, not structure.
        if rest.std() <= 1e-9 * (1 + np.abs(frame[known]).max()):
            rest[:] = 0
    return rest
