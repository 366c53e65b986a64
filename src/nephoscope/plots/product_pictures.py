"""Pictures of a product of profiles with a track: map, curtains over the truth, 3-D view."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib.figure import Figure

from nephoscope.errors import UsageError
from nephoscope.plots.central_views import rgb_of
from nephoscope.plots.curtain import plot_curtains, sample_along
from nephoscope.plots.places import Places
from nephoscope.plots.sections import ICE, plot_section
from nephoscope.plots.swath import plot_swath
from nephoscope.plots.volume import plot_volume

Reals = npt.NDArray[np.floating]

ON_LEVELS = ("cloud_type", "cloud_mask_3d", "cloud_probability")
"""Variables of a product that make a curtain, the first that it has."""
_SIDE = 100  # pixels of the patch of the 3-D view
_LIKELY = 0.5  # probability from which a bin without a type is called cloud


class AsideError(UsageError):
    """A track is beside a product."""


def along_track_pictures(
    product: xr.Dataset, track: xr.Dataset, scene: xr.Dataset | None = None
) -> Iterator[tuple[str, Figure]]:
    """Draw a product with a track that crosses it.

    Args:
        product: packed or decoded, with one of `ON_LEVELS` on (level, y, x),
            `altitude` (level) m, and `latitude`, `longitude` (y, x), degrees.
        track: see `nephoscope.track`; its `cloud_type`, where it has one, is the truth.
        scene: that the product was made from: floor of the 3-D view.

    Yields:
        What each picture is called after the product's own name ("" for the map, "_curtain",
        "_mask_curtain", "_view_3d"), and the Figure.

    Raises:
        AsideError: the track is not over the product.
        UsageError: the product has no levels.
    """
    named = [name for name in ON_LEVELS if name in product]
    levels = [name for name in named if product[name].ndim == 3]
    if not levels:
        raise UsageError(f"--curtain: the product has no levels: none of {', '.join(ON_LEVELS)}")
    below = sample_along(product, track)
    if not below.sizes["profile"]:
        raise AsideError("no profile of the track is over the product")
    yield "", plot_swath(product, track, scene)
    curtains = {"prediction": _said(below, levels[0])}
    if "cloud_type" in track:
        curtains["truth (profiler)"] = track["cloud_type"].isel(profile=below["number"].values)
    title = str(product.attrs.get("map_id", ""))
    if levels[0] == "cloud_type":
        yield "_curtain", plot_curtains(curtains, "type", f"cloud type along the track, {title}")
    yield "_mask_curtain", plot_curtains(curtains, "mask", f"cloud along the track, {title}")
    if ICE in product and (figure := plot_section(_decoded(product), track)) is not None:
        yield "_ice_curtain", figure
    if levels[0] == "cloud_type":
        yield "_view_3d", _view(product, below, curtains["prediction"], scene)


def _decoded(product: xr.Dataset) -> xr.Dataset:
    """The ice of a product, packed or not, and its first moment."""
    decoded = xr.decode_cf(product[[ICE]])
    times = xr.decode_cf(product[["time"]])["time"].values
    return decoded.drop_vars("time", errors="ignore").assign_coords(time=np.nanmin(times))


def _said(below: xr.Dataset, name: str) -> xr.DataArray:
    """The curtain of what a product says on its levels."""
    values = xr.decode_cf(below[[name]])[name]
    (level,) = {*values.dims} - {"profile"}
    filled = values.transpose("profile", level).values
    if name == "cloud_probability":
        filled = np.where(np.isnan(filled), -1, filled >= _LIKELY)
    codes = np.where(np.isfinite(filled), filled, -1).astype(np.int8)
    places = {each: ("profile", below[each].values) for each in ("latitude", "longitude", "time")}
    height = np.asarray(below["altitude"].values, np.float64)
    order = np.argsort(-height)
    return xr.DataArray(codes[:, order], dims=("profile", "level"),
                        coords={**places, "height": ("level", height[order])})  # fmt: skip


def _view(
    product: xr.Dataset, below: xr.Dataset, curtain: xr.DataArray, scene: xr.Dataset | None
) -> Figure:
    """The square patch with most cloud below the track, in three dimensions."""
    latitude, longitude = product["latitude"].values, product["longitude"].values
    places = Places(latitude, longitude)
    pixel = places.nearest(below["latitude"].values, below["longitude"].values)
    # Profiles in one pixel stand on one place: a wall between them would have no width.
    first = np.flatnonzero(np.diff(pixel, prepend=-1))
    row, col = np.divmod(pixel[first], latitude.shape[1])
    curtain = curtain.isel(profile=first)
    cloud = (curtain.values > 0).sum(axis=1)
    starts = np.arange(0, max(latitude.shape[0] - _SIDE, 0) + 1)
    inside = (row >= starts[:, None]) & (row < starts[:, None] + _SIDE)
    top = int(starts[(inside * cloud).sum(axis=1).argmax()])
    here = (row >= top) & (row < top + _SIDE)
    left = int(np.clip(np.median(col[here]) - _SIDE // 2, 0, max(latitude.shape[1] - _SIDE, 0)))
    here &= (col >= left) & (col < left + _SIDE)
    window = (slice(top, top + _SIDE), slice(left, left + _SIDE))
    title = f"{product.attrs.get('map_id', '')}: clouds said along the track"
    return plot_volume(
        _floor(product, scene, window),
        row[here] - top,
        col[here] - left,
        curtain.values[here],
        curtain["height"].values,
        title,
        places.spacing,
    )


def _floor(product: xr.Dataset, scene: xr.Dataset | None, window: tuple[slice, slice]) -> Reals:
    """(y, x, 3) the scene's colours; without them the probability of cloud in grey."""
    if scene is not None:
        seen = rgb_of(scene["image"][:, window[0], window[1]])
        if seen is not None:
            return seen
    if "column_cloud_probability" in product:
        grey = xr.decode_cf(product[["column_cloud_probability"]])["column_cloud_probability"]
    else:
        grey = (product["cloud_type"] > 0).any([product["cloud_type"].dims[0]])
    plane = np.nan_to_num(np.asarray(grey.values[window], np.float32), nan=0.5)
    return np.repeat(plane[..., None], 3, axis=-1)
