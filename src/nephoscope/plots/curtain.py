"""Curtains: vertical sections along a track, of cloud types or of where cloud is at all.

A curtain is an `xarray.DataArray` (profile, level) of integers, -1 where unknown, with `height`, m,
on (level,) or (profile, level), the highest first; and of each profile, where known, `latitude` and
`longitude`, degrees, and `time`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from nephoscope.plots.cloud_types import UNKNOWN_COLOUR, Kind, colours_of, key_of
from nephoscope.plots.places import Places, distances_along, place_in_words
from nephoscope.track import height_bounds

Reals = npt.NDArray[np.floating]

HIGHEST = 20.0
"""Upper end of the altitude axis, km; no cloud is above."""
DIVIDER = "#8c8c8c"
_WIDE, _STRIP = 12.0, 2.5  # inches
_TICKS = 8
_OF_PROFILES = ("latitude", "longitude", "time")
_GAP = 3.0  # steps of the track; where profiles are farther apart there is nothing between them


def plot_curtains(curtains: Mapping[str, xr.DataArray], kind: Kind, title: str = "") -> Figure:
    """Draw curtains of one track one above the other, with a grey divider between.

    Args:
        curtains: what each is, e.g. "prediction" → the curtain; all on the same profiles.
        kind: "type"; or "mask": every type of cloud is cloud.
        title: of the picture.

    Returns:
        A Figure: altitude in km, clear sky black, and below it latitude, longitude, time and km
        along the track, or the number of the profile where places are not known.
    """
    close = ConstrainedLayoutEngine(h_pad=0.02, hspace=0)
    figure = Figure(figsize=(_WIDE, 1.4 + _STRIP * len(curtains)), dpi=100, layout=close)
    FigureCanvasAgg(figure)
    ratios = [1.0, *[part for _ in range(len(curtains) - 1) for part in (0.03, 1.0)]]
    grid = figure.add_gridspec(len(ratios), 1, height_ratios=ratios)
    strips = [figure.add_subplot(grid[2 * number]) for number in range(len(curtains))]
    for number in range(len(curtains) - 1):
        bar = figure.add_subplot(grid[2 * number + 1])
        bar.set(xticks=[], yticks=[], facecolor=DIVIDER)
    for axes, (name, curtain) in zip(strips, curtains.items(), strict=True):
        _draw(axes, curtain, kind)
        axes.set_ylabel(f"{name}\naltitude (km)")
        axes.tick_params(bottom=False, labelbottom=False)
    _label_profiles(strips[-1], [*curtains.values()][-1])
    shown = [each.values for each in curtains.values()]
    beyond = [np.array([-1]) for axes in strips if not _is_full(axes)]
    key = key_of([*shown, *beyond], kind)
    figure.legend(handles=key, loc="outside right upper", frameon=False, fontsize=9)
    if title:
        strips[0].set_title(title, fontsize=11, loc="left")
    return figure


def sample_along(product: xr.Dataset, track: xr.Dataset) -> xr.Dataset:
    """What a product says below a track: the pixel at each profile that is over the product.

    Args:
        product: variables on (..., y, x), with `latitude`, `longitude` (y, x), degrees.
        track: see `nephoscope.track`.

    Returns:
        The variables on (profile, ...), of the profiles that are over the product, in their order,
        with `number`, that of the profile in the track, and its latitude, longitude and time.
    """
    latitude, longitude = product["latitude"], product["longitude"]
    places = Places(latitude.values, longitude.values)
    pixel = places.nearest(track["latitude"].values, track["longitude"].values)
    number = np.flatnonzero(pixel >= 0)
    row, col = np.divmod(pixel[number], latitude.shape[1])
    y, x = latitude.dims
    names = [name for name, each in product.data_vars.items() if {y, x} <= {*each.dims}]
    below = product[names].drop_vars([latitude.name, longitude.name])
    below = below.isel({y: ("profile", row), x: ("profile", col)}).transpose("profile", ...)
    named = {name: ("profile", track[name].values[number]) for name in _OF_PROFILES}
    below = below.drop_vars({*_OF_PROFILES} & {*map(str, below.coords)})
    return below.assign_coords({"number": ("profile", number), **named})


def _draw(axes: Axes, curtain: xr.DataArray, kind: Kind) -> None:
    values = curtain.transpose("profile", "level").values
    edges = _level_edges(curtain) / 1000
    along, source = _along(curtain)
    # A gap is a column of nothing, with the levels of the profile before it.
    values = np.where((source >= 0)[:, None], values[source], -1)
    colours = colours_of(values, kind)
    edges = edges[np.abs(source)]
    corners = np.concatenate([edges[:1], (edges[:-1] + edges[1:]) / 2, edges[-1:]])
    horizontal = np.broadcast_to(along[:, None], corners.shape)
    axes.set_facecolor(UNKNOWN_COLOUR)
    axes.pcolormesh(horizontal, corners, colours, shading="flat", antialiased=False)
    axes.grid(axis="y", color="0.6", linewidth=0.5, linestyle=":")
    axes.set(ylim=(0, HIGHEST), xlim=(along[0], along[-1]), yticks=range(0, 21, 5))


def _is_full(axes: Axes) -> bool:
    """Whether the levels of all profiles reach from the ground to the upper end of the axis."""
    corners = axes.collections[0].get_coordinates()[..., 1]  # type: ignore[attr-defined]
    return bool(corners[:, -1].max() <= 0 and corners[:, 0].min() >= HIGHEST)


def _level_edges(curtain: xr.DataArray) -> Reals:
    """(profile, edge) m, of bins whose heights each profile has for itself or shares."""
    height = np.asarray(curtain["height"].values, np.float64)
    if height.ndim == 1:
        bounds = height_bounds(height)
        edges = np.append(bounds[:, 1], bounds[-1, 0])
        return np.broadcast_to(edges, (len(curtain), edges.size))
    if np.isnan(height).any():
        height = np.where(np.isnan(height), np.nanmedian(height, axis=0), height)
    between = (height[:, :-1] + height[:, 1:]) / 2
    ends = 1.5 * height[:, [0, -1]] - 0.5 * height[:, [1, -2]]
    return np.concatenate([ends[:, :1], between, ends[:, 1:]], axis=1)


def _along(curtain: xr.DataArray) -> tuple[Reals, npt.NDArray[np.int64]]:
    """Edges of the columns along the track, and the profile of each; -its number - 1 for a gap."""
    middle = _positions(curtain)
    step = np.diff(middle)
    usual = float(np.median(step)) if step.size else 1.0
    usual = usual if usual > 0 else 1.0
    edges, source = [middle[0] - usual / 2], [0]
    for number, width in enumerate(step.tolist()):
        if width > _GAP * usual:
            edges += [middle[number] + usual / 2, middle[number + 1] - usual / 2]
            source += [-number - 1, number + 1]
        else:
            edges.append(middle[number] + width / 2)
            source.append(number + 1)
    return np.array([*edges, middle[-1] + usual / 2]), np.array(source)


def _positions(curtain: xr.DataArray) -> Reals:
    """(profile,) km along the track, or the numbers of the profiles where places are not known."""
    if "latitude" in curtain.coords:
        return distances_along(curtain["latitude"].values, curtain["longitude"].values)
    return np.arange(len(curtain), dtype=np.float64)


def _label_profiles(axes: Axes, curtain: xr.DataArray) -> None:
    """Latitude, longitude, time and distance below some of the profiles."""
    axes.tick_params(bottom=True, labelbottom=True)
    if "latitude" not in curtain.coords:
        axes.set_xlabel("profile along the track")
        return
    positions = _positions(curtain)
    wanted = np.linspace(positions[0], positions[-1], _TICKS)
    chosen = np.unique(np.abs(positions[:, None] - wanted).argmin(axis=0))
    labels = []
    for number in chosen:
        one = curtain[number]
        lines = list(place_in_words(float(one["latitude"]), float(one["longitude"]), 1))
        if "time" in curtain.coords:
            lines.append(str(one["time"].values.astype("datetime64[s]"))[11:])
        labels.append("\n".join([*lines, f"{positions[number]:,.0f} km"]))
    axes.set_xticks(positions[chosen], labels, fontsize=8)
    when = ""
    if "time" in curtain.coords:
        when = f", time (UTC), {curtain['time'].values[0].astype('datetime64[D]')}"
    axes.set_xlabel(f"latitude, longitude{when}, distance along the track", fontsize=9)
