"""Pictures of a set of frames: power spectra, and who looks like whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nephoscope.evaluation.neighbours import Neighbours
from nephoscope.evaluation.spectrum import FIT, Spectrum, power_law
from nephoscope.plots.colours import CLEAR, CLOUD, WORDS
from nephoscope.samples.alike import ALIKE

_COLOURS = {"clear": CLEAR, "cloudy": CLOUD}


def plot_spectra(groups: Mapping[str, Sequence[Spectrum]]) -> Figure:
    """The median spectrum of each group of frames, its spread, and the law that fits it.

    Args:
        groups: name, e.g. "clear", → spectra of its frames, all of one size.
    """
    figure = Figure(figsize=(7.5, 5.2), layout="constrained")
    axes = figure.subplots()
    for name, spectra in groups.items():
        colour = _COLOURS.get(name, WORDS)
        frequency = spectra[0].frequency
        power = np.stack([each.power for each in spectra])
        low, middle, high = np.nanpercentile(power, [16, 50, 84], axis=0)
        axes.fill_between(frequency, low, high, color=colour, alpha=0.2, linewidth=0)
        slope, level = power_law(frequency, middle)
        frames = "1 frame" if len(spectra) == 1 else f"{len(spectra)} frames"
        axes.plot(frequency, middle, "o-", color=colour, markersize=4,
                  label=f"{name}, {frames}: slope {slope:.1f}")  # fmt: skip
        if np.isfinite(slope):
            fitted = np.exp(level) * np.array(FIT) ** slope
            axes.plot(FIT, fitted, "--", color=colour, linewidth=1)
    axes.axvspan(*FIT, color="#f0f0ee", zorder=-1)
    axes.set(xscale="log", yscale="log", xlabel="cycles over the frame's shorter side",
             ylabel="power over variance (white noise: 1)",
             title="How much structure there is at each size")  # fmt: skip
    ticks = [2, 3, 5, 10, 20, 30, 50, 100]
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.set_xticks([], minor=True)
    axes.set_xlim(1.8, 1.1 * max(each[0].frequency[-1] for each in groups.values()))
    axes.annotate("coarse", (0.02, 0.02), xycoords="axes fraction", color=WORDS)
    axes.annotate("fine", (0.98, 0.02), xycoords="axes fraction", color=WORDS, ha="right")
    axes.legend(
        frameon=False, title="median, 16 to 84 %; dashed: power law fitted in the grey part"
    )
    return figure


def plot_neighbours(
    images: npt.NDArray[np.floating], names: Sequence[str], found: Neighbours, rows: int = 4
) -> Figure:
    """The pairs that are most alike in either way, and how the two ways agree.

    Args:
        images: (frame, y, x), any unit, NaN where missing.
        names: of the frames.
        found: how alike they are.
        rows: pairs shown of each way.
    """
    ways = [
        ("Most alike at the best shift", found.by_shift, found.by_histogram, "histograms"),
        ("Most alike histograms", found.by_histogram, found.by_shift, "at the best shift"),
    ]
    number = max(1, min(rows, len(np.unique(found.copies)) // 2))
    figure = Figure(figsize=(15, 0.8 + 2.35 * number), layout="constrained")
    parts = figure.subfigures(1, 3, squeeze=False, width_ratios=[1, 1, 0.8])[0]
    for part, (title, alike, other, other_name) in zip(parts, ways, strict=False):
        part.suptitle(title, weight="bold")
        grid = part.subplots(number, 2, squeeze=False)
        for row, pair in zip(grid, found.pairs(alike, number), strict=False):
            values = f"{alike[pair]:.2f} ({other_name}: {other[pair]:.2f})"
            for axes, member, text in zip(row, pair, (values, ""), strict=True):
                _frame(axes, images[member], names[member], text)
        for axes in grid.ravel():
            axes.set(xticks=[], yticks=[])
    _agreement(parts[2].subplots(), found)
    return figure


def _frame(axes: Axes, image: npt.NDArray[np.floating], name: str, text: str) -> None:
    low, high = np.nanpercentile(image, [1, 99])
    axes.imshow(image, cmap="gray", vmin=low, vmax=max(high, low + 1e-6))
    axes.set_xlabel(name if len(name) <= 28 else f"…{name[-27:]}", size=7)
    if text:
        axes.set_title(text, loc="left", size=9)


def _agreement(axes: Axes, found: Neighbours) -> None:
    pairs = np.triu_indices(len(found.groups), 1)
    axes.scatter(found.by_histogram[pairs], found.by_shift[pairs], s=4, alpha=0.35, color=WORDS,
                 edgecolors="none", rasterized=True)  # fmt: skip
    axes.axhline(ALIKE, color=CLOUD, linewidth=1)
    count = len(np.unique(found.groups))
    lowest = float(found.by_shift[pairs].min(initial=0))
    axes.set(xlim=(-1.03, 1.03), ylim=(lowest - 0.03, 1.03))
    axes.set(xlabel="correlation of the histograms", ylabel="correlation at the best shift")
    copies = int((found.copies != np.arange(len(found.copies))).sum())
    same = f"\n{copies} are copies of another (not shown)" if copies else ""
    axes.set_title(f"Every pair of {len(found.groups)} frames: {count} groups{same}", size=10)
    axes.annotate("one group from here up", (-1, ALIKE + 0.01), color=CLOUD, size=8)
