"""Store of samples of many half orbits, which may be killed at any byte and taken up again.

Beside the store that is wanted lies a folder `.NAME.building` with the store as far as it got and a
journal: what was asked for, the channels, and one line for each half orbit that is done. Half
orbits are written in their order, whatever the number of processes; what the journal does not hold
is forgotten and made again.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from nephoscope.errors import InputError, NephoscopeError, OutputError, UsageError, shown
from nephoscope.files import Journal, locked, put_in_place, remove_stale_parts, why_unwritten
from nephoscope.folders import is_store
from nephoscope.instruments.granules import Granule, Granules, files_of
from nephoscope.recipe import Recipe
from nephoscope.samples.harvest import OTHER_KIND, Harvest, Harvester
from nephoscope.samples.ice_census import channel_statistics
from nephoscope.samples.sample_arrays import Kept, SampleArrays
from nephoscope.samples.writer import check_place, complete
from nephoscope.tasks import task_named
from nephoscope.workers.crew import Call, Crew, named

_OPTIONS, _CHANNELS, _DONE = "options", "channels", "complete"
_SAID = ("comment",)
"""Attributes of a scene that its samples keep: whether it was simulated."""


def write_granules(
    granules: Granules,
    out: str | Path,
    recipe: Recipe,
    asked: Harvester,
    options: Mapping[str, Any],
    crew: Crew = Crew(),  # noqa: B008 - immutable
    progress: Callable[[str], None] | None = None,
    on_error: Callable[[InputError], None] | None = None,
    overwrite: bool = False,
) -> Counter[str]:
    """Make the samples of half orbits and write their store, or go on where a run was stopped.

    Args:
        granules: half orbits with their tracks.
        out: the store to write.
        recipe: names the instrument and the task.
        asked: what samples are made.
        options: what was asked for, by the names that the user knows; they become attributes.
        crew: who makes the samples; the store is the same whoever does.
        progress: called with the id of each half orbit that is done.
        on_error: told of files that cannot be used.
        overwrite: replace a store in `out`, once the new one is complete.

    Returns:
        Reason → number of what was left out.

    Raises:
        UsageError: something is in `out`; or an unfinished store was begun with other options or
            files.
        InputError: not one sample could be made.
        OutputError: something cannot be written.
    """
    out = Path(out)
    folder = out.with_name(f".{out.name}.building")
    try:
        if not folder.exists():
            check_place(out, overwrite)
            folder.mkdir(parents=True, exist_ok=True)
        with locked(folder / "lock"):  # only now: another process may have written the journal
            build = _Build(folder, granules, recipe, asked, options)
            if not build.is_in_place(out):
                remove_stale_parts(out.parent)
                check_place(out, overwrite)
                build.make(crew, progress, on_error)
                build.finish()
                put_in_place(folder / "store", out)
    except OSError as error:
        raise OutputError(f"{shown(out)}: could not be written: {why_unwritten(error)}") from error
    shutil.rmtree(folder, ignore_errors=True)
    return build.skipped


class _Build:
    """A store that is being made, and its journal."""

    def __init__(
        self,
        folder: Path,
        granules: Granules,
        recipe: Recipe,
        asked: Harvester,
        options: Mapping[str, Any],
    ) -> None:
        self.folder, self.store, self.recipe = folder, folder / "store", recipe
        self.granules, self.asked, self.options = granules, asked, options
        self.truth = task_named(recipe.task).truth
        self.journal = Journal(folder / "journal.jsonl")
        self.arrays: SampleArrays | None = None
        self.skipped = Counter(granules.skipped)
        self.refused: list[str] = []

    def is_in_place(self, out: Path) -> bool:
        """Whether a run was stopped between giving the complete store its name and cleaning up."""
        complete_one = self.journal.entries.get(_DONE)
        if complete_one is None or self.store.exists() or not is_store(out):
            return False
        self._check_options()
        self.skipped = Counter(complete_one["skipped"])
        return True

    def make(
        self,
        crew: Crew,
        progress: Callable[[str], None] | None,
        on_error: Callable[[InputError], None] | None,
    ) -> None:
        """Make what the journal does not hold."""
        self._check_options()
        self._reopen()
        tell = progress or (lambda _: None)
        recorded = self.journal.entries
        for granule in self.granules.pairs:
            if granule.picture.id in recorded:
                self._count(recorded[granule.picture.id], on_error)
                tell(granule.picture.id)
        missing = [each for each in self.granules.pairs if each.picture.id not in recorded]
        call = Call[Granule, Harvest](self.asked, files_of)
        for granule, harvest in crew.results(call, missing, self.folder, "samples"):
            if isinstance(harvest, NephoscopeError):
                raise named(granule.picture.path, harvest)
            self._count(self._record(granule, harvest), on_error)
            tell(granule.picture.id)

    def _record(self, granule: Granule, harvest: Harvest) -> Mapping[str, Any]:
        """Write the samples of a half orbit, then the line that says so."""
        kept = []
        try:
            for sample in harvest.samples:
                if self.arrays is None:
                    shutil.rmtree(self.store, ignore_errors=True)
                    self.arrays = SampleArrays(self.store, sample, self.truth)
                    self.arrays.flush()  # a line of the journal is of what is on the disk
                    self.journal.record(_CHANNELS, **_dumped_scene(self.arrays.first))
                kept.append(self.arrays.append(sample))
            if self.arrays is not None:
                self.arrays.flush()
        except InputError as error:  # of another kind than the samples before
            if self.arrays is not None:
                self.arrays.forget(len(kept))
            harvest = Harvest(skipped=Counter({OTHER_KIND: 1}), failed=[error])
            kept = []
        self.journal.record(
            granule.picture.id,
            samples=[_dumped(each) for each in kept],
            skipped=dict(harvest.skipped),
            failed=[[e.path, e.problem, e.field, e.remedy] for e in harvest.failed],
        )
        return self.journal.entries[granule.picture.id]

    def _count(
        self, entry: Mapping[str, Any], on_error: Callable[[InputError], None] | None
    ) -> None:
        self.skipped.update(entry["skipped"])
        for path, problem, field, remedy in entry["failed"]:
            self.refused.append(path)
            if on_error is not None:
                on_error(InputError(path, problem, field=field, remedy=remedy))

    def _reopen(self) -> None:
        """Take up the arrays of a run that was stopped."""
        if _CHANNELS not in self.journal.entries:
            return
        if not is_store(self.store):
            raise UsageError(f"{shown(self.folder)}: is not whole: remove it to begin anew")
        entries = self.journal.entries
        kept = [
            _loaded(each)
            for granule in self.granules.pairs
            if granule.picture.id in entries
            for each in entries[granule.picture.id]["samples"]
        ]
        first = _loaded_scene(entries[_CHANNELS])
        self.arrays = SampleArrays.reopened(self.store, first, self.truth, kept)

    def _check_options(self) -> None:
        """A run that was stopped is taken up with the same options and files only."""
        asked = json.loads(json.dumps({**self.options, "files": _files(self.granules)}))
        if _OPTIONS not in self.journal.entries:
            self.journal.record(_OPTIONS, asked=asked)
            return
        begun = self.journal.entries[_OPTIONS]["asked"]
        for name in {**begun, **asked}:
            if begun.get(name) != asked.get(name):
                raise UsageError(
                    f"{shown(self.folder)}: was begun with {name} {begun.get(name)}, now it is "
                    f"{name} {asked.get(name)}: ask for the same, or remove that folder to begin "
                    "anew"
                )

    def finish(self) -> None:
        """Write all else that belongs into the store.

        Raises:
            InputError: there is not one sample.
        """
        if self.arrays is None or not self.arrays.kept:
            shutil.rmtree(self.folder, ignore_errors=True)  # there is nothing to go on from
            raise self._nothing()
        content = self.arrays.finish()
        if "daylight" in content:
            light = content["daylight"].values
            content = content.merge(channel_statistics(self.arrays.image, light, content))
        attrs = {
            **self.asked.attributes,
            "options": dict(self.options),
            "skipped": dict(sorted(self.skipped.items())),
            **{
                key: self.arrays.first.attrs[key] for key in _SAID if key in self.arrays.first.attrs
            },
        }
        complete(self.store, content.assign_attrs(attrs), self.recipe, self.truth)
        self.journal.record(_DONE, skipped=dict(sorted(self.skipped.items())))

    def _nothing(self) -> NephoscopeError:
        reasons = "; ".join(f"{number} x {reason}" for reason, number in self.skipped.items())
        problem = f"not one sample could be made: {reasons or 'no track lies along a picture'}"
        if self.refused:
            return InputError(self.refused[0], problem)
        return UsageError(problem)


def _files(granules: Granules) -> str:
    """Half orbits as one text: two runs with the same files have the same."""
    digest = hashlib.sha256()
    for granule in granules.pairs:
        for path in (granule.picture.path, granule.track, granule.offsets, *granule.more):
            size = "" if path is None else f"{path.name} {_size(path)}"
            digest.update(f"{size}\n".encode(errors="surrogateescape"))
    return f"of {len(granules.pairs)} half orbits, {digest.hexdigest()[:12]}"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error


def _dumped(kept: Kept) -> dict[str, Any]:
    columns = {name: _number(variable) for name, variable in kept.columns.items()}
    return {
        "id": kept.id,
        "group": kept.group,
        "columns": columns,
        "points": kept.points,
        "hashed": kept.hashed.hex(),
    }


def _loaded(entry: Mapping[str, Any]) -> Kept:
    columns = {name: _variable(*saved) for name, saved in entry["columns"].items()}
    hashed = bytes.fromhex(entry["hashed"])
    return Kept(entry["id"], entry["group"], columns, entry["points"], hashed)


def _number(variable: xr.Variable) -> tuple[str, Any, dict[str, Any]]:
    """A variable in JSON: type, numbers, attributes."""
    values = variable.values
    plain = values.view(np.int64) if values.dtype.kind == "M" else values
    return values.dtype.str, plain.tolist(), dict(variable.attrs)


def _variable(dtype: str, values: Any, attrs: Mapping[str, Any], dims: Any = ()) -> xr.Variable:  # noqa: ANN401 - of JSON
    kind = np.dtype(dtype)
    plain = np.array(values, np.int64).view(kind) if kind.kind == "M" else np.array(values, kind)
    return xr.Variable(tuple(dims), plain, attrs)


def _dumped_scene(scene: xr.Dataset) -> dict[str, Any]:
    """What is the same of all samples: coordinates of the channels, and where it comes from."""
    coords = {
        str(name): [*_number(coord.variable), list(coord.dims)]
        for name, coord in scene.coords.items()
        if coord.dims == ("channel",)
    }
    attrs = {key: scene.attrs[key] for key in _SAID if key in scene.attrs}
    return {"coords": coords, "attrs": attrs}


def _loaded_scene(entry: Mapping[str, Any]) -> xr.Dataset:
    coords = {name: _variable(*saved) for name, saved in entry["coords"].items()}
    return xr.Dataset(coords=coords, attrs=entry["attrs"])
