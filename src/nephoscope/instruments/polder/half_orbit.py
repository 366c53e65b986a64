"""PARASOL level-1B file → Scene, reading only the rows asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nephoscope.errors import InputError, UsageError
from nephoscope.grids.sinusoidal import POLDER
from nephoscope.instruments.given import one_path
from nephoscope.instruments.polder.channels import channel_coords, is_directional
from nephoscope.instruments.polder.counts import read_counts
from nephoscope.instruments.polder.datasets import coding_of, dataset_of, opened
from nephoscope.instruments.polder.fields import (
    ANGLES,
    BANDS,
    FIELDS,
    VIEWS,
    Field,
    stokes_names,
)
from nephoscope.instruments.polder.names import parse_name
from nephoscope.instruments.polder.on_demand import on_demand
from nephoscope.instruments.polder.packing import Packing, packed_coordinates, packing_of
from nephoscope.instruments.polder.schemes import DOLP, fields_of
from nephoscope.instruments.polder.stokes import polarisation, reflectance
from nephoscope.instruments.polder.windows import Window, swath
from nephoscope.scene import check_scene, missing_share

Planes = dict[str, NDArray[np.float32]]
STOKES = {name for band in BANDS for name in stokes_names(band)}
"""The radiances, by their exact names: `Quality_Flags_01` begins with a Q too."""


def reading(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of `read` for a half orbit that is to be predicted: it is read as it is used."""
    return {"lazy": True}


def read(
    paths: str | PathLike[str] | Sequence[Path],
    fields: str | Iterable[str] = "default",
    window: Window | None = None,
    rows: tuple[int, int] | None = None,
    views: Sequence[int] | None = None,
    as_reflectance: bool = False,
    lazy: bool = False,
) -> xr.Dataset:
    """Read some fields of some pixels as a Scene.

    Args:
        paths: HDF5 file of product POLDER3_L1B-BG1.
        fields: a key of `SCHEMES`, or names of datasets and of `DOLP`.
        window: which pixels; by default everything seen, each row with an origin of its own.
        rows: without a window, first row of the grid and the one after the last.
        views: which of the 16 views, from 0; all by default.
        as_reflectance: divide I, Q and U by the cosine of the solar zenith angle.
        lazy: read nothing of `image` before it is asked for, and each time anew: of a whole half
            orbit it is larger than many a memory. `known` is then where the file has any view, and
            there is no `view_valid`.

    Returns:
        `image` (channel, y, x) float32, physical values, NaN where not measured; channels are field
        by field, for directional fields view by view ("I443NP_00" to "I443NP_15"), with `field`,
        `view_of` (-1 without), `unit` and `turns` on (channel,), and unless `as_reflectance`
        `scale_factor` and `add_offset`, see `packing`. `view_valid` (view, y, x) bool: all
        directional fields asked for were measured; `known` (y, x) bool: from any view. `latitude`,
        `longitude` (y, x) float64, degrees, of the grid. `row` (y,) and `origin` (y,) int64: row of
        the grid and the column of the first pixel; `column` (y, x) int32, -1 off the globe. `time`:
        start of the half orbit, datetime64[ns], NaT if the name does not say. Attrs: instrument,
        source_files, id, missing_share (pixels that were seen from no view), quantity, cycle and
        orbit if known.

    Raises:
        InputError: the file cannot be used, or nothing was seen in the window; names the field.
        UsageError: no such field, scheme, view or row.
    """
    path = one_path(paths, "polder")
    names = fields_of(fields)
    chosen = _checked_views(views)
    if window is not None and rows is not None:
        raise UsageError("give a window or rows, not both")
    if window is not None and not isinstance(window, Window):
        wanted = "a Window, as instruments.polder's patch, along and box make it"
        raise UsageError(f"window is {window!r}, not {wanted}")
    with opened(path) as file:
        window = window or _seen(file, rows)
        sources = _sources(names, as_reflectance)
        if lazy:
            packings, known = _packings(file, sources), _read(file, "Nviews", window)[0] > 0
        else:
            filled = _filled(file, names, window, chosen, as_reflectance)
            packings, known = filled.packings, filled.valid.any(axis=0)
    if lazy:
        each = channel_coords(names, chosen)["field"][1]
        part = partial(_part_of, path, chosen, as_reflectance)
        scene = _scene(path, names, on_demand(part, each, window), chosen, known, window)
    else:
        image = xr.Variable(("channel", "y", "x"), filled.image)
        scene = _scene(path, names, image, chosen, known, window)
        scene["view_valid"] = (("view", "y", "x"), filled.valid)
    directional = [name for name in names if is_directional(name)] or [*names]
    if not (known.any() if lazy else filled.any_of(directional)):
        raise InputError(path, "holds nothing in these rows and columns", field=directional[0])
    packed = packed_coordinates([str(name) for name in scene["field"].values], packings)
    if as_reflectance:  # no longer counts
        packed = {"turns": packed["turns"]}
    scene = scene.assign_coords(packed)
    scene.attrs["quantity"] = "reflectance" if as_reflectance else "normalised radiance"
    return check_scene(scene)


class _Filled(NamedTuple):
    """Fields of a window.

    Attributes:
        image: (channel, y, x).
        planes: each field's part of it, or room of its own.
        valid: (view, y, x), which views are there.
        packings: how counts hold each field.
    """

    image: NDArray[np.float32]
    planes: Planes
    valid: NDArray[np.bool_]
    packings: dict[str, Packing]

    def any_of(self, names: list[str]) -> bool:
        """Whether any pixel of some fields was measured."""
        return any(np.isfinite(self.planes[name]).any() for name in names)


def _filled(
    file: Any,  # noqa: ANN401 - h5py has no types
    names: tuple[str, ...],
    window: Window,
    views: list[int],
    as_reflectance: bool,
) -> _Filled:
    sources = _sources(names, as_reflectance)
    image, planes = _slots(names, sources, window, len(views))
    packings = {name: _fill(planes[name], file, FIELDS[name], window, views) for name in sources}
    valid = _view_valid({name: planes[name] for name in sources}, len(views), window)
    if as_reflectance:
        for name in STOKES.intersection(planes):
            planes[name][...] = reflectance(planes[name], planes["thetas"])
    for name in set(DOLP).intersection(names):
        planes[name][...] = polarisation(*(planes[part] for part in DOLP[name]))
    return _Filled(image, planes, valid, packings)


def _part_of(
    path: Path, views: list[int], as_reflectance: bool, names: tuple[str, ...], window: Window
) -> NDArray[np.float32]:
    """Some fields of a window, (channel, y, x)."""
    with opened(path) as file:
        return _filled(file, names, window, views, as_reflectance).image


def _packings(file: Any, names: list[str]) -> dict[str, Packing]:  # noqa: ANN401 - h5py has no types
    """How counts hold each dataset, which is looked at and not read."""
    datasets = {name: dataset_of(file, FIELDS[name]) for name in names}
    return {
        name: packing_of(coding_of(dataset, FIELDS[name]), dataset.dtype, FIELDS[name])
        for name, dataset in datasets.items()
    }


def _read(file: Any, name: str, window: Window) -> NDArray[np.float32]:  # noqa: ANN401
    """A field that has no views, (1, y, x)."""
    plane = np.empty((1, *window.shape), np.float32)
    _fill(plane, file, FIELDS[name], window, [0])
    return plane


def _slots(
    names: tuple[str, ...], sources: list[str], window: Window, views: int
) -> tuple[NDArray[np.float32], Planes]:
    """The image to fill, and for each field its part of it, or room of its own.

    A whole half orbit is a gigabyte or more: there must be one copy of it.
    """
    depth = {name: views if is_directional(name) else 1 for name in [*names, *sources]}
    ends = np.cumsum([depth[name] for name in names])
    image = np.empty((int(ends[-1]), *window.shape), np.float32)
    planes = {name: image[end - depth[name] : end] for name, end in zip(names, ends, strict=True)}
    for name in sources:
        if name not in planes:
            planes[name] = np.empty((depth[name], *window.shape), np.float32)
    return image, planes


def _checked_views(views: Sequence[int] | None) -> list[int]:
    if views is not None and (isinstance(views, str) or not isinstance(views, Iterable)):
        raise UsageError(f"views {views!r}: name some of 0 to {VIEWS - 1}, in a list")
    chosen = list(range(VIEWS)) if views is None else list(views)
    if not chosen or len(set(chosen)) < len(chosen) or not set(chosen) <= set(range(VIEWS)):
        raise UsageError(f"views {chosen}: name some of 0 to {VIEWS - 1}, each once")
    return chosen


def _checked_rows(rows: tuple[int, int]) -> tuple[int, int]:
    whole = (int, np.integer)
    if not isinstance(rows, Sequence) or len(rows) != 2 or not isinstance(rows[0], whole):
        raise UsageError(f"rows {rows!r}: name the first, and the one after the last")
    first, stop = rows
    if not isinstance(stop, whole) or not 0 <= first < stop <= POLDER.rows:
        raise UsageError(f"rows {first} to {stop} are not in 0 to {POLDER.rows}")
    return int(first), int(stop)


def _seen(file: Any, rows: tuple[int, int] | None) -> Window:  # noqa: ANN401 - h5py has no types
    """The window of all pixels with a view, among some rows or all."""
    first, stop = (0, POLDER.rows) if rows is None else _checked_rows(rows)
    field = FIELDS["Nviews"]
    dataset = dataset_of(file, field)
    coding = coding_of(dataset, field)
    every = np.broadcast_to(np.arange(POLDER.cols), (stop - first, POLDER.cols))
    counts = read_counts(dataset, first, every, coding.fill)
    seen = coding.is_valid(counts) & (counts > 0)
    window = swath(seen, first)
    if window is None:
        raise InputError(
            file.filename, f"no pixel was seen in rows {first} to {stop}", field="Nviews"
        )
    return window


def _sources(names: tuple[str, ...], as_reflectance: bool) -> list[str]:
    """Datasets to read: those named, and those that the others are computed from."""
    needed = [part for name in names for part in DOLP.get(name, (name,))]
    if as_reflectance:
        needed.append("thetas")
    return list(dict.fromkeys(needed))


def _fill(
    plane: NDArray[np.float32],
    file: Any,  # noqa: ANN401
    field: Field,
    window: Window,
    views: list[int],
) -> Packing:
    """Fill a plane with a field: (view, y, x), or (1, y, x), float32, NaN where missing."""
    dataset = dataset_of(file, field)
    coding = coding_of(dataset, field)
    columns, on_globe = window.columns()
    counts = read_counts(dataset, window.first_row, columns, coding.fill)
    by_view = np.moveaxis(counts, -1, 0)[views] if field.directional else counts[None]
    plane[...] = coding.decode(by_view)
    plane[:, ~on_globe] = np.nan
    return packing_of(coding, dataset.dtype, field)


def _view_valid(planes: Planes, views: int, window: Window) -> NDArray[np.bool_]:
    valid = np.ones((views, *window.shape), bool)
    for name, values in planes.items():
        if name in STOKES or name in ANGLES:
            valid &= np.isfinite(values)
    if not (STOKES | set(ANGLES)) & planes.keys():
        valid &= np.isfinite(next(iter(planes.values())))
    return valid


def _scene(
    path: Path,
    names: tuple[str, ...],
    image: xr.Variable,
    views: list[int],
    known: NDArray[np.bool_],
    window: Window,
) -> xr.Dataset:
    columns, on_globe = window.columns()
    name, known = parse_name(path), np.asarray(known)
    rows = window.rows
    start = np.datetime64(name.start if name else "NaT", "ns")
    scene = xr.Dataset(
        {"image": image, "known": (("y", "x"), known)},
        coords={
            **channel_coords(names, views),
            "view": ("view", np.array(views, np.int8)),
            "latitude": _place(
                np.repeat(POLDER.to_latitude(rows)[:, None], window.width, 1), "north"
            ),
            "longitude": _place(POLDER.to_longitude(rows[:, None], columns), "east"),
            "row": ("y", rows),
            "origin": ("y", window.origin),
            "column": (("y", "x"), np.where(on_globe, columns, -1).astype(np.int32)),
            "time": ((), start),
        },
    )
    scene.attrs = {
        "instrument": "polder",
        "source_files": [str(path)],
        "id": name.id if name else path.stem,
        "missing_share": missing_share(known),
    }
    if name:
        scene.attrs |= {"cycle": name.cycle, "orbit": name.orbit}
    return scene


def _place(values: NDArray[np.float64], side: str) -> tuple[tuple[str, str], Any, dict[str, str]]:
    return ("y", "x"), values, {"units": f"degrees_{side}"}
