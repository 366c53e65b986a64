"""Pictures of a report on a camera's frames: examples, cloud cover, training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nephoscope.formulas import otsu
from nephoscope.products.frames import find_blobs, smallest_blob
from nephoscope.tasks import Counts
from nephoscope.tasks.mask import is_cloud, threshold_step
from nephoscope.tasks.mask_metrics import confusion

_CLEAR, _CLOUD, _OTHER = "#1f5f8b", "#d1495b", "#4b5560"


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


@dataclass(frozen=True)
class TrainingLog:
    """How a training went.

    Attributes:
        loss: step → loss of a batch, now and then.
        f1: step → best F1 on the validation samples.
    """

    loss: dict[int, float]
    f1: dict[int, float]


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
        row[2].contour(said, [0.5], colors=_CLOUD, linewidths=0.8)
    row[2].set_title(_blobs(said, frame.probability), size=10)
    for axes in row[:3]:
        axes.set(xticks=[], yticks=[], facecolor="#9aa5ad")


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
        axes.hist(values, bins=60, stacked=True, color=[_CLEAR, _CLOUD], label=["clear", "cloud"])
        axes.legend(frameon=False, fontsize=8, loc="upper right")
    cut = otsu(frame.image).threshold
    if np.isfinite(cut):
        axes.axvline(cut, color="black", linewidth=1)
        axes.annotate("Otsu", (cut, 0.96), xycoords=("data", "axes fraction"), size=8, va="top",
                      xytext=(3, 0), textcoords="offset points")  # fmt: skip
    axes.set(yticks=[])


def plot_cover(by_frame: Counts, threshold: float, name: str) -> Figure:
    """Cloud cover that the model says of each frame, over that of the label.

    Args:
        by_frame: (frame, truth, bin) int64.
        threshold: the model's.
        name: of the model.
    """
    tp, fp, fn, tn = confusion(by_frame, threshold_step(threshold))
    pixels = np.maximum(tp + fp + fn + tn, 1)
    true, said = (tp + fn) / pixels, (tp + fp) / pixels
    figure = Figure(figsize=(5.4, 5.4), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="#9aa5ad", linestyle=":")
    axes.scatter(true, said, s=14, color=_CLEAR, alpha=0.5, edgecolors="none")
    error = float(np.abs(said - true).mean()) if len(true) else 0.0
    axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), aspect="equal",
             xlabel="cloud cover in the label", ylabel=f"cloud cover by {name}",
             title=f"{len(true)} frames, cover off by {error:.3f} on average")  # fmt: skip
    return figure


def plot_training(log: TrainingLog) -> Figure:
    """Loss of the training batches and F1 on the validation samples over the steps.

    Args:
        log: of the run.
    """
    figure = Figure(figsize=(8, 4), layout="constrained")
    left = figure.subplots()
    steps, loss = np.array(list(log.loss)), np.array(list(log.loss.values()))
    left.plot(steps, loss, color=_OTHER, alpha=0.3, linewidth=0.8)
    if loss.size >= 20:
        width = max(loss.size // 20, 1)
        smooth = np.convolve(loss, np.ones(width) / width, "valid")
        left.plot(steps[width - 1 :], smooth, color=_OTHER, label="loss of the batches, smoothed")
    left.set(xlabel="step", ylabel="loss", ylim=(0, None))
    right = left.twinx()
    right.plot(list(log.f1), list(log.f1.values()), "o-", color=_CLOUD,
               label="F1 on validation samples")  # fmt: skip
    right.set_ylabel("F1", color=_CLOUD)
    handles = [line for axes in (left, right) for line in axes.get_legend_handles_labels()[0]]
    left.legend(handles=handles, frameon=False, loc="center right")
    return figure
