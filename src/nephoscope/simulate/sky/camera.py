"""Thermal camera: from radiance to raw counts, with offset, noise and patterns of its own.

The terms are those of the clear-sky simulator of IRIS-CloudDeep (Sommer et al., AMT 18, 2083,
2025): gradient, read noise, bias with bad columns, sky noise, fixed pattern and narcissus. Their
ranges are chosen such that two real frames of a FLIR Tau2 lie inside.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

from nephoscope.simulate.fractal import FloatArray, enlarge, fractal
from nephoscope.simulate.sky.air import COLS, ROWS

LARGEST_COUNT = 16383  # 14 bits


@dataclass(frozen=True)
class Camera:
    """One camera on one night; levels in ADU before `scale` and `offset`.

    Attributes:
        scale: of the counts it writes.
        offset: added to the counts, ADU.
        gain: ADU per kelvin at 300 K.
        bias: constant level.
        read_noise: standard deviation of Gaussian noise.
        sky_noise: mean and variance of Poisson noise.
        fixed_pattern: half-width of uniform noise that is the same in all frames.
        bad_columns: number of bright and of dark columns.
        column_level: standard deviation of the columns' pattern.
        row_level: standard deviation of the rows' pattern.
        uneven: standard deviation of the smooth rest of the flat field.
        uneven_slope: exponent of its spectrum.
        tilt: stray light at the right and the lower edge.
        glow: stray light in one corner.
        glow_size: how far it reaches, in half-widths of the frame.
        glow_corner: which corner, (x, y), each -1 or 1.
        narcissus: share of the light that is missing at the centre of the narcissus.
        radius: of its disc, pixels.
        centre: of its disc, (x, y).
        smooth: standard deviation of its blur, pixels.
        drift: ADU per kelvin of the sensor's temperature above the shutter's.
        seed: of its patterns.
    """

    scale: float
    offset: float
    gain: float
    bias: float
    read_noise: float
    sky_noise: float
    fixed_pattern: float
    bad_columns: int
    column_level: float
    row_level: float
    uneven: float
    uneven_slope: float
    tilt: tuple[float, float]
    glow: float
    glow_size: float
    glow_corner: tuple[int, int]
    narcissus: float
    radius: int
    centre: tuple[int, int]
    smooth: int
    drift: float
    seed: int


def draw_camera(rng: np.random.Generator) -> Camera:
    """Draw a camera: scale, offset, noise and patterns vary from one to the next."""
    return Camera(
        scale=_log_uniform(rng, 0.6, 1.6),
        offset=float(rng.uniform(-100, 300)),
        gain=26.0 * _log_uniform(rng, 0.8, 1.25),
        bias=float(rng.uniform(200, 400)),
        read_noise=float(rng.uniform(2, 5)),
        sky_noise=float(rng.uniform(5, 15)),
        fixed_pattern=float(rng.uniform(1, 4)),
        bad_columns=int(rng.integers(20, 100)),
        column_level=_log_uniform(rng, 0.3, 3),
        row_level=_log_uniform(rng, 0.3, 2),
        uneven=_log_uniform(rng, 0.7, 2.5),
        uneven_slope=float(rng.uniform(0.6, 1.3)),
        tilt=(float(rng.normal(0, 8)), float(rng.normal(0, 8))),
        glow=float(rng.uniform(0, 30)),
        glow_size=float(rng.uniform(0.2, 0.9)),
        glow_corner=(int(rng.choice([-1, 1])), int(rng.choice([-1, 1]))),
        narcissus=float(rng.uniform(0.015, 0.04)),
        radius=int(rng.integers(150, 171)),
        centre=(int(rng.integers(280, 361)), int(rng.integers(216, 297))),
        smooth=int(rng.integers(70, 91)),
        drift=float(rng.normal(0, 12)),
        seed=int(rng.integers(2**31)),
    )


@dataclass(frozen=True)
class Patterns:
    """Fixed patterns that a camera adds to every frame of a night.

    Attributes:
        added: (y, x) float32, ADU: columns, rows, fixed pattern, uneven flat field, stray light.
        factor: (y, x) float32, narcissus: 1 at the edge, less in the middle.
    """

    added: FloatArray
    factor: FloatArray


def draw_patterns(camera: Camera) -> Patterns:
    """The patterns of a camera, always the same for the same camera."""
    rng = np.random.default_rng(camera.seed)
    columns = camera.column_level * rng.standard_normal(COLS)
    for sign in (1, -1):
        bad = rng.choice(COLS, camera.bad_columns, replace=False)
        columns[bad] += sign * np.abs(rng.normal(0, 2 * camera.column_level, camera.bad_columns))
    columns += camera.column_level * _wander(rng, COLS)
    rows = camera.row_level * (rng.standard_normal(ROWS) + _wander(rng, ROWS))
    fixed = rng.uniform(-camera.fixed_pattern, camera.fixed_pattern, (ROWS, COLS))
    rough = enlarge(fractal(rng, (ROWS // 4, COLS // 4), camera.uneven_slope), (ROWS, COLS))
    x, y = np.linspace(-1, 1, COLS), np.linspace(-1, 1, ROWS)[:, None]
    stray = camera.tilt[0] * x + camera.tilt[1] * y
    from_corner = np.hypot(x - camera.glow_corner[0], y - camera.glow_corner[1])
    stray = stray + camera.glow * np.exp(-((from_corner / camera.glow_size) ** 2))
    added = camera.uneven * rough + columns + rows[:, None] + fixed + stray
    return Patterns(np.asarray(added, np.float32), 1 - camera.narcissus * _disc(camera))


def expose(
    camera: Camera,
    patterns: Patterns,
    light: FloatArray,
    too_warm: float,
    rng: np.random.Generator,
) -> NDArray[np.int16]:
    """Raw counts of one frame.

    Args:
        camera: who takes it.
        patterns: its own.
        light: (y, x) float32 at half resolution, radiance in K of change at 300 K.
        too_warm: of the sensor above the shutter at the last flat-field correction, K.
        rng: of the noise.

    Returns:
        (y, x) int16, ADU, 0..16383.
    """
    sky = camera.gain * enlarge(light, (ROWS, COLS)) + camera.bias + camera.drift * too_warm
    sky += camera.read_noise * rng.standard_normal((ROWS, COLS), np.float32)
    # A Poisson draw of each pixel is slow; above 5 its Gaussian stands for it.
    sky += camera.sky_noise + np.sqrt(camera.sky_noise) * rng.standard_normal(
        (ROWS, COLS), np.float32
    )
    frame = camera.scale * (sky + patterns.added) * patterns.factor + camera.offset
    return np.asarray(np.rint(np.clip(frame, 0, LARGEST_COUNT)), np.int16)


def _disc(camera: Camera) -> FloatArray:
    """The blurred disc of the narcissus with peak 1: (y, x) float32."""
    step = 8
    y, x = np.mgrid[: ROWS // step, : COLS // step] * step + step / 2
    inside = np.hypot(x - camera.centre[0], y - camera.centre[1]) < camera.radius
    disc = scipy.ndimage.gaussian_filter(inside.astype(np.float32), camera.smooth / step)
    return enlarge(np.asarray(disc / disc.max(), np.float32), (ROWS, COLS))


def _wander(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Noise that is smooth over some fifteen pixels, deviation 1."""
    smooth = scipy.ndimage.gaussian_filter1d(rng.standard_normal(count), 6, mode="wrap")
    return np.asarray(smooth / smooth.std(), np.float64)


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
