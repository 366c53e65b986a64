"""Pictures of how good a cloud mask is: curves, reliability, confusion, cover, worst windows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nephoscope.evaluation.worst import Window
from nephoscope.plots.colours import CLEAR, MARKED, MODEL, OTHER
from nephoscope.tasks import Counts
from nephoscope.tasks.mask import is_cloud, threshold_step
from nephoscope.tasks.mask_metrics import calibration, confusion, metrics, precision_recall
from nephoscope.tasks.mask_metrics import roc as roc_of


def plot_curves(counts: Counts, threshold: float, name: str) -> Figure:
    """Receiver operating characteristic and precision over recall.

    Args:
        counts: (truth, bin) int64, as `Sums.total` gives.
        threshold: the model's, marked by a dot.
        name: of the model.
    """
    figure = Figure(figsize=(9, 4.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    values = {
        key: float(value) for key, value in metrics(counts, threshold_step(threshold)).items()
    }
    tp, fp, fn, tn = (float(value) for value in confusion(counts, threshold_step(threshold)))
    left.plot(*roc_of(counts), color=MODEL)
    left.plot([0, 1], [0, 1], color=OTHER, linestyle=":")
    left.plot(fp / max(fp + tn, 1), tp / max(tp + fn, 1), "o", color=MARKED)
    left.set(xlabel="clear pixels called cloudy", ylabel="cloudy pixels found")
    left.set_title(f"ROC, area {values['auc']:.4f}")
    precision, recall = precision_recall(counts)
    right.plot(recall, precision, color=MODEL)
    right.axhline(values["cloud_share"], color=OTHER, linestyle=":")
    at = f"threshold {threshold:.3f}: F1 {values['f1']:.3f}"
    right.plot(values["recall"], values["precision"], "o", color=MARKED, label=at)
    right.set(xlabel="recall", ylabel="precision")
    right.set_title(f"Precision and recall, average {values['average_precision']:.4f}")
    figure.legend(loc="outside lower center", frameon=False)
    for axes in (left, right):
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    figure.suptitle(name)
    return figure


def plot_reliability(counts: Counts, name: str) -> Figure:
    """What share of pixels is cloudy where the model says p, and how often it says so.

    Args:
        counts: (truth, bin) int64.
        name: of the model.
    """
    figure = Figure(figsize=(5.4, 6), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    probability, share, pixels = calibration(counts)
    upper.plot([0, 1], [0, 1], color=OTHER, linestyle=":", label="perfect")
    upper.plot(probability, share, "o-", color=MODEL, label=name)
    upper.set(ylabel="labelled cloudy", ylim=(-0.02, 1.02))
    error = float(metrics(counts, 1)["ece"])
    upper.set_title(f"Expected calibration error {error:.4f}")
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    edges = np.linspace(0, 1, len(pixels) + 1)
    lower.bar(edges[:-1], pixels / max(pixels.sum(), 1), width=np.diff(edges), align="edge",
              color=MODEL, edgecolor="white")  # fmt: skip
    lower.set(xlabel="predicted probability of cloud", ylabel="share of pixels", yscale="log")
    return figure


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
    axes.plot([0, 1], [0, 1], color=OTHER, linestyle=":")
    axes.scatter(true, said, s=14, color=CLEAR, alpha=0.5, edgecolors="none")
    error = float(np.abs(said - true).mean()) if len(true) else 0.0
    axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), aspect="equal",
             xlabel="cloud cover in the label", ylabel=f"cloud cover by {name}",
             title=f"{len(true)} frames, cover off by {error:.3f} on average")  # fmt: skip
    return figure


def plot_windows(windows: Sequence[Window], threshold: float) -> Figure:
    """Where the model errs most: the map, both outlines on it, and which pixels are wrong.

    Args:
        windows: one a row.
        threshold: the model's.
    """
    figure = Figure(figsize=(12, 0.9 + 3.05 * max(1, len(windows))), layout="constrained")
    grid = figure.subplots(max(1, len(windows)), 3, squeeze=False)
    for row, window in zip(grid, windows, strict=False):
        _window_row(row, window, threshold)
    handles = [Line2D([], [], color=colour, linewidth=2) for colour in ("cyan", "magenta")]
    handles += [
        Line2D([], [], color=colour, marker="s", linestyle="", markersize=9, markeredgecolor="grey")
        for colour in (_AGREED, _CLEAR, _FALSE, _MISSED, _UNKNOWN)
    ]
    names = ["label", "prediction", "both cloudy", "both clear", "cloudy by mistake", "missed"]
    names.append("no label")
    figure.legend(handles, names, loc="outside upper center", ncols=7, frameon=False)
    return figure


_AGREED, _FALSE, _MISSED, _UNKNOWN, _CLEAR = "#ffffff", MARKED, "#edae49", OTHER, "#1d2a35"


def _window_row(row: Sequence[Axes], window: Window, threshold: float) -> None:
    bright = _stretch(window.image)
    said = is_cloud(window.probability, threshold)
    for axes in row[:2]:
        axes.imshow(bright)
    for mask, colour in ((window.label == 1, "cyan"), (said, "magenta")):
        if mask.any() and not mask.all():
            row[1].contour(mask, levels=[0.5], colors=colour, linewidths=0.8)
    row[2].imshow(_verdict(window.label, said), interpolation="nearest")
    place = ""
    (north, south), (west, east) = window.latitude, window.longitude
    if north != south:  # a camera's frame has no coordinates
        place = f"{_side(north, 'NS')} to {_side(south, 'NS')}, "
        place += f"{_side(west, 'EW')} to {_side(east, 'EW')}"
    known = max(int((window.label >= 0).sum()), 1)
    row[0].set_title(window.id, loc="left", size=10)
    row[1].set_title(place, size=10)
    row[2].set_title(f"{window.errors / known:.0%} of labelled pixels wrong", size=10)
    for axes in row:
        axes.set(xticks=[], yticks=[])


def _side(degrees: float, sides: str) -> str:
    return f"{abs(degrees):.1f}° {sides[degrees < 0]}"


def _stretch(image: np.ndarray) -> np.ndarray:
    """Brighten (y, x, channel) uint8 without a change of hue; 0 (missing) stays black."""
    return np.clip(image / max(float(np.percentile(image, 99.5)), 1.0), 0, 1)


def _verdict(label: np.ndarray, said: np.ndarray) -> np.ndarray:
    """Colour (y, x, 3) of each pixel: agreed cloud or clear, false, missed, unknown."""
    colours = np.array([to_rgb(c) for c in (_CLEAR, _FALSE, _MISSED, _AGREED, _UNKNOWN)])
    return colours[np.where(label < 0, 4, 2 * (label == 1) + said)]
