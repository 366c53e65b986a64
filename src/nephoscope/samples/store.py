"""The samples store: every labelled scene of a pipeline in one Zarr v3 store.

Dims and variables (all open in plain xarray):

- `image` (sample, channel, y, x) uint8, instrument unit, 0 where missing (`_FillValue`); float32
  with NaN where the unit is not DN,
- `label` (sample, y, x) int8, -1 unknown, 0 clear, 1 cloud,
- `map_id`, `group`, `split` (sample) str; `day`, `mars_year` (sample) int32;
  `solar_longitude` (sample) float64, degrees,
- `latitude` (y) and `longitude` (x) float64, degrees; a camera's frames have none,
- `background_*` (by, bx) float32: the clear scene on a coarse grid, where the recipe asks for it.
"""

from __future__ import annotations

import hashlib
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.arguments import path_of
from nephoscope.errors import InputError, UsageError, shown
from nephoscope.files import atomic_path, remove_stale_parts
from nephoscope.inputs import quantise
from nephoscope.instruments import Instrument, instrument_named
from nephoscope.recipe import Recipe
from nephoscope.samples.frames import at_working_size, is_gridded, storage_of

if TYPE_CHECKING:
    import zarr

logger = logging.getLogger(__name__)

CHUNK = (512, 720)
PARTS = ("train", "validation", "test")
_REQUIRED = ("image", "label", "map_id", "split")
_TEXTS = ("map_id", "group", "split")
Floats = npt.NDArray[np.float32]
_AXES = ("latitude", "longitude")
NO_TIME = np.datetime64("NaT", "ns")


@dataclass(frozen=True)
class _Facts:
    """What is known of one sample beside its arrays."""

    map_id: str
    group: str
    day: int
    mars_year: int
    solar_longitude: float
    time: Any = NO_TIME  # datetime64[ns], scalar


def write_samples(
    scene_files: Sequence[Any],
    out: str | Path,
    recipe: Recipe,
    background: xr.Dataset | None = None,
    progress: Callable[[str], None] | None = None,
    on_error: Callable[[InputError], None] | None = None,
) -> Path:
    """Read scenes with their labels and write the store, atomically and map by map.

    Args:
        scene_files: what the instrument's `find_scenes` gives; those without a label are left out.
        out: the store to write; an existing one is replaced once the new one is complete.
        recipe: names the instrument.
        background: as `nephoscope.background.build_background` makes it.
        progress: called with the id of each sample written.
        on_error: told of a map or label that cannot be used, which is then left out; without it
            the error is raised.

    Raises:
        InputError: a map or label cannot be read, or their shapes differ; or none can be used.
        UsageError: no scene has a label.
    """
    instrument = instrument_named(recipe.instrument)
    reader = import_module(instrument.module)
    find_label = getattr(reader, instrument.label_path)
    pairs = [(file, find_label(file.path)) for file in scene_files]
    labelled = [(file, label) for file, label in pairs if label is not None and label.exists()]
    if not labelled:
        raise UsageError("no scene with a label was found: samples need the label layout")
    for file, _ in [pair for pair in pairs if pair not in labelled]:
        logger.warning("%s has no label: left out", file.path)
    out = Path(out)
    remove_stale_parts(out.parent)
    with atomic_path(out) as part:
        _write(
            part,
            _Reading(labelled, reader, instrument, recipe, on_error),
            recipe,
            background,
            progress,
        )
    return out


def open_samples(path: str | Path) -> xr.Dataset:
    """Open a samples store lazily, in its stored integers (nothing is turned into NaN).

    Raises:
        InputError: there is no such store, or a variable is missing from it.
    """
    path = path_of(path, "open_samples: the folder of a samples store")
    if not (path / "zarr.json").is_file():
        problem = "is not a samples store" if path.exists() else "does not exist"
        raise InputError(path, problem, remedy="make one: nephoscope build")
    try:
        store: xr.Dataset = xr.open_zarr(
            path, chunks=None, mask_and_scale=False, consolidated=False
        )
    except (ValueError, KeyError, OSError) as error:
        raise InputError(path, f"cannot be read as Zarr: {error}") from error
    return check_samples(store, path)


def check_samples(store: xr.Dataset, path: str | Path) -> xr.Dataset:
    """Return an open store that has what every store has.

    Raises:
        InputError: a variable is missing from it.
    """
    for name in _REQUIRED:
        if name not in store.variables:
            raise InputError(path, "is missing from the samples", field=name)
    return store


def background_of(store: xr.Dataset, channels: Sequence[str]) -> xr.Dataset | None:
    """The coarse background in the form `nephoscope.background` makes it, or None.

    Args:
        store: an open samples store.
        channels: the recipe's background channels, in the order wanted.
    """
    names = [f"background_{channel}" for channel in channels]
    if not names or not set(names) <= set(store.data_vars):
        return None
    found: xr.Dataset = store[names].rename(by="y", bx="x").load()
    centres = {"background_latitude": "latitude", "background_longitude": "longitude"}
    found = found.drop_vars([name for name in found.coords if name not in centres])
    found = found.rename({old: new for old, new in centres.items() if old in found.coords})
    found.attrs = {
        str(key).removeprefix("background_"): value
        for key, value in store.attrs.items()
        if str(key).startswith("background_")
    }
    return found


def _write(
    part: Path,
    reading: _Reading,
    recipe: Recipe,
    background: xr.Dataset | None,
    progress: Callable[[str], None] | None,
) -> None:
    digest = hashlib.sha256()
    facts: list[_Facts] = []
    first: xr.Dataset | None = None
    for scene, pixels, label in reading:
        if first is None:
            first = scene
            images, labels = _create(part, (len(reading.pairs), *pixels.shape), first)
        image = quantise(pixels) if images.dtype == np.uint8 else pixels
        images[len(facts)], labels[len(facts)] = image, label
        facts.append(_facts_of(scene))
        for piece in (facts[-1].map_id.encode(), image.tobytes(), label.tobytes()):
            digest.update(piece)
        if progress:
            progress(facts[-1].map_id)
    if first is None:
        raise InputError(reading.pairs[0][0].path, "neither this map nor any other can be used")
    for array in (images, labels):
        array.resize((len(facts), *array.shape[1:]))
    attrs = {
        "recipe": recipe.name,
        "instrument": recipe.instrument,
        "samples_id": digest.hexdigest(),
        "nephoscope": version("nephoscope"),
    }
    _coordinates(facts, first, background).assign_attrs(attrs).to_zarr(
        part, mode="a", consolidated=False
    )
    _consolidate(part)


@dataclass(frozen=True)
class _Reading:
    """Scenes with image and label (y, x) int8 as stored, all of one shape, read one at a time."""

    pairs: list[tuple[Any, Path]]
    reader: Any  # an instrument module
    instrument: Instrument
    recipe: Recipe
    on_error: Callable[[InputError], None] | None

    def __iter__(self) -> Iterator[tuple[xr.Dataset, Floats, npt.NDArray[np.int8]]]:
        shape: tuple[int, ...] | None = None
        for file, label_path in self.pairs:
            try:
                scene = getattr(self.reader, self.instrument.read)(file.path)
                label = getattr(self.reader, self.instrument.label)(label_path)
                scene.attrs.setdefault("subphase", getattr(file, "subphase", ""))
                image, label = at_working_size(scene, label, self.recipe)
                shape = shape or image.shape
                _check_shapes(file.path, image.shape, label_path, label.shape, shape)
            except InputError as error:
                if self.on_error is None:
                    raise
                self.on_error(error)
            else:
                yield scene, image, label


def _check_shapes(
    path: Path,
    image: tuple[int, ...],
    label_path: Path,
    label: tuple[int, ...],
    wanted: tuple[int, ...],
) -> None:
    if image != wanted:
        raise InputError(path, f"has shape {image}, the first map has {wanted}", field="image")
    if label != wanted[1:]:
        raise InputError(
            label_path, f"has shape {label}, the maps have {wanted[1:]}", field="label"
        )


def _consolidate(part: Path) -> None:
    """Collect the metadata, as plain `xarray.open_zarr` expects; zarr calls that not yet final."""
    import zarr

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*[Cc]onsolidated metadata.*")
        zarr.consolidate_metadata(part)


def _create(
    part: Path, shape: tuple[int, int, int, int], first: xr.Dataset
) -> tuple[zarr.Array[Any], ...]:
    import zarr

    count, channels, rows, cols = shape
    kind, fill = storage_of(first)
    chunk = (min(CHUNK[0], rows), min(CHUNK[1], cols))
    group = zarr.create_group(part, zarr_format=3)
    images = group.create_array(
        "image",
        shape=(count, channels, rows, cols),
        chunks=(1, channels, *chunk),
        dtype=kind,
        fill_value=fill,
        dimension_names=("sample", "channel", "y", "x"),
        attributes={
            **({"_FillValue": 0} if kind == "uint8" else {}),
            "long_name": "image",
            "units": _units(first),
        },
    )
    labels = group.create_array(
        "label",
        shape=(count, rows, cols),
        chunks=(1, *chunk),
        dtype="int8",
        fill_value=-1,
        dimension_names=("sample", "y", "x"),
        attributes={
            "long_name": "reference mask",
            "flag_values": [-1, 0, 1],
            "flag_meanings": "unknown clear cloudy",
        },
    )
    return images, labels


def _units(scene: xr.Dataset) -> str:
    return str(scene["image"].attrs.get("units", "DN"))


def _facts_of(scene: xr.Dataset) -> _Facts:
    attrs = scene.attrs
    year = scene["mars_year"].values if "mars_year" in scene else 0
    return _Facts(
        map_id=shown(str(attrs["map_id"])),
        group=str(attrs.get("subphase", "")),
        day=int(attrs.get("day", 0)),
        mars_year=int(year) if np.isfinite(year) else 0,
        solar_longitude=float(scene["solar_longitude"]) if "solar_longitude" in scene else np.nan,
        time=scene["time"].values.astype("datetime64[ns]") if "time" in scene else NO_TIME,
    )


def _coordinates(
    facts: list[_Facts], first: xr.Dataset, background: xr.Dataset | None
) -> xr.Dataset:
    columns: dict[str, npt.NDArray[Any]] = {
        "map_id": _texts([fact.map_id for fact in facts]),
        "group": _texts([fact.group for fact in facts]),
        "split": _texts([""] * len(facts)),
        "day": np.array([fact.day for fact in facts], np.int32),
        "mars_year": np.array([fact.mars_year for fact in facts], np.int32),
        "solar_longitude": np.array([fact.solar_longitude for fact in facts]),
    }
    gridded = is_gridded(first)
    if not gridded:
        columns = {name: columns[name] for name in _TEXTS}
        columns["time"] = np.array([fact.time for fact in facts], "datetime64[ns]")
    store = xr.Dataset({name: ("sample", values) for name, values in columns.items()})
    channels = _texts([str(name) for name in first["channel"].values])
    store = store.assign_coords(channel=("channel", channels))
    if gridded:
        ls = store["solar_longitude"]
        ls.attrs = {"units": "degree", "long_name": "areocentric solar longitude"}
        latitude, longitude = (first[n].values.astype(np.float64) for n in _AXES)
        store = store.assign_coords(
            latitude=("y", latitude, {"units": "degrees_north"}),
            longitude=("x", longitude, {"units": "degrees_east"}),
        )
    for name, values in background.data_vars.items() if background is not None else ():
        if str(name).startswith("background_"):
            store[name] = (("by", "bx"), values.values.astype(np.float32), dict(values.attrs))
    if background is not None:
        for name, dim in zip(_AXES, ("by", "bx"), strict=True):
            store = store.assign_coords({f"background_{name}": (dim, background[name].values)})
        store.attrs |= {f"background_{key}": _plain(v) for key, v in background.attrs.items()}
    return store


def _texts(values: list[str]) -> npt.NDArray[Any]:
    return np.array(values, dtype=np.dtypes.StringDType())


def _plain(value: Any) -> Any:  # noqa: ANN401 - attributes are of any type
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value
