"""Result of a formula, and the one way to make a mask from a threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

UNKNOWN = np.int8(-1)


@dataclass(frozen=True)
class FormulaResult:
    """A mask with everything that is needed to say where it is from.

    Args:
        formula: its name.
        mask: (y, x) int8, -1 unknown, 0 clear, 1 cloud.
        threshold: cloud is above it, unit of the image; NaN where there is none.
        parameters: of the formula.
        note: why pixels are unknown, or what the mask rests on; "" if there is nothing to say.
        stretched: (y, x) float32, 0..1, what was thresholded, for the preview; None if that was
            the image itself.
        probability: (y, x) float32, 0..1, NaN where unknown; None if the formula gives none.
    """

    formula: str
    mask: NDArray[np.int8]
    threshold: float
    parameters: dict[str, float]
    note: str = ""
    stretched: NDArray[np.float32] | None = None
    probability: NDArray[np.float32] | None = None


def mask_above(values: NDArray[np.floating], threshold: float) -> NDArray[np.int8]:
    """(y, x) int8: 1 above the threshold, 0 at or below it, -1 where NaN."""
    return np.where(np.isnan(values), UNKNOWN, (values > threshold).astype(np.int8))


def unknown(
    formula: str, shape: tuple[int, ...], parameters: dict[str, float], note: str
) -> FormulaResult:
    """A result that knows nothing, and says why."""
    return FormulaResult(formula, np.full(shape, UNKNOWN), float("nan"), parameters, note)
