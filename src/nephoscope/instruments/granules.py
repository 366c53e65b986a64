"""Granules of a track with the half orbits that saw the same places: pairs to make samples of."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

from nephoscope.errors import InputError
from nephoscope.folders import LeftOut, files_below, real_paths
from nephoscope.instruments.cloudsat.names import CalipsoHalf, parse_caltrack_name
from nephoscope.instruments.matching import nearest_start
from nephoscope.instruments.polder.names import parse_name
from nephoscope.instruments.scene_file import SceneFile

Item = TypeVar("Item")

CLASSES, OFFSETS = "CS-2B-CLDCLASS", "PAR-RB2"
"""Products of CALTRACK files: cloud classes, and when the imager saw their places."""

NIGHT = "night granule"
DUPLICATE = "half orbit that is there twice"
ALONE = "no picture within the time offset"
NOT_DRAWN = "not among the days and files drawn"


class Granule(NamedTuple):
    """Half orbit with the track along it.

    Attributes:
        picture: file of the imager.
        track: file of the profiler; None where the picture is wanted alone.
        offsets: file that says when the imager saw each profile's place, if there is one.
        more: further files of the profiler with places that the picture shows.
    """

    picture: SceneFile
    track: Path | None = None
    offsets: Path | None = None
    more: tuple[Path, ...] = ()

    @property
    def tracks(self) -> tuple[Path, ...]:
        """All files of the profiler."""
        return () if self.track is None else (self.track, *self.more)


def files_of(granule: Granule) -> list[Path]:
    """What a worker must see to make samples of a granule."""
    paths = (granule.picture.path, granule.offsets, *granule.tracks)
    return [path for path in paths if path is not None]


@dataclass
class Granules:
    """What a search has found.

    Attributes:
        pairs: in the order of time.
        skipped: reason → number of files that are no part of a pair.
        failed: files that cannot be read.
    """

    pairs: list[Granule]
    skipped: Counter[str] = field(default_factory=Counter)
    failed: list[InputError] = field(default_factory=list)


class Draw(NamedTuple):
    """Random choice of days and of granules of a day; None takes all.

    Attributes:
        days: of each month.
        files: of each day.
        seed: of the choice.
    """

    days: int | None = None
    files: int | None = None
    seed: int = 0


def pair_granules(
    pictures: Sequence[SceneFile],
    places: Iterable[Path],
    within: timedelta,
    draw: Draw = Draw(),  # noqa: B008 - immutable
    left_out: LeftOut | None = None,
) -> Granules:
    """Pair granules of CALIPSO's track by day with the half orbits that start nearest to them.

    Args:
        pictures: half orbits.
        places: folders that hold CALTRACK files.
        within: greatest difference of starts.
        draw: which days and granules; only among those by day.
        left_out: told of folders that cannot be read.
    """
    skipped: Counter[str] = Counter()
    tracks, offsets = _caltrack(places, left_out or LeftOut(), skipped)
    tracks = drawn(tracks, draw, skipped)
    best = _each_once(pictures, skipped)
    starts = [each.order for each in best]
    found: dict[str, tuple[float, Granule]] = {}
    for start, path in sorted(tracks.items()):
        when, margin = start.replace(tzinfo=UTC).timestamp(), within.total_seconds()
        near = best[bisect_left(starts, when - margin) : bisect_right(starts, when + margin)]
        match = nearest_start(start, [each.path for each in near], within)
        if match.found is None:
            skipped[ALONE] += 1
            continue
        picture = next(each for each in near if each.path == match.found)
        pair = abs(match.seconds), Granule(picture, path, offsets.get(start))
        if picture.id in found:
            skipped[DUPLICATE] += 1
        found[picture.id] = min(found.get(picture.id, pair), pair, key=lambda each: each[0])
    pairs = sorted((pair for _, pair in found.values()), key=lambda each: each.picture.order)
    return Granules(pairs, skipped)


def pictures_alone(pictures: Sequence[SceneFile], draw: Draw = Draw()) -> Granules:  # noqa: B008
    """Half orbits without a track, each once, in the order of time."""
    skipped: Counter[str] = Counter()
    by_start = {
        datetime.fromtimestamp(each.order, UTC).replace(tzinfo=None): each
        for each in _each_once(pictures, skipped)
    }
    chosen = drawn(by_start, draw, skipped)
    return Granules([Granule(chosen[start]) for start in sorted(chosen)], skipped)


def _caltrack(
    places: Iterable[Path], left_out: LeftOut, skipped: Counter[str]
) -> tuple[dict[datetime, Path], dict[datetime, Path]]:
    """Files of cloud classes by day, and of offsets, by their starts: the newest of each."""
    found: dict[str, dict[datetime, tuple[str, Path]]] = {CLASSES: {}, OFFSETS: {}}
    files = [path for place in places for path in _files(place, left_out)]
    files = [path for path in files if parse_caltrack_name(path) is not None]
    once = dict(zip(real_paths(files), files, strict=True))
    for path in sorted(once.values()):
        name = parse_caltrack_name(path)
        if name is None or name.product not in found:
            continue
        if name.half == "night":
            skipped[NIGHT] += name.product == CLASSES
            continue
        known = found[name.product]
        if name.start in known:
            skipped[DUPLICATE] += name.product == CLASSES
        known[name.start] = max(known.get(name.start, ("", path)), _rank(name, path))
    tracks, offsets = ({s: p for s, (_, p) in found[each].items()} for each in found)
    return tracks, offsets


def _files(place: Path, left_out: LeftOut) -> Iterable[Path]:
    return files_below(place, left_out) if place.is_dir() else [place]


def _rank(name: CalipsoHalf, path: Path) -> tuple[str, Path]:
    return name.version, path


def _each_once(pictures: Sequence[SceneFile], skipped: Counter[str]) -> list[SceneFile]:
    """The newest file of each half orbit, in the order of time."""
    best: dict[object, tuple[tuple[str, float, Path], SceneFile]] = {}
    for picture in pictures:
        name = parse_name(picture.path)
        if name is None:
            continue
        key, rank = (name.cycle, name.orbit), (name.version, picture.order, picture.path)
        if key in best:
            skipped[DUPLICATE] += 1
        best[key] = max(best.get(key, (rank, picture)), (rank, picture), key=lambda each: each[0])
    return sorted((each for _, each in best.values()), key=lambda each: each.order)


def drawn(found: dict[datetime, Item], draw: Draw, skipped: Counter[str]) -> dict[datetime, Item]:
    """Those of the days of each month, and of each day, that are drawn; no month knows another."""
    chosen: dict[datetime, Item] = {}
    months: dict[tuple[int, int], dict[int, list[datetime]]] = {}
    for start in sorted(found):
        months.setdefault((start.year, start.month), {}).setdefault(start.day, []).append(start)
    for (year, month), days in months.items():
        rng = np.random.default_rng([draw.seed, year, month])
        for day in _some(sorted(days), draw.days, rng):
            of_day = np.random.default_rng([draw.seed, year, month, day])
            chosen |= {start: found[start] for start in _some(days[day], draw.files, of_day)}
    if len(chosen) < len(found):
        skipped[NOT_DRAWN] += len(found) - len(chosen)
    return chosen


def _some(items: list[Item], number: int | None, rng: np.random.Generator) -> list[Item]:
    if number is None or number >= len(items):
        return items
    return [items[place] for place in sorted(rng.choice(len(items), number, replace=False))]
