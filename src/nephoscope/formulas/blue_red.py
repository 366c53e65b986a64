"""Formulas for colour pictures: how much bluer than red, and one threshold for each picture.

Clear sky scatters blue, cloud all colours alike: (b - r) / (b + r) is near 0 in cloud and far above
in clear sky. The ratio does not change with exposure; it does with white balance and haze.

Source: Li, Lu and Yang, "A hybrid thresholding algorithm for cloud detection on ground-based color
images", J. Atmos. Oceanic Technol. 28, 1286-1296, 2011, doi 10.1175/JTECH-D-11-00009.1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nephoscope.formulas.result import FormulaResult, mask_above, unknown

BLUE_RED, HYBRID = "blue-red", "blue-red-hybrid"
FIXED = 0.15
"""Ratio below which a pixel is cloud, whatever the picture."""
UNIMODAL = 0.03
"""Spread of the ratio up to which a picture is of one kind, all cloud or all clear, after the
source."""
FIXED_OF_UNIMODAL = 0.25
"""Ratio below which such a picture is cloud, after the source."""
DARK = 40
"""Red and blue together, DN, below which the ratio is noise: beyond the horizon of a whole-sky
frame. Such pixels do not choose the threshold. Chosen here: the source has no such pictures."""
_NO_COLOUR = "no pixel has a colour: all are missing or black"


def ratio_of(image: NDArray[np.generic]) -> NDArray[np.float32]:
    """How much bluer than red each pixel is.

    Args:
        image: (channel, y, x) red, green, blue, DN, NaN where missing.

    Returns:
        (y, x) float32, (b - r) / (b + r), -1..1; NaN where missing, or where both are 0.
    """
    red, blue = image[0].astype(np.float32), image[2].astype(np.float32)
    total = red + blue
    ratio = np.full(total.shape, np.nan, np.float32)
    np.divide(blue - red, total, out=ratio, where=total > 0)
    return ratio


def blue_red(image: NDArray[np.generic], threshold: float = FIXED) -> FormulaResult:
    """Cloud is where (b - r) / (b + r) is below a fixed threshold.

    Args:
        image: (channel, y, x) red, green, blue, DN, NaN where missing.
        threshold: of the ratio.

    Returns:
        the result; its `threshold` is of the ratio, and cloud is below it. Black is unknown.
    """
    return _below(ratio_of(image), BLUE_RED, threshold, {"threshold": threshold})


def blue_red_hybrid(
    image: NDArray[np.generic], spread: float = UNIMODAL, fixed: float = FIXED_OF_UNIMODAL
) -> FormulaResult:
    """Cloud is where (b - r) / (b + r) is below a threshold that suits the picture.

    A picture whose ratio spreads more than `spread` shows sky and cloud: its threshold is that of
    least cross entropy (Li and Tam, Pattern Recogn. Lett. 19, 771, 1998). Another shows one of them
    alone, and gets the fixed threshold. Pixels with less than 40 DN of red and blue do not count
    in either.

    Args:
        image: (channel, y, x) red, green, blue, DN, NaN where missing.
        spread: standard deviation of the ratio over the picture.
        fixed: threshold of the ratio of a picture that spreads no more.

    Returns:
        as for `blue_red`.
    """
    from skimage.filters import threshold_li

    ratio, parameters = ratio_of(image), {"spread": spread, "fixed": fixed}
    values = ratio[image[0].astype(np.float32) + image[2] >= DARK].astype(np.float64)
    cut = fixed
    if values.size and values.std() > spread:
        cut = float(threshold_li(values))  # type: ignore[no-untyped-call]
    return _below(ratio, HYBRID, cut, parameters)


def _below(
    ratio: NDArray[np.float32], name: str, threshold: float, parameters: dict[str, float]
) -> FormulaResult:
    if not np.isfinite(ratio).any():
        return unknown(name, ratio.shape, parameters, _NO_COLOUR)
    return FormulaResult(name, mask_above(-ratio, -threshold), threshold, parameters)
