"""How a training went: loss of the batches, and the score on the validation samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from nephoscope.plots.colours import CLOUD, WORDS


@dataclass(frozen=True)
class TrainingLog:
    """How a training went.

    Attributes:
        loss: step → loss of a batch, now and then.
        f1: step → best F1 on the validation samples.
    """

    loss: dict[int, float]
    f1: dict[int, float]


def plot_training(log: TrainingLog) -> Figure:
    """Loss of the training batches and F1 on the validation samples over the steps.

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
    right.plot(list(log.f1), list(log.f1.values()), "o-", color=CLOUD,
               label="F1 on validation samples")  # fmt: skip
    right.set_ylabel("F1", color=CLOUD)
    handles = [line for axes in (left, right) for line in axes.get_legend_handles_labels()[0]]
    left.legend(handles=handles, frameon=False, loc="center right")
    return figure
