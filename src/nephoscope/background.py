"""What the clear scene looks like at each place: a stored, label-free artefact with a sha256.

Clouds move and the ground does not, so the median over a series of maps shows the ground. The
median is taken of means over cells of a few pixels, which is as fine as the maps register.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.errors import InputError, UsageError
from nephoscope.files import write_bytes
from nephoscope.inputs import RATIO_MAXIMUM

if TYPE_CHECKING:
    from nephoscope.instruments import SceneFile
    from nephoscope.recipe import Recipe

FloatArray = npt.NDArray[np.float32]
PREFIX = "background_"
# A longer series is thinned evenly to this many scenes, which bounds time and memory.
MAXIMUM_SCENES = 64


def build_background(
    scenes: Iterable[SceneFile | str | os.PathLike[str]],
    recipe: Recipe,
    *,
    on_error: Callable[[Path, InputError], None] | None = None,
    open_scene: Callable[[Path], xr.Dataset] | None = None,
) -> xr.Dataset:
    """Take the median over scenes of the means over cells of the recipe's background channels.

    Args:
        scenes: the files of one series, e.g. the maps of one sub-phase; their order is no matter.
        recipe: says the cell's side, the channels and the fewest scenes.
        on_error: told of a scene that cannot be read, which is then left out; without it the
            error is raised.
        open_scene: reads one file to a Scene; by default the recipe's instrument does.

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
    files = sorted({_path_of(scene) for scene in scenes})
    opener = open_scene or _opener(recipe.instrument)
    stack: list[FloatArray] = []
    grid: xr.Dataset | None = None
    for path in thin(files, MAXIMUM_SCENES):
        try:
            scene = opener(path)
            grid = _check_grid(path, scene, grid)
            stack.append(_cell_means(scene["image"], settings.channels, settings.cell))
        except InputError as error:
            if on_error is None:
                raise
            on_error(path, error)
    if len(stack) < settings.minimum_scenes or grid is None:
        raise UsageError(
            f"a background needs {settings.minimum_scenes} readable scenes, there are {len(stack)}"
        )
    background = _median(stack, settings.channels, settings.cell, grid)
    background.attrs["sources"] = json.dumps(source_list(files))
    background.attrs["sha256"] = contents_sha256(background)
    return background


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


def read_background(path: str | os.PathLike[str]) -> xr.Dataset:
    """Read a background and check its sha256.

    Raises:
        InputError: the file is unreadable, is no background, or was changed.
    """
    try:
        with xr.open_dataset(Path(path), engine="h5netcdf") as stored:
            background = stored.load()
    except FileNotFoundError as error:
        raise InputError(path, "does not exist") from error
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise InputError(path, f"is not a readable NetCDF-4 file: {error}") from error
    for attribute in ("sha256", "cell", "shape", "channels"):
        if attribute not in background.attrs:
            raise InputError(path, "is missing: this is no background", field=attribute)
    if contents_sha256(background) != background.attrs["sha256"]:
        raise InputError(path, "does not match the contents", field="sha256")
    return background


def sample_background(background: xr.Dataset, shape: tuple[int, int]) -> FloatArray:
    """Interpolate a background to full resolution; longitude wraps, nothing is NaN.

    A cell that was never seen takes the mean of its row of cells, or of the nearest row that has
    one.

    Args:
        background: from `build_background` or `read_background`.
        shape: (y, x) of the scene; must be what the background was built for.

    Returns:
        (channel, y, x) float32, bilinear between the cells' centres, channels in the order of the
        recipe that built it.

    Raises:
        UsageError: the background is of another grid.
    """
    built_for = tuple(int(size) for size in background.attrs["shape"])
    if shape != built_for:
        raise UsageError(f"the background is for scenes of {built_for} pixels, this is {shape}")
    cell = int(background.attrs["cell"])
    names = json.loads(background.attrs["channels"])
    out = np.empty((len(names), *shape), np.float32)
    pixels = np.arange(shape[0]), np.arange(shape[1])
    for name, target in zip(names, out, strict=True):
        filled = _fill_unseen(background[f"{PREFIX}{name}"].values)
        interpolate_cells(filled[None], cell, *pixels, out=target[None])
    return out


def interpolate_cells(
    cells: FloatArray,
    cell: int,
    rows: npt.NDArray[np.integer],
    cols: npt.NDArray[np.integer],
    out: FloatArray | None = None,
) -> FloatArray:
    """Bilinear values of pixels between the centres of cells, clamped in y and wrapping in x.

    Args:
        cells: (statistic, cell row, cell column) float32 without NaN.
        cell: side of a cell, pixels.
        rows: (y,) rows of the pixels; may lie beyond the first or last.
        cols: (x,) columns of the pixels; the first follows the last.
        out: (statistic, y, x) float32 to write into; made when not given.
    """
    if out is None:
        out = np.empty((len(cells), rows.size, cols.size), np.float32)
    above, below, weight = _neighbours(rows, cell, cells.shape[1], wrap=False)
    left, right, share = _neighbours(cols, cell, cells.shape[2], wrap=True)
    for values, target in zip(cells, out, strict=True):
        wide = values[:, left] * (1 - share) + values[:, right] * share
        np.multiply(wide[above], (1 - weight)[:, None], out=target)
        target += wide[below] * weight[:, None]
    return out


def thin(files: Sequence[Path], most: int) -> list[Path]:
    """At most `most` of the files, evenly spaced, first and last included."""
    if len(files) <= most:
        return list(files)
    return [files[index] for index in np.linspace(0, len(files) - 1, most).round().astype(int)]


def _path_of(scene: SceneFile | str | os.PathLike[str]) -> Path:
    return Path(scene) if isinstance(scene, str | os.PathLike) else scene.path


def _opener(instrument: str) -> Callable[[Path], xr.Dataset]:
    from nephoscope.instruments import open_scene

    return lambda path: open_scene(path, instrument)


def _check_grid(path: Path, scene: xr.Dataset, grid: xr.Dataset | None) -> xr.Dataset:
    # Values alone: scalar coordinates such as the season differ from scene to scene.
    here = xr.Dataset({n: (scene[n].dims, scene[n].values) for n in ("latitude", "longitude")})
    if grid is not None and not here.equals(grid):
        raise InputError(path, "is on another grid than the first scene", field="latitude")
    return here


def _channel(image: xr.DataArray, name: str) -> FloatArray:
    if name == "blue_red_ratio":
        red = np.maximum(image.sel(channel="red").values, np.float32(1))
        ratio: FloatArray = image.sel(channel="blue").values / red
        return np.minimum(ratio, RATIO_MAXIMUM, out=ratio)
    return np.asarray(image.sel(channel=name).values)


def _cell_means(image: xr.DataArray, channels: Sequence[str], cell: int) -> FloatArray:
    """Means over cells: (channel, cell row, cell column) float32, NaN where nothing is known."""
    known = ~np.isnan(image.values[0])
    number = _cell_sums(known, cell)
    means = np.full((len(channels), *number.shape), np.nan, np.float32)
    for name, target in zip(channels, means, strict=True):
        values = np.where(known, _channel(image, name), np.float32(0))
        np.divide(_cell_sums(values, cell), number, out=target, where=number > 0)
    return means


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
    count = np.isfinite(ordered[:, 0]).sum(axis=0)
    ordered.sort(axis=0)
    low, high = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, len(stack) - 1)
    middle = [np.take_along_axis(ordered, index[None, None], axis=0)[0] for index in (low, high)]
    median = (middle[0] + middle[1]) / np.float32(2)
    variables: dict[str, Any] = {
        f"{PREFIX}{name}": (("y", "x"), median[index]) for index, name in enumerate(channels)
    }
    variables["count"] = (("y", "x"), count.astype(np.uint16))
    coordinates = {
        "latitude": ("y", _cell_centres(grid["latitude"].values, cell)),
        "longitude": ("x", _cell_centres(grid["longitude"].values, cell)),
    }
    shape = [grid["latitude"].size, grid["longitude"].size]
    attributes = {
        "title": "clear-scene background",
        "cell": cell,
        "shape": shape,
        "channels": json.dumps(list(channels)),
    }
    return xr.Dataset(variables, coordinates, attributes)


def _cell_centres(degrees: npt.NDArray[np.floating], cell: int) -> npt.NDArray[np.floating]:
    starts = np.arange(0, degrees.size, cell)
    return np.asarray(np.add.reduceat(degrees, starts) / np.diff([*starts, degrees.size]))


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


def _neighbours(
    pixels: npt.NDArray[np.integer], cell: int, cells: int, wrap: bool
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], FloatArray]:
    """For each pixel the cells before and after it, and the weight of the one after."""
    place = (pixels + 0.5) / cell - 0.5
    before = np.floor(place).astype(np.intp)
    weight = (place - before).astype(np.float32)
    after = before + 1
    if wrap:
        return before % cells, after % cells, weight
    return np.clip(before, 0, cells - 1), np.clip(after, 0, cells - 1), weight
