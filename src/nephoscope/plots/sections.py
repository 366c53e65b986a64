"""Sections of cloud ice along a line over the ground or a profiler's track, and the track's own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from nephoscope.plots.curtain import sample_along
from nephoscope.plots.ice import plot_sections
from nephoscope.plots.places import EARTH_RADIUS, unit_vectors

_STEP = 1.5  # km from point to point of a line: half a pixel
ICE = "iwc"


def between(
    latitude: float, longitude: float, other_latitude: float, other_longitude: float
) -> xr.Dataset:
    """A great circle from one place to another as a Track without time or measurements."""
    first, last = (
        unit_vectors(np.array([lat]), np.array([lon]))[0]
        for lat, lon in ((latitude, longitude), (other_latitude, other_longitude))
    )
    angle = float(np.arccos(np.clip(first @ last, -1, 1)))
    count = max(int(angle * EARTH_RADIUS / _STEP), 1) + 1
    share = np.linspace(0, 1, count)[:, None]
    # Both ends weighted by sines stay on the circle.
    sine = max(np.sin(angle), 1e-12)
    points = (np.sin((1 - share) * angle) * first + np.sin(share * angle) * last) / sine
    places = {
        "latitude": np.degrees(np.arctan2(points[:, 2], np.hypot(points[:, 0], points[:, 1]))),
        "longitude": np.degrees(np.arctan2(points[:, 1], points[:, 0])),
        "time": np.full(count, np.datetime64("NaT", "ns")),
    }
    return xr.Dataset({name: ("profile", values) for name, values in places.items()})


def nearest_slot(slots: Sequence[xr.Dataset], track: xr.Dataset) -> list[xr.Dataset]:
    """The slot, or those of several grids, whose time is nearest to the track over it."""
    best: dict[bytes, tuple[float, xr.Dataset]] = {}
    for slot in slots:
        below = sample_along(slot[["quality_flag"]], track)
        if not below.sizes["profile"]:
            continue
        moments = below["time"].values
        moment = moments[np.argsort(moments)[len(moments) // 2]]
        apart = abs(float((slot["time"].values - moment) / np.timedelta64(1, "s")))
        key = slot["latitude"].values.tobytes()
        if key not in best or apart < best[key][0]:
            best[key] = apart, slot
    return [slot for _, slot in best.values()]


def plot_section(product: xr.Dataset, track: xr.Dataset) -> Figure | None:
    """Draw the ice of a product along a track, over what the track itself says of it.

    Args:
        product: decoded, with `iwc` on levels.
        track: see `nephoscope.track`; its `iwc`, where it has one, is the truth.

    Returns:
        None where the track is nowhere over the product.
    """
    below = sample_along(product[[ICE]], track)
    if not below.sizes["profile"]:
        return None
    places = {name: ("profile", below[name].values) for name in ("latitude", "longitude")}

    def section(values: xr.DataArray, height: xr.DataArray) -> xr.DataArray:
        (level,) = {*values.dims} - {"profile"}
        return xr.DataArray(
            values.transpose("profile", level).values,
            dims=("profile", "level"),
            coords={**places, "height": ("level", np.asarray(height.values, np.float64))},
        )

    sections = {"prediction": section(below[ICE], product["altitude"])}
    if ICE in track:
        truth = track[ICE].isel(profile=below["number"].values)
        height = track["height"]
        if height.ndim > 1:
            height = height.isel(profile=0)
        sections["profiler"] = section(truth, height)
    moment = str(product["time"].values.astype("datetime64[m]")).replace("T", " ")
    return plot_sections(sections, f"Cloud ice along the line, {moment} UTC")
