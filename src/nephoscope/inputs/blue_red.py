"""How much bluer than red a pixel of a colour picture is, and from where on it is clear sky.

Clear sky scatters blue, cloud all colours alike: (b - r) / (b + r) is near 0 in cloud and far above
in clear sky. The threshold of a picture follows Li, Lu and Yang (J. Atmos. Oceanic Technol. 28,
1286, 2011, doi 10.1175/JTECH-D-11-00009.1): fixed where the picture is of one kind, that of least
cross entropy (Li and Tam, Pattern Recogn. Lett. 19, 771, 1998) where it shows sky and cloud.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

UNIMODAL = 0.03
"""Spread of the ratio up to which a picture is of one kind, all cloud or all clear, after the
source."""
FIXED_OF_UNIMODAL = 0.25
"""Ratio below which such a picture is cloud, after the source."""
DARK = 40
"""Red and blue together, DN, below which the ratio is noise: beyond the horizon of a whole-sky
frame. Such pixels do not choose the threshold. Chosen here: the source has no such pictures."""


def ratio_of(image: NDArray[np.generic]) -> NDArray[np.float32]:
    """How much bluer than red each pixel is.

    Args:
        image: (channel, ...) red, green, blue, DN, NaN where missing.

    Returns:
        (...) float32, (b - r) / (b + r), -1..1; NaN where missing, or where both are 0.
    """
    red, blue = image[0].astype(np.float32), image[2].astype(np.float32)
    total = red + blue
    ratio = np.full(total.shape, np.nan, np.float32)
    np.divide(blue - red, total, out=ratio, where=total > 0)
    return ratio


def hybrid_threshold(
    image: NDArray[np.generic], spread: float = UNIMODAL, fixed: float = FIXED_OF_UNIMODAL
) -> tuple[float, float]:
    """Ratio below which a pixel of this picture is cloud, and the ratio's spread in it.

    Args:
        image: as for `ratio_of`.
        spread: standard deviation of the ratio up to which the picture is of one kind.
        fixed: threshold of such a picture.
    """
    from skimage.filters import threshold_li

    light = image[0].astype(np.float32) + image[2]
    values = ratio_of(image)[light >= DARK].astype(np.float64)
    if not values.size or (found := float(values.std())) <= spread:
        return fixed, found if values.size else 0.0
    return float(threshold_li(values)), found  # type: ignore[no-untyped-call]
