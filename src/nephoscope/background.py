"""Background: what the clear scene looks like at each place; without labels, with a sha256.

Clouds move and the ground does not, so the median over a series of maps shows the ground. The
median is taken of means over cells of a few pixels, which is as fine as the maps register.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope import instruments
from nephoscope.errors import InputError, NephoscopeError, UsageError
from nephoscope.files import read_netcdf, write_bytes
from nephoscope.grids.cells import CellGrid, cell_centres, spacing_of_centres
from nephoscope.grids.spacing import spacing_of
from nephoscope.inputs.planet import RATIO_MAXIMUM
from nephoscope.workers.crew import Call, Crew, named

if TYPE_CHECKING:
    from nephoscope.instruments import SceneFile
    from nephoscope.recipe import Recipe

FloatArray = npt.NDArray[np.float32]
Floats = npt.NDArray[np.floating]
PREFIX = "background_"
FILES = f"{PREFIX}*.nc"
"""Names of those that a run builds beside its products."""
# A longer series is thinned evenly to this many scenes, which bounds time and memory.
MAXIMUM_SCENES = 64


def build_background(
    scenes: Iterable[SceneFile | str | os.PathLike[str]],
    recipe: Recipe,
    *,
    on_error: Callable[[Path, InputError], None] | None = None,
    open_scene: Callable[[Path], xr.Dataset] | None = None,
    crew: Crew = Crew(),  # noqa: B008 - immutable
    room: Path = Path(),
) -> xr.Dataset:
    """Take the median over scenes of the means over cells of the recipe's background channels.

    Args:
        scenes: the files of one series, e.g. the maps of one sub-phase; their order is no matter.
        recipe: says the cell's side, the channels and the fewest scenes.
        on_error: told of a scene that cannot be read, which is then left out; without it the
            error is raised.
        open_scene: reads one file to a Scene; by default the recipe's instrument does.
        crew: who reads the scenes.
        room: folder that it shares, if it is a cluster.

    Returns:
        Dataset with dims (y, x) of cells: `background_<channel>` float32, NaN where never seen,
        and `count` uint16, the number of scenes seen there; coords latitude(y), longitude(x) are
        the centres of the cells, degrees. Attrs: `sources` (JSON), `cell`, `shape`, `sha256`.

    Raises:
        UsageError: the recipe has no background, or there are fewer scenes than it wants.
        InputError: a scene cannot be read, or is on another grid than the first.
    """
    settings = recipe.inputs.background
    if settings is None:
        raise UsageError(f"recipe '{recipe.name}' uses no background")
    files = sorted({Path(s) if isinstance(s, str | os.PathLike) else s.path for s in scenes})
    opener = open_scene or partial(instruments.open_scene, instrument=recipe.instrument)
    stack: list[FloatArray] = []
    grid: xr.Dataset | None = None
    call = Call(_Cells(opener, settings.channels, settings.cell), _itself)
    for path, found in crew.results(call, thin(files, MAXIMUM_SCENES), room, "samples"):
        try:
            if isinstance(found, NephoscopeError):
                raise named(path, found)
            grid = _check_grid(path, found[0], grid)
            stack.append(found[1])
        except InputError as error:
            if on_error is None:
                raise
            on_error(path, error)
    if len(stack) < settings.minimum_scenes or grid is None:
        raise UsageError(
            f"a background needs {settings.minimum_scenes} readable scenes, there are {len(stack)}"
        )
    background = _median(stack, settings.channels, settings.cell, grid)
    background.attrs["instrument"] = recipe.instrument
    background.attrs["sources"] = json.dumps(source_list(files))
    background.attrs["sha256"] = contents_sha256(background)
    return background


@dataclass(frozen=True)
class _Cells:
    """From a file to where its scene lies and its means over cells, in any process."""

    opener: Callable[[Path], xr.Dataset]
    channels: Sequence[str]
    cell: int

    def __call__(self, path: Path) -> tuple[xr.Dataset, FloatArray]:
        scene = self.opener(path)
        # Values alone: scalar coordinates such as the season differ from scene to scene.
        here = {n: (scene[n].dims, scene[n].values) for n in ("latitude", "longitude")}
        return xr.Dataset(here), _cell_means(scene, self.channels, self.cell)


def _itself(path: Path) -> tuple[Path]:
    return (path,)


def source_list(files: Iterable[Path]) -> list[list[Any]]:
    """Name, size and modification time (ns) of each file, sorted: what a background is made of.

    Of a file that cannot be seen any more, its name alone.
    """
    return [[file.name, *_state_of(file)] for file in sorted(files)]


def _state_of(file: Path) -> list[int | None]:
    try:
        stat = file.stat()
    except OSError:
        return [None, None]
    return [stat.st_size, stat.st_mtime_ns]


def contents_sha256(background: xr.Dataset) -> str:
    """The sha256 of the names, shapes, types and values of the variables, hexadecimal."""
    digest = hashlib.sha256()
    for name in sorted(map(str, background.data_vars)):
        values = background[name].values
        digest.update(f"{name} {values.shape} {values.dtype.str}\n".encode())
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def write_background(background: xr.Dataset, path: str | os.PathLike[str]) -> None:
    """Write a background as NetCDF-4, atomically.

    Raises:
        OutputError: the file cannot be written.
    """
    compression = {"compression": "gzip", "compression_opts": 4, "shuffle": True}
    encoding = {name: compression for name in background.data_vars}
    write_bytes(path, background.to_netcdf(engine="h5netcdf", encoding=encoding))


def channels_of(recipe: Recipe) -> tuple[str, ...]:
    """The channels of a recipe's background, in its order; none where it uses none."""
    return () if recipe.inputs.background is None else recipe.inputs.background.channels


def read_background(path: str | os.PathLike[str], recipe: Recipe | None = None) -> xr.Dataset:
    """Read a background and check its sha256.

    Args:
        path: the file.
        recipe: that it is to be used for.

    Raises:
        InputError: the file is unreadable, is no background, was changed, or is of another
            instrument or of other channels than the recipe's.
        UsageError: the recipe uses no background.
    """
    background = read_netcdf(path)
    for attribute in ("sha256", "cell", "shape", "channels"):
        if attribute not in background.attrs:
            raise InputError(path, "is missing: this is no background", field=attribute)
    if contents_sha256(background) != background.attrs["sha256"]:
        raise InputError(path, "does not match the contents", field="sha256")
    if recipe is not None:
        check_background(background, recipe, path)
    return background


def check_background(
    background: xr.Dataset, recipe: Recipe, path: str | os.PathLike[str] = "background"
) -> None:
    """A background is what a recipe wants; `path` is named in errors.

    Raises:
        InputError: it is of another instrument or of other channels.
        UsageError: the recipe uses no background.
    """
    wanted = channels_of(recipe)
    if not wanted:
        raise UsageError(f"recipe '{recipe.name}' uses no background")
    instrument = str(background.attrs.get("instrument", recipe.instrument))
    if instrument != recipe.instrument:
        problem = f"is of {instrument}, recipe '{recipe.name}' of {recipe.instrument}"
        raise InputError(path, problem, field="instrument")
    held = json.loads(background.attrs["channels"])
    if not set(wanted) <= set(held):
        problem = f"is of {', '.join(held)}; recipe '{recipe.name}' wants {', '.join(wanted)}"
        raise InputError(path, problem, field="channels")


def sample_background(
    background: xr.Dataset,
    latitude: Floats,
    longitude: Floats,
    channels: Sequence[str] | None = None,
) -> FloatArray:
    """Interpolate a background to a scene's pixels, by coordinate; nothing is NaN.

    A cell that was never seen takes the mean of its row of cells, or of the nearest row that has
    one.

    Args:
        background: from `build_background` or `read_background`.
        latitude: (y,) degrees of the scene, in any order.
        longitude: (x,) degrees of the scene, of any turn.
        channels: names of the channels wanted; by default all, in the background's order.

    Returns:
        (channel, y, x) float32, bilinear between the cells' centres.

    Raises:
        UsageError: the background lacks a channel, or does not cover the scene.
    """
    held = json.loads(background.attrs["channels"])
    names = list(held if channels is None else channels)
    if not set(names) <= set(held):
        raise UsageError(f"the background holds {', '.join(held)}; wanted are {', '.join(names)}")
    grid = grid_below(background, latitude, longitude)
    out = np.empty((len(names), latitude.size, longitude.size), np.float32)
    for name, target in zip(names, out, strict=True):
        filled = _fill_unseen(background[f"{PREFIX}{name}"].values)
        grid.sample(filled[None], latitude, longitude, out=target[None])
    return out


def grid_below(background: xr.Dataset, latitude: Floats, longitude: Floats) -> CellGrid:
    """The grid of a background's cells, which must lie below a scene.

    Args:
        background: from `build_background` or `read_background`.
        latitude: (y,) degrees of the scene, in any order.
        longitude: (x,) degrees of the scene, of any turn.

    Raises:
        UsageError: it does not cover the scene, or does not say where its cells lie.
    """
    grid = grid_of(background, latitude, longitude)
    if grid is None:
        built_for = tuple(int(size) for size in background.attrs["shape"])
        shape = latitude.size, longitude.size
        raise UsageError(f"the background is for scenes of {built_for} pixels, this is {shape}")
    if not grid.covers(latitude, longitude):
        raise UsageError("the background does not cover the scene: build one from scenes of it")
    return grid


def grid_of(coarse: xr.Dataset, latitude: Floats, longitude: Floats) -> CellGrid | None:
    """The grid on which the cells of a background or of limits were counted.

    Args:
        coarse: with attrs `cell` and `shape`, and where it has them the centres of its cells.
        latitude: (y,) degrees of the scene at hand: cells that do not say where they lie are the
            scene's if they are of its shape.
        longitude: (x,) degrees of the scene.

    Returns:
        None where nothing tells.

    Raises:
        UsageError: the scene's degrees are not evenly spaced.
    """
    cell, shape = int(coarse.attrs["cell"]), tuple(int(size) for size in coarse.attrs["shape"])
    axes = [
        spacing_of_centres(coarse[name].values, cell, size) if name in coarse.coords else None
        for name, size in zip(("latitude", "longitude"), shape, strict=True)
    ]
    if None in axes and shape == (latitude.size, longitude.size):
        axes = [axes[0] or spacing_of(latitude), axes[1] or spacing_of(longitude, around=True)]
    if axes[0] is None or axes[1] is None:
        return None
    return CellGrid(axes[0], axes[1], cell)


def thin(files: Sequence[Path], most: int) -> list[Path]:
    """At most `most` of the files, evenly spaced, first and last included."""
    if len(files) <= most:
        return list(files)
    return [files[index] for index in np.linspace(0, len(files) - 1, most).round().astype(int)]


def _check_grid(path: Path, here: xr.Dataset, grid: xr.Dataset | None) -> xr.Dataset:
    if grid is not None and not here.equals(grid):
        raise InputError(path, "is on another grid than the first scene", field="latitude")
    return here


def _channel(image: xr.DataArray, name: str) -> FloatArray:
    if name == "blue_red_ratio":
        red = np.maximum(image.sel(channel="red").values, np.float32(1))
        ratio: FloatArray = image.sel(channel="blue").values / red
        return np.minimum(ratio, RATIO_MAXIMUM, out=ratio)
    return np.asarray(image.sel(channel=name).values)


def _cell_means(scene: xr.Dataset, channels: Sequence[str], cell: int) -> FloatArray:
    """Means over cells: (channel, cell row, cell column) float32, NaN where nothing is seen."""
    known, means = scene["known"].values, []
    for name in channels:
        values = _channel(scene["image"], name)
        seen = known & np.isfinite(values)
        number = _cell_sums(seen, cell)
        total = _cell_sums(np.where(seen, values, np.float32(0)), cell)
        empty = np.full_like(total, np.nan)
        means.append(np.divide(total, number, out=empty, where=number > 0))
    return np.stack(means)


def _cell_sums(values: npt.NDArray[Any], cell: int) -> FloatArray:
    """Sums over cells of `cell` x `cell` pixels of (y, x); the last ones may be cut short."""
    return _sum_rows(_sum_rows(values, cell).T, cell).T


def _sum_rows(values: npt.NDArray[Any], cell: int) -> FloatArray:
    sums = np.zeros((-(-len(values) // cell), values.shape[1]), np.float32)
    for offset in range(cell):
        part = values[offset::cell]
        sums[: len(part)] += part
    return sums


def _median(
    stack: list[FloatArray], channels: Sequence[str], cell: int, grid: xr.Dataset
) -> xr.Dataset:
    """The median over scenes where seen; sorting puts NaN last, so the middle is found by count."""
    ordered = np.stack(stack)
    count = np.isfinite(ordered).sum(axis=0)
    ordered.sort(axis=0)
    low, high = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, len(stack) - 1)
    middle = [np.take_along_axis(ordered, index[None], axis=0)[0] for index in (low, high)]
    median = (middle[0] + middle[1]) / np.float32(2)
    places = grid["latitude"].values, grid["longitude"].values
    median_of = dict(zip(channels, median, strict=True))
    background = on_cells(median_of, cell, *places, title="clear-scene background")
    return background.assign(count=(("y", "x"), count.max(axis=0).astype(np.uint16)))


def on_cells(
    values: Mapping[str, FloatArray], cell: int, latitude: Floats, longitude: Floats, **attrs: str
) -> xr.Dataset:
    """Values of cells in the form of a background, without its sha256.

    Args:
        values: name → (cell row, cell column) float32.
        cell: side of a cell, pixels.
        latitude: (y,) degrees of the pixels.
        longitude: (x,) degrees of the pixels.
        attrs: more attributes.
    """
    return xr.Dataset(
        {f"{PREFIX}{name}": (("y", "x"), plane) for name, plane in values.items()},
        {
            "latitude": ("y", cell_centres(latitude, cell)),
            "longitude": ("x", cell_centres(longitude, cell)),
        },
        {
            **attrs,
            "cell": cell,
            "shape": [latitude.size, longitude.size],
            "channels": json.dumps(list(values)),
        },
    )


def _fill_unseen(values: FloatArray) -> FloatArray:
    known = np.isfinite(values)
    number = known.sum(axis=1)
    seen = np.flatnonzero(number)
    if seen.size == 0:
        return np.zeros_like(values)
    total = np.where(known, values, np.float32(0)).sum(axis=1)
    nearest = seen[np.abs(np.arange(len(values))[:, None] - seen).argmin(axis=1)]
    rows = (total[nearest] / number[nearest]).astype(np.float32)
    return np.where(known, values, rows[:, None])
