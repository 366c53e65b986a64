"""A simulated picture beside the truth that it was made from, and the section below the track."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import BoundaryNorm, ListedColormap, LogNorm, Normalize
from matplotlib.figure import Figure
from scipy.spatial import KDTree

from nephoscope.instruments.polder import cubes_of, nearest_nadir
from nephoscope.plots.cloud_types import TYPE_COLOURS, TYPE_NAMES
from nephoscope.plots.places import unit_vectors

Planes = npt.NDArray[np.floating[Any]]

_OF_TYPES = ListedColormap(["white", *TYPE_COLOURS[1:]])
_TYPE_NORM = BoundaryNorm(np.arange(-0.5, 9.5), 9)
_ICE_NORM = LogNorm(1e-7, 1e-3)
_BOW_NORM = Normalize(0, 0.12)  # beyond it is the glint of the sea
_HIGHEST = 18.0  # km, of sections
_NEAR = 0.003  # radians: a profile farther from every pixel is not on the picture


@dataclass(frozen=True)
class Panel:
    """One map: (y, x) values with a scale, or (y, x, 3) colours."""

    title: str
    values: Planes
    colours: str | ListedColormap = "viridis"
    norm: Normalize | None = None


@dataclass(frozen=True)
class Below:
    """Which profiles fly over the picture, and over which pixels.

    Args:
        near: (profile,) bool.
        pixel: (profile that is near,) flat number of the nearest pixel.
    """

    near: npt.NDArray[np.bool_]
    pixel: npt.NDArray[np.intp]


def picture_and_truth(scene: xr.Dataset, truth: xr.Dataset, track: xr.Dataset | None) -> Figure:
    """Draw three views of the instrument above three of the truth above two sections.

    Args:
        scene: what the instrument's file holds, of SEVIRI or POLDER, on the truth's pixels.
        truth: `nephoscope.simulate.earth.atmosphere.truth` of the same pixels.
        track: what the profilers' file holds; without it there are no sections.

    Returns:
        A Figure.
    """
    views = _seviri(scene) if scene.attrs["instrument"] == "seviri" else _polder(scene)
    panels = [*views, *_truths(truth)]
    below = None if track is None else _below(truth, track)
    rows = 2 if below is None else 4
    figure = Figure(figsize=(15, 9 if below is None else 14), dpi=90, layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(rows, 3, height_ratios=[3, 3, 1.3, 1.3][:rows])
    for index, panel in enumerate(panels):
        axes = figure.add_subplot(grid[divmod(index, 3)])
        _show(axes, panel)
        if below is not None:
            row, col = np.divmod(below.pixel, truth.sizes["x"])
            axes.plot(col, row, color="red", linewidth=0.8)
    if track is not None and below is not None:
        _sections([figure.add_subplot(grid[row, :]) for row in (2, 3)], truth, track, below)
    figure.suptitle(f"Simulated: {scene.attrs['id']}", fontsize=14)
    return figure


def _seviri(scene: xr.Dataset) -> list[Panel]:
    image = {
        str(name): plane
        for name, plane in zip(scene.channel.values, scene.image.values, strict=True)
    }
    window = Panel("IR 10.8 µm, K", image["IR_108"], "gray_r", Normalize(200, 310))
    split = Panel(
        "IR 10.8 less 12.0 µm, K", image["IR_108"] - image["IR_120"], "RdBu_r", Normalize(-6, 6)
    )
    if np.isnan(image["VIS006"]).all():
        first = Panel("WV 6.2 µm, K", image["WV_062"], "gray_r", Normalize(205, 255))
    else:
        colours = np.stack([image[name] for name in ("IR_016", "VIS008", "VIS006")], axis=-1)
        first = Panel("1.6, 0.8, 0.6 µm as red, green, blue", _brightened(colours / 90))
    return [first, window, split]


def _polder(scene: xr.Dataset) -> list[Panel]:
    cubes = cubes_of(scene)
    nadir = nearest_nadir(cubes)
    colours = np.stack([nadir[name] for name in ("I670P", "I565NP", "I443NP")], axis=-1)
    oxygen = nadir["I763NP"] / nadir["I765NP"]
    bow = np.hypot(cubes["Q865P"], cubes["U865P"])
    return [
        Panel("670, 565, 443 nm, nearest nadir", _brightened(colours / 0.8)),
        Panel("largest polarised radiance of all views, 865 nm", _largest(bow), "magma", _BOW_NORM),
        Panel("O2 A-band, 763 over 765 nm, nearest nadir", oxygen, "cividis", Normalize(0.5, 0.95)),
    ]


def _largest(cube: Planes) -> Planes:
    filled = np.where(np.isfinite(cube), cube, -1).max(axis=0)
    return np.where(filled < 0, np.nan, filled)


def _brightened(colours: Planes) -> Planes:
    return np.clip(np.nan_to_num(colours, nan=0.5), 0, 1) ** 0.6


def _truths(truth: xr.Dataset) -> list[Panel]:
    depth = np.where(truth["optical_depth"] > 0, truth["optical_depth"], np.nan)
    kinds = truth["cloud_type"].values[::-1]
    highest = np.take_along_axis(kinds, (kinds > 0).argmax(axis=0)[None], 0)[0]
    top = truth["cloud_top_height"].values / 1000
    return [
        Panel("truth: cloud-top height, km", top, "turbo", Normalize(0, 18)),
        Panel("truth: type of the highest cloud", highest, _OF_TYPES, _TYPE_NORM),
        Panel("truth: optical depth", depth, "viridis", LogNorm(0.05, 100)),
    ]


def _show(axes: Axes, panel: Panel) -> None:
    shown = axes.imshow(panel.values, cmap=panel.colours, norm=panel.norm, interpolation="nearest")
    axes.set(title=panel.title, xticks=[], yticks=[])
    if panel.values.ndim == 2:
        bar = axes.figure.colorbar(shown, ax=axes, shrink=0.9)
        if panel.norm is _TYPE_NORM:
            _name_types(bar)


def _name_types(bar: Any) -> None:  # noqa: ANN401 - matplotlib's Colorbar is not typed
    bar.set_ticks(range(len(TYPE_NAMES)), labels=list(TYPE_NAMES))
    bar.ax.tick_params(labelsize=7)


def _below(truth: xr.Dataset, track: xr.Dataset) -> Below:
    known = np.isfinite(truth["latitude"].values)
    numbers = np.flatnonzero(known)
    tree = KDTree(unit_vectors(truth["latitude"].values[known], truth["longitude"].values[known]))
    distance, place = tree.query(unit_vectors(track["latitude"].values, track["longitude"].values))
    near = distance < _NEAR
    return Below(near, numbers[place[near]])


def _sections(axes: list[Axes], truth: xr.Dataset, track: xr.Dataset, below: Below) -> None:
    near = below.near
    ice = "iwc" in track
    name = "iwc" if ice else "cloud_type"
    cube = truth[name].values.reshape(truth.sizes["altitude"], -1)[:, below.pixel]
    seen = track[name].values[near].T
    height = track["height"].values
    height = height if height.ndim == 1 else height[near].mean(axis=0)
    style: dict[str, Any] = (
        {"cmap": "viridis", "norm": _ICE_NORM} if ice else {"cmap": _OF_TYPES, "norm": _TYPE_NORM}
    )
    what = "ice water content, kg m⁻³" if ice else "cloud type"
    latitude = track["latitude"].values[near]
    pairs = (
        (f"truth below the track: {what}", truth["altitude"].values, cube),
        (f"{track.attrs['product']}: {what}", height, seen),
    )
    for each, (title, levels, values) in zip(axes, pairs, strict=True):
        shown = np.where(values > 0, values, np.nan)
        mesh = each.pcolormesh(latitude, levels / 1000, shown, shading="nearest", **style)
        each.set(title=title, ylabel="altitude, km", ylim=(0, _HIGHEST))
        if ice:  # types are named beside their map
            each.figure.colorbar(mesh, ax=each)
    axes[-1].set_xlabel("latitude, degrees north")
