"""Collocation: profiles of a Track matched to pixels of a Scene in space and time."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from nephoscope.arguments import described
from nephoscope.errors import UsageError
from nephoscope.grids.corners import Corners
from nephoscope.grids.wgs84 import distance
from nephoscope.instruments import instrument_named
from nephoscope.scene import check_scene
from nephoscope.track import check_track

LONGEST_OFFSET = 600.0
"""Seconds between the two looks at a place, beyond which they are of different clouds."""
HALF_ORBIT = 3600.0
"""Seconds that no half orbit of the A-Train lasts."""
Weights = Literal["bilinear", "inverse_distance"]
_SECOND = np.timedelta64(1, "s")
_PLACES = ("latitude", "longitude", "time")

Reals = NDArray[np.float64]


def collocate(
    track: xr.Dataset,
    scene: xr.Dataset,
    *,
    max_time_offset: float = LONGEST_OFFSET,
    weights: Weights = "bilinear",
) -> xr.Dataset:
    """Profiles of a Track that four seen pixels of a Scene enclose, and those pixels.

    Args:
        track: from `open_track`; a CALTRACK one with its PAR-RB2 file knows the difference of time
            of each profile.
        scene: from `open_scene`, of an instrument that a profiler flies over.
        max_time_offset: seconds, either way; `inf` keeps profiles of unknown time too.
        weights: what `weight` holds: bilinear in rows and columns, or inverse distances.

    Returns:
        On (point,), in the order of the track: `profile` int64, its number there; `row`, `col`
        float64, fractional; `time_offset` float64, s, track minus scene (see `time_offsets`);
        `distance` float64, km, to the nearest pixel; coordinates `latitude`, `longitude`, `time`.
        On (point, corner), corners north-west, north-east, south-west, south-east: `corner_row`,
        `corner_col` int64, `weight` float64, which sum to 1. Attrs count what was left out, each
        profile at the first reason: `dropped_no_place`, `dropped_outside` the scene or its grid,
        `dropped_unseen` (a corner is not `known`), `dropped_no_time`, `dropped_time_offset`.

    Raises:
        InputError: the Track, or the Scene, breaks its contract.
        UsageError: another word for `weights`, no number of seconds, or an instrument whose scenes
            no track is matched to.
    """
    _check(track, scene, max_time_offset, weights)
    latitude, longitude = (track[name].values for name in ("latitude", "longitude"))
    corners = _corners(scene, latitude, longitude)
    inside = corners.enclosed
    row, col = np.where(inside[:, None], corners.row, 0), np.where(inside[:, None], corners.col, 0)
    offset = time_offsets(track, _scene_time(scene, row))
    reasons = {
        "no_place": ~(np.isfinite(latitude) & np.isfinite(longitude)),
        "outside": ~inside,
        "unseen": ~scene["known"].values[row, col].all(axis=1),
        "no_time": np.isnan(offset) & np.isfinite(max_time_offset),
        "time_offset": np.abs(offset) > max_time_offset,
    }
    kept, dropped = _sifted(reasons)
    pairs = _pairs(scene, corners.at(kept), weights, track, kept)
    pairs["time_offset"] = "point", offset[kept], {"units": "s", "long_name": "track minus scene"}
    return pairs.assign_attrs(
        {f"dropped_{name}": number for name, number in dropped.items()}
        | {"weights": weights, "max_time_offset": float(max_time_offset)}
    )


def _check(track: xr.Dataset, scene: xr.Dataset, max_time_offset: float, weights: str) -> None:
    for given, noun, opener in ((track, "Track", "open_track"), (scene, "Scene", "open_scene")):
        if not isinstance(given, xr.Dataset):
            raise UsageError(f"a {noun}, as {opener} gives it, is wanted, not {described(given)}")
    if weights not in get_args(Weights):
        known = " or ".join(f"'{each}'" for each in get_args(Weights))
        raise UsageError(f"weights is {weights!r}, not {known}")
    if not isinstance(max_time_offset, int | float | np.number) or not max_time_offset >= 0:
        raise UsageError(f"max_time_offset is {max_time_offset!r}, not a number of seconds")
    check_track(track)
    check_scene(scene)


def _corners(scene: xr.Dataset, latitude: Reals, longitude: Reals) -> Corners:
    name = scene.attrs["instrument"]
    found = instrument_named(name).corners(scene, latitude, longitude)
    if found is None:
        raise UsageError(f"no track is matched to scenes of '{name}'")
    return found


def _scene_time(scene: xr.Dataset, row: NDArray[np.int64]) -> NDArray[np.datetime64]:
    """Time of the scene, or of the line under each profile where its lines have times."""
    if "time" not in scene.variables:
        return np.array("NaT", "datetime64[ns]")
    time = scene["time"].values.astype("datetime64[ns]")
    return np.asarray(time[row[:, 0]] if time.ndim else time)


def time_offsets(track: xr.Dataset, scene_time: ArrayLike) -> Reals:
    """How much later than the imager the profiler was at each profile.

    Where the imager's time is known profile by profile, it is the plain difference. Else it is the
    track's own `time_difference` where it has that, and the scene is of the same half orbit by its
    start; else the difference of the two starts, that of the half orbit and that of the scene, for
    both fly the same way; else, for a track that does not tell its start, the time since the
    scene's.

    Args:
        track: a Track.
        scene_time: datetime64, UTC: one of the scene as a whole, or (profile,).

    Returns:
        (profile,) float64, s, NaN where unknown.
    """
    time, there = track["time"].values, np.asarray(scene_time, "datetime64[ns]")
    if there.ndim or "half_orbit_start" not in track.attrs:
        offset, same = _seconds(time - there), HALF_ORBIT
    else:
        start = np.array(track.attrs["half_orbit_start"], "datetime64[ns]")
        offset, same = np.full(time.shape, _seconds(start - there)), HALF_ORBIT / 2
    if not there.ndim and "time_difference" in track:
        own = track["time_difference"].values.astype(np.float64)
        # It tells of the pass along the track, not of what a scene of another day saw there.
        offset = np.where(np.isfinite(own) & ~(np.abs(offset) > same), own, offset)
    return offset


def _seconds(difference: NDArray[np.timedelta64]) -> Reals:
    return np.asarray(difference / _SECOND, np.float64)


def _sifted(reasons: dict[str, NDArray[np.bool_]]) -> tuple[NDArray[np.int64], dict[str, int]]:
    """Numbers of the profiles without a reason, and how many fell to each reason first."""
    kept = np.ones(len(next(iter(reasons.values()))), bool)
    dropped = {}
    for name, falls in reasons.items():
        dropped[name] = int((kept & falls).sum())
        kept &= ~falls
    return np.flatnonzero(kept), dropped


def _pairs(
    scene: xr.Dataset,
    corners: Corners,
    weights: Weights,
    track: xr.Dataset,
    kept: NDArray[np.int64],
) -> xr.Dataset:
    row, col, weight = corners
    away = _distances(scene, corners, track, kept)
    corner = "point", "corner"
    return xr.Dataset(
        {
            "profile": ("point", kept),
            "row": ("point", (weight * row).sum(axis=1)),
            "col": ("point", (weight * col).sum(axis=1)),
            "distance": ("point", away.min(axis=1, initial=np.inf), {"units": "km"}),
            "corner_row": (corner, row),
            "corner_col": (corner, col),
            "weight": (corner, weight if weights == "bilinear" else inverse_distances(away)),
        },
        coords={name: track[name][kept].rename(profile="point") for name in _PLACES},
        attrs={"instrument": scene.attrs["instrument"], "profiles": track.sizes["profile"]},
    )


def _distances(
    scene: xr.Dataset, corners: Corners, track: xr.Dataset, kept: NDArray[np.int64]
) -> Reals:
    """(point, corner) float64, km, from the profiles to their corners."""
    here = [track[name].values[kept, None] for name in _PLACES[:2]]
    there = [scene[name].values[corners.row, corners.col] for name in _PLACES[:2]]
    return distance(*here, *there)


def inverse_distances(distances: Reals) -> Reals:
    """Weights of corners by their inverse distance, which sum to 1.

    Args:
        distances: (point, corner), any unit; where one is 0 that corner has all the weight.
    """
    nearest = distances.min(axis=1, keepdims=True, initial=np.inf)
    # Of the nearest's distance, so that one of 0 leaves no division by it.
    share = np.where(distances == nearest, 1.0, nearest / np.where(distances > 0, distances, 1))
    return np.asarray(share / share.sum(axis=1, keepdims=True))
