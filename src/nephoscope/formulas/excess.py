"""The physical formula: how much warmer than a clear sky each pixel is."""

from __future__ import annotations

import math

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.errors import InputError
from nephoscope.formulas.clear_reference import ClearReference
from nephoscope.formulas.result import FormulaResult, mask_above, unknown
from nephoscope.scene import source_of

NAME = "clear-excess"
FEATURELESS = 60.0
"""Counts: spread of a frame about a smooth surface below which it has no features. The real clear
raw frame has 10, the cloudy one 238."""
CLEAR_SPREAD = 17.0
"""Counts: standard deviation of the real clear raw frame, gradient and pattern included."""
MODEL_NOISE = 2.0
"""K: assumed error of the clear-sky model that comes with IRCCAM frames."""

_COARSE = 16, 20  # blocks in which features are looked for
_LOGISTIC = 1.702  # makes the logistic function follow the normal distribution to 0.01
_DARKEST = 5  # percentile


def excess(scene: xr.Dataset, reference: ClearReference) -> NDArray[np.float32]:
    """How much brighter than the clear sky each pixel is.

    Args:
        scene: a thermal frame in counts with the camera's temperatures, of the reference's shape.
        reference: of the same camera.

    Returns:
        (y, x) float32, counts, NaN where missing.

    Raises:
        InputError: another shape, or a temperature is missing or far beyond those fitted.
    """
    image = scene["image"].values[0]
    if image.shape != reference.pattern.shape:
        problem = f"has shape {image.shape}, not {reference.pattern.shape} of the clear reference"
        raise InputError(source_of(scene), problem, field="image")
    level, _ = reference.level(scene)
    return np.asarray(image - reference.pattern - np.float32(level), np.float32)


def clear_excess(
    scene: xr.Dataset, reference: ClearReference | None = None, sigmas: float = 3.0
) -> FormulaResult:
    """Cloud is what is more than some standard deviations warmer than the clear sky.

    The clear sky is, in this order: `reference`; the model in an IRCCAM frame (`clear_reference`);
    the darkest part of the frame itself, if the frame has features. A frame without features and
    without a clear sky to compare with is unknown: an overcast sky is as smooth as a clear one.

    Args:
        scene: a thermal frame.
        reference: the clear sky of this camera.
        sigmas: where the mask is cut, and the probability is one half.

    Returns:
        the result with probability: the logistic of (excess / noise - sigmas), not calibrated.
    """
    parameters = {"sigmas": sigmas}
    image = scene["image"].values[0]
    why = "there is no clear reference"
    if reference is not None:
        try:
            noise = math.hypot(reference.level(scene)[1], reference.pixel_noise)
            note = f"compared with a clear reference of {reference.frames} frames"
            return _result(scene, excess(scene, reference), noise, parameters, note)
        except InputError as error:
            why = f"{error.field} {error.problem}"
    if "clear_reference" in scene:
        warmer = np.asarray(image - scene["clear_reference"].values, np.float32)
        return _result(scene, warmer, MODEL_NOISE, parameters, "compared with the file's own model")
    if scene["image"].attrs.get("units") != "adu":
        return unknown(NAME, image.shape, parameters, "the frame is not in counts")
    if features_of(image) < FEATURELESS:
        note = f"the frame has no features, and {why}: clear and overcast look alike"
        return unknown(NAME, image.shape, parameters, note)
    darkest = np.float32(np.nanpercentile(image, _DARKEST))
    note = f"compared with the darkest part of the frame itself: {why}"
    return _result(scene, image - darkest, CLEAR_SPREAD, parameters, note)


def features_of(image: NDArray[np.float32]) -> float:
    """Spread of a frame about a smooth surface: what tells broken cloud from a bare sky.

    Args:
        image: (y, x) float32, NaN where missing.

    Returns:
        the 5th to 95th percentile range of block means about the quadratic surface that fits them
        best, unit of the image; gradient and narcissus do not count.
    """
    high, wide = (max(side // blocks, 1) for side, blocks in zip(image.shape, _COARSE, strict=True))
    rows, cols = image.shape[0] // high, image.shape[1] // wide
    blocks = image[: rows * high, : cols * wide].reshape(rows, high, cols, wide)
    known = np.isfinite(blocks).sum((1, 3))
    means = np.nansum(blocks, (1, 3), dtype=np.float64) / np.maximum(known, 1)
    there = (known > 0).ravel()
    y, x = (axis.ravel() for axis in np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : cols * 1j])
    terms = np.column_stack([np.ones_like(x), x, y, x * x, y * y, x * y])[there]
    values = means.ravel()[there]
    left = values - terms @ np.linalg.lstsq(terms, values, rcond=None)[0]
    low, high_end = np.percentile(left, [_DARKEST, 100 - _DARKEST])
    return float(high_end - low)


def _result(
    scene: xr.Dataset,
    warmer: NDArray[np.float32],
    noise: float,
    parameters: dict[str, float],
    note: str,
) -> FormulaResult:
    noise, sigmas = max(noise, float(np.finfo(np.float32).tiny)), parameters["sigmas"]
    score = np.clip(_LOGISTIC * (warmer / np.float32(noise) - sigmas), -60, 60)
    image = scene["image"].values[0]
    cut = sigmas * noise
    # The threshold is on the excess; in counts it differs from pixel to pixel with the pattern.
    return FormulaResult(
        NAME,
        mask_above(warmer, cut),
        float(np.nanmean(image - warmer) + cut),
        parameters | {"noise": noise},
        note,
        probability=(1 / (1 + np.exp(-score))).astype(np.float32),
    )
