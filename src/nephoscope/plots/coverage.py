"""Where and when samples are from, and what is in them: map, calendar, class counts, patches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nephoscope.plots.cloud_types import TYPE_COLOURS, TYPE_NAMES
from nephoscope.plots.colours import OTHER, WORDS
from nephoscope.samples.store import PARTS

Reals = npt.NDArray[np.floating]
Texts = npt.NDArray[np.str_]

CELL = 6
"""Side of a cell of the map, degrees of a meridian: all cells have the same area."""
PART_COLOURS = {"train": "Blues", "validation": "Oranges", "test": "Greens", "": "Greys"}
"""Colour map of each part; "" is in none."""
_ALL = "Purples"
_FEW = 400  # samples of a map that are also drawn as dots


def plot_coverage(latitude: Reals, longitude: Reals, split: Texts) -> Figure:
    """Draw how many samples are where, on the sinusoidal map, of which every cell is as large.

    Args:
        latitude: (sample,) degrees north, of each sample's middle.
        longitude: (sample,) degrees east.
        split: (sample,) name of its part, "" for none.

    Returns:
        A Figure of all samples, and of each part in a colour of its own.
    """
    parts = _parts_of(split)
    shown = {"all samples": (np.ones(len(split), bool), _ALL)}
    if parts != [""]:
        shown |= {part or "in no part": (split == part, PART_COLOURS[part]) for part in parts}
    across = 1 if len(shown) == 1 else 2
    down = -(-len(shown) // across)
    size = (9 if across == 1 else 14, 0.4 + 3.6 * down * (1.5 if across == 1 else 1))
    figure = Figure(figsize=size, dpi=90, layout="constrained")
    FigureCanvasAgg(figure)
    grid = np.ravel(figure.subplots(down, across, squeeze=False))
    for axes, (name, (chosen, colours)) in zip(grid, shown.items(), strict=False):
        _world(axes)
        _heat(axes, latitude[chosen], longitude[chosen], colours)
        axes.set_title(f"{name}: {np.count_nonzero(chosen):,}", fontsize=11)
    for axes in grid[len(shown) :]:
        axes.set_axis_off()
    return figure


def plot_calendar(time: npt.NDArray[np.datetime64], split: Texts) -> Figure:
    """Draw how many samples are of each day: a row for each month, a column for each day of it.

    Args:
        time: (sample,) datetime64, NaT where it is not known.
        split: (sample,) name of its part, "" for none.

    Returns:
        A Figure of one calendar for each part; a day without samples is white.
    """
    known = ~np.isnat(time)
    days = time[known].astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    first = months.min() if months.size else np.datetime64("2000-01")
    rows = int((months.max() - first).astype(int)) + 1 if months.size else 1
    parts = _parts_of(split[known])
    size = (4.9 * len(parts) + 0.6, min(max(1.8 + 0.2 * rows, 2.4), 14))
    figure = Figure(figsize=size, dpi=90, layout="constrained")
    FigureCanvasAgg(figure)
    for axes, part in zip(figure.subplots(1, len(parts), squeeze=False)[0], parts, strict=True):
        chosen = split[known] == part
        month = (months[chosen] - first).astype(np.int64)
        day = (days[chosen] - months[chosen].astype("datetime64[D]")).astype(np.int64)
        counts = np.zeros((rows, 31))
        np.add.at(counts, (month, day), 1)
        _show_calendar(axes, counts, first, PART_COLOURS[part])
        name, number = part or "in no part", np.count_nonzero(chosen)
        axes.set_title(
            f"{name}: {number:,} samples of {np.count_nonzero(counts):,} days", fontsize=10
        )
    return figure


def plot_class_counts(counts: Mapping[str, npt.NDArray[np.integer]]) -> Figure:
    """Draw the share of each class in each part, on a logarithmic axis: clear is most by far.

    Args:
        counts: name of the part → (class,) number of labelled bins, pixels or frames.

    Returns:
        A Figure of one group of bars for each class.
    """
    figure = Figure(figsize=(9, 4), dpi=90, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    classes = max(len(each) for each in counts.values())
    names = TYPE_NAMES if classes == len(TYPE_NAMES) else ("clear", "cloud")
    wide = 0.8 / len(counts)
    for number, (part, each) in enumerate(counts.items()):
        share = 100 * each / max(each.sum(), 1)
        places = np.arange(len(each)) + (number - (len(counts) - 1) / 2) * wide
        colour = colormaps[PART_COLOURS[part]](0.7)
        axes.bar(places, share, wide, color=colour, label=f"{part or 'in no part'}, {each.sum():,}")
    axes.set_xticks(
        range(classes), [name.replace(" ", "\n") for name in names[:classes]], fontsize=9
    )
    if classes == len(TYPE_NAMES):
        for tick, of_type in zip(axes.get_xticklabels(), TYPE_COLOURS, strict=True):
            tick.set_bbox({"facecolor": of_type, "edgecolor": "none", "alpha": 0.25, "pad": 2})
    axes.set(ylabel="share of what is labelled (%)")
    if any(each.any() for each in counts.values()):
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.legend(frameon=False, title="part, labelled values")
    return figure


def plot_patches(pictures: Sequence[Reals], names: Sequence[str]) -> Figure:
    """Draw colour pictures of samples in rows of four.

    Args:
        pictures: (y, x, 3) 0..1 of each.
        names: of each.
    """
    across = min(4, max(len(pictures), 1))
    down = -(-len(pictures) // across)
    figure = Figure(figsize=(3.1 * across, 3.4 * max(down, 1)), dpi=90, layout="constrained")
    FigureCanvasAgg(figure)
    grid = np.ravel(figure.subplots(max(down, 1), across, squeeze=False))
    for axes in grid:
        axes.set_axis_off()
    for axes, picture, name in zip(grid, pictures, names, strict=False):
        axes.imshow(picture, interpolation="nearest")
        axes.set_title(name, fontsize=7)
    return figure


def _parts_of(split: Texts) -> list[str]:
    """The parts that have samples, in the usual order."""
    return [part for part in (*PARTS, "") if (split == part).any()] or [""]


def _world(axes: Axes) -> None:
    """Outline and graticule of the sinusoidal map, degrees of a meridian."""
    latitude = np.linspace(-90, 90, 181)
    for meridian in range(-180, 181, 60):
        edge = abs(meridian) == 180
        style: dict[str, Any] = {"color": WORDS, "linewidth": 1.2} if edge else {
            "color": OTHER, "linewidth": 0.5}  # fmt: skip
        axes.plot(meridian * np.cos(np.radians(latitude)), latitude, zorder=3, **style)
    for parallel in range(-60, 61, 30):
        half = 180 * np.cos(np.radians(parallel))
        axes.plot([-half, half], [parallel, parallel], color=OTHER, linewidth=0.5, zorder=3)
    axes.set_xticks([-120, -60, 0, 60, 120], ["120°W", "60°W", "0°", "60°E", "120°E"], fontsize=8)
    axes.set_yticks([-60, -30, 0, 30, 60], ["60°S", "30°S", "0°", "30°N", "60°N"], fontsize=8)
    axes.tick_params(length=0)
    axes.set(xlim=(-183, 183), ylim=(-92, 92), aspect="equal")
    axes.spines[:].set_visible(False)


def _heat(axes: Axes, latitude: Reals, longitude: Reals, colours: str) -> None:
    east = (np.asarray(longitude) + 180) % 360 - 180
    right = east * np.cos(np.radians(latitude))
    edges = np.arange(-180, 181, CELL), np.arange(-90, 91, CELL)
    counts = np.histogram2d(right, latitude, bins=edges)[0].T
    shown = axes.pcolormesh(*edges, np.ma.masked_equal(counts, 0), cmap=colours, vmin=0)
    if len(latitude) <= _FEW:
        axes.plot(right, latitude, ".", color="black", markersize=2, alpha=0.6)
    bar = axes.figure.colorbar(
        shown, ax=axes, shrink=0.7, label=f"samples in a cell of {CELL}° x {CELL}°"
    )
    bar.locator = MaxNLocator(5, integer=True)
    bar.update_ticks()


def _show_calendar(axes: Axes, counts: Reals, first: np.datetime64, colours: str) -> None:
    rows = len(counts)
    shown = axes.imshow(np.ma.masked_equal(counts, 0), cmap=colours, vmin=0, aspect="auto",
                        extent=(0.5, 31.5, rows - 0.5, -0.5), interpolation="nearest")  # fmt: skip
    months = [first + np.timedelta64(number, "M") for number in range(rows)]
    step = -(-rows // 40)
    axes.set_yticks(range(0, rows, step), [str(month) for month in months[::step]], fontsize=7)
    axes.set_xticks(range(1, 32, 5))
    axes.set_xticks(np.arange(0.5, 32), minor=True)
    axes.set_yticks(np.arange(-0.5, rows), minor=True)
    axes.grid(which="minor", color="0.9", linewidth=0.5)
    axes.tick_params(which="minor", length=0)
    axes.set_xlabel("day of the month")
    bar = axes.figure.colorbar(shown, ax=axes, label="samples of a day")
    bar.locator = MaxNLocator(5, integer=True)
    bar.update_ticks()
