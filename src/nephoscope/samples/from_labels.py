"""Labelled scenes: read with the labels that lie beside them, here or by many workers."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.errors import InputError, NephoscopeError, UsageError, shown
from nephoscope.inputs.working_size import blocks_for
from nephoscope.instruments import Instrument, SceneFile, instrument_named
from nephoscope.recipe import Recipe
from nephoscope.scene import Truth
from nephoscope.workers.crew import Call, Crew, named

logger = logging.getLogger(__name__)
_UNREAD = xr.Dataset()

HELD = 100_000_000
"""Bytes of labels that are kept from the look at which scenes have any."""


@dataclass(frozen=True)
class Sample:
    """A scene with its truth, as stored.

    Attributes:
        id: what it is called.
        group: what it must not be parted from, if that is asked for.
        image: (channel, y, x) float32, instrument unit, NaN where missing; or int16 counts, as the
            scene's `scale_factor` and `add_offset` (channel) say it.
        known: (y, x) bool.
        label: `label` (y, x) or () int8; or `row`, `col`, `time_offset` (point) and what is said
            there (point[, level]).
        columns: name → scalar.
        scene: that it was made of; of one that has a label of its own, its coordinates and
            attributes, with those of its image.
        planes: name → what is known of each line or pixel.
    """

    id: str
    group: str
    image: npt.NDArray[np.float32] | npt.NDArray[np.int16]
    known: npt.NDArray[np.bool_]
    label: xr.Dataset
    columns: Mapping[str, xr.Variable]
    scene: xr.Dataset
    planes: Mapping[str, xr.Variable] = field(default_factory=dict)


class Wanted(NamedTuple):
    """A scene of which a sample is wanted.

    Attributes:
        file: of the scene.
        label: that was read already, or None.
    """

    file: SceneFile
    label: xr.Dataset | None = None


@dataclass(frozen=True)
class Labelling:
    """From a scene to its sample, in any process.

    Attributes:
        instrument: that reads them.
        recipe: names it, and says the size at which the network looks at its scenes.
        truth: form of the labels that are wanted.
    """

    instrument: Instrument
    recipe: Recipe
    truth: Truth

    def __reduce__(self) -> tuple[object, ...]:
        """Other processes find the instrument, which is a module, by its name."""
        return _labelling_of, (self.recipe, self.truth)

    def __call__(self, wanted: Wanted) -> Sample | None:
        """The sample of a file; None where it has no label.

        Raises:
            InputError: the scene or its label cannot be read.
        """
        file, label = wanted
        if label is None:
            label = self.instrument.label(file.path, self.truth)
        if label is None:
            return None
        scene = self.instrument.read(file.path)
        columns = dict(self.instrument.columns(scene))
        group = str(columns.pop("group").values) if "group" in columns else file.series
        image, known, label = at_working_size(scene, label, self.recipe, file.path)
        # Two files of one frame have states of their own.
        name = file.path.name if self.truth == "frame" else str(scene.attrs["id"])
        return Sample(shown(name), group, image, known, label, columns, _without_pixels(scene))


def _labelling_of(recipe: Recipe, truth: Truth) -> Labelling:
    return Labelling(instrument_named(recipe.instrument), recipe, truth)


def _without_pixels(scene: xr.Dataset) -> xr.Dataset:
    """What a scene says besides its pixels, which the sample has: little to send."""
    about = dict(scene["image"].attrs)
    return scene.drop_vars(list(scene.data_vars)).assign(image=((), np.float32(0), about))


def files_of(wanted: Wanted) -> tuple[Path, ...]:
    """What a worker must see to make a sample."""
    return (wanted.file.path,)


@dataclass(frozen=True)
class LabelledScenes:
    """Samples made of scenes that have a label, in the order of the scenes.

    All are of one shape; frames of a camera with a mask may have any number of rows and columns.

    Attributes:
        files: the scenes, with a label or without.
        instrument: that reads them.
        recipe: says the size at which the network looks at them.
        truth: form of the labels that are wanted.
        on_error: told of what cannot be used; without it the error is raised.
        progress: called with the id of each sample that was taken.
        out: the store; named where scenes are left out because of their shape.
        crew: who reads the scenes.
    """

    files: Sequence[SceneFile]
    instrument: Instrument
    recipe: Recipe
    truth: Truth
    on_error: Callable[[InputError], None] | None
    progress: Callable[[str], None] | None
    out: Path
    crew: Crew = field(default_factory=Crew)
    sizes: Counter[tuple[int, ...]] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[Sample]:
        call = Call(Labelling(self.instrument, self.recipe, self.truth), files_of)
        made = self.crew.results(call, self._wanted(), self.out.parent, "samples")
        for (file, _), sample in made:
            try:
                if isinstance(sample, NephoscopeError):
                    raise named(file.path, sample)
                if sample is not None:
                    self._check(sample, file.path)
            except InputError as error:
                if self.on_error is None:
                    raise
                self.on_error(error)
                self.refused.append(str(file.path))
                continue
            if sample is not None:
                yield sample
            if self.progress and (sample is not None or self.truth == "frame"):
                self.progress(shown(file.path.name) if sample is None else sample.id)

    def _wanted(self) -> Iterator[Wanted]:
        """The scenes to read; labels that are held are sent along, but not through a scheduler."""
        if self.truth != "pixels":
            yield from map(Wanted, self.files)
            return
        held = self._look_ahead()
        for file in self.files:
            label = held.pop(file.path, _UNREAD)
            if label is not None:
                sent = label is not _UNREAD and not self.crew.scheduler
                yield Wanted(file, label if sent else None)

    def _look_ahead(self) -> dict[Path, xr.Dataset | None]:
        """Name the scenes without a label before any is read.

        Returns:
            the labels of the first ones, as many as `HELD` allows, and None for those without.
        """
        held: dict[Path, xr.Dataset | None] = {}
        room = HELD
        for file in self.files:
            try:
                label = self.instrument.label(file.path, self.truth)
            except InputError:
                continue  # it is told when its turn comes
            if label is None:
                logger.warning("%s has no label: left out", file.path)
            if label is None or room >= label.nbytes:
                held[file.path] = label
                room -= 0 if label is None else label.nbytes
        return held

    def nothing_found(self) -> NephoscopeError:
        """Error to raise where not one sample could be taken."""
        if self.truth == "frame":
            return UsageError("clear and cloudy frames are needed, there are none")
        if self.refused:
            return InputError(self.refused[0], "neither this map nor any other can be used")
        return UsageError("no scene with a label was found: samples need the label layout")

    @property
    def any_size(self) -> bool:
        """Whether pictures may differ in rows and columns."""
        return self.instrument.UNIT == "frame" and self.truth == "pixels"

    def report_sizes(self) -> None:
        """Report once that pictures were left out because of their shape, where some were."""
        if len(self.sizes) < 2 or self.on_error is None:
            return
        (kept, number), *others = self.sizes.items()
        named = ", ".join(f"{count} of {_size(shape)}" for shape, count in others)
        problem = (
            f"holds the {number} pictures of {_size(kept)}, as the first is; left out are "
            f"{self.sizes.total() - number} others: {named}"
        )
        remedy = "bring all to one size, or build a store for each"
        self.on_error(InputError(self.out, problem, field="image", remedy=remedy))

    def _check(self, sample: Sample, path: Path) -> None:
        """See that a sample is like the first.

        Raises:
            InputError: its shape is not the label's or the first's.
        """
        self._check_shape(sample.image.shape, path)
        label, known = sample.label, sample.known
        shape = label["label"].shape if "label" in label else ()
        if shape not in ((), known.shape):
            source = label.attrs.get("source", path)
            problem = f"has shape {shape}, the maps have {known.shape}"
            raise InputError(source, problem, field="label")

    def _check_shape(self, shape: tuple[int, ...], path: Path) -> None:
        """Count a picture by what all must have in common.

        Raises:
            InputError: the first has another shape.
        """
        common = shape[:1] if self.any_size else shape
        self.sizes[common] += 1
        wanted = next(iter(self.sizes))
        if common != wanted:
            problem = f"has shape {shape}, the first map has {wanted}"
            if self.any_size:
                problem = f"has {shape[0]} channel(s), the first frame has {wanted[0]}"
            raise InputError(path, problem, field="image")


def at_working_size(
    scene: xr.Dataset, label: xr.Dataset, recipe: Recipe, path: Path
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_], xr.Dataset]:
    """A scene's image (channel, y, x), where it is known (y, x), and its label, as stored.

    Labels of another shape than the image are returned as they are: the store says so.

    Raises:
        InputError: the scene is smaller than the features need it.
    """
    image, known = scene["image"].values, scene["known"].values
    try:
        blocks = blocks_for(known.shape, recipe.inputs)
    except ValueError as error:
        raise InputError(path, str(error), field="image") from error
    if blocks.are_pixels or ("label" in label and label["label"].shape not in ((), known.shape)):
        return image, known, label
    if "row" in label:
        row, col = blocks.place(label["row"].values, label["col"].values)
        label = label.assign(row=("point", row), col=("point", col))
    elif label["label"].ndim:
        label = label.assign(label=(("y", "x"), blocks.label(label["label"].values)))
    return blocks.mean(image), blocks.any(known), label


def _size(shape: tuple[int, ...]) -> str:
    if len(shape) == 1:
        return f"{shape[0]} channel(s)"
    size = f"{shape[2]} x {shape[1]} pixels"
    return size if shape[0] == 3 else f"{size} in {shape[0]} channel(s)"
