"""Levels: bins of a Track brought to others, by averages over layers, on one altitude axis."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.errors import UsageError
from nephoscope.track import BOUNDS_DIMS, DIMS, check_track, height_bounds

FARTHEST = 5e4
"""Altitude, m, beyond which no profiler looks."""
LEAST_VALID = 0.5
"""Share of a layer's depth that must hold valid values for its mean to be one."""


def average_layers(track: xr.Dataset, thickness: float, bottom: float, top: float) -> xr.Dataset:
    """Means over layers of equal thickness, for a Track whose profiles share one height axis.

    Each gate counts with the depth it has inside the layer, so the thickness need not be a
    multiple of the gate. Floats are plain means over the valid gates, clear ones (0) included, NaN
    where less than half of the layer is valid; but `effective_radius` is the ratio of the layer's
    ice to its cross-section, sum(IWC) / sum(IWC / radius), NaN without ice, because a mean of
    radii agrees with no mean of contents. Flags are the most frequent code, of equals the lowest.

    Args:
        track: `height` on (level,), with `height_bounds`.
        thickness: m.
        bottom: lower edge of the lowest layer, m.
        top: upper edge of the highest layer, m: a whole number of layers above `bottom`.

    Returns:
        A Track, the highest layer first: `height` float32 the true centre, `height_bounds` the
        true edges. What is on (profile,) stays.

    Raises:
        UsageError: the heights are per profile, or no whole number of layers fits inside the gates.
    """
    _check_is_track(track)
    centres, bounds = _layers_between(thickness, bottom, top)
    lower, upper = _shared_edges(track)
    slack = 1e-3 * thickness
    if bottom < lower.min() - slack or top > upper.max() + slack:
        raise UsageError(
            f"layers {bottom:g}..{top:g} m reach beyond the track's {lower.min():g}.."
            f"{upper.max():g} m"
        )
    pieces = [_piece(lower, upper, *edges) for edges in bounds]
    variables = {}
    for name, variable in track.data_vars.items():
        if variable.dims == DIMS:
            average = _mean_of(str(name), track)
            values = np.stack([average(gates, depth) for gates, depth in pieces], axis=1)
            variables[name] = (DIMS, values.astype(variable.dtype), variable.attrs)
    return _with_levels(track, variables, centres, bounds)


def regrid(track: xr.Dataset, centres: NDArray[Any]) -> xr.Dataset:
    """One altitude axis for a Track whose profiles have heights of their own.

    Each level takes the bin whose centre is nearest, as codes cannot be averaged; no bin within
    half a bin's depth (and a metre for rounded heights) is missing: NaN for floats, the
    variable's `missing_value` for codes.

    Args:
        track: `height` on (profile, level).
        centres: (level,) float, m, falling, at least 2.

    Returns:
        A Track with `height` (level,) float32 and `height_bounds`; what is on (profile,) stays.

    Raises:
        UsageError: the heights are shared already, the centres do not fall, or an integer variable
            has no `missing_value`.
    """
    _check_is_track(track)
    try:
        centres = np.asarray(centres, np.float64)
    except (TypeError, ValueError) as error:
        raise UsageError("altitudes are numbers, m, that fall from level to level") from error
    if track["height"].ndim != 2:
        raise UsageError("the profiles of this track share one axis: average_layers changes it")
    if centres.ndim != 1 or centres.size < 2 or (np.diff(centres) >= 0).any():
        raise UsageError("altitudes must fall from level to level")
    if np.abs(centres).max() > FARTHEST:
        raise UsageError(f"altitudes beyond {FARTHEST:g} m")
    height = track["height"].values
    nearest, missing = nearest_bins(height, centres)
    variables = {}
    for name, variable in track.data_vars.items():
        if variable.dims != DIMS:
            continue
        fill = np.nan if variable.dtype.kind == "f" else variable.attrs.get("missing_value")
        if fill is None:
            raise UsageError(f"{name} has no missing_value to mark where no bin is near")
        values = np.take_along_axis(variable.values, nearest, axis=1)
        values[missing] = fill
        variables[name] = (DIMS, values, variable.attrs)
    return _with_levels(track, variables, centres, height_bounds(centres))


def ice_water_path(track: xr.Dataset) -> xr.DataArray:
    """Integral of `iwc` over exactly the levels of a Track.

    Args:
        track: `iwc` (profile, level) kg m-3, `height` on (level,), with `height_bounds`.

    Returns:
        (profile,) float32, kg m-2; NaN where any level is missing, because missing is not clear.

    Raises:
        UsageError: the track has no `iwc`, or heights per profile.
    """
    _check_is_track(track)
    if "iwc" not in track:
        raise UsageError("the track has no iwc")
    lower, upper = _shared_edges(track)
    path = track["iwc"].values.astype(np.float64) @ (upper - lower)
    attributes = {"units": "kg m-2", "long_name": "ice water path of the levels given"}
    return xr.DataArray(path.astype(np.float32), dims=DIMS[:1], attrs=attributes, name="iwp")


def _check_is_track(track: xr.Dataset) -> None:
    if not isinstance(track, xr.Dataset) or "height" not in track or "time" not in track:
        raise UsageError("it is no Track, as open_track gives it")


def _layers_between(
    thickness: float, bottom: float, top: float
) -> tuple[NDArray[Any], NDArray[Any]]:
    if not all(isinstance(each, int | float | np.number) for each in (thickness, bottom, top)):
        raise UsageError("thickness, bottom and top of layers are numbers, m")
    if not thickness > 0:
        raise UsageError(f"a layer cannot be {thickness:g} m thick")
    count = round((top - bottom) / thickness)
    if count < 1 or abs(bottom + count * thickness - top) > 1e-6 * thickness:
        raise UsageError(f"{bottom:g}..{top:g} m is no whole number of layers of {thickness:g} m")
    lower = bottom + thickness * np.arange(count - 1, -1, -1)
    return lower + thickness / 2, np.stack([lower, lower + thickness], axis=1)


def _shared_edges(track: xr.Dataset) -> tuple[NDArray[Any], NDArray[Any]]:
    if track["height"].ndim != 1:
        raise UsageError("the profiles of this track have heights of their own: regrid it first")
    lower, upper = track["height_bounds"].values.astype(np.float64).T
    return lower, upper


def _piece(
    lower: NDArray[Any], upper: NDArray[Any], bottom: float, top: float
) -> tuple[slice, NDArray[Any]]:
    # The gates of a layer and the depth of each inside it.
    depth = np.minimum(upper, top) - np.maximum(lower, bottom)
    inside = np.flatnonzero(depth > 1e-6 * (top - bottom))
    gates = slice(int(inside[0]), int(inside[-1]) + 1)
    return gates, depth[gates].astype(np.float32)


Average = Callable[[slice, NDArray[Any]], NDArray[Any]]


def _mean_of(name: str, track: xr.Dataset) -> Average:
    values = track[name].values
    if values.dtype.kind != "f":
        return lambda gates, depth: _most_frequent(values[:, gates], depth)
    if name == "effective_radius" and "iwc" in track:
        content = track["iwc"].values
        return lambda gates, depth: _radius(content[:, gates], values[:, gates], depth)
    return lambda gates, depth: _mean(values[:, gates], depth)


def _mean(values: NDArray[Any], depth: NDArray[Any]) -> NDArray[Any]:
    valid = ~np.isnan(values)
    if valid.all():
        return np.asarray(values @ depth / depth.sum())
    share = valid @ depth
    total = np.where(valid, values, 0) @ depth
    enough = share >= LEAST_VALID * depth.sum()
    empty = np.full(len(values), np.nan, values.dtype)
    return np.asarray(np.divide(total, share, out=empty, where=enough))


def _radius(content: NDArray[Any], radius: NDArray[Any], depth: NDArray[Any]) -> NDArray[Any]:
    icy = (content > 0) & (radius > 0)
    ice = np.where(icy, content, 0)
    section = np.divide(ice, radius, out=np.zeros_like(ice), where=icy) @ depth
    empty = np.full(len(ice), np.nan, ice.dtype)
    return np.asarray(np.divide(ice @ depth, section, out=empty, where=section > 0))


def _most_frequent(codes: NDArray[Any], depth: NDArray[Any]) -> NDArray[Any]:
    kinds = np.unique(codes)
    weight = np.stack([(codes == kind) @ depth for kind in kinds])
    return np.asarray(kinds[np.argmax(weight, axis=0)])


def nearest_bins(
    height: NDArray[Any], centres: NDArray[Any]
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Which bin of each profile is nearest to each altitude.

    Args:
        height: (profile, level) m, falling, NaN where missing.
        centres: (wanted,) m, falling.

    Returns:
        (profile, wanted) number of the bin; and whether none is within half a bin (and a metre).
    """
    # One sorted search for all profiles: each has a range of keys of its own.
    profiles, levels = height.shape
    known = np.isfinite(height)
    span = 4e5  # m, more than any two heights are apart
    base = span * np.arange(profiles)[:, None]
    # A missing bin stands at its upper neighbour's height, so that keys ascend in every row.
    falling = np.fmin.accumulate(np.where(known, height, np.nan), axis=1)
    keys = base - np.where(np.isnan(falling), span / 4, falling)
    below = np.searchsorted(keys.ravel(), (base - centres).ravel())
    below = below.reshape(profiles, -1) - levels * np.arange(profiles)[:, None]
    last_known = np.maximum.accumulate(np.where(known, np.arange(levels), 0), axis=1)
    above = np.take_along_axis(last_known, np.clip(below - 1, 0, None), axis=1)
    below = np.minimum(below, levels - 1)
    gap_above, gap_below = (
        np.abs(np.take_along_axis(height, each, axis=1) - centres) for each in (above, below)
    )
    choose = ~(gap_below <= gap_above) & ~np.isnan(gap_above)
    gap = np.where(choose, gap_above, gap_below)
    reach = np.nanmedian(-np.diff(height, axis=1)) / 2 + 1 if known.any() else 0.0
    return np.where(choose, above, below), ~(gap <= reach)


def _with_levels(
    track: xr.Dataset,
    variables: Mapping[Hashable, object],
    centres: NDArray[Any],
    bounds: NDArray[Any],
) -> xr.Dataset:
    along = {name: each for name, each in track.data_vars.items() if each.dims == DIMS[:1]}
    attributes = {"units": "m", "positive": "up", "bounds": "height_bounds"}
    coords = {name: track[name] for name in ("time", "latitude", "longitude")} | {
        "height": ("level", centres.astype(np.float32), attributes),
        "height_bounds": (BOUNDS_DIMS, bounds),
    }
    return check_track(xr.Dataset({**variables, **along}, coords, track.attrs))
