"""How a training went, and a study of many: loss, scores, and which setting matters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from nephoscope.plots.colours import CLOUD, MARKED, MODEL, OTHER, WORDS


@dataclass(frozen=True)
class TrainingLog:
    """How a training went.

    Attributes:
        loss: step → loss of a batch, now and then.
        score: step → what the fit makes as large as it can, on the validation samples.
        title: what that is called.
    """

    loss: dict[int, float]
    score: dict[int, float]
    title: str = "F1"


def plot_training(log: TrainingLog) -> Figure:
    """Loss of the training batches and the score on the validation samples over the steps.

    Args:
        log: of the run.
    """
    figure = Figure(figsize=(8, 4), layout="constrained")
    left = figure.subplots()
    steps, loss = np.array(list(log.loss)), np.array(list(log.loss.values()))
    left.plot(steps, loss, color=WORDS, alpha=0.3, linewidth=0.8)
    if loss.size >= 20:
        width = max(loss.size // 20, 1)
        smooth = np.convolve(loss, np.ones(width) / width, "valid")
        left.plot(steps[width - 1 :], smooth, color=WORDS, label="loss of the batches, smoothed")
    left.set(xlabel="step", ylabel="loss", ylim=(0, None))
    right = left.twinx()
    right.plot(list(log.score), list(log.score.values()), "o-", color=CLOUD,
               label=f"{log.title} on validation samples")  # fmt: skip
    right.set_ylabel(log.title, color=CLOUD)
    handles = [line for axes in (left, right) for line in axes.get_legend_handles_labels()[0]]
    figure.legend(handles=handles, frameon=False, loc="outside lower center", ncols=2)
    return figure


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
    figure.legend(frameon=False, loc="outside lower center", ncols=3)
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
