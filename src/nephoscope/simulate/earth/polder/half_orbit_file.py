"""PARASOL level-1B file, written as the archive has it: groups, types, scales, fills, codes.

The grid is whole (3240 x 6480, 16 views), compressed row by row; rows that hold nothing take no
room and read as fill. Attributes follow the ICARE documentation of POLDER3_L1_B-HDF.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nephoscope.errors import UsageError
from nephoscope.files import atomic_path
from nephoscope.grids.sinusoidal import POLDER
from nephoscope.instruments.polder.fields import FIELDS, FLAGS, VIEWS, Field
from nephoscope.instruments.polder.schemes import SCHEMES
from nephoscope.instruments.polder.windows import Window

Values = Mapping[str, NDArray[Any]]
REQUIRED = SCHEMES["directional"]
"""Fields without which there is nothing to write."""
LEVEL = 2
"""Of the compression: half the time of level 4 for a tenth more bytes."""
_LABELS = ("row", "column", "view_direction")


def write_half_orbit(
    path: str | PathLike[str],
    values: Values,
    window: Window,
    attributes: Mapping[str, str] | None = None,
    level: int = LEVEL,
) -> None:
    """Write physical values of the pixels of a window; everything else is fill.

    A view exists where `thetav` is a number; a NaN of another field is there the missing code, and
    the fill code elsewhere. `Nviews`, `Latitude` and `Longitude` are made if not given; quality
    flags not given are 0, other fields missing. Values beyond what the type can hold are clipped.

    Args:
        path: where to; the archive's name is `HalfOrbit.file_name`.
        values: by name of the dataset, physical units: directional (view, y, x) with 16 views,
            others (y, x); all of `REQUIRED` must be there.
        window: which pixels of the grid they are.
        attributes: of the file as a whole.
        level: of the compression, 1 to 9.

    Raises:
        UsageError: a field is missing, unknown or of another shape.
        OutputError: the file cannot be written.
    """
    import h5py

    _check(values, window)
    exists = np.isfinite(values["thetav"]) & window.columns()[1]
    made = _made(window, exists) | dict(values)
    with atomic_path(path) as part, h5py.File(part, "w") as file:
        for key, text in (attributes or {}).items():
            file.attrs[key] = text
        for field in FIELDS.values():
            there = exists if field.directional else np.asarray(exists.any(axis=0))
            counts = _counts(field, made.get(field.name), there)
            _write(file, field, counts, window, level)


def _check(values: Values, window: Window) -> None:
    absent = [name for name in REQUIRED if name not in values]
    unknown = [name for name in values if name not in FIELDS]
    if absent or unknown:
        raise UsageError(f"fields missing: {absent}, unknown: {unknown}")
    for name, array in values.items():
        shape = (VIEWS, *window.shape) if FIELDS[name].directional else window.shape
        if array.shape != shape:
            raise UsageError(f"{name} has shape {array.shape}, not {shape}")


def _made(window: Window, exists: NDArray[np.bool_]) -> dict[str, NDArray[Any]]:
    """Datasets that follow from the window and the views that exist."""
    columns, _ = window.columns()
    rows = window.rows[:, None]
    flags = np.zeros(exists.shape, np.uint8)
    return {
        "Nviews": exists.sum(axis=0),
        "Latitude": np.broadcast_to(POLDER.to_latitude(rows), window.shape),
        "Longitude": POLDER.to_longitude(rows, columns),
    } | dict.fromkeys(FLAGS, flags)


def _counts(field: Field, values: NDArray[Any] | None, there: NDArray[np.bool_]) -> NDArray[Any]:
    """Stored counts, same shape as `there`, in the type of the file."""
    dtype = np.dtype(field.dtype)
    lost = field.fill if field.missing is None else field.missing
    if values is None:
        return np.where(there, lost, field.fill).astype(dtype)
    known = np.isfinite(values)
    counts = np.where(known, values, 0) / field.scale
    if dtype.kind != "f":
        counts = np.clip(np.rint(counts), *_range(field))
    return np.where(there, np.where(known, counts, lost), field.fill).astype(dtype)


def _range(field: Field) -> tuple[float, float]:
    """Lowest and highest count that is no code."""
    span = np.iinfo(field.dtype)
    codes = [field.fill] if field.missing is None else [field.fill, field.missing]
    # Codes stand at the ends of the type: negative ones below all measurements, others above.
    low = max([code + 1 for code in codes if code < 0], default=span.min)
    high = min([code - 1 for code in codes if code > 0], default=span.max)
    return float(low), float(high)


def _write(file: Any, field: Field, counts: NDArray[Any], window: Window, level: int) -> None:  # noqa: ANN401 - h5py has no types
    tail = (VIEWS,) if field.directional else ()
    dataset = file.require_group(field.groups[0]).create_dataset(
        field.name,
        shape=(*POLDER.shape, *tail),
        dtype=field.dtype,
        chunks=(1, POLDER.cols, *tail),
        compression="gzip",
        compression_opts=level,
        fillvalue=field.fill,
        track_times=False,
    )
    columns, on_globe = window.columns()
    by_pixel = np.moveaxis(counts, 0, -1) if field.directional else counts
    corner = (0,) * len(tail)
    row_of = np.empty((POLDER.cols, *tail), field.dtype)
    for index, row in enumerate(window.rows):
        row_of[...] = field.fill
        there = on_globe[index]
        row_of[columns[index, there]] = by_pixel[index, there]
        stored = zlib.compress(row_of.tobytes(), level)
        dataset.id.write_direct_chunk((int(row), 0, *corner), stored)
    _describe(dataset, field, counts)


def _describe(dataset: Any, field: Field, counts: NDArray[Any]) -> None:  # noqa: ANN401
    whole = bool(np.dtype(field.dtype).kind != "f")
    code = np.int64 if whole else np.float64
    lost = np.zeros(counts.shape, bool) if field.missing is None else counts == field.missing
    measured = counts[(counts != field.fill) & ~lost].astype(np.float64)
    span = [measured.min(), measured.max()] if measured.size else [0.0, 0.0]
    attributes = dataset.attrs
    attributes["_FillValue"] = code(field.fill)
    if field.missing is not None:
        attributes["missing_value"] = code(field.missing)
    attributes["scale_factor"] = np.float64(field.scale)
    attributes["scale_factor_err"] = np.float64(0)
    attributes["add_offset"] = np.float64(0)
    attributes["add_offset_err"] = np.float64(0)
    attributes["scaling_equation"] = "physical_value = scale_factor * SDS_count + add_offset"
    attributes["long_name"] = field.long_name
    attributes["units"] = field.units
    attributes["Num_Fill"] = np.int64(dataset.size - measured.size - lost.sum())
    attributes["Num_missing_value"] = np.int64(lost.sum())
    attributes["Num_Valid"] = np.int64(measured.size)
    attributes["actual_range"] = np.array(span) * field.scale
    for axis, label in zip(dataset.dims, _LABELS, strict=False):
        axis.label = label
