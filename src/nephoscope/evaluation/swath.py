"""Skill off the track: whole simulated scenes predicted, and compared with what they were made of.

An observing-system simulation experiment. A model that learned along a thin track is scored on
every pixel of the swath, by distance from the track and by how the pixel is seen. The truth is the
same on the track and off it, so the loss from there to here is the model's. It is no score against
the radar, whose profile is a thin column in a pixel and misses cloud.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.apply.jobs import Job
from nephoscope.errors import InputError, NephoscopeError, UsageError
from nephoscope.evaluation.intervals import Score, score_stratum, score_sums
from nephoscope.evaluation.items import Label
from nephoscope.evaluation.paired import by_unit, paired_scores
from nephoscope.evaluation.strata import strata_of
from nephoscope.evaluation.sums import Sums
from nephoscope.evaluation.swath_truth import TRUTHS, SwathTruth
from nephoscope.evaluation.track_distance import EDGES, distance_bin, distance_from_track
from nephoscope.instruments import SceneFile, find_scenes, instrument_named
from nephoscope.instruments.swath_truth import truth_beside
from nephoscope.instruments.tracks import open_track
from nephoscope.tasks import Counts, Task
from nephoscope.workers.crew import Call, Crew, named

DISTANCE = "distance"
TRACK, EDGE = EDGES[0], EDGES[-2]
"""Labels of the pixels on the track, and of those at the edge of the swath."""
DEGREES = 10
"""Width of the bins of angles."""


class Swaths(Protocol):
    """What predicts whole scenes; `nephoscope.apply.network_maker.NetworkMaker` does."""

    @property
    def instrument(self) -> str:
        """Whose scenes."""

    def read(self, job: Job) -> xr.Dataset:
        """The scene of a job."""

    def variables(self, scene: xr.Dataset, background: None) -> xr.Dataset:
        """The task's variables of a scene, packed: (..., y, x)."""


@dataclass(frozen=True)
class SwathScores:
    """Scores of all pixels of simulated scenes.

    Attributes:
        overall: name of a metric → its score over all pixels.
        strata: "distance" (lower edge of the bin, pixels from the track) and each condition of the
            instrument → label → metrics.
        loss: the track's metrics less those of the edge of the swath, paired.
        off: the track's metrics less those of all pixels off it, paired.
        sums: of each stratum.
        units: the scenes scored.
        skipped: scene → why it was not.
    """

    overall: dict[str, Score]
    strata: dict[str, dict[Label, dict[str, Score]]]
    loss: dict[str, Score]
    off: dict[str, Score] = field(default_factory=dict)
    sums: dict[str, Sums] = field(default_factory=dict)
    units: tuple[str, ...] = ()
    skipped: dict[str, str] = field(default_factory=dict)


def score_swaths(
    swaths: Swaths,
    scenes: Mapping[str, SceneFile],
    task: Task,
    decision: Any,  # noqa: ANN401 - the task's own
    progress: Callable[[str], None] | None = None,
    crew: Crew = Crew(),  # noqa: B008 - immutable
    room: Path = Path(),
) -> SwathScores:
    """Predict simulated scenes and score every pixel that was seen.

    Args:
        swaths: the model.
        scenes: id → file, with its truth beside it.
        task: of the model.
        decision: of the model.
        progress: called with the id of each scene done.
        crew: who predicts; scores are the same whoever does.
        room: folder that it shares, if it is a cluster.

    Raises:
        UsageError: of no scene is there a truth.
    """
    sums: dict[str, Sums] = {}
    skipped: dict[str, str] = {}
    call = Call[tuple[str, SceneFile], dict[str, Sums]](_Summed(swaths, task), _paths)
    for (unit, scene), found in crew.results(call, scenes.items(), room, "report"):
        if isinstance(found, InputError):
            skipped[unit] = str(found)
        elif isinstance(found, NephoscopeError):
            raise named(scene.path, found)
        else:
            sums = {name: sums.get(name, Sums()) + each for name, each in found.items()}
        if progress:
            progress(unit)
    if not sums:
        why = next(iter(skipped.values()), "there is none")
        raise UsageError(f"no simulated scene could be scored: {why}")
    distance = sums[DISTANCE]
    return SwathScores(
        overall=score_sums(distance, task, decision).overall,
        strata={name: score_stratum(each, task, decision) for name, each in sums.items()},
        loss=_loss(distance, task, decision, (EDGE,)),
        off=_loss(distance, task, decision, EDGES[1:-1]),
        sums=sums,
        units=tuple(distance.units),
        skipped=skipped,
    )


def scenes_of_units(raw: str | Path, instrument: str, units: Sequence[str]) -> dict[str, SceneFile]:
    """The files of scenes that were scored, by id.

    Args:
        raw: folder of the raw files.
        instrument: whose.
        units: ids of the scenes.

    Raises:
        InputError: the folder holds no scene.
        UsageError: it holds none of these.
    """
    held = {scene.id: scene for scene in find_scenes(raw, instrument)}
    found = {unit: held[unit] for unit in units if unit in held}
    if not found:
        raise UsageError(f"{raw}: holds none of the {len(units)} scenes that are scored")
    return found


def _loss(
    distance: Sums,
    task: Task,
    decision: Any,  # noqa: ANN401 - the task's own
    bins: Sequence[int],
) -> dict[str, Score]:
    """What is lost from the track to some bins: positive where the track's metric is higher."""
    if TRACK not in distance.bands or not {*bins} & {*distance.bands}:
        return {}
    units, there = distance.units, [edge for edge in bins if edge in distance.bands]
    counts = np.sum([distance.by_unit(edge) for edge in there], axis=0)
    away = dict(zip(units, counts, strict=True))
    return paired_scores(by_unit(distance, TRACK), away, task, (decision, decision))


@dataclass(frozen=True)
class _Summed:
    """From a scene to its sums, in any process."""

    swaths: Swaths
    task: Task

    def __call__(self, item: tuple[str, SceneFile]) -> dict[str, Sums]:
        return _sums_of_scene(self.swaths, *item, self.task)


def _paths(item: tuple[str, SceneFile]) -> tuple[Path]:
    return (item[1].path,)


def _sums_of_scene(swaths: Swaths, unit: str, file: SceneFile, task: Task) -> dict[str, Sums]:
    """Sums of a scene by stratum."""
    truth_path = truth_beside(file.path) or truth_beside(file.path, file.id)
    if truth_path is None:
        raise InputError(file.path, "has no truth beside it: only simulated scenes have")
    kind, scene = TRUTHS[task.samples], swaths.read(Job(file, Path()))
    labels: dict[str, NDArray[Any]] = {DISTANCE: _distance(scene, truth_path, swaths.instrument)}
    labels |= conditions_of(scene, swaths.instrument) if kind.conditions else {}
    seen = _scored(scene["known"].values, labels[DISTANCE], kind, unit)
    labels = {name: values[seen] for name, values in labels.items()}
    labels |= {} if kind.conditions else strata_of(scene, *seen)
    said = swaths.variables(scene, None).isel(
        {dim: xr.DataArray(places, dims="point") for dim, places in zip("yx", seen, strict=True)}
    )
    truth = kind.read(truth_path, swaths.instrument, scene, seen, said["altitude"].values)
    parts = _parts(said.transpose("point", ...), truth.values, labels | truth.strata)
    return _summed(unit, [(label, task.tally(*part)) for label, part in parts])


def _scored(
    known: NDArray[np.bool_], distance: NDArray[np.int64], kind: SwathTruth, unit: str
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pixels that are scored: all on the track, and off it as many as are taken at most."""
    wanted = known & (distance >= 0)
    off = np.flatnonzero(wanted & (distance > TRACK))
    if kind.most is not None and off.size > kind.most:
        rng = np.random.default_rng([*unit.encode()])
        wanted = known & (distance == TRACK)
        wanted.ravel()[rng.choice(off, kind.most, replace=False)] = True
    row, col = np.nonzero(wanted)
    return row, col


def _distance(scene: xr.Dataset, truth: Path, instrument: str) -> NDArray[np.int64]:
    """Bins of distance from the track that flew over the scene, (y, x)."""
    with xr.open_zarr(truth, chunks=None, consolidated=False) as store:
        named = store.attrs.get("track")
    if not isinstance(named, str):
        raise InputError(truth, "does not name the track", field="track")
    track = open_track(truth.parent.parent / named)
    places = track["latitude"].values, track["longitude"].values
    corners = instrument_named(instrument).corners(scene, *places)
    if corners is None or not corners.enclosed.any():
        raise InputError(truth, "names a track that is not on the scene", field="track")
    shape = scene.sizes["y"], scene.sizes["x"]
    return distance_bin(distance_from_track(corners, shape))


def conditions_of(scene: xr.Dataset, instrument: str) -> dict[str, NDArray[np.int64]]:
    """Labels of every pixel by the conditions that its instrument knows: (y, x), -1 unknown.

    Of degrees the lower edge of a bin of `DEGREES`, of numbers the number.
    """
    module = instrument_named(instrument)
    found = {}
    for name, values in module.conditions(scene).items():
        width = DEGREES if module.CONDITIONS[name].unit == "degrees" else 1
        known = np.isfinite(values)
        lower = np.floor(np.where(known, values, 0) / width) * width
        found[name] = np.where(known, lower, -1).astype(np.int64)
    return found


Part = tuple[xr.Dataset, dict[str, NDArray[Any]]]


def _parts(
    said: xr.Dataset, truth: Mapping[str, NDArray[Any]], labels: Mapping[str, NDArray[Any]]
) -> Iterator[tuple[dict[str, Label], Part]]:
    """The pixels that share all labels, each once: so every stratum is summed in one go."""
    names = list(labels)
    codes = [np.unique(labels[name], return_inverse=True) for name in names]
    joint = np.ravel_multi_index([code for _, code in codes], [len(kinds) for kinds, _ in codes])
    order = np.argsort(joint, kind="stable")
    for chosen in np.split(order, np.flatnonzero(np.diff(joint[order])) + 1):
        label = {
            name: kinds[code[chosen[0]]].item()
            for name, (kinds, code) in zip(names, codes, strict=True)
        }
        values = {name: value[chosen] for name, value in truth.items()}
        yield label, (said.isel(point=chosen), values)


def _summed(unit: str, parts: Sequence[tuple[dict[str, Label], Counts]]) -> dict[str, Sums]:
    found: dict[str, Sums] = {}
    for labels, counts in parts:
        for name, label in labels.items():
            found[name] = found.get(name, Sums()) + Sums({(unit, label): counts})
    return found
