"""Clear reference of one camera: a level that follows temperature, and a pattern.

counts(pixel) = level(ambient temperature, temperature of the focal plane, airmass) + pattern(pixel)

An uncooled camera sees its own warmth, and the clear sky warms with the air below it; over the
range of one season both are close to linear. The pattern holds the lens, the narcissus and, for a
whole-sky lens, the brightening with zenith angle, which is tied to the pixel.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.errors import InputError, UsageError
from nephoscope.scene import source_of

PREDICTORS = ("ambient_temperature", "fpa_temperature", "airmass")
"""What the level may follow: attributes of a sky Scene, degC, degC, 1."""
TEMPERATURES = ("ambient_temperature", "fpa_temperature")

_FEWEST = 5  # frames
_STILL = 1e-6  # a predictor that varies less says nothing
_BEYOND = 0.5  # a predictor may lie this share of its range outside of it
_BEYOND_LEAST = 2.0  # and this much in any case


@dataclass(frozen=True)
class ClearReference:
    """A fitted clear sky.

    Args:
        pattern: (y, x) float32, counts, mean 0.
        predictors: names of what the level follows.
        centre: mean of each predictor over the frames fitted.
        low, high: range of each predictor over the frames fitted.
        coefficients: level at the centre, then counts per unit of each predictor.
        covariance: of the coefficients over the variance of the level.
        level_noise: standard deviation of a frame's level about the fit, counts.
        pixel_noise: standard deviation of a pixel about level and pattern, counts.
        frames: how many were fitted.
    """

    pattern: NDArray[np.float32]
    predictors: tuple[str, ...]
    centre: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    coefficients: NDArray[np.float64]
    covariance: NDArray[np.float64]
    level_noise: float
    pixel_noise: float
    frames: int

    def level(self, scene: xr.Dataset) -> tuple[float, float]:
        """Level of the clear sky for a frame, counts, and its standard deviation.

        Raises:
            InputError: the frame does not have a predictor, or it is far beyond those fitted.
        """
        values = np.array([_predictor(scene, name) for name in self.predictors])
        reach = np.maximum(_BEYOND * (self.high - self.low), _BEYOND_LEAST)
        for name, value, low, high, over in zip(
            self.predictors, values, self.low, self.high, reach, strict=True
        ):
            if not low - over <= value <= high + over:
                problem = f"{value:.1f} is beyond {low:.1f} to {high:.1f} of the clear reference"
                raise InputError(source_of(scene), problem, field=name)
        terms = np.concatenate([[1.0], values - self.centre])
        spread = self.level_noise * math.sqrt(1 + float(terms @ self.covariance @ terms))
        return float(terms @ self.coefficients), spread


def fit_clear_reference(
    frames: Iterable[xr.Dataset],
    smooth: float = 0.02,
    on_error: Callable[[InputError], None] | None = None,
) -> ClearReference:
    """Fit the clear sky of one camera; frames are taken one by one, so that they may be many.

    Args:
        frames: Scenes of clear sky in counts, of one camera, all of one shape.
        smooth: standard deviation of the smoothing of the pattern, share of the shorter side.
        on_error: told of a frame that cannot be used, which is then left out; without it the first
            such frame ends the fit.

    Raises:
        UsageError: fewer than 5 frames, or fewer than the predictors need.
        InputError: a frame has no counts, another shape, or no temperature of the camera.
    """
    sums: NDArray[np.float64] = np.zeros((0, 0))
    squares, known = sums, sums
    levels: list[float] = []
    rows: list[list[float]] = []
    for scene in frames:
        try:
            image, row = _usable(scene, sums.shape if levels else None)
        except InputError as error:
            if on_error is None:
                raise
            on_error(error)
            continue
        if not levels:
            sums, squares, known = (np.zeros_like(image) for _ in range(3))
        rows.append(row)
        levels.append(float(np.nanmean(image)))
        departure = image - levels[-1]
        there = np.isfinite(departure)
        known += there
        departure[~there] = 0
        sums += departure
        squares += departure**2
    if len(levels) < _FEWEST:
        raise UsageError(f"{len(levels)} clear frames: at least {_FEWEST} make a reference")
    pattern, pixel_noise = _pattern(sums, squares, known, smooth)
    return _fit_level(np.array(levels), np.array(rows), pattern, pixel_noise)


def _pattern(
    sums: NDArray[np.float64],
    squares: NDArray[np.float64],
    known: NDArray[np.float64],
    smooth: float,
) -> tuple[NDArray[np.float32], float]:
    """The smoothed mean departure of each pixel, and the spread of pixels about it."""
    from scipy import ndimage

    mean = np.divide(sums, known, out=np.zeros_like(sums), where=known > 0)
    width = smooth * min(sums.shape)
    weight = ndimage.gaussian_filter((known > 0).astype(float), width, mode="nearest")
    level = ndimage.gaussian_filter(mean, width, mode="nearest") / np.maximum(weight, 1e-6)
    # sum over frames of (departure - level)^2
    about = (squares - 2 * level * sums + known * level**2).sum() / max(known.sum(), 1)
    level = np.where(known > 0, level, np.nan)
    return level.astype(np.float32), math.sqrt(max(float(about), 0.0))


def _fit_level(
    levels: NDArray[np.float64],
    rows: NDArray[np.float64],
    pattern: NDArray[np.float32],
    pixel_noise: float,
) -> ClearReference:
    used = [
        place
        for place in range(len(PREDICTORS))
        if np.isfinite(rows[:, place]).all()
        and (PREDICTORS[place] in TEMPERATURES or np.ptp(rows[:, place]) > _STILL)
    ]
    values = rows[:, used]
    free = len(levels) - len(used) - 1
    if free < 1:
        raise UsageError(f"{len(levels)} clear frames: {len(used) + 2} are needed for the fit")
    terms = np.column_stack([np.ones(len(levels)), values - values.mean(0)])
    # The pseudo-inverse leaves alone what the frames do not tell (temperatures that go together).
    inverse = np.linalg.pinv(terms, rcond=1e-6)
    coefficients = inverse @ levels
    left = levels - terms @ coefficients
    return ClearReference(
        pattern,
        tuple(PREDICTORS[place] for place in used),
        values.mean(0),
        values.min(0),
        values.max(0),
        coefficients,
        inverse @ inverse.T,
        float(np.sqrt((left**2).sum() / free)),
        pixel_noise,
        len(levels),
    )


def _usable(
    scene: xr.Dataset, shape: tuple[int, ...] | None
) -> tuple[NDArray[np.float64], list[float]]:
    """Counts and predictors of a frame that can be fitted."""
    image = _counts(scene)
    if shape is not None and image.shape != shape:
        problem = f"has shape {image.shape}, not {shape} of the frames before"
        raise InputError(source_of(scene), problem, field="image")
    return image, [_predictor(scene, name, needed=name in TEMPERATURES) for name in PREDICTORS]


def _counts(scene: xr.Dataset) -> NDArray[np.float64]:
    image = scene["image"]
    if image.sizes["channel"] != 1 or image.attrs.get("units") != "adu":
        raise InputError(source_of(scene), "holds no counts", field="image")
    return np.asarray(image.values[0], np.float64)


def _predictor(scene: xr.Dataset, name: str, needed: bool = True) -> float:
    value = scene.attrs.get(name)
    if value is None and needed:
        raise InputError(source_of(scene), "is not in the header", field=name)
    return math.nan if value is None else float(value)
