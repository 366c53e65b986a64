"""The preview of a formula: the image, what was thresholded, and the edge of the mask."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nephoscope.formulas.result import FormulaResult

_EDGE = "#d1495b"


def plot_formula(image: NDArray[np.float32], result: FormulaResult, units: str = "adu") -> Figure:
    """Draw a frame, its stretched form with the mask's edge, and the histogram with the threshold.

    Args:
        image: (y, x) float32, NaN where missing.
        result: of a formula on this image.
        units: of the image.
    """
    figure = Figure(figsize=(13, 4), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    shown = left.imshow(image, cmap="cividis")
    left.set_title("Frame")
    figure.colorbar(shown, ax=left, label=units, shrink=0.8)
    stretched = result.stretched if result.stretched is not None else result.probability
    middle.imshow(image if stretched is None else stretched, cmap="gray")
    if (result.mask == 1).any() and (result.mask == 0).any():
        middle.contour(result.mask == 1, [0.5], colors=_EDGE, linewidths=0.8)
    known = result.mask >= 0
    cover = f"{(result.mask == 1).sum() / known.sum():.0%} cloud" if known.any() else "unknown"
    middle.set_title(f"{result.formula}: {cover}")
    for axes in (left, middle):
        axes.set_axis_off()
    _histogram(right, image, result, units)
    if result.note:
        figure.suptitle(result.note, fontsize=9)
    return figure


def _histogram(axes: Axes, image: NDArray[np.float32], result: FormulaResult, units: str) -> None:
    values = image[np.isfinite(image)]
    if values.size:
        axes.hist(values, bins=100, color="#9aa5ad")
    if np.isfinite(result.threshold):
        axes.axvline(result.threshold, color=_EDGE)
        axes.set_title(f"Cloud above {result.threshold:.1f} {units}")
    axes.set(xlabel=units, ylabel="pixels")
