"""Means around the globe: how cloudy each latitude is, and how much is at each height there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure

from nephoscope.errors import UsageError
from nephoscope.plots.colours import LIKELY, MODEL

Reals = npt.NDArray[np.float64]

ZONES = np.arange(-90.0, 91.0)
"""Edges of the zones, degrees north: each is one degree wide."""
_ON_LEVELS = ("iwc", "cloud_type", "cloud_mask_3d", "cloud_probability")
"""What is averaged at each height: the first that a product has."""
_LEAST = 1e-3  # of the most: less ice than that has one colour


@dataclass(frozen=True)
class ZonalMeans:
    """Means of one product or of many over zones of latitude.

    Attributes:
        cover: (zone,) share of the pixels with an answer that is cloud, NaN where there is none.
        pixels: (zone,) with an answer.
        name: of the variable on levels, "" where there is none.
        levels: (zone, level) its means: ice, kg m-3, or the share of cloud; NaN where nothing is
            known.
        altitude: (level,) m.
        products: how many they are.
    """

    cover: Reals
    pixels: Reals
    name: str
    levels: Reals
    altitude: Reals
    products: int


def zonal_means(products: Iterable[xr.Dataset]) -> ZonalMeans:
    """Average products of one kind, one after another; of none more is held than itself.

    Each pixel counts alike, whichever product it is of.

    Args:
        products: decoded, with `cloud_mask` on latitude and longitude, or with `latitude` (y, x),
            degrees; those with levels have `altitude` (level) m.

    Raises:
        UsageError: there is none; or one has neither mask nor place; or levels differ.
    """
    cover = np.zeros((2, len(ZONES) - 1))
    levels, altitude, name, number = np.zeros((2, len(ZONES) - 1, 0)), np.zeros(0), "", 0
    for product in products:
        zone = _zone_of(product)
        cover += _sums(_answers(product, "cloud_mask")[..., None], zone)[..., 0]
        own = _name_on_levels(product)
        heights = product["altitude"].values.astype(np.float64) if own else np.zeros(0)
        if not number:
            name, altitude = own, heights
            levels = np.zeros((2, len(ZONES) - 1, heights.size))
        elif own != name or not np.array_equal(heights, altitude):
            which = str(product.attrs.get("map_id", "one"))
            problem = f"zonal means: {which} is of another kind than the first, or on other levels"
            raise UsageError(problem)
        if own:
            levels += _sums(np.moveaxis(_answers(product, own), 0, -1), zone)
        number += 1
    if not number:
        raise UsageError("zonal means: there is no product")
    with np.errstate(invalid="ignore"):
        return ZonalMeans(
            cover[1] / cover[0], cover[0], name, levels[1] / levels[0], altitude, number
        )


def plot_zonal(means: ZonalMeans, title: str = "") -> Figure:
    """Draw how cloudy each latitude is, and of products on levels what is at each height.

    Args:
        means: from `zonal_means`.
        title: of the picture.
    """
    figure = Figure(figsize=(8, 6 if means.name else 4), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    if means.name:
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=[2, 1])
        _draw_levels(figure, above, means)
    else:
        below = figure.subplots()
    below.step(ZONES[:-1] + 0.5, 100 * means.cover, where="mid", color=MODEL)
    known = np.flatnonzero(means.pixels)
    span = (ZONES[known[0]], ZONES[known[-1] + 1]) if known.size else (-90, 90)
    below.set(xlabel="latitude (° north)", ylabel="cloud cover (%)", ylim=(0, 100), xlim=span)
    below.grid(color="0.92")
    many = f"{means.products} products" if means.products > 1 else "1 product"
    figure.suptitle(f"{title or 'Clouds'}: zonal means, {many}", fontsize=11)
    return figure


def _draw_levels(figure: Figure, axes: Axes, means: ZonalMeans) -> None:
    order = np.argsort(means.altitude)
    height = means.altitude[order] / 1000
    middles = (height[1:] + height[:-1]) / 2
    edges = np.array([1.5 * height[0] - 0.5 * height[1], *middles,
                      1.5 * height[-1] - 0.5 * height[-2]])  # fmt: skip
    values, norm, label = 100 * means.levels, Normalize(0, None), "cloud at this height (%)"
    if means.name == "iwc":
        most = max(1000 * np.nanmax(means.levels, initial=0), 1e-6)
        values, norm = np.maximum(1000 * means.levels, most * _LEAST), LogNorm(most * _LEAST, most)
        label = "mean ice water content (g m⁻³)"
    shown = axes.pcolormesh(
        ZONES, edges, np.ma.masked_invalid(values[:, order].T), norm=norm, cmap=LIKELY
    )
    axes.set(ylabel="altitude (km)", facecolor="0.6", ylim=(0, edges[-1]))
    figure.colorbar(shown, ax=axes, label=label)


def _zone_of(product: xr.Dataset) -> npt.NDArray[np.int64]:
    """(y, x) number of the zone of each pixel, -1 where it is on no globe.

    Raises:
        UsageError: the product does not say where its pixels are.
    """
    if "cloud_mask" not in product or "latitude" not in product or not product["latitude"].ndim:
        raise UsageError("zonal means: want products with a cloud mask and places of their pixels")
    latitude = product["latitude"].values.astype(np.float64)
    if latitude.ndim == 1:
        latitude = np.broadcast_to(latitude[:, None], product["cloud_mask"].shape)
    inside = np.isfinite(latitude)
    zone = np.clip(np.floor(np.where(inside, latitude, 0) + 90), 0, len(ZONES) - 2)
    return np.where(inside, zone, -1).astype(np.int64)


def _name_on_levels(product: xr.Dataset) -> str:
    return next((name for name in _ON_LEVELS if name in product and product[name].ndim == 3), "")


def _answers(product: xr.Dataset, name: str) -> Reals:
    """A variable as float64, NaN where there is no answer; of classes 1 where there is cloud."""
    values = product[name].values.astype(np.float64)
    if name in ("cloud_type", "cloud_mask_3d", "cloud_mask"):
        return np.where(np.isfinite(values) & (values >= 0), values > 0, np.nan)
    return values


def _sums(values: Reals, zone: npt.NDArray[np.int64]) -> Reals:
    """(number and sum, zone, level) of values (y, x, level) that are known."""
    known, count = np.isfinite(values), len(ZONES) - 1
    found = np.zeros((2, count, values.shape[-1]))
    on = zone.ravel() >= 0
    for level in range(values.shape[-1]):
        seen = known[..., level].ravel() & on
        where = zone.ravel()[seen]
        found[0, :, level] = np.bincount(where, minlength=count)
        found[1, :, level] = np.bincount(where, values[..., level].ravel()[seen], count)
    return found
