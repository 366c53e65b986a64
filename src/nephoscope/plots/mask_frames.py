"""Frames of a camera with their masks: what is labelled and what is said, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nephoscope.formulas import otsu
from nephoscope.plots.colours import CLEAR, CLOUD, OTHER
from nephoscope.products.frames import find_blobs, smallest_blob
from nephoscope.tasks.mask import is_cloud


@dataclass(frozen=True)
class SampleFrame:
    """A frame with what is known and what is said of it.

    Attributes:
        name: of the frame.
        image: (y, x) float32, mean of its channels, NaN where missing.
        label: (y, x) int8, -1 unknown, 0 clear, 1 cloud.
        probability: (y, x) float32, 0..1, NaN where there is none.
    """

    name: str
    image: npt.NDArray[np.float32]
    label: npt.NDArray[np.int8]
    probability: npt.NDArray[np.float32]


def plot_samples(frames: Sequence[SampleFrame], threshold: float) -> Figure:
    """One row a frame: the frame, its label, the probability, and its histogram by label.

    Args:
        frames: from little cloud to much.
        threshold: the model's.
    """
    figure = Figure(figsize=(13, 0.6 + 2.45 * max(1, len(frames))), layout="constrained")
    grid = figure.subplots(max(1, len(frames)), 4, squeeze=False)
    for row, frame in zip(grid, frames, strict=False):
        _pictures(row, frame, threshold)
        _histogram(row[3], frame)
    for axes, title in zip(grid[0], ("frame", "label", "probability, edge", "values"), strict=True):
        axes.set_title(f"{title}\n{axes.get_title()}".strip(), size=10)
    return figure


def _pictures(row: Sequence[Axes], frame: SampleFrame, threshold: float) -> None:
    low, high = np.nanpercentile(frame.image, [1, 99]) if np.isfinite(frame.image).any() else (0, 1)
    row[0].imshow(frame.image, cmap="gray", vmin=low, vmax=max(high, low + 1e-6))
    row[0].set_ylabel(frame.name if len(frame.name) <= 24 else f"…{frame.name[-23:]}", size=7)
    row[1].imshow(np.where(frame.label < 0, np.nan, frame.label), cmap="gray", vmin=0, vmax=1)
    row[1].set_title(_blobs(frame.label, frame.label.astype(np.float32)), size=10)
    said = is_cloud(frame.probability, threshold).astype(np.int8)
    row[2].imshow(frame.probability, cmap="viridis", vmin=0, vmax=1)
    if said.any() and not said.all():
        row[2].contour(said, [0.5], colors=CLOUD, linewidths=0.8)
    row[2].set_title(_blobs(said, frame.probability), size=10)
    for axes in row[:3]:
        axes.set(xticks=[], yticks=[], facecolor=OTHER)


def _blobs(mask: npt.NDArray[np.int8], probability: npt.NDArray[np.float32]) -> str:
    """Cover and number of clouds in words."""
    known = (mask >= 0) & np.isfinite(probability)
    count = len(find_blobs(mask, probability, smallest_blob(mask.size)))
    cover = float((mask[known] == 1).mean()) if known.any() else 0.0
    return f"{cover:.0%} in {count} cloud{'' if count == 1 else 's'}"


def _histogram(axes: Axes, frame: SampleFrame) -> None:
    known = np.isfinite(frame.image)
    values = [frame.image[known & (frame.label == state)] for state in (0, 1)]
    if sum(each.size for each in values):
        axes.hist(values, bins=60, stacked=True, color=[CLEAR, CLOUD], label=["clear", "cloud"])
        axes.legend(frameon=False, fontsize=8, loc="upper right")
    cut = otsu(frame.image).threshold
    if np.isfinite(cut):
        axes.axvline(cut, color="black", linewidth=1)
        axes.annotate("Otsu", (cut, 0.96), xycoords=("data", "axes fraction"), size=8, va="top",
                      xytext=(3, 0), textcoords="offset points")  # fmt: skip
    axes.set(yticks=[])
