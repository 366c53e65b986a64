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
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.arguments import path_of
from nephoscope.background import check_background, grid_below
from nephoscope.errors import InputError, UsageError, shown
from nephoscope.files import atomic_path, remove_stale_parts
from nephoscope.inputs import quantise
from nephoscope.instruments import instrument_named
from nephoscope.recipe import Recipe
from nephoscope.samples.census import count_classes
from nephoscope.samples.frames import is_gridded, storage_of
from nephoscope.samples.labelled import Labelled
from nephoscope.samples.pairing import check_task

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
    overwrite: bool = False,
) -> Path:
    """Read scenes with their labels and write the store, atomically and map by map.

    Args:
        scene_files: what the instrument's `find_scenes` gives; those without a label are left out.
        out: the store to write.
        recipe: names the instrument.
        background: as `nephoscope.background.build_background` makes it.
        progress: called with the id of each sample written.
        on_error: told of a map or label that cannot be used, which is then left out; without it
            the error is raised.
        overwrite: replace a store in `out`, once the new one is complete; its split is lost.

    Raises:
        InputError: a map or label cannot be read, or their shapes differ; or none can be used; or
            the background is not the recipe's.
        UsageError: no scene has a label; something is in `out`; or the recipe uses no background,
            or it does not cover the scenes.
    """
    out = Path(out)
    check_place(out, overwrite)
    if background is not None:
        check_background(background, recipe)
    reader: Any = instrument_named(recipe.instrument)
    pairs = [(file, reader.label_path_for(file.path)) for file in scene_files]
    labelled: list[tuple[Any, Path]] = []
    for file, label in pairs:
        if label is not None and label.exists():
            labelled.append((file, label))
        else:
            logger.warning("%s has no label: left out", file.path)
    if not labelled:
        raise UsageError("no scene with a label was found: samples need the label layout")
    remove_stale_parts(out.parent)
    with atomic_path(out) as part:
        _write(
            part,
            Labelled(labelled, reader, recipe, on_error, out),
            recipe,
            background,
            progress,
        )
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


def open_samples(path: str | Path) -> xr.Dataset:
    """Open a samples store lazily, in its stored integers (nothing is turned into NaN).

    Raises:
        InputError: there is no such store, a variable is missing from it, or it is of another task.
    """
    return check_samples(open_store(path), path)


def open_store(path: str | Path) -> xr.Dataset:
    """Open a store of samples of any task lazily.

    Raises:
        InputError: there is no such store.
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
    if not {"state", "label"} & {str(name) for name in store.variables}:
        raise InputError(path, "is missing from the samples", field="label")
    return store


def check_samples(store: xr.Dataset, path: str | Path) -> xr.Dataset:
    """Return an open store that has what every store of masks has.

    Raises:
        InputError: a variable is missing from it, or it is of another task.
    """
    check_task(store, "mask")
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
    reading: Labelled,
    recipe: Recipe,
    background: xr.Dataset | None,
    progress: Callable[[str], None] | None,
) -> None:
    digest = hashlib.sha256()
    facts: list[_Facts] = []
    first: xr.Dataset | None = None
    classes = np.zeros(2, np.int64)
    for scene, pixels, label in reading:
        if first is None:
            first = scene
            if background is not None:
                grid_below(background, scene["latitude"].values, scene["longitude"].values)
            images, labels = _create(part, (len(reading.pairs), *pixels.shape), first)
        image = quantise(pixels) if images.dtype == np.uint8 else pixels
        images[len(facts)], labels[len(facts)] = image, label
        facts.append(_facts_of(scene))
        for piece in (facts[-1].map_id.encode(), image.tobytes(), label.tobytes()):
            digest.update(piece)
        classes += count_classes(label)
        if progress:
            progress(facts[-1].map_id)
    if first is None:
        raise InputError(reading.pairs[0][0].path, "neither this map nor any other can be used")
    reading.tell_sizes()
    for array in (images, labels):
        array.resize((len(facts), *array.shape[1:]))
    attrs = {
        "task": recipe.task,
        "recipe": recipe.name,
        "instrument": recipe.instrument,
        "labelled_pixels": classes.tolist(),
        **({"side": recipe.inputs.side} if recipe.inputs.side else {}),
        "samples_id": digest.hexdigest(),
        "nephoscope": version("nephoscope"),
    }
    _coordinates(facts, first, background).assign_attrs(attrs).to_zarr(
        part, mode="a", consolidated=False
    )
    _consolidate(part)


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
        map_id=shown(str(attrs["id"])),
        group=str(attrs.get("series", "")),
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
