"""Colour pictures of the sky by many unlike cameras, with known cloud.

Every picture is of another camera and another day: whole-sky lenses and ordinary ones that look
anywhere above the horizon, sun in view or not, clean air or haze, and the camera's own white
balance, saturation, exposure, tone curve, vignetting, noise and JPEG. The clear sky is light that
is scattered once (Rayleigh and aerosol, optical thickness by wavelength), so that it is deep blue
at the zenith, pale at the horizon and white around the sun, more so in haze.

No camera's real numbers are in here: the pictures span what cameras do.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray
from PIL import Image

from nephoscope.simulate.fractal import FloatArray, fractal, sigmoid
from nephoscope.simulate.sky.colour import CLEAR, CLOUD, OPTICAL_LIMIT, UNDEFINED

SIZES = ((450, 480), (360, 480), (320, 480), (480, 360))
"""Rows and columns of the pictures."""
WAVELENGTHS = np.array([0.60, 0.54, 0.46], np.float32)
"""Of red, green and blue, µm."""
_FIELD = 512
_RAYLEIGH = 0.0088 * WAVELENGTHS**-4.05  # optical thickness of the vertical column
_WHOLE_SKY = 0.4  # share of the pictures

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Sight:
    """Where each pixel looks: zenith angle, azimuth, angle from the sun, (y, x), radians."""

    zenith: FloatArray
    azimuth: FloatArray
    from_sun: FloatArray
    sun_zenith: float


def simulate_cameras(seed: int, index: int) -> tuple[Pixels, Pixels]:
    """Simulate one picture.

    Args:
        seed: of the whole set.
        index: number of the picture; it depends on nothing but seed and index.

    Returns:
        The picture, (y, x, channel) uint8 DN, and its mask, (y, x) uint8: 255 cloud, 100 clear
        sky, 0 below the horizon and outside of the lens.
    """
    rng = np.random.default_rng((seed, index, 7))
    shape = SIZES[int(rng.integers(len(SIZES)))]
    sight = _look(rng, shape)
    thickness = _thickness(rng, sight)
    light, cloud_light = _clear(rng, sight), _cloud(rng, sight, thickness)
    opaque = (1 - np.exp(-float(rng.uniform(0.8, 1.4)) * thickness))[..., None]
    light = light * (1 - opaque) + cloud_light * opaque
    _add_sun(rng, light, sight, thickness)
    below = sight.zenith > np.pi / 2 - _skyline(rng, sight.azimuth)
    ground = (
        rng.uniform(0.03, 0.12)
        * rng.uniform(0.6, 1.4, 3)
        * np.exp(0.4 * fractal(rng, shape, 1.3))[..., None]
    )
    light = np.where(below[..., None], ground, light)
    lens = np.isfinite(sight.zenith)
    mask = np.where(thickness > OPTICAL_LIMIT, CLOUD, CLEAR)
    mask = np.where(lens & ~below, mask, UNDEFINED).astype(np.uint8)
    return _photograph(rng, np.nan_to_num(light).astype(np.float32), lens), mask


def _look(rng: np.random.Generator, shape: tuple[int, int]) -> Sight:
    """A whole-sky lens, or an ordinary one that looks at some height."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    y, x = y - (shape[0] - 1) / 2, x - (shape[1] - 1) / 2
    if rng.random() < _WHOLE_SKY:
        radius = min(shape) / 2 * float(rng.uniform(0.85, 1.2))
        zenith, azimuth = np.hypot(y, x) / radius * (np.pi / 2), np.arctan2(x, -y)
        zenith[zenith > np.pi / 2] = np.nan
    else:
        focal = max(shape) / 2 / np.tan(np.radians(rng.uniform(15, 50)))
        tilt = np.radians(rng.uniform(0, 75))
        forward = np.sin(tilt) * focal + np.cos(tilt) * y
        upward = np.cos(tilt) * focal - np.sin(tilt) * y
        zenith = np.arctan2(np.hypot(x, forward), upward)
        azimuth = np.arctan2(x, forward)
    sun = float(np.radians(rng.uniform(10, 86)))
    turned = azimuth - float(rng.uniform(0, 2 * np.pi))
    cosine = np.cos(zenith) * np.cos(sun) + np.sin(zenith) * np.sin(sun) * np.cos(turned)
    from_sun = np.arccos(np.clip(cosine, -1, 1))
    return Sight(
        zenith.astype(np.float32), azimuth.astype(np.float32), from_sun.astype(np.float32), sun
    )


def _thickness(rng: np.random.Generator, sight: Sight) -> FloatArray:
    """Optical thickness along the view, (y, x): one or two flat fractal layers."""
    if rng.random() < 0.08:
        return np.zeros(sight.zenith.shape, np.float32)
    found = _layer(rng, sight, thin=rng.random() < 0.35)
    if rng.random() < 0.3:
        found = found + _layer(rng, sight, thin=True)
    return found


def _layer(rng: np.random.Generator, sight: Sight, thin: bool) -> FloatArray:
    cover = float(rng.beta(0.7, 0.7))
    slope, stretch = float(rng.uniform(1.4, 2.1)), float(rng.uniform(1, 5 if thin else 1.5))
    flat = fractal(
        rng, (_FIELD, _FIELD), slope, stretch, largest=120, angle=float(rng.uniform(0, 180))
    )
    # Where the view meets the layer: far away near the horizon, so clouds shrink there.
    high = np.cos(np.minimum(np.nan_to_num(sight.zenith), np.pi / 2))
    reach = float(rng.uniform(40, 160)) * np.sin(np.nan_to_num(sight.zenith)) / (high + 0.15)
    places = [reach * np.sin(sight.azimuth), reach * np.cos(sight.azimuth)]
    places = [place + float(rng.uniform(0, _FIELD)) for place in places]
    seen = scipy.ndimage.map_coordinates(flat, places, order=1, mode="grid-wrap")
    lift = float(rng.uniform(0.5, 3.0)) if cover > 0.9 else 0.0
    depth = float(np.exp(rng.uniform(*np.log((0.4, 1.2) if thin else (1.2, 6.0)))))
    above = np.maximum(seen - np.quantile(flat, 1 - min(cover, 0.97)) + lift, 0)
    return np.asarray(depth * above / np.sqrt(np.maximum(high, 0.35)), np.float32)


def _clear(rng: np.random.Generator, sight: Sight) -> FloatArray:
    """Light of the clear sky, (y, x, channel), of order one."""
    mass = 1 / (np.cos(np.minimum(np.nan_to_num(sight.zenith), 1.5)) + 0.03)[..., None]
    haze = float(np.exp(rng.uniform(np.log(0.03), np.log(0.5))))
    aerosol = haze * (WAVELENGTHS / 0.55) ** -float(rng.uniform(0.4, 1.6))
    whole = (_RAYLEIGH + aerosol) * mass
    cosine = np.cos(np.nan_to_num(sight.from_sun))[..., None]
    g = float(rng.uniform(0.55, 0.75))
    forward = (1 - g**2) / (1 + g**2 - 2 * g * cosine) ** 1.5
    scattered = _RAYLEIGH * 0.75 * (1 + cosine**2) + aerosol * forward
    light = scattered / (_RAYLEIGH + aerosol) * (1 - np.exp(-whole)) * _sunlight(sight, haze)
    # Light that is scattered again is what the first lost: it is blue too, and fills the shade.
    light = light + float(rng.uniform(0.1, 0.35)) * (1 - np.exp(-whole)) * _RAYLEIGH**0.5
    return np.asarray(light, np.float32)


def _sunlight(sight: Sight, haze: float) -> FloatArray:
    """Colour of the sunlight that reaches the clouds: redder the lower the sun."""
    mass = 1 / (np.cos(sight.sun_zenith) + 0.05)
    return np.asarray(np.exp(-(0.5 * _RAYLEIGH + 0.3 * haze) * mass), np.float32)


def _cloud(rng: np.random.Generator, sight: Sight, thickness: FloatArray) -> FloatArray:
    """Light of cloud: sunlit where thin or bright, grey to dark where thick; (y, x, channel)."""
    relief = fractal(rng, thickness.shape, 1.5, largest=40)
    shade = sigmoid(0.8 * (thickness - float(rng.uniform(1.5, 6))) + 0.9 * relief)
    near_sun = np.exp(-((np.nan_to_num(sight.from_sun) / 0.7) ** 2))
    shade = (shade * (1 - 0.5 * near_sun))[..., None]
    lit = float(rng.uniform(0.5, 1.1)) * (1 + 0.5 * near_sun)[..., None] * _sunlight(sight, 0.1)
    skylight = _RAYLEIGH / _RAYLEIGH.mean()
    blue = float(rng.uniform(0.0, 0.25))
    dark = float(np.exp(rng.uniform(np.log(0.08), np.log(0.5)))) * (1 - blue + blue * skylight)
    return np.asarray(lit * (1 - shade) + dark * shade, np.float32)


def _add_sun(
    rng: np.random.Generator, light: FloatArray, sight: Sight, thickness: FloatArray
) -> None:
    """Disc and glare, dimmed by what is before it; in place."""
    distance = np.where(np.isfinite(sight.zenith), np.nan_to_num(sight.from_sun), np.pi)
    passed = np.exp(-0.7 * float(thickness.flat[int(distance.argmin())]))
    glare = 30 * np.exp(-((distance / 0.05) ** 2))
    glare = glare + float(rng.uniform(0, 1.5)) * np.exp(-distance / 0.15)
    light += np.float32(passed) * glare[..., None].astype(np.float32)


def _skyline(rng: np.random.Generator, azimuth: FloatArray) -> FloatArray:
    """Height of what stands on the horizon, radians, (y, x)."""
    around = np.linspace(-np.pi, np.pi, 721)
    rough = np.abs(scipy.ndimage.gaussian_filter1d(rng.normal(0, 3, 721), 4))
    height = float(rng.uniform(-0.05, 0.08)) + 0.05 * rough
    return np.asarray(np.interp(azimuth, around, height), np.float32)


def _photograph(rng: np.random.Generator, light: FloatArray, lens: NDArray[np.bool_]) -> Pixels:
    """What the camera makes of light: (y, x, channel) uint8."""
    grey = light[lens].mean(axis=-1)
    exposure = float(rng.uniform(0.45, 1.1)) / max(float(np.percentile(grey, 95)), 1e-3)
    balance = np.exp(rng.normal(0, (0.1, 0.04, 0.1)))
    rows, cols = (np.linspace(-1, 1, side)[:, None] for side in lens.shape)
    dimmed = 1 - float(rng.uniform(0, 0.3)) * (rows**2 + cols.T**2) / 2
    light = light * (exposure * balance).astype(np.float32) * dimmed[..., None].astype(np.float32)
    grey = light.mean(axis=-1, keepdims=True)
    light = np.maximum(grey + float(rng.uniform(0.7, 1.6)) * (light - grey), 0)
    light = light + float(rng.uniform(0, 0.02))
    # A shoulder keeps highlights; the rest is a power law.
    shoulder = float(rng.uniform(0.0, 0.6))
    light = light * (1 + shoulder * light) / (1 + shoulder * light**2 + 1e-6)
    values = 255 * np.clip(light, 0, 1) ** float(rng.uniform(0.35, 0.75))
    values = values + rng.normal(0, rng.uniform(0.3, 3.0), values.shape)
    values = np.where(lens[..., None], values, rng.uniform(0, 6, values.shape))
    picture = np.rint(np.clip(values, 0, 255)).astype(np.uint8)
    return _compressed(picture, int(rng.integers(60, 98)))


def _compressed(picture: Pixels, quality: int) -> Pixels:
    """The picture after JPEG."""
    held = io.BytesIO()
    Image.fromarray(picture).save(held, "JPEG", quality=quality)
    return np.asarray(Image.open(held), np.uint8)
