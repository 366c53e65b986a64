"""Pictures of SEVIRI with the files of DARDAR whose profiles they show: pairs for samples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.errors import InputError
from nephoscope.folders import LeftOut, real_paths
from nephoscope.grids.geostationary import Bounds
from nephoscope.instruments import dardar
from nephoscope.instruments.granules import Draw, Granule, Granules, drawn
from nephoscope.instruments.scene_file import SceneFile
from nephoscope.instruments.seviri.names import is_native
from nephoscope.instruments.seviri.scenes import open_slot

NO_OVERPASS = "file of the profiler without a profile in the region"
NO_PICTURE = "file of the profiler without a picture at its time"
OTHER_DATES = "file of the profiler beyond the dates of the pictures"
NO_TRACK = "picture that no profiler passed"
TWICE = "picture that is there twice"
OTHER_SATELLITE = "picture of another satellite at the same time"
NO_TIME = "picture whose name does not say its time"
_DAY = 86_400.0
_SCAN = 750.0
"""Seconds that a full disk is scanned, from the south."""

Times = NDArray[np.float64]


def pair(
    pictures: Sequence[SceneFile],
    places: Iterable[Path],
    within: timedelta,
    bounds: Bounds,
    draw: Draw,
    longitude: float,
) -> Granules:
    """Pair pictures with the files of DARDAR that have profiles in a region while they are scanned.

    Args:
        pictures: as `find` gives them; each slot is taken once.
        places: files and folders of DARDAR; others are passed over.
        within: greatest difference of time of profile and line.
        bounds: the region.
        draw: which days, and pictures of a day.
        longitude: of the service, which decides where two satellites made a picture at a time.
    """
    found = Granules([])
    slots = each_once(pictures, longitude, found)
    starts = np.array([slot.order for slot in slots])
    tracks: dict[str, list[Path]] = {}
    for path in _files(places, starts, found):
        try:
            times = _times_within(path, bounds)
        except InputError as error:
            found.failed.append(error)
            continue
        near = _slots_near(starts, times, within.total_seconds())
        if not near.size:
            found.skipped[NO_PICTURE if times.size else NO_OVERPASS] += 1
        for number in near:
            tracks.setdefault(slots[number].id, []).append(path)
    alone = len(slots) - len(tracks)
    found.skipped.update({NO_TRACK: alone} if alone else {})
    paired = {slot: tracks[slot.id] for slot in slots if slot.id in tracks}
    chosen = _drawn({_start(slot): slot for slot in paired}, draw, found.skipped)
    found.pairs = [Granule(slot, paired[slot][0], None, tuple(paired[slot][1:])) for slot in chosen]
    return found


def read_near(
    path: Path, start: float, within: timedelta, bounds: Bounds
) -> tuple[xr.Dataset, int] | None:
    """Read the profiles that lie in a region while a slot is scanned, of those between them all.

    Args:
        path: a file of DARDAR.
        start: of the slot, s since 1970.
        within: how long before and after the scan profiles are wanted.
        bounds: the region.

    Returns:
        The Track and the number of its first profile in the file; None where there is none.

    Raises:
        InputError: the file cannot be used; names the field.
    """
    places = dardar.read_places(path)
    inside = bounds.hold(places["latitude"].values, places["longitude"].values)
    time, margin = places["time"].values, within.total_seconds()
    seconds = np.where(np.isnat(time), np.nan, time.astype(np.int64) / 1e9) - start
    with np.errstate(invalid="ignore"):
        near = np.flatnonzero(inside & (seconds >= -margin) & (seconds <= _SCAN + margin))
    if not near.size:
        return None
    first = int(near[0])
    return dardar.read(path, profiles=(first, int(near[-1]) + 1)), first


def alone(pictures: Sequence[SceneFile], draw: Draw, longitude: float) -> Granules:
    """Pictures without a track, each slot once, in the order of time."""
    found = Granules([])
    slots = each_once(pictures, longitude, found)
    chosen = _drawn({_start(slot): slot for slot in slots}, draw, found.skipped)
    found.pairs = [Granule(slot) for slot in chosen]
    return found


def each_once(pictures: Sequence[SceneFile], longitude: float, found: Granules) -> list[SceneFile]:
    """One picture of each time: of its forms the native one, of satellites that of the service.

    Where two satellites made one for the same service, it is the one of more pictures of that day.

    Args:
        pictures: any.
        longitude: of the service, degrees.
        found: told of what is left out.
    """
    times: dict[float, dict[str, SceneFile]] = {}
    days: Counter[tuple[int, str]] = Counter()
    for picture in sorted(pictures, key=lambda each: (not is_native(each.path), each.path)):
        if not picture.order:
            found.skipped[NO_TIME] += 1
        elif picture.id in times.setdefault(picture.order, {}):
            found.skipped[TWICE] += 1
        else:
            times[picture.order][picture.id] = picture
            days[_day(picture), _satellite(picture)] += 1
    chosen = []
    for _, of_time in sorted(times.items()):
        candidates = list(of_time.values())
        if len(candidates) > 1:
            candidates = _of_service(candidates, longitude)
            candidates.sort(key=lambda each: (days[_day(each), _satellite(each)], each.id))
            found.skipped[OTHER_SATELLITE] += len(of_time) - 1
        chosen.append(candidates[-1])
    return chosen


def _of_service(pictures: list[SceneFile], longitude: float) -> list[SceneFile]:
    """Those of a service by their headers; all of them where none is, or none can be read."""
    mine = []
    for picture in pictures:
        try:
            header = open_slot([picture.path]).header
        except InputError:
            continue
        if abs(header.grid.longitude - longitude) < 1:
            mine.append(picture)
    return mine or pictures


def _day(picture: SceneFile) -> int:
    return int(picture.order // _DAY)


def _satellite(picture: SceneFile) -> str:
    return picture.id.partition("-")[0]


def _start(picture: SceneFile) -> datetime:
    return datetime.fromtimestamp(picture.order, UTC).replace(tzinfo=None)


def _files(places: Iterable[Path], starts: Times, found: Granules) -> list[Path]:
    """Files of DARDAR below all places, each once, in the order of time.

    Those are not opened whose names say that they begin a day before the first slot, or after the
    last.
    """
    files: list[SceneFile] = []
    left_out = LeftOut()
    for place in places:
        try:
            files += dardar.find(place, left_out)
        except InputError:  # holds pictures alone
            continue
    found.failed += left_out.errors
    files.sort(key=lambda file: (file.order, file.path))
    once = dict(zip(real_paths(file.path for file in files), files, strict=True))
    kept = [file.path for file in once.values() if _may_meet(file, starts)]
    found.skipped.update({OTHER_DATES: len(once) - len(kept)} if len(kept) < len(once) else {})
    return kept


def _may_meet(track: SceneFile, starts: Times) -> bool:
    """Whether a file may hold profiles of the time of any slot, as far as its name says."""
    if not track.order or not starts.size:
        return True
    # As finders of tracks have it: year, day of the year and time, digit by digit.
    start = datetime.strptime(f"{track.order:013.0f}", "%Y%j%H%M%S").replace(tzinfo=UTC)
    return bool(starts[0] - _DAY <= start.timestamp() <= starts[-1] + _DAY)


def _times_within(path: Path, bounds: Bounds) -> Times:
    """Seconds since 1970 of the profiles of a file that lie in a region, (profile,)."""
    places = dardar.read_places(path)
    inside = bounds.hold(places["latitude"].values, places["longitude"].values)
    times = places["time"].values[inside]
    return np.sort(times[~np.isnat(times)].astype(np.int64) / 1e9)


def _slots_near(starts: Times, times: Times, within: float) -> NDArray[np.intp]:
    """Numbers of the slots while whose scan, or so many seconds before or after, a profile is."""
    first = np.searchsorted(times, starts - within)
    last = np.searchsorted(times, starts + _SCAN + within)
    return np.flatnonzero(last > first)


def _drawn(found: dict[datetime, SceneFile], draw: Draw, skipped: Counter[str]) -> list[SceneFile]:
    chosen = drawn(found, draw, skipped)
    return [chosen[start] for start in sorted(chosen)]
