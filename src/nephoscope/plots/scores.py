"""Pictures of how good a model is; every function returns a matplotlib Figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nephoscope.evaluation.protocol import Crop
from nephoscope.evaluation.scores import Score
from nephoscope.tasks import Counts
from nephoscope.tasks.mask import is_cloud, threshold_step
from nephoscope.tasks.mask_metrics import calibration, confusion, metrics, precision_recall
from nephoscope.tasks.mask_metrics import roc as roc_of

MODEL, OTHER, TRUTH = "#1f5f8b", "#9aa5ad", "#d1495b"


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
    left.plot(fp / max(fp + tn, 1), tp / max(tp + fn, 1), "o", color=TRUTH)
    left.set(xlabel="clear pixels called cloudy", ylabel="cloudy pixels found")
    left.set_title(f"ROC, area {values['auc']:.4f}")
    precision, recall = precision_recall(counts)
    right.plot(recall, precision, color=MODEL)
    right.axhline(values["cloud_share"], color=OTHER, linestyle=":")
    at = f"threshold {threshold:.3f}: F1 {values['f1']:.3f}"
    right.plot(values["recall"], values["precision"], "o", color=TRUTH, label=at)
    right.set(xlabel="recall", ylabel="precision")
    right.set_title(f"Precision and recall, average {values['average_precision']:.4f}")
    right.legend(loc="lower left", frameon=False)
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
    upper.legend(loc="upper left", frameon=False)
    edges = np.linspace(0, 1, len(pixels) + 1)
    lower.bar(edges[:-1], pixels / max(pixels.sum(), 1), width=np.diff(edges), align="edge",
              color=MODEL, edgecolor="white")  # fmt: skip
    lower.set(xlabel="predicted probability of cloud", ylabel="share of pixels", yscale="log")
    return figure


def plot_bars(
    scores: Mapping[str, Score], metric: str, title: str, pooled: float | None = None
) -> Figure:
    """One bar for each day, latitude band or method, with its 95 % interval.

    Args:
        scores: label → score, drawn from left to right.
        metric: what the scores are, as an axis label.
        title: of the figure.
        pooled: the score over everything, as a line.
    """
    figure = Figure(figsize=(max(5.0, 1.5 + 0.5 * len(scores)), 4.2), layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(scores))
    axes.bar(places, [score.value or 0.0 for score in scores.values()], color=MODEL)
    _intervals(axes, list(scores.values()))
    for place, score in zip(places, scores.values(), strict=True):
        text = "none" if score.value is None else f"{score.value:.2f}"
        top = max(score.value or 0.0, score.high or 0.0)
        axes.annotate(text, (place, top), (0, 2), textcoords="offset points", ha="center", size=8)
    if pooled is not None:
        axes.axhline(pooled, color=TRUTH, linewidth=1)
        title = f"{title} (red: pooled, {pooled:.3f})"
    crowded = len(scores) > 6
    axes.set_xticks(places, list(scores), rotation=60 if crowded else 0,
                    ha="right" if crowded else "center", rotation_mode="anchor")  # fmt: skip
    axes.set(ylabel=metric, ylim=(0, 1.08), title=title)
    return figure


def _intervals(axes: Axes, scores: Sequence[Score]) -> None:
    for place, score in enumerate(scores):
        if score.low is not None and score.high is not None:
            axes.plot([place, place], [score.low, score.high], color="black", linewidth=1.5)


def plot_comparison(scores: Mapping[str, Score], model: str, metric: str) -> Figure:
    """The model beside its baselines, best at the top.

    Args:
        scores: name → score, the model's among them.
        model: name of the model, coloured.
        metric: what the scores are.
    """
    order = sorted(scores, key=lambda name: scores[name].value or 0.0)
    figure = Figure(figsize=(8, 1.2 + 0.45 * len(order)), layout="constrained")
    axes = figure.subplots()
    for place, name in enumerate(order):
        score = scores[name]
        axes.barh(place, score.value or 0.0, color=MODEL if name == model else OTHER)
        if score.low is not None and score.high is not None:
            axes.plot([score.low, score.high], [place, place], color="black", linewidth=1.5)
        end = max(score.value or 0.0, score.high or 0.0)
        axes.annotate(f"{score.value or 0.0:.3f}", (end, place), (4, 0),
                      textcoords="offset points", va="center")  # fmt: skip
    axes.set_yticks(range(len(order)), order)
    axes.set(xlabel=metric, xlim=(0, 1.1), title=f"{metric}: {model} and what it must beat")
    return figure


def plot_confusion(counts: Counts, threshold: float, name: str) -> Figure:
    """The four kinds of pixel: shares of all labelled pixels, and within each label.

    Args:
        counts: (truth, bin) int64.
        threshold: the model's.
        name: of the model.
    """
    tp, fp, fn, tn = (float(value) for value in confusion(counts, threshold_step(threshold)))
    table = np.array([[tn, fp], [fn, tp]])
    of_label = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    figure = Figure(figsize=(5.2, 4.6), layout="constrained")
    axes = figure.subplots()
    axes.imshow(of_label, cmap="Blues", vmin=0, vmax=1)
    for row, col in np.ndindex(2, 2):
        share, within = table[row, col] / max(table.sum(), 1), of_label[row, col]
        text = f"{share:.1%} of all\n{within:.1%} of its label"
        axes.text(col, row, text, ha="center", va="center",
                  color="white" if within > 0.5 else "black")  # fmt: skip
    axes.set_xticks([0, 1], ["clear", "cloudy"])
    axes.set_yticks([0, 1], ["clear", "cloudy"], rotation=90, va="center")
    axes.set(xlabel=f"{name} says (threshold {threshold:.3f})", ylabel="label says")
    axes.set_title(f"{table.sum():,.0f} labelled pixels")
    return figure


def plot_crops(crops: Sequence[Crop], threshold: float) -> Figure:
    """Where the model errs most: the map, both outlines on it, and which pixels are wrong.

    Args:
        crops: windows, one a row.
        threshold: the model's.
    """
    figure = Figure(figsize=(12, 0.9 + 3.05 * max(1, len(crops))), layout="constrained")
    grid = figure.subplots(max(1, len(crops)), 3, squeeze=False)
    for row, crop in zip(grid, crops, strict=False):
        _crop_row(row, crop, threshold)
    handles = [Line2D([], [], color=colour, linewidth=2) for colour in ("cyan", "magenta")]
    handles += [
        Line2D([], [], color=colour, marker="s", linestyle="", markersize=9, markeredgecolor="grey")
        for colour in (_AGREED, _CLEAR, _FALSE, _MISSED, _UNKNOWN)
    ]
    names = ["label", "prediction", "both cloudy", "both clear", "cloudy by mistake", "missed"]
    names.append("no label")
    figure.legend(handles, names, loc="outside upper center", ncols=7, frameon=False)
    return figure


_AGREED, _FALSE, _MISSED, _UNKNOWN, _CLEAR = "#ffffff", "#d1495b", "#edae49", "#9aa5ad", "#1d2a35"


def _crop_row(row: Sequence[Axes], crop: Crop, threshold: float) -> None:
    bright = _stretch(crop.image)
    said = is_cloud(crop.probability, threshold)
    for axes in row[:2]:
        axes.imshow(bright)
    for mask, colour in ((crop.label == 1, "cyan"), (said, "magenta")):
        if mask.any() and not mask.all():
            row[1].contour(mask, levels=[0.5], colors=colour, linewidths=0.8)
    row[2].imshow(_verdict(crop.label, said), interpolation="nearest")
    place = ""
    if crop.north != crop.south:  # a camera's frame has no coordinates
        place = f"{_side(crop.north, 'NS')} to {_side(crop.south, 'NS')}, "
        place += f"{_side(crop.west, 'EW')} to {_side(crop.east, 'EW')}"
    known = max(int((crop.label >= 0).sum()), 1)
    row[0].set_title(crop.day, loc="left", size=10)
    row[1].set_title(place, size=10)
    row[2].set_title(f"{crop.errors / known:.0%} of labelled pixels wrong", size=10)
    for axes in row:
        axes.set(xticks=[], yticks=[])


def _side(degrees: float, sides: str) -> str:
    return f"{abs(degrees):.1f}° {sides[degrees < 0]}"


def _stretch(image: np.ndarray) -> np.ndarray:
    """Brighten (y, x, channel) uint8 without a change of hue; 0 (missing) stays black."""
    return np.clip(image / max(float(np.percentile(image, 99.5)), 1.0), 0, 1)


def _verdict(label: np.ndarray, said: np.ndarray) -> np.ndarray:
    """Colour (y, x, 3) of each pixel: agreed cloud or clear, false, missed, unknown."""
    colours = np.array([_rgb(c) for c in (_CLEAR, _FALSE, _MISSED, _AGREED, _UNKNOWN)])
    kind = np.where(label < 0, 4, 2 * (label == 1) + said)
    return colours[kind]


def _rgb(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
