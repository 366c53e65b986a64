"""Writer of a samples store: scene by scene, atomically, one scene in memory at a time."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
import zarr

from nephoscope.background import check_background, grid_below
from nephoscope.errors import InputError, UsageError
from nephoscope.files import atomic_path, remove_stale_parts
from nephoscope.inputs import quantise
from nephoscope.instruments import SceneFile, instrument_named
from nephoscope.recipe import Recipe
from nephoscope.samples.from_labels import LabelledScenes, Sample
from nephoscope.samples.truth_arrays import FORMS, picture_array
from nephoscope.scene import DN_UNIT, Truth
from nephoscope.tasks import task_named

CHUNK = (512, 720)
_AXES = {"latitude": "degrees_north", "longitude": "degrees_east"}


def write_samples(
    scene_files: Sequence[SceneFile],
    out: str | Path,
    recipe: Recipe,
    background: xr.Dataset | None = None,
    progress: Callable[[str], None] | None = None,
    on_error: Callable[[InputError], None] | None = None,
    overwrite: bool = False,
    truth: Truth | None = None,
) -> Path:
    """Read scenes with their truth and write the store, atomically and scene by scene.

    Args:
        scene_files: what `find_scenes` gives; those of which nothing is said are left out.
        out: the store to write.
        recipe: names the instrument, the task and the size at which scenes are looked at.
        background: as `nephoscope.background.build_background` makes it.
        progress: called with the id of each sample written.
        on_error: told of a scene or label that cannot be used, which is then left out; without it
            the error is raised.
        overwrite: replace a store in `out`, once the new one is complete; its split is lost.
        truth: its form, "pixels", "frame" or "points"; by default that of the recipe's task.

    Raises:
        InputError: a scene or label cannot be read, or their shapes differ; or none can be used; or
            the background is not the recipe's.
        UsageError: no scene has a label, or all frames have the same; something is in `out`; or the
            recipe uses no background, or it does not cover the scenes.
    """
    out, form = Path(out), truth or task_named(recipe.task).truth
    check_place(out, overwrite)
    if background is not None:
        check_background(background, recipe)
    instrument = instrument_named(recipe.instrument)
    scenes = LabelledScenes(scene_files, instrument, recipe, form, on_error, progress, out)
    remove_stale_parts(out.parent)
    with atomic_path(out) as part:
        _write(part, scenes, background)
    return out


def check_place(out: Path, overwrite: bool) -> None:
    """A store can be written there.

    Raises:
        UsageError: something is there: a store, and `overwrite` is not set; or what is no store,
            which is never replaced.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not (out / "zarr.json").is_file():
        raise UsageError(f"{out}: is there and is no samples store: name another place")
    if not overwrite:
        raise UsageError(
            f"{out}: holds samples: name another place, or replace them with --overwrite (their "
            "split is lost with them)"
        )


def _write(part: Path, scenes: LabelledScenes, background: xr.Dataset | None) -> None:
    held: _Store | None = None
    for sample in scenes:
        if held is None:
            if background is not None:
                grid_below(background, *(sample.scene[name].values for name in _AXES))
            held = _Store(part, len(scenes.files), sample, scenes.truth)
        held.append(sample)
    if held is None:
        raise scenes.nothing_found()
    scenes.report_sizes()
    content = held.finish(background)
    recipe = scenes.recipe
    attrs = {
        "task": recipe.task,
        "recipe": recipe.name,
        "instrument": recipe.instrument,
        "unit": scenes.instrument.UNIT,
        "wraps": scenes.instrument.WRAPS,
        "truth": scenes.truth,
        "nephoscope": version("nephoscope"),
        **({"side": recipe.inputs.side} if recipe.inputs.side else {}),
    }
    content.assign_attrs(attrs).to_zarr(part, mode="a", consolidated=False)
    # Plain `xarray.open_zarr` expects metadata in one place; zarr calls that not yet final.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*[Cc]onsolidated metadata.*")
        zarr.consolidate_metadata(part)


class _Store:
    """A store that grows by one sample after the other.

    Args:
        part: the folder.
        most: samples, at most.
        first: of the samples; the others are of its shape and kind.
        truth: its form.
    """

    def __init__(self, part: Path, most: int, first: Sample, truth: Truth) -> None:
        group = zarr.create_group(part, zarr_format=3)
        chunk = [min(pair) for pair in zip(CHUNK, first.known.shape, strict=True)]
        units = first.scene["image"].attrs.get("units")
        about: dict[str, Any] = {"long_name": "image"} | (
            {} if units is None else {"units": str(units)}
        )
        sides = (most, *first.image.shape)
        # Bytes for colours, else floats: only of DN is it known that 1..255 holds them.
        if units == DN_UNIT:
            about = {"_FillValue": 0, **about}
            self.image = picture_array(group, "image", sides, chunk, "uint8", about, 0)
        else:
            self.image = picture_array(group, "image", sides, chunk, "float32", about, np.nan)
        about = {"long_name": "where there is image data"}
        sides = (most, *first.known.shape)
        self.known = picture_array(group, "known", sides, chunk, "bool", about)
        self.truth = FORMS[truth](group, most, first.known.shape, chunk)
        self.first = first.scene
        self.digest = hashlib.sha256()
        self.ids: list[str] = []
        self.groups: list[str] = []
        self.columns: list[Mapping[str, xr.Variable]] = []

    def append(self, sample: Sample) -> None:
        """Write a sample; its picture is not kept."""
        number = len(self.ids)
        image = quantise(sample.image) if self.image.dtype == np.uint8 else sample.image
        self.image[number], self.known[number] = image, sample.known
        self.truth.append(number, sample.label)
        for piece in self.truth.hashed(sample.id, image.tobytes(), sample.label):
            self.digest.update(piece)
        self.ids.append(sample.id)
        self.groups.append(sample.group)
        self.columns.append(sample.columns)

    def finish(self, background: xr.Dataset | None) -> xr.Dataset:
        """Cut the arrays to what was written.

        Returns:
            all else that belongs into the store, with the attributes that tell its contents.
        """
        for array in (self.image, self.known):
            array.resize((len(self.ids), *array.shape[1:]))
        self.digest.update(self.truth.finish(len(self.ids)))
        split = self.truth.first_split(self.groups)
        texts = {"id": self.ids, "group": self.groups, "split": split}
        store = xr.Dataset({name: ("sample", _texts(values)) for name, values in texts.items()})
        for name, first in self.columns[0].items():
            values = np.stack([each[name].values for each in self.columns])
            store[name] = xr.Variable("sample", values, first.attrs)
        channels = _texts([str(name) for name in self.first["channel"].values])
        store = store.assign(self.truth.rest).assign_coords(channel=("channel", channels))
        for name, dim in zip(_AXES, ("y", "x"), strict=True):
            if self.first[name].dims == (dim,):
                degrees = self.first[name].values.astype(np.float64)
                store = store.assign_coords({name: (dim, degrees, {"units": _AXES[name]})})
        if background is not None:
            store = _with_background(store, background)
        counted = {"labelled": self.truth.counts.tolist(), "samples_id": self.digest.hexdigest()}
        return store.assign_attrs(counted)


def _with_background(store: xr.Dataset, background: xr.Dataset) -> xr.Dataset:
    for name, values in background.data_vars.items():
        if str(name).startswith("background_"):
            store[name] = (("by", "bx"), values.values.astype(np.float32), dict(values.attrs))
    for name, dim in zip(_AXES, ("by", "bx"), strict=True):
        store = store.assign_coords({f"background_{name}": (dim, background[name].values)})
    plain = {
        f"background_{name}": value.tolist() if hasattr(value, "tolist") else value
        for name, value in background.attrs.items()
    }
    return store.assign_attrs(plain)


def _texts(values: Sequence[str]) -> npt.NDArray[Any]:
    return np.array(values, dtype=np.dtypes.StringDType())
