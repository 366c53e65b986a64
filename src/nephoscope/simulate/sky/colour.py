"""Whole-sky colour pictures with known cloud, as a fisheye camera takes them by day."""

from __future__ import annotations

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

from nephoscope.simulate.fractal import AnyFloats, FloatArray, bump, enlarge, fractal, sigmoid

ROWS, COLS = 450, 480
RADIUS = 208.0
"""Of the image circle, pixels: equidistant, so that the radius grows with the zenith angle."""
OPTICAL_LIMIT = 0.35
"""Cloud is where the optical thickness along the view is above this: what an eye calls cloud."""
CLOUD, CLEAR, UNDEFINED = 255, 100, 0
_FIELD = 512
_ZENITH_BLUE, _HORIZON = np.array([52, 78, 140.0]), np.array([150, 168, 200.0])
_SUNLIT, _SHADED = np.array([250, 248, 250.0]), np.array([120, 122, 132.0])


def simulate_colour(seed: int, index: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Simulate one whole-sky picture.

    Args:
        seed: of the whole set.
        index: number of the picture; it depends on nothing but seed and index.

    Returns:
        The picture, (y, x, channel) uint8 DN, and its mask, (y, x) uint8: 255 cloud, 100 clear
        sky, 0 outside the image circle.
    """
    rng = np.random.default_rng((seed, index))
    zenith, azimuth = _angles(rng)
    inside = zenith <= np.pi / 2
    sun = float(rng.uniform(0.15, 1.3)), float(rng.uniform(0, 2 * np.pi))
    from_sun = _distance(zenith, azimuth, *sun)
    thickness = _thickness(rng, zenith, azimuth)
    picture = _sky(rng, zenith, from_sun)
    _add_cloud(rng, picture, thickness, from_sun)
    _add_sun(rng, picture, from_sun, np.exp(-thickness))
    _add_obstacles(rng, picture, zenith, azimuth)
    noise = rng.normal(0, 1.5, picture.shape)
    lit = np.where(inside[..., None], picture + noise, rng.uniform(0, 6, picture.shape))
    mask = np.where(thickness > OPTICAL_LIMIT, CLOUD, CLEAR)
    seen = zenith <= np.pi / 2 * 0.97
    return (
        np.rint(np.clip(lit, 0, 255)).astype(np.uint8),
        np.where(seen, mask, UNDEFINED).astype(np.uint8),
    )


def _angles(rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Zenith angle and azimuth of each pixel, (y, x) float32, radians; above pi/2 outside."""
    y, x = np.mgrid[:ROWS, :COLS].astype(np.float32)
    y, x = y - ROWS / 2 + rng.integers(-4, 5), x - COLS / 2 + rng.integers(-6, 7)
    zenith = np.hypot(y, x) / RADIUS * (np.pi / 2)
    return np.asarray(zenith, np.float32), np.asarray(np.arctan2(y, x), np.float32)


def _distance(
    zenith: FloatArray, azimuth: FloatArray, sun_zenith: float, sun_azimuth: float
) -> FloatArray:
    """Angle between each pixel and the sun, (y, x) float32, radians."""
    cosine = np.cos(zenith) * np.cos(sun_zenith)
    cosine += np.sin(zenith) * np.sin(sun_zenith) * np.cos(azimuth - sun_azimuth)
    return np.asarray(np.arccos(np.clip(cosine, -1, 1)), np.float32)


def _thickness(rng: np.random.Generator, zenith: FloatArray, azimuth: FloatArray) -> FloatArray:
    """Optical thickness along the view: (y, x) float32, a flat fractal layer seen in a fisheye."""
    cover = float(np.clip(rng.beta(0.8, 0.8), 0.0, 1.0))
    if cover < 0.04:
        return np.zeros(zenith.shape, np.float32)
    flat = fractal(rng, (_FIELD, _FIELD), float(rng.uniform(1.5, 2.1)), largest=120)
    # Where the view meets the layer: far away near the horizon, so clouds shrink there.
    reach = 70 * np.sin(zenith) / (np.maximum(np.cos(zenith), 0) + 0.15)
    rows, cols = reach * np.sin(azimuth), reach * np.cos(azimuth)
    seen = scipy.ndimage.map_coordinates(flat, [rows, cols], order=1, mode="grid-wrap")
    depth = float(np.exp(rng.uniform(np.log(1.2), np.log(4))))
    above = np.maximum(seen - np.quantile(flat, 1 - cover) + (cover > 0.96) * 0.5, 0)
    slant = 1 / np.cos(np.minimum(zenith, 1.2))
    return np.asarray(depth * above * np.sqrt(slant), np.float32)


def _sky(rng: np.random.Generator, zenith: FloatArray, from_sun: FloatArray) -> NDArray[np.float64]:
    """Blue sky, paler towards the horizon and the sun: (y, x, channel)."""
    haze = float(rng.uniform(0.6, 1.4))
    pale = np.clip(haze * (zenith / (np.pi / 2)) ** 2.5, 0, 1) * 0.8
    pale = np.clip(pale + 0.45 * bump(from_sun, 0, 0.5), 0, 1)[..., None]
    bright = float(rng.uniform(0.8, 1.2)) * (1 + 0.25 * bump(from_sun, 0, 0.9))
    sky: NDArray[np.float64] = (_ZENITH_BLUE * (1 - pale) + _HORIZON * pale) * bright[..., None]
    return sky


def _add_cloud(
    rng: np.random.Generator,
    picture: NDArray[np.float64],
    thickness: FloatArray,
    from_sun: FloatArray,
) -> None:
    """White where thin or lit, grey where thick and away from the sun; in place."""
    relief = enlarge(fractal(rng, (ROWS // 3, COLS // 3), 1.5, largest=25), (ROWS, COLS))
    thick = sigmoid(0.8 * (thickness - 4) + 0.9 * relief)
    shade = np.clip(thick * (1 - 0.5 * bump(from_sun, 0, 0.6)), 0, 1)[..., None]
    light = float(rng.uniform(0.75, 1.05)) * (0.8 + 0.3 * bump(from_sun, 0, 1.0))[..., None]
    colour = (_SUNLIT * (1 - shade) + _SHADED * shade) * light
    opaque = (1 - np.exp(-1.1 * thickness))[..., None]
    picture *= 1 - opaque
    picture += opaque * colour


def _add_sun(
    rng: np.random.Generator,
    picture: NDArray[np.float64],
    from_sun: FloatArray,
    transmitted: AnyFloats,
) -> None:
    """Disc and aureole; dimmed, not hidden, by what is before it; in place."""
    strength = 0.35 + 0.65 * float(transmitted[np.unravel_index(from_sun.argmin(), (ROWS, COLS))])
    glare = 320 * bump(from_sun, 0, 0.09) + float(rng.uniform(40, 90)) * bump(from_sun, 0, 0.35)
    picture += (strength * glare)[..., None] * np.array([1.0, 0.98, 1.0])


def _add_obstacles(
    rng: np.random.Generator,
    picture: NDArray[np.float64],
    zenith: FloatArray,
    azimuth: FloatArray,
) -> None:
    """Dark rim and the buildings or trees that stand in it; in place."""
    around = np.linspace(-np.pi, np.pi, 721)
    height = 0.03 + 0.02 * np.abs(scipy.ndimage.gaussian_filter1d(rng.normal(0, 3, 721), 5))
    skyline = np.interp(azimuth, around, height)
    picture[zenith > np.pi / 2 * (1 - np.minimum(skyline, 0.08) * 0.5)] *= 0.15
