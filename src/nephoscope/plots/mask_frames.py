"""Frames of a camera with their masks: what is labelled and what is said, side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nephoscope.evaluation.sample import Floats, LabelledSample
from nephoscope.formulas import otsu
from nephoscope.plots.colours import CLEAR, CLOUD, OTHER
from nephoscope.products.frames import find_blobs, smallest_blob
from nephoscope.samples.truth import Label
from nephoscope.tasks.mask import is_cloud


def plot_samples(frames: Sequence[tuple[LabelledSample, Floats]], threshold: float) -> Figure:
    """One row a frame: the frame, its label, the probability, and its histogram by label.

    Args:
        frames: each with its probability, (y, x) 0..1, NaN where there is none; from little cloud
            to much.
        threshold: the model's.
    """
    figure = Figure(figsize=(13, 0.6 + 2.45 * max(1, len(frames))), layout="constrained")
    grid = figure.subplots(max(1, len(frames)), 4, squeeze=False)
    for row, (frame, probability) in zip(grid, frames, strict=False):
        image = frame.image.astype(np.float32).mean(axis=0)
        image[~frame.known] = np.nan
        low, high = np.nanpercentile(image, [1, 99]) if np.isfinite(image).any() else (0, 1)
        row[0].imshow(image, cmap="gray", vmin=low, vmax=max(high, low + 1e-6))
        row[0].set_ylabel(frame.id if len(frame.id) <= 24 else f"…{frame.id[-23:]}", size=7)
        _masks(row[1:3], frame.label, probability, threshold)
        _histogram(row[3], image, frame.label)
        for axes in row[:3]:
            axes.set(xticks=[], yticks=[], facecolor=OTHER)
    for axes, title in zip(grid[0], ("frame", "label", "probability, edge", "values"), strict=True):
        axes.set_title(f"{title}\n{axes.get_title()}".strip(), size=10)
    return figure


def _masks(row: Sequence[Axes], label: Label, probability: Floats, threshold: float) -> None:
    row[0].imshow(np.where(label < 0, np.nan, label), cmap="gray", vmin=0, vmax=1)
    row[0].set_title(_blobs(label, label.astype(np.float32)), size=10)
    said = is_cloud(probability, threshold).astype(np.int8)
    row[1].imshow(probability, cmap="viridis", vmin=0, vmax=1)
    if said.any() and not said.all():
        row[1].contour(said, [0.5], colors=CLOUD, linewidths=0.8)
    row[1].set_title(_blobs(said, probability), size=10)


def _blobs(mask: Label, probability: Floats) -> str:
    """Cover and number of clouds in words."""
    known = (mask >= 0) & np.isfinite(probability)
    count = len(find_blobs(mask, probability, smallest_blob(mask.size)))
    cover = float((mask[known] == 1).mean()) if known.any() else 0.0
    return f"{cover:.0%} in {count} cloud{'' if count == 1 else 's'}"


def _histogram(axes: Axes, image: Floats, label: Label) -> None:
    known = np.isfinite(image)
    values = [image[known & (label == state)] for state in (0, 1)]
    if sum(each.size for each in values):
        axes.hist(values, bins=60, stacked=True, color=[CLEAR, CLOUD], label=["clear", "cloud"])
        axes.legend(frameon=False, fontsize=8, loc="upper right")
    cut = otsu(image).threshold
    if np.isfinite(cut):
        axes.axvline(cut, color="black", linewidth=1)
        axes.annotate("Otsu", (cut, 0.96), xycoords=("data", "axes fraction"), size=8, va="top",
                      xytext=(3, 0), textcoords="offset points")  # fmt: skip
    axes.set(yticks=[])
