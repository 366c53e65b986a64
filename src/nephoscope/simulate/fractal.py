"""Fractal noise: fields whose spectrum is a power law, as clouds and terrain nearly have."""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from PIL import Image

FloatArray = NDArray[np.float32]
AnyFloats = NDArray[np.floating]


def fractal(
    rng: np.random.Generator,
    shape: tuple[int, int],
    slope: float,
    stretch: float = 1.0,
    smallest: float = 0.0,
    largest: float = 1e9,
    angle: float = 0.0,
) -> FloatArray:
    """Draw a Gaussian field with amplitude spectrum |k|^-slope, periodic in x and y.

    Args:
        rng: source of the random phases.
        shape: rows, columns.
        slope: exponent of the amplitude; 1.8 for terrain and cloud decks, 1 for rough detail.
        stretch: features are this many times longer in x than in y.
        smallest: features below this size (pixels) are damped.
        largest: beyond this size (pixels) the spectrum is flat: no feature spans the globe.
        angle: direction of the long features, degrees from x towards y.

    Returns:
        (y, x) float32 with mean 0 and standard deviation 1.
    """
    white = rng.standard_normal(shape, np.float32)
    ky = scipy.fft.fftfreq(shape[0]).astype(np.float32)[:, None]
    kx = scipy.fft.rfftfreq(shape[1]).astype(np.float32)[None, :]
    if angle:
        cosine, sine = (np.float32(f(np.radians(angle))) for f in (np.cos, np.sin))
        kx, ky = cosine * kx + sine * ky, cosine * ky - sine * kx
    square = ky**2 + (kx * np.float32(stretch)) ** 2
    square[0, 0] = 1
    amplitude = (square + np.float32(largest**-2)) ** np.float32(-slope / 2)
    amplitude *= np.exp(-square * np.float32(smallest**2))
    amplitude[0, 0] = 0
    field = scipy.fft.irfft2(scipy.fft.rfft2(white) * amplitude, s=shape)
    return np.asarray((field - field.mean()) / field.std(), np.float32)


def enlarge(field: FloatArray, shape: tuple[int, int]) -> FloatArray:
    """Interpolate (bicubic) a (y, x) float32 field onto `shape` rows and columns."""
    if field.shape == shape:
        return field
    picture = Image.fromarray(field).resize((shape[1], shape[0]), Image.Resampling.BICUBIC)
    return np.asarray(picture, np.float32)


def sigmoid(x: AnyFloats) -> FloatArray:
    """1 / (1 + exp(-x)), float32."""
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * x), np.float32)


def bump(x: AnyFloats, centre: float, width: float) -> FloatArray:
    """Bell exp(-((x - centre) / width)^2), float32."""
    return np.asarray(np.exp(-(((x - centre) / width) ** 2)), np.float32)
