"""Pictures of a study: how the score grew, and which setting matters."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from nephoscope.plots.colours import MARKED, MODEL, OTHER


def plot_history(
    complete: Mapping[int, float], pruned: Mapping[int, float], score: str = "F1"
) -> Figure:
    """The score of each trial, and the best so far.

    Args:
        complete: number of the trial → its score.
        pruned: number of a pruned trial → its best score until then.
        score: its name.
    """
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot(list(complete), list(complete.values()), "o", color=MODEL, label="complete")
    if pruned:
        axes.plot(list(pruned), list(pruned.values()), "x", color=OTHER, label="pruned")
    best = np.maximum.accumulate(list(complete.values()))
    axes.step(list(complete), best, where="post", color=MARKED, label="best so far")
    axes.set(xlabel="trial", ylabel=f"best {score} on the validation samples")
    axes.legend(frameon=False)
    return figure


def plot_importance(importance: Mapping[str, float]) -> Figure:
    """Share of the scores' variance that each setting explains, largest on top.

    Args:
        importance: recipe key → share, 0..1; empty if it could not be told.
    """
    figure = Figure(figsize=(7, 1.2 + 0.5 * max(len(importance), 1)), layout="constrained")
    axes = figure.subplots()
    order = sorted(importance, key=lambda key: importance[key])
    axes.barh(order, [importance[key] for key in order], color=MODEL)
    axes.set(xlabel="share of the variance of the score", xlim=(0, 1))
    if not importance:
        axes.set_title("Too few trials to tell")
    return figure
