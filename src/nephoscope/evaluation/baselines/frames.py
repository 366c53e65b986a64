"""Baselines of a camera's frames, and what they see of a pixel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nephoscope.evaluation.baselines.fitted import (
    Baseline,
    BaselineOptions,
    Kind,
    always,
    boosted_trees,
    score_by,
    thresholded,
)
from nephoscope.evaluation.baselines.pixels import Pixels, Planes, windows
from nephoscope.evaluation.sample import Floats, LabelledSample
from nephoscope.formulas import FORMULAS, OF_COLOUR, otsu, zscale_log_otsu
from nephoscope.inputs.sky import MAD_OF_GAUSSIAN
from nephoscope.scene import known_of
from nephoscope.tasks.mask import as_floats

PUBLISHED_MINMAX = 0.12
"""Share of the range that suits the masks of the published thermal frames, in steps of 1/250."""
RATIO_STEP = 1 / 125
"""Levels of red/blue are 1/125 wide, so the 251 levels reach 2: above lies no sky."""
WINDOWS = (3, 9, 27, 81)
SATURATED = 250  # DN: the sun, and the glare around it


def fit_frame_baselines(
    train: Sequence[Pixels], judge: Sequence[Pixels], options: BaselineOptions
) -> list[Baseline]:
    """Every baseline, from the simplest to the best."""
    minmax = thresholded("min-max threshold", "minmax", train, "≥ {:.3f} of the frame's range")
    found = [always("cloudy"), _by_formula("Otsu", "otsu"), minmax]
    if "red_blue_ratio" in train[0].values:
        words = "red/blue ≥ {:.3f}"
        found.append(thresholded("red/blue threshold", "red_blue_ratio", train, words, RATIO_STEP))
    found += _colour_formulas(train[0])
    if "zscale_log_otsu" in train[0].values:
        found.append(_by_formula("zscale-log-otsu", "zscale_log_otsu"))
    return [*found, boosted_trees(train, judge, options)]


def formula_baselines(pixels: Pixels) -> list[Baseline]:
    """What needs no training frame, for pixels with these features."""
    found = [always("cloudy"), _by_formula("Otsu", "otsu"), *_colour_formulas(pixels)]
    if "zscale_log_otsu" not in pixels.values:
        return found
    detail = f"≥ {PUBLISHED_MINMAX} of the frame's range, as published masks want it"
    minmax = Baseline("min-max threshold", score_by("minmax"), PUBLISHED_MINMAX, False, detail)
    return [*found, minmax, _by_formula("zscale-log-otsu", "zscale_log_otsu")]


def _colour_formulas(pixels: Pixels) -> list[Baseline]:
    """Named formulas of colour pictures, by their published numbers."""
    return [_by_formula(name, name) for name in sorted(OF_COLOUR) if name in pixels.values]


def _by_formula(name: str, feature: str) -> Baseline:
    return Baseline(name, score_by(feature), 0.5, False, "of each frame")


def frame_features(sample: LabelledSample) -> Planes:
    """Every feature of a frame.

    `otsu` is 0 or 1: Otsu's threshold of the frame itself. `minmax` is the place in the frame's own
    range, 0..1.
    """
    image = sample.image
    planes = np.where(known_of(image), image.astype(np.float32), np.float32(np.nan))
    return _colour(planes) if len(planes) == 3 else _counts(planes[0])


FRAMES = Kind(frame_features, fit_frame_baselines, formula_baselines)


def _colour(planes: Floats) -> Planes:
    red, green, blue = planes
    whiteness = np.asarray((red - blue) / np.maximum(red + blue, 1), np.float32)
    grey = np.asarray(planes.mean(axis=0), np.float32)
    yield from (("red", red), ("green", green), ("blue", blue), ("whiteness", whiteness))
    yield "red_blue_ratio", np.asarray(red / np.maximum(blue, 1), np.float32)
    yield from _thresholded(whiteness)
    yield from windows("whiteness", whiteness, WINDOWS)
    yield from windows("grey", grey, WINDOWS)
    yield "sun_distance", _distance_to_sun(grey)
    for name in sorted(OF_COLOUR):
        yield name, as_floats(FORMULAS[name](planes).mask)  # type: ignore[operator]


def _counts(counts: Floats) -> Planes:
    known = np.isfinite(counts)
    centre = np.median(counts[known]) if known.any() else 0.0
    spread = np.median(np.abs(counts[known] - centre)) / MAD_OF_GAUSSIAN if known.any() else 1.0
    robust = np.asarray((counts - centre) / max(float(spread), 1e-6), np.float32)
    yield "counts_robust", robust
    yield from _thresholded(counts)
    yield "zscale_log_otsu", as_floats(zscale_log_otsu(counts).mask)
    yield from windows("counts", robust, WINDOWS)


def _thresholded(plane: Floats) -> Planes:
    known = np.isfinite(plane)
    above = np.full(plane.shape, np.nan, np.float32)
    share = above.copy()
    if known.any():
        values = plane[known]
        low, high = float(values.min()), float(values.max())
        share[known] = (values - low) / (high - low) if high > low else 0.0
        above[known] = values > float(otsu(values[None]).threshold)
    yield "otsu", above
    yield "minmax", share


def _distance_to_sun(grey: Floats) -> Floats:
    """Distance from the middle of the largest saturated patch, shares of the longer side."""
    from scipy import ndimage

    patches, count = ndimage.label(np.nan_to_num(grey) >= SATURATED)
    if not count:
        return np.full(grey.shape, np.nan, np.float32)
    largest = 1 + int(np.bincount(patches.ravel())[1:].argmax())
    middle = ndimage.center_of_mass(patches == largest)
    rows, cols = np.ogrid[: grey.shape[0], : grey.shape[1]]
    distance = np.hypot(rows - middle[0], cols - middle[1]) / max(grey.shape)
    return np.asarray(distance, np.float32)
