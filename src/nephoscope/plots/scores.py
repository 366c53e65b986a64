"""Scores of any task: dots with intervals, the model beside its baselines, confusion."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from nephoscope.evaluation.intervals import Score
from nephoscope.plots.colours import MARKED, MODEL, OTHER

_LETTERS = 34
"""Of a label beside a row."""
SAID = ("clear", "cloudy", "unknown")


def plot_intervals(
    scores: Mapping[str, Score],
    metric: str,
    title: str,
    *,
    pooled: float | None = None,
    marked: str = "",
) -> Figure:
    """One row for each day, latitude band or method: a dot, and its 95 % interval as a bar.

    Args:
        scores: label → score, drawn from the top.
        metric: what the scores are, as an axis label.
        title: of the figure.
        pooled: the score over everything, as a line.
        marked: the label that stands out; all do where none is named.
    """
    figure = Figure(figsize=(6.6, 1.3 + 0.3 * max(len(scores), 1)), layout="constrained")
    axes = figure.subplots()
    for place, (name, score) in enumerate(scores.items()):
        colour = MODEL if marked in ("", name) else OTHER
        if score.low is not None and score.high is not None:
            axes.plot([score.low, score.high], [place, place], color=colour, linewidth=2.5)
        if score.value is not None:
            axes.plot(score.value, place, "o", color=colour, markersize=7)
        text = "none" if score.value is None else f"{score.value:.3f}"
        axes.annotate(text, (1.02, place), xycoords=("axes fraction", "data"), va="center", size=9)
    if pooled is not None:
        axes.axvline(pooled, color=MARKED, linewidth=1, label=f"all together: {pooled:.3f}")
        axes.legend(loc="lower right", bbox_to_anchor=(1, 1), frameon=False, fontsize=8)
    axes.set_yticks(range(len(scores)), [_short(name) for name in scores])
    axes.set(xlabel=f"{metric}; bars: 95 % interval", ylim=(len(scores) - 0.4, -0.6))
    axes.set_title(title, fontsize=10, loc="left")
    axes.grid(axis="x", color="0.9")
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(left=False)
    return figure


def _short(name: str) -> str:
    return name if len(name) <= _LETTERS else f"…{name[1 - _LETTERS :]}"


def plot_confusion(table: npt.NDArray[np.integer], says: str, items: str) -> Figure:
    """Shares of all items, and within each label.

    Args:
        table: (true, said): rows clear, cloudy; columns clear, cloudy and, where that can be said,
            unknown.
        says: who says it.
        items: what they are.
    """
    of_label = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    figure = Figure(figsize=(1.4 + 1.9 * table.shape[1], 4.6), layout="constrained")
    axes = figure.subplots()
    axes.imshow(of_label, cmap="Blues", vmin=0, vmax=1)
    for row, col in np.ndindex(*table.shape):
        share, within = table[row, col] / max(table.sum(), 1), of_label[row, col]
        text = f"{table[row, col]:,}\n{share:.1%} of all\n{within:.1%} of its label"
        axes.text(col, row, text, ha="center", va="center",
                  color="white" if within > 0.5 else "black")  # fmt: skip
    axes.set_xticks(range(table.shape[1]), SAID[: table.shape[1]])
    axes.set_yticks([0, 1], SAID[:2], rotation=90, va="center")
    axes.set(xlabel=f"{says} says", ylabel="label says", title=f"{table.sum():,} {items}")
    return figure
