"""What is said of clear and of cloudy items."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

SAID = ("clear", "cloudy", "unknown")


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
