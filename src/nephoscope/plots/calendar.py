"""Calendar of an archive: files of each day, a panel a product, a row a month."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_PANELS = 24


def draw_calendar(products: Mapping[str, Mapping[date, int]]) -> Figure:
    """Draw how many files there are of each day.

    Args:
        products: name → day → number of files; those without a day are left out, as are products
            beyond the first 24.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    shown = [(name, days) for name, days in products.items() if days][:_MOST_PANELS]
    rows = [_months(days) for _, days in shown]
    heights = [len(each) + 1 for each in rows] or [1]
    figure = Figure(
        figsize=(9, 1.2 + 0.22 * sum(heights) + 0.5 * len(heights)), layout="constrained"
    )
    if not shown:
        figure.suptitle("no file whose name holds a day")
        return figure
    panels = figure.subplots(len(shown), 1, squeeze=False, height_ratios=heights)[:, 0]
    for (name, days), months, axes in zip(shown, rows, panels, strict=True):
        table = np.full((len(months), 31), np.nan)
        for day, count in days.items():
            table[months.index((day.year, day.month)), day.day - 1] = count
        drawn = axes.pcolormesh(
            np.arange(0.5, 32), np.arange(len(months) + 1), table, cmap="viridis", vmin=0,
            edgecolors="white", linewidth=0.5,
        )  # fmt: skip
        axes.invert_yaxis()
        step = -(-len(months) // 24)
        axes.set_yticks(
            np.arange(0, len(months), step) + 0.5,
            [f"{year}-{month:02d}" for year, month in months[::step]],
        )
        axes.set_xticks([1, 5, 10, 15, 20, 25, 30])
        axes.set_title(name, loc="left", fontsize=9)
        # Files are whole: a colour bar that is left to itself shows halves of one.
        whole = MaxNLocator(nbins=4, integer=True)
        figure.colorbar(drawn, ax=axes, label="files", ticks=whole)
    panels[-1].set_xlabel("day of the month")
    return figure


def _months(days: Mapping[date, int]) -> list[tuple[int, int]]:
    first, last = min(days), max(days)
    begin, end = 12 * first.year + first.month - 1, 12 * last.year + last.month - 1
    return [(number // 12, number % 12 + 1) for number in range(begin, end + 1)]
