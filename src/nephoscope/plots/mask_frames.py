"""Frames of a camera with their masks: what is labelled and what is said, side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from nephoscope.evaluation.sample import Floats, LabelledSample
from nephoscope.formulas import otsu
from nephoscope.plots.colours import CLEAR, CLOUD, OTHER
from nephoscope.products.frames import find_blobs, smallest_blob
from nephoscope.samples.truth import Label
from nephoscope.tasks.mask import is_cloud

_UNKNOWN = 0.6  # grey


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
        row[0].imshow(picture_of(np.where(frame.known, frame.image, np.nan)), interpolation="none")
        row[0].set_ylabel(frame.id if len(frame.id) <= 24 else f"…{frame.id[-23:]}", size=7)
        _masks(row[1:3], frame.label, probability, threshold)
        _histogram(row[3], image, frame.label)
        for axes in row[:3]:
            axes.set(xticks=[], yticks=[], facecolor=OTHER)
    for axes, title in zip(grid[0], ("frame", "label", "probability, edge"), strict=False):
        axes.set_title(f"{title}\n{axes.get_title()}".strip(), size=10)
    grid[0][3].set_title("values", size=10, loc="left")  # the key stands at the right
    return figure


def picture_of(image: Floats) -> npt.NDArray[np.float32]:
    """A frame or map to look at, (y, x, 3) 0..1: in its colours, or the mean of others in grey.

    Args:
        image: (channel, y, x), NaN where missing, which is grey; of three channels red, green and
            blue.
    """
    shown = image if len(image) == 3 else image.astype(np.float32).mean(axis=0, keepdims=True)
    known = np.isfinite(shown)
    low, high = np.percentile(shown[known], [1, 99.5]) if known.any() else (0.0, 1.0)
    # Colours keep their black: of 8 bits only the brightest end is stretched.
    low = 0.0 if len(image) == 3 else low
    picture = np.clip((shown - low) / max(high - low, 1e-6), 0, 1)
    picture = np.where(known, picture, _UNKNOWN)
    return np.broadcast_to(np.moveaxis(picture, 0, -1), (*image.shape[1:], 3)).astype(np.float32)


def plot_labelled(frames: Sequence[tuple[str, Floats, Label]]) -> Figure:
    """Samples with the edges of their clouds, and what is not labelled in grey.

    Args:
        frames: title, image (channel, y, x) and label (y, x) of each.
    """
    cols = min(4, max(len(frames), 1))
    rows = -(-len(frames) // cols)
    shape = frames[0][2].shape if frames else (1, 1)
    high = max(12.0 / cols * shape[0] / shape[1], 0.8) + 0.35
    figure = Figure(figsize=(12, 0.6 + high * rows), layout="constrained")
    panels = figure.subplots(rows, cols, squeeze=False).ravel()
    for axes in panels[len(frames) :]:
        axes.set_axis_off()
    for axes, (title, image, label) in zip(panels, frames, strict=False):
        picture = picture_of(image)
        picture[label < 0] = 0.6 * picture[label < 0] + 0.4 * _UNKNOWN
        axes.imshow(picture, interpolation="none")
        if (label == 1).any() and not (label == 1).all():
            axes.contour(label == 1, [0.5], colors=CLOUD, linewidths=0.9)
        known = label[label >= 0]
        said = f"{np.mean(known == 1):.0%} cloud" if known.size else "not labelled"
        axes.set_title(f"{title}\n{said}", size=8)
        axes.set(xticks=[], yticks=[])
    edge = Line2D([], [], color=CLOUD, label="edge of labelled cloud")
    veil = Patch(color=str(_UNKNOWN), label="greyed: not labelled")
    figure.legend(handles=[edge, veil], loc="outside lower center", ncols=2, frameon=False)
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
        axes.legend(frameon=False, fontsize=8, loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
    cut = otsu(image).threshold
    if np.isfinite(cut):
        axes.axvline(cut, color="black", linewidth=1)
        axes.annotate("Otsu", (cut, 0.96), xycoords=("data", "axes fraction"), size=8, va="top",
                      xytext=(3, 0), textcoords="offset points")  # fmt: skip
    axes.set(yticks=[])
