"""Pictures of cloud ice on levels: over time above a place, and along a line over the ground."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LogNorm
from matplotlib.dates import ConciseDateFormatter
from matplotlib.figure import Figure

from nephoscope.errors import UsageError
from nephoscope.plots.cloud_types import UNKNOWN_COLOUR
from nephoscope.plots.curtain import HIGHEST
from nephoscope.plots.places import Places, distances_along, place_in_words
from nephoscope.track import height_bounds

Reals = npt.NDArray[np.floating]

GRAMS = 1000.0
LEAST, MOST = 1e-4, 1.0
"""Ends of the scale of ice water content, g m-3; a cloud has more than the lower one."""
CLEAR_COLOUR = "#0b1d3a"
_SURE = 0.5
_KEY = "dark blue: clear, grey: nothing known"
_LABEL = "ice water content (g m⁻³)"
_WIDE = 11.0
_TICKS = 7


def column_at(slots: Sequence[xr.Dataset], latitude: float, longitude: float) -> xr.Dataset:
    """The column over a place, slot by slot.

    Args:
        slots: products, as `nephoscope.products.series.open_slots` yields them; each on the same or
            another grid.
        latitude: degrees north.
        longitude: degrees east.

    Returns:
        Variables on (time, level) and (time), `time` rising, `altitude` (level) m, and latitude and
        longitude of the pixel in the first slot, which holds the place.

    Raises:
        UsageError: no slot reaches the place.
    """
    found, grids = [], dict[bytes, tuple[int, int] | None]()
    for slot in slots:
        key = slot["latitude"].values.tobytes()
        if key not in grids:
            grids[key] = _pixel(slot, latitude, longitude)
        if (pixel := grids[key]) is not None:
            row, col = slot["quality_flag"].dims
            named = [name for name, each in slot.data_vars.items() if {row, col} <= {*each.dims}]
            found.append(slot[named].isel({row: pixel[0], col: pixel[1]}).load())
    if not found:
        place = ", ".join(place_in_words(latitude, longitude, 2))
        raise UsageError(f"--site {latitude:g},{longitude:g}: no product reaches {place}")
    places = {name: ((), found[0][name].values) for name in ("latitude", "longitude")}
    bare = [each.drop_vars(["latitude", "longitude", "x", "y"], errors="ignore") for each in found]
    return xr.concat(bare, "time", coords="minimal", compat="override").assign_coords(places)


def _pixel(slot: xr.Dataset, latitude: float, longitude: float) -> tuple[int, int] | None:
    places = Places(slot["latitude"].values, slot["longitude"].values)
    (number,) = places.nearest(np.array([latitude]), np.array([longitude]))
    row, col = divmod(int(number), slot["latitude"].shape[1])
    return None if number < 0 else (row, col)


def plot_column(column: xr.Dataset, title: str = "") -> Figure:
    """Draw ice above a place over time, and its path below.

    Args:
        column: from `column_at`.
        title: of the picture.
    """
    figure, (above, below, bar) = _panels([3.0, 1.2])
    times = column["time"].values
    edges = _time_edges(times)
    shown = _draw(above, edges, column["altitude"].values, column["iwc"].values)
    likely = column["cloud_probability"].values if "cloud_probability" in column else None
    if likely is not None and len(times) > 1:
        above.contour(times, column["altitude"] / 1000, np.nan_to_num(likely.T), levels=[_SURE],
                      colors="white", linewidths=1)  # fmt: skip
    figure.colorbar(shown, cax=bar, label=_LABEL, extend="both")
    above.set_ylabel("altitude (km)")
    above.tick_params(labelbottom=False)
    path = column["iwp"].values * GRAMS
    if {"iwp_p05", "iwp_p95"} <= {*column.data_vars}:
        ends = (column[name].values * GRAMS for name in ("iwp_p05", "iwp_p95"))
        below.fill_between(times, *ends, color="#9ecae1", label="5 to 95 %", step=None)
    below.plot(times, path, color="#08519c", marker=".", label="mean")
    below.set(xlim=(edges[0], edges[-1]), ylabel="ice water path\n(g m⁻²)", xlabel="time (UTC)")
    below.set_ylim(bottom=0)
    below.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, fontsize=8, frameon=False)
    formatter: Any = ConciseDateFormatter(below.xaxis.get_major_locator())  # type: ignore[no-untyped-call]
    below.xaxis.set_major_formatter(formatter)
    place = ", ".join(place_in_words(float(column["latitude"]), float(column["longitude"]), 2))
    told = "white line: cloud is as likely as not" if likely is not None else ""
    above.set_title(f"{title or 'Cloud ice'} over {place}", fontsize=11, loc="left")
    above.set_title(told, fontsize=8, loc="right")
    return figure


def plot_sections(sections: Mapping[str, xr.DataArray], title: str = "") -> Figure:
    """Draw ice along a line, one strip for each source.

    Args:
        sections: what each is → (profile, level) kg m-3, NaN where unknown, with `height` (level) m
            and `latitude`, `longitude` (profile) degrees, where they are known; all on the same
            profiles.
        title: of the picture.
    """
    figure, (*strips, bar) = _panels([1.0] * len(sections))
    section = next(iter(sections.values()))
    placed = "latitude" in section.coords
    along: Reals = np.arange(section.sizes["profile"], dtype=np.float64)
    if placed:
        along = distances_along(section["latitude"].values, section["longitude"].values)
    edges = _edges(along)
    for axes, (name, values) in zip(strips, sections.items(), strict=True):
        shown = _draw(axes, edges, values["height"].values, values.values)
        axes.set_ylabel(f"{name}\naltitude (km)")
        axes.tick_params(labelbottom=axes is strips[-1])
    figure.colorbar(shown, cax=bar, label=_LABEL, extend="both")
    if placed:
        _name_places(strips[-1], section, along)
    else:
        strips[-1].set_xlabel("number of the profile", fontsize=9)
    strips[0].set_title(title or "Cloud ice", fontsize=11, loc="left")
    strips[0].set_title(_KEY, fontsize=8, loc="right")
    return figure


def _name_places(axes: Axes, section: xr.DataArray, along: Reals) -> None:
    chosen = np.unique(np.linspace(0, len(along) - 1, _TICKS).round().astype(int))
    words = []
    for number in chosen:
        north, east = (float(section[name][number]) for name in ("latitude", "longitude"))
        words.append("\n".join([*place_in_words(north, east, 1), f"{along[number]:,.0f} km"]))
    axes.set_xticks(along[chosen], words, fontsize=8)
    axes.set_xlabel("latitude, longitude, distance along the line", fontsize=9)


def _panels(heights: list[float]) -> tuple[Figure, list[Any]]:
    """Panels one above the other, and a narrow one beside the first for the scale."""
    size = (_WIDE, 1.2 + 1.35 * sum(heights) if len(heights) > 1 and heights[0] > 1 else
            1.4 + 2.5 * len(heights))  # fmt: skip
    figure = Figure(figsize=size, dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(len(heights), 2, height_ratios=heights, width_ratios=[40, 1])
    panels = [figure.add_subplot(grid[number, 0]) for number in range(len(heights))]
    own = grid[0, 1] if heights[0] > 1 else grid[:, 1]
    return figure, [*panels, figure.add_subplot(own)]


def _draw(axes: Axes, along: Any, altitude: Reals, amount: Reals) -> Any:  # noqa: ANN401
    """Ice (profile, level) kg m-3: clear is dark blue, unknown grey."""
    grams = np.asarray(amount, np.float64).T * GRAMS
    grams[grams <= 0] = LEAST / 10  # clear; the logarithm of nothing would be unknown
    bounds = height_bounds(np.asarray(altitude, np.float64)) / 1000
    edges = np.append(bounds[:, 1], bounds[-1, 0])
    colours = colormaps["viridis"].with_extremes(under=CLEAR_COLOUR, bad=UNKNOWN_COLOUR)
    axes.set_facecolor(UNKNOWN_COLOUR)
    axes.set(ylim=(0, HIGHEST), yticks=range(0, 21, 5), xlim=(along[0], along[-1]))
    axes.grid(axis="y", color="0.6", linewidth=0.5, linestyle=":")
    return axes.pcolormesh(along, edges, grams, norm=LogNorm(LEAST, MOST), cmap=colours,
                           shading="flat", antialiased=False)  # fmt: skip


def _time_edges(times: npt.NDArray[np.datetime64]) -> npt.NDArray[np.datetime64]:
    if len(times) == 1:
        half = np.timedelta64(450, "s")
        return np.array([times[0] - half, times[0] + half])
    seconds = (times - times[0]) / np.timedelta64(1, "s")
    return np.asarray(times[0] + np.round(_edges(seconds)).astype("timedelta64[s]"))


def _edges(middle: Reals) -> Reals:
    """Edges half-way between middles."""
    if len(middle) == 1:
        return np.array([middle[0] - 0.5, middle[0] + 0.5])
    between = (middle[1:] + middle[:-1]) / 2
    ends = 2 * middle[[0, -1]] - between[[0, -1]]
    return np.concatenate([ends[:1], between, ends[1:]])
