"""Scores of any task: bars with intervals, the model beside its baselines, confusion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nephoscope.evaluation.intervals import Score
from nephoscope.plots.colours import MARKED, MODEL, OTHER

_LETTERS = 48
"""Of labels side by side below the bars."""
SAID = ("clear", "cloudy", "unknown")


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
        axes.axhline(pooled, color=MARKED, linewidth=1)
        title = f"{title} (red: pooled, {pooled:.3f})"
    crowded = len(scores) > 6 or sum(map(len, scores)) > _LETTERS
    axes.set_xticks(places, list(scores), rotation=60 if crowded else 0,
                    ha="right" if crowded else "center", rotation_mode="anchor")  # fmt: skip
    axes.set(ylabel=metric, ylim=(0, 1.08), title=title)
    return figure


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
        end = max(score.value or 0.0, score.high or 0.0)
        axes.annotate(f"{score.value or 0.0:.3f}", (end, place), (4, 0),
                      textcoords="offset points", va="center")  # fmt: skip
    _intervals(axes, [scores[name] for name in order], across=True)
    axes.set_yticks(range(len(order)), order)
    axes.set(xlabel=metric, xlim=(0, 1.1), title=f"{metric}: {model} and what it must beat")
    return figure


def _intervals(axes: Axes, scores: Sequence[Score], across: bool = False) -> None:
    for place, score in enumerate(scores):
        if score.low is not None and score.high is not None:
            line = [place, place], [score.low, score.high]
            axes.plot(*(line[::-1] if across else line), color="black", linewidth=1.5)


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
