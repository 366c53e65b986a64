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
from nephoscope.inputs.blue_red import FIXED_OF_UNIMODAL, UNIMODAL, hybrid_threshold, ratio_of

BLUE_RED, HYBRID = "blue-red", "blue-red-hybrid"
FIXED = 0.15
"""Ratio below which a pixel is cloud, whatever the picture."""


_NO_COLOUR = "no pixel has a colour: all are missing or black"


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
    cut, _ = hybrid_threshold(image, spread, fixed)
    parameters = {"spread": spread, "fixed": fixed}
    return _below(ratio_of(image), HYBRID, cut, parameters)


def _below(
    ratio: NDArray[np.float32], name: str, threshold: float, parameters: dict[str, float]
) -> FormulaResult:
    if not np.isfinite(ratio).any():
        return unknown(name, ratio.shape, parameters, _NO_COLOUR)
    return FormulaResult(name, mask_above(-ratio, -threshold), threshold, parameters)
