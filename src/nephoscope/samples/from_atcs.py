"""Import of a folder of samples of A-Train Cloud Segmentation into a store of samples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import xarray as xr

from nephoscope.errors import InputError, UsageError, shown
from nephoscope.files import atomic_path, remove_stale_parts
from nephoscope.instruments import instrument_named
from nephoscope.instruments.protocol import ForeignSample, ForeignSamples, Instrument, SampleFolder
from nephoscope.recipe import Recipe
from nephoscope.samples.from_labels import Sample
from nephoscope.samples.sample_arrays import SampleArrays
from nephoscope.samples.writer import check_place, complete
from nephoscope.tasks import task_named

UNREADABLE = "sample whose files cannot be used"


def is_atcs(folder: str | Path, instrument: str) -> bool:
    """Whether a folder holds samples of an instrument that other software made."""
    foreign = instrument_named(instrument).SAMPLES
    return foreign is not None and foreign.recognises(folder)


def samples_in(folder: str | Path, instrument: str) -> int:
    """Number of samples that such a folder names.

    Raises:
        InputError: its index cannot be used.
        UsageError: no samples of other software are read of that instrument.
    """
    return len(_foreign(instrument_named(instrument)).open_folder(folder, None).samples)


def import_atcs(
    folder: str | Path,
    out: str | Path,
    recipe: Recipe,
    *,
    split: str | None = None,
    progress: Callable[[str], None] | None = None,
    on_error: Callable[[InputError], None] | None = None,
    overwrite: bool = False,
) -> Counter[str]:
    """Bring a folder of samples into a store, atomically, one sample in memory at a time.

    Pictures become int16 counts of the archive's scale, so that those of version 1 lose nothing;
    codes that were left in them are missing. Pickles are read without running anything.

    Args:
        folder: that holds `instance_info.json`.
        out: the store to write.
        recipe: names the instrument and the task.
        split: file of the folder, without `.json`, that says the parts; by default
            `split_default`, or the only one.
        progress: called with the id of each sample that is done.
        on_error: told of a sample that cannot be used, which is then left out; without it the
            error is raised.
        overwrite: replace a store in `out`, once the new one is complete.

    Returns:
        Reason → number of samples left out.

    Raises:
        InputError: the folder's index cannot be used, or no sample can.
        UsageError: something is in `out`, no such split, or the recipe is of another kind of truth.
    """
    out, truth = Path(out), task_named(recipe.task).truth
    instrument = instrument_named(recipe.instrument)
    if truth != "points":
        raise UsageError(f"{recipe.name}: samples of a track are for tasks whose truth is points")
    check_place(out, overwrite)
    held = _foreign(instrument).open_folder(folder, split)
    skipped: Counter[str] = Counter()
    remove_stale_parts(out.parent)
    with atomic_path(out) as part:
        content = _Import(Path(folder), instrument, held, skipped, progress, on_error).write(part)
        complete(part, content, recipe, truth)
    return skipped


def _foreign(instrument: Instrument) -> ForeignSamples:
    if instrument.SAMPLES is None:
        raise UsageError(f"no other software's samples are read of {instrument.NOUN}")
    return instrument.SAMPLES


class _Import:
    """Samples of a folder on their way into a store."""

    def __init__(
        self,
        folder: Path,
        instrument: Instrument,
        held: SampleFolder,
        skipped: Counter[str],
        progress: Callable[[str], None] | None,
        on_error: Callable[[InputError], None] | None,
    ) -> None:
        self.folder, self.instrument, self.held = folder, instrument, held
        self.skipped, self.progress, self.on_error = skipped, progress, on_error
        self.arrays: SampleArrays | None = None
        self.geometry = ""
        self.parts: list[str] = []

    def write(self, part: Path) -> xr.Dataset:
        """Write the arrays of a store; what else belongs into it comes back.

        Raises:
            InputError: no sample can be used.
        """
        for foreign in self.held.samples:
            try:
                self._append(part, foreign)
            except InputError as error:
                if self.on_error is None:
                    raise
                self.on_error(error)
                self.skipped[UNREADABLE] += 1
            if self.progress is not None:
                self.progress(foreign.id)
        if self.arrays is None:
            raise InputError(self.folder, "has no sample that can be used")
        content = self.arrays.finish()
        content["split"] = "sample", np.array(self.parts, np.dtypes.StringDType())
        return content.assign_attrs(
            points="track",
            geometry=self.geometry,
            fields=list(self.held.fields),
            imported_from=shown(self.folder.name),
            skipped=dict(self.skipped),
        )

    def _append(self, part: Path, foreign: ForeignSample) -> None:
        scene, label = self.held.read(foreign)
        sample = _sample(self.instrument, foreign, scene, label)
        if self.arrays is None:
            self.arrays = SampleArrays(part, sample, "points", len(self.held.samples))
            self.geometry = str(scene.attrs["geometry"])
        elif self._is_unlike(scene):
            first = (self.geometry, *self.arrays.image.shape[2:])
            problem = f"is not {first[0]} of {first[1]} x {first[2]} pixels, as those before it"
            raise InputError(scene.attrs["source_files"][0], problem, field="input")
        self.arrays.append(sample)
        self.parts.append(foreign.split)

    def _is_unlike(self, scene: xr.Dataset) -> bool:
        shape = None if self.arrays is None else self.arrays.image.shape[1:]
        return scene.attrs["geometry"] != self.geometry or scene["image"].shape != shape


def _sample(
    instrument: Instrument, foreign: ForeignSample, scene: xr.Dataset, label: xr.Dataset
) -> Sample:
    columns = {
        **instrument.columns(scene),
        "first_row": xr.Variable((), np.int32(scene["row"].values[0])),
        **{name: xr.Variable((), shown(text)) for name, text in foreign.sources.items()},
    }
    planes = {
        "latitude": scene["latitude"].variable.astype(np.float32),
        "longitude": scene["longitude"].variable.astype(np.float32),
        "origin": scene["origin"].variable.astype(np.int32),
    }
    image, known = scene["image"].values, scene["known"].values
    return Sample(foreign.id, foreign.group, image, known, label, columns, scene, planes)
