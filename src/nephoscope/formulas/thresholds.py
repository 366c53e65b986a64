"""Formulas that need nothing but the image: one threshold for each frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nephoscope.formulas.result import FormulaResult, mask_above, unknown

BINS = 256
ZSCALE = {"n_samples": 1000, "max_reject": 0.5, "min_npixels": 5, "krej": 2.5, "max_iterations": 5}
"""The other settings of astropy's ZScaleInterval, written down so that they stay what they are."""
_FLAT = "every known pixel has the same value: nothing tells cloud from sky"


def zscale_log_otsu(
    image: NDArray[np.float32], contrast: float = 0.9, a: float = 1e5, scale: float = 2.0**14
) -> FormulaResult:
    """ZScale interval, logarithmic stretch, Otsu's threshold: the masks of IRIS-CloudDeep.

    The published masks of the thermal frames are this formula, every pixel (contrast 0.9, a = 1e5).
    Both stretches rise everywhere, so that a mask is one threshold in counts, with no radiometric
    meaning. Computed in float64: float32 differs in a few pixels.

    Args:
        image: (y, x) float32, counts, NaN where missing.
        contrast: of ZScale (astropy ZScaleInterval).
        a: of the stretch log(a x + 1) / log(a + 1).
        scale: counts are divided by it first; the original stores them so.

    Returns:
        the result; all unknown if the frame has a single value.
    """
    from astropy.visualization import LogStretch, ZScaleInterval

    parameters = {"contrast": contrast, "a": a}
    known = np.isfinite(image)
    values = image[known].astype(np.float64) / scale
    if not values.size or values.min() == values.max():
        return unknown("zscale-log-otsu", image.shape, parameters, _FLAT)
    low, high = ZScaleInterval(contrast=contrast, **ZSCALE).get_limits(values)
    stretched = np.full(image.shape, np.nan)
    stretched[known] = LogStretch(a)(np.clip((values - low) / (high - low), 0, 1))
    cut = _otsu_of(stretched[known])
    linear = ((a + 1) ** cut - 1) / a
    return FormulaResult(
        "zscale-log-otsu",
        mask_above(stretched, cut),
        float((low + linear * (high - low)) * scale),
        parameters,
        stretched=stretched.astype(np.float32),
    )


def otsu(image: NDArray[np.float32]) -> FormulaResult:
    """Otsu's threshold of the image itself (256 bins; IEEE Trans. SMC 9, 62, 1979).

    Args:
        image: (y, x) float32, any unit, NaN where missing.

    Returns:
        the result; all unknown if the frame has a single value.
    """
    known = np.isfinite(image)
    values = image[known].astype(np.float64)
    if not values.size or values.min() == values.max():
        return unknown("otsu", image.shape, {}, _FLAT)
    cut = _otsu_of(values)
    return FormulaResult("otsu", mask_above(image.astype(np.float64), cut), cut, {})


def minmax(image: NDArray[np.float32], threshold: float = 0.122) -> FormulaResult:
    """A fixed share of the frame's own range.

    Args:
        image: (y, x) float32, any unit, NaN where missing.
        threshold: share of the way from the darkest to the brightest pixel; 0.122 fits the
            masks of the published thermal frames best.

    Returns:
        the result; all unknown if the frame has a single value.
    """
    parameters = {"threshold": threshold}
    known = np.isfinite(image)
    if not known.any() or np.nanmin(image) == np.nanmax(image):
        return unknown("minmax", image.shape, parameters, _FLAT)
    low, high = float(np.nanmin(image)), float(np.nanmax(image))
    stretched = (image.astype(np.float64) - low) / (high - low)
    return FormulaResult(
        "minmax",
        mask_above(stretched, threshold),
        low + threshold * (high - low),
        parameters,
        stretched=stretched.astype(np.float32),
    )


def _otsu_of(values: NDArray[np.float64]) -> float:
    from skimage.filters import threshold_otsu

    return float(threshold_otsu(values, nbins=BINS))  # type: ignore[no-untyped-call]
