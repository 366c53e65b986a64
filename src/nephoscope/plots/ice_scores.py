"""Pictures of how good profiles of cloud ice are: amounts, heights, paths, places, overpasses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from nephoscope.plots.colours import CLEAR, MARKED, MODEL, OTHER, WORDS
from nephoscope.plots.places import distances_along

Reals = npt.NDArray[np.floating]

_LOG_ICE = "log10 of ice water content (kg m$^{-3}$)"
_KM = "altitude (km)"
_FEW = 50
"""Voxels from which on a share is drawn."""
_UNKNOWN = "#d8dce0"


def plot_heights(altitude: Reals, levels: Mapping[str, Reals], name: str) -> Figure:
    """Occurrence, skill, errors and correlation at each altitude.

    Args:
        altitude: (level,) m.
        levels: `true_share`, `said_share`, `precision`, `recall`, `dice`, `log_mae`, and of R² and
            r `r2_linear`, `r_linear`, `r2_log`, `r_log`, (level,) each, NaN where not defined.
        name: of the model.
    """
    figure, height = _figure(12, 5), np.asarray(altitude) / 1000
    panels: Sequence[Axes] = figure.subplots(1, 4, sharey=True)
    _lines(panels[0], height, levels, {
        "true_share": ("observed", "black", "-"), "said_share": (name, MODEL, "-"),
    }, "voxels that are cloud (%)", 100)  # fmt: skip
    _lines(panels[1], height, levels, {
        "precision": ("precision", CLEAR, "--"), "recall": ("recall", MARKED, "--"),
        "dice": ("F1", "black", "-"),
    }, "score of cloud")  # fmt: skip
    _lines(panels[2], height, levels, {"log_mae": ("median in cloud", MODEL, "-")},
           "mean error of log10 IWC")  # fmt: skip
    _lines(panels[3], height, levels, {
        "r_log": ("r, scaled log", MODEL, "-"), "r2_log": ("R², scaled log", MODEL, "--"),
        "r_linear": ("r, linear", MARKED, "-"), "r2_linear": ("R², linear", MARKED, "--"),
    }, "of IWC, clear or cloud")  # fmt: skip
    panels[0].set(ylabel=_KM, ylim=(0, height.max() * 1.03), xlim=(0, None))
    panels[1].set_xlim(0, 1)
    panels[2].set_xlim(0, None)
    panels[3].set(xlim=(-0.5, 1), xticks=(-0.5, 0, 0.5, 1))
    figure.suptitle(f"{name}: occurrence, skill and errors at each altitude", fontsize=11)
    return figure


def plot_amounts(edges: Reals, joint: Reals, amounts: Reals, name: str) -> Figure:
    """What is said beside what is true, and histograms of both.

    Args:
        edges: (bin + 1,) of log10 of IWC, kg m-3.
        joint: (true, said) voxels where cloud is true and said.
        amounts: (true, mean, median; bin) voxels.
        name: of the model.
    """
    figure = _figure(11, 5)
    left, right = figure.subplots(1, 2)
    shown = np.ma.masked_equal(joint.T, 0)
    mesh = left.pcolormesh(edges, edges, shown, norm=LogNorm(1, max(joint.max(), 2)), cmap="Blues")
    figure.colorbar(mesh, ax=left, label="voxels", shrink=0.85)
    middle = (edges[1:] + edges[:-1]) / 2
    number = joint.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = joint @ middle / number
        spread = np.sqrt(np.maximum(joint @ middle**2 / number - mean**2, 0))
    many = number >= 20
    left.errorbar(middle[many], mean[many], spread[many], fmt="o-", color=MARKED, markersize=3,
                  linewidth=1, label="mean and standard deviation")  # fmt: skip
    left.plot(edges[[0, -1]], edges[[0, -1]], ":", color="black", linewidth=1)
    low, high = _span(edges, joint.sum(axis=0) + number)
    left.set(xlim=(low, high), ylim=(low, high), xlabel=f"observed {_LOG_ICE}",
             ylabel=f"median in cloud by {name}", aspect="equal")  # fmt: skip
    left.set_title("where both are cloud", fontsize=10)
    left.legend(frameon=False, fontsize=8, loc="upper left")
    for values, label, colour in zip(
        amounts, ("observed", f"{name}: mean", f"{name}: median"), ("black", MODEL, MARKED),
        strict=True,
    ):  # fmt: skip
        right.stairs(values, edges, color=colour, label=label)
    right.set(yscale="log", xlabel=_LOG_ICE, ylabel="voxels that are not clear")
    right.set_title("how often each amount is there", fontsize=10)
    right.legend(frameon=False, fontsize=8)
    return figure


def plot_columns(altitude: Reals, quantiles: Reals, name: str) -> Figure:
    """Ice in cloud at each altitude.

    Args:
        altitude: (level,) m.
        quantiles: (observed and said, 5, level) of 10, 25, 50, 75 and 90 % of log10 of IWC.
        name: of the model.
    """
    figure, height = _figure(6, 5), np.asarray(altitude) / 1000
    axes = figure.subplots()
    true, said = quantiles
    axes.fill_betweenx(height, true[0], true[4], color="0.9", label="observed: 10 to 90 %")
    axes.fill_betweenx(height, true[1], true[3], color="0.75", label="observed: 25 to 75 %")
    axes.plot(true[2], height, color="black", label="observed: median")
    for place, style in enumerate((":", "--", "-", "--", ":")):
        label = f"{name}: the same" if place == 2 else None
        axes.plot(said[place], height, style, color=MODEL, label=label)
    axes.set(xlabel=_LOG_ICE, ylabel=_KM, ylim=(0, height.max() * 1.03))
    axes.set_title("ice in cloud at each altitude", fontsize=10)
    axes.legend(frameon=False, fontsize=8)
    axes.grid(color="0.92")
    return figure


def plot_paths(
    lowest: Reals, bias: Reals, interval: Reals, columns: npt.NDArray[Any], name: str
) -> Figure:
    """What is said of the ice water path over what is true, by decade of the true path.

    Args:
        lowest: (decade,) kg m-2, 0 first, of which nothing is drawn: there is next to no ice.
        bias: (decade,) share by which it is too large, NaN where there is no ice.
        interval: (decade, 2) its ends, NaN where not known.
        columns: (decade,) how many there are.
        name: of the model.
    """
    figure = _figure(7, 4)
    axes = figure.subplots()
    place, ratio = np.arange(len(lowest) - 1), np.maximum(1 + bias[1:], 1e-3)
    ends = np.abs(np.nan_to_num(np.maximum(1 + interval[1:], 1e-3) - ratio[:, None]).T)
    axes.axhline(1, color="black", linewidth=0.8)
    axes.axhspan(0.95, 1.05, color=OTHER, alpha=0.3, linewidth=0, label="within 5 %")
    axes.errorbar(
        place, ratio, ends, fmt="o", color=MODEL, capsize=3, label=f"{name}, 95 % interval"
    )
    for x, value in zip(place, ratio, strict=True):
        if np.isfinite(value):
            axes.annotate(f"{value:.2g}", (x, value), (8, 0), textcoords="offset points",
                          va="center", fontsize=8, color=WORDS)  # fmt: skip
    words = [f"from {low:g}\n{n:,}" for low, n in zip(lowest[1:], columns[1:], strict=True)]
    axes.set_xticks(place, words, fontsize=8)
    known = ratio[np.isfinite(ratio)]
    reach = 1.5 * max(3.0, *known, *(1 / known)) if known.size else 5.0
    axes.set(yscale="log", ylim=(1 / reach, reach), xlim=(-0.5, len(place) - 0.5))
    axes.set(xlabel="true ice water path (kg m$^{-2}$), number of columns",
             ylabel="mean that is said over true mean")  # fmt: skip
    axes.legend(frameon=False, fontsize=8)
    return figure


def plot_intervals(altitude: Reals, held: Reals, name: str) -> Figure:
    """How much of the truth 90 % intervals hold, by altitude and by the probability of cloud.

    Args:
        altitude: (level,) m.
        held: (level, probability, 2) number of voxels and sum of the shares held.
        name: of the model.
    """
    figure = _figure(9, 4.2)
    left, right = figure.subplots(1, 2, width_ratios=[1.5, 1])
    number, inside = held.sum(axis=0).T
    tenths = np.linspace(0, 100, len(number) + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(number >= _FEW, 100 * inside / number, np.nan)
        by_level = np.where(held[..., 0].sum(1) >= _FEW, 100 * held[..., 1].sum(1)
                            / held[..., 0].sum(1), np.nan)  # fmt: skip
    left.plot((tenths[1:] + tenths[:-1]) / 2, share, "o-", color=MODEL)
    left.set(xlabel="probability of cloud that is said (%)", xlim=(0, 100), ylim=(50, 100),
             ylabel="truth that the interval holds (%)")  # fmt: skip
    right.plot(by_level, np.asarray(altitude) / 1000, color=MODEL)
    right.set(xlabel="truth that the interval holds (%)", ylabel=_KM, xlim=(50, 100),
              ylim=(0, None))  # fmt: skip
    for axes, line in ((left, left.axhline), (right, right.axvline)):
        line(90, color="black", linestyle=":", linewidth=1)
        axes.grid(color="0.92")
    figure.suptitle(f"{name}: 90 % intervals of ice water content, where cloud is possible",
                    fontsize=11)  # fmt: skip
    return figure


def plot_cover(altitude: Reals, cover: Reals, name: str) -> Figure:
    """Share of each overpass that is cloud, said beside observed, of all levels and by level.

    Args:
        altitude: (level,) m.
        cover: (overpass, observed and said, level) 0..1.
        name: of the model.
    """
    figure, height = _figure(9, 4.6), np.asarray(altitude) / 1000
    left, right = figure.subplots(1, 2, width_ratios=[1.4, 1])
    true, said = (100 * cover[:, kind].ravel() for kind in (0, 1))
    cells = left.hexbin(true, said, gridsize=30, mincnt=1, norm=LogNorm(), cmap="Blues",
                        extent=(0, 100, 0, 100))  # fmt: skip
    figure.colorbar(cells, ax=left, label="overpasses and levels", shrink=0.7)
    left.plot([0, 100], [0, 100], ":", color="black", linewidth=1)
    left.set(xlabel="observed cloud (%)", ylabel=f"cloud by {name} (%)", xlim=(0, 100),
             ylim=(0, 100), aspect="equal")  # fmt: skip
    spread = cover.std(axis=0)
    both = ((cover[:, 0] - cover[:, 0].mean(0)) * (cover[:, 1] - cover[:, 1].mean(0))).mean(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        r = both / (spread[0] * spread[1])
        r2 = 1 - ((cover[:, 1] - cover[:, 0]) ** 2).mean(axis=0) / spread[0] ** 2
    right.plot(r, height, color=MODEL, label="r")
    right.plot(r2, height, "--", color=MARKED, label="R²")
    right.set(xlabel="over the overpasses", ylabel=_KM, xlim=(-0.5, 1), ylim=(0, None),
              xticks=(-0.5, 0, 0.5, 1))  # fmt: skip
    right.legend(frameon=False)
    right.grid(color="0.92")
    return figure


def plot_zones(altitude: Reals, latitude: Reals, zones: Reals, name: str) -> Figure:
    """Mean ice from south to north: observed, said, and the ratio.

    Args:
        altitude: (level,) m.
        latitude: (zone + 1,) edges, degrees.
        zones: (said, true and number; zone, level) sums of IWC, g m-3.
        name: of the model.
    """
    figure, edges = _figure(12, 4), _edges(np.asarray(altitude)) / 1000
    panels: Sequence[Axes] = figure.subplots(1, 3, sharey=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        said, true = zones[:2] / np.where(zones[2] >= 20, zones[2], np.nan)
        ratio = np.log10(said / true)
    held = np.nonzero(zones[2].any(axis=1))[0]
    shown = slice(held[0], held[-1] + 1) if held.size else slice(0, 1)
    highest = float(np.nanmax(true, initial=1e-4))
    norm = LogNorm(1e-3 * highest, highest)
    for axes, values, title in ((panels[0], true, "observed"), (panels[1], said, name)):
        ice = np.ma.masked_invalid(np.maximum(values, 1e-3 * highest))
        mesh = axes.pcolormesh(latitude, edges, ice.T, norm=norm, cmap="viridis")
        axes.set_title(title, fontsize=10)
    figure.colorbar(mesh, ax=panels[:2], label="mean IWC (g m$^{-3}$)", shrink=0.9)
    ratio = np.ma.masked_invalid(np.where(true > 1e-3 * highest, ratio, np.nan))
    mesh = panels[2].pcolormesh(latitude, edges, ratio.T, vmin=-1, vmax=1, cmap="RdBu_r")
    panels[2].set_title(f"log10 of {name} / observed", fontsize=10)
    figure.colorbar(mesh, ax=panels[2], shrink=0.9)
    for axes in panels:
        axes.set(xlabel="latitude (degrees)", xlim=latitude[[shown.start, shown.stop]],
                 facecolor=_UNKNOWN)  # fmt: skip
    panels[0].set(ylabel=_KM, ylim=(0, None))
    return figure


def plot_regions(edges: tuple[Reals, Reals], regions: Reals, name: str) -> Figure:
    """Maps of the mean path and of the mean number of crystals: observed and said.

    Args:
        edges: of cells, degrees north (row + 1,) and east (column + 1,).
        regions: (kind, row, column): columns, true and said path, voxels, true and said crystals.
        name: of the model.
    """
    figure = _figure(10, 7.5)
    panels = figure.subplots(2, 2, sharex=True, sharey=True)
    rows, cols = (np.nonzero(regions[0].any(axis=axis))[0] for axis in (1, 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        maps = [regions[first + 1 : first + 3] / regions[first] for first in (0, 3)]
    units = "ice water path (kg m$^{-2}$)", "crystals (m$^{-3}$), 10 to 12 km"
    for line, means, unit in zip(panels, maps, units, strict=True):
        known = means[np.isfinite(means) & (means > 0)]
        highest = float(known.max()) if known.size else 1.0
        norm = LogNorm(1e-3 * highest, highest)
        for axes, values, title in zip(line, means, ("observed", name), strict=True):
            ice = np.ma.masked_invalid(np.maximum(values, 1e-3 * highest))
            mesh = axes.pcolormesh(edges[1], edges[0], ice, norm=norm, cmap="viridis")
            axes.set(facecolor=_UNKNOWN, aspect="equal")
            axes.set_title(title, fontsize=10)
        figure.colorbar(mesh, ax=list(line), label=unit)
    if rows.size:
        panels[0, 0].set(xlim=(edges[1][cols[0]], edges[1][cols[-1] + 1]),
                         ylim=(edges[0][rows[0]], edges[0][rows[-1] + 1]))  # fmt: skip
    for axes in panels[1]:
        axes.set_xlabel("longitude (degrees)")
    for axes in panels[:, 0]:
        axes.set_ylabel("latitude (degrees)")
    return figure


def plot_ice_curtains(altitude: Reals, curtains: Mapping[str, Any]) -> Figure:
    """Curtains along overpasses: observed ice, what is said, and the probability of cloud.

    Args:
        altitude: (level,) m.
        curtains: title → a curtain: `latitude`, `longitude` (point,); `true`, `said` (point, level)
            kg m-3, and `probability`.
    """
    figure, edges = _figure(6.5 * len(curtains), 7.5), _edges(np.asarray(altitude)) / 1000
    panels = figure.subplots(3, len(curtains), sharey=True, squeeze=False)
    norm = LogNorm(1e-7, 1e-3)
    for column, (title, curtain) in zip(panels.T, curtains.items(), strict=True):
        along = _along(curtain.latitude, curtain.longitude)
        for axes, values in zip(column, (curtain.true, curtain.said), strict=False):
            axes.set_facecolor(_UNKNOWN)
            shown = np.ma.masked_invalid(np.where(values > 1e-7, values, 1e-8 + 0 * values))
            scale = _under_white("viridis")
            ice = axes.pcolormesh(along, edges, shown.T, norm=norm, cmap=scale)
        likely = column[2].pcolormesh(along, edges, np.ma.masked_invalid(curtain.probability).T,
                                      vmin=0, vmax=1, cmap="cividis")  # fmt: skip
        column[0].set_title(title, fontsize=10)
        column[2].set_xlabel("km along the overpass")
    for axes, words in zip(panels[:, 0], ("observed", "median", "probability"), strict=True):
        axes.set(ylabel=f"{words}\n{_KM}", ylim=(0, None))
    figure.colorbar(ice, ax=panels[:2].ravel().tolist(), label="IWC (kg m$^{-3}$), white: clear",
                    extend="max")  # fmt: skip
    figure.colorbar(likely, ax=panels[2].tolist(), label="of cloud")
    return figure


def _lines(
    axes: Axes,
    height: Reals,
    levels: Mapping[str, Reals],
    lines: Mapping[str, tuple[str, str, str]],
    title: str,
    factor: float = 1,
) -> None:
    for key, (label, colour, style) in lines.items():
        if key in levels:
            axes.plot(factor * np.asarray(levels[key]), height, style, color=colour, label=label)
    axes.set_xlabel(title)
    axes.legend(frameon=False, fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    axes.grid(color="0.92")


def _under_white(name: str) -> Any:  # noqa: ANN401 - a colour map
    from matplotlib import colormaps

    return colormaps[name].with_extremes(under="white")


def _along(latitude: Reals, longitude: Reals) -> Reals:
    """Edges of the columns, km along the overpass."""
    middle = distances_along(latitude, longitude)
    if len(middle) < 2:
        return np.array([middle[0] - 0.5, middle[0] + 0.5])
    between = (middle[1:] + middle[:-1]) / 2
    ends = 2 * middle[[0, -1]] - between[[0, -1]]
    return np.asarray(np.concatenate([ends[:1], between, ends[1:]]))


def _edges(middle: Reals) -> Reals:
    """Edges of levels of equal depth, (level + 1,)."""
    step = (middle[0] - middle[-1]) / max(len(middle) - 1, 1)
    return np.asarray(np.append(middle + step / 2, middle[-1] - step / 2))


def _span(edges: Reals, number: Reals) -> tuple[float, float]:
    held = np.nonzero(number)[0]
    if not held.size:
        return float(edges[0]), float(edges[-1])
    return float(edges[held[0]]), float(edges[held[-1] + 1])


def _figure(wide: float, high: float) -> Figure:
    figure = Figure(figsize=(wide, high), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    return figure
