"""Series of slots: those that are asked for, each once, of one satellite, and its gaps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from nephoscope.errors import InputError
from nephoscope.folders import LeftOut
from nephoscope.instruments.scene_file import SceneFile
from nephoscope.instruments.seviri.names import is_native, start_of
from nephoscope.instruments.seviri.scenes import open_slot

TWICE = "second files of a slot"
OTHER = "pictures of a second satellite of the same slot"
GAP = "gaps in the series, each before a slot that is there"
_DAY = timedelta(days=1)


def wanted(
    scenes: Sequence[SceneFile], options: Mapping[str, Any], left_out: LeftOut
) -> list[SceneFile]:
    """The slots to predict: within `times`, each once.

    Of several files of one slot a native one comes first, then the first by path. Of two satellites
    of one service that saw the same slot, the one that saw more of the day is taken; the other
    fills its gaps.

    Args:
        scenes: what `find` found, of any number of places.
        options: `times`: first moment and the one behind the last, datetimes of UTC.
        left_out: told of all that is not taken, but for the times; and of gaps.
    """
    first, behind = options.get("times", (None, None))
    found = [
        scene
        for scene in scenes
        if first is None or (start := start_of(scene.id)) is None or first <= start < behind
    ]
    once = _one_satellite(_once(found, left_out), left_out)
    for scene in _behind_gaps(once):
        left_out.add(GAP, scene.path)
    return once


def _once(scenes: Sequence[SceneFile], left_out: LeftOut) -> list[SceneFile]:
    best: dict[str, SceneFile] = {}
    for scene in sorted(scenes, key=lambda scene: (not is_native(scene.path), scene.path)):
        if best.setdefault(scene.id, scene) is not scene and start_of(scene.id) is not None:
            left_out.add(TWICE, scene.path)
    return [scene for scene in scenes if best[scene.id] is scene or start_of(scene.id) is None]


def _one_satellite(scenes: Sequence[SceneFile], left_out: LeftOut) -> list[SceneFile]:
    by_start: dict[datetime | None, list[SceneFile]] = {}
    for scene in scenes:
        by_start.setdefault(start_of(scene.id), []).append(scene)
    seen = Counter(_day(scene) for scene in scenes)
    left: set[Path] = set()
    for start, several in by_start.items():
        if start is None or len(several) < 2:
            continue
        services: dict[float | None, SceneFile] = {}
        # Of satellites that saw as much, the newer one: it took over.
        for scene in sorted(several, key=lambda one: (seen[_day(one)], one.id), reverse=True):
            service = _service(scene.path)
            if service is not None and services.setdefault(service, scene) is not scene:
                left.add(scene.path)
                left_out.add(OTHER, scene.path)
    return [scene for scene in scenes if scene.path not in left]


def _day(scene: SceneFile) -> str:
    """Satellite and day."""
    return scene.id[:-4]


@cache
def _service(path: Path) -> float | None:
    """Longitude of the service, whole degrees; None where the file does not tell."""
    try:
        return float(round(open_slot([path]).header.grid.longitude))
    except InputError:
        return None  # reading it will say what is wrong


def _behind_gaps(scenes: Iterable[SceneFile]) -> list[SceneFile]:
    """The slots before which others lack: the steps of a series are equal, within a day."""
    known = [(start, scene) for scene in scenes if (start := start_of(scene.id)) is not None]
    known.sort(key=lambda pair: pair[0])
    steps = [after[0] - before[0] for before, after in pairwise(known)]
    usual = min((step for step in steps if step), default=_DAY)
    return [scene for (_, scene), step in zip(known[1:], steps, strict=True) if usual < step < _DAY]
