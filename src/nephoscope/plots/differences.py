"""Differences of a score to one that lacks nothing, with intervals, as dots beside a line."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from nephoscope.evaluation.intervals import Score
from nephoscope.plots.colours import MARKED, MODEL


def draw_differences(lost: Mapping[str, Score], metric: str, title: str) -> Figure:
    """One dot for each variant, the greatest loss at the top.

    Args:
        lost: variant → difference of its score; one without a value is left out.
        metric: what the scores are.
        title: of the figure.
    """
    told = {name: float(each.value) for name, each in lost.items() if each.value is not None}
    order = sorted(told, key=lambda name: told[name], reverse=True)
    figure = Figure(figsize=(8, 1.4 + 0.38 * max(len(order), 1)), layout="constrained")
    axes = figure.subplots()
    for place, name in enumerate(order):
        each, value = lost[name], told[name]
        if each.low is not None and each.high is not None:
            sure = each.low > 0 or each.high < 0
            axes.plot([each.low, each.high], [place, place], color=MODEL, alpha=1 if sure else 0.4)
        axes.plot(value, place, "o", color=MODEL)
        axes.annotate(f"{value:+.3f}", (value, place), (0, 6),
                      textcoords="offset points", ha="center", size=8)  # fmt: skip
    axes.axvline(0, color=MARKED, linewidth=1)
    axes.set_yticks(np.arange(len(order)), order)
    axes.set(xlabel=f"{metric} less that of the network that sees everything", title=title)
    axes.margins(y=0.12)
    return figure


def plot_differences(lost: Mapping[str, Score], metric: str, title: str) -> bytes:
    """The figure of `draw_differences` as a PNG."""
    content = io.BytesIO()
    draw_differences(lost, metric, title).savefig(content, format="png", dpi=110)
    return content.getvalue()
