"""Layout of a cube: its metadata, made from a template, compared with a store's, and lengthened."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.errors import OutputError, shown
from nephoscope.files import write_bytes, write_text

if TYPE_CHECKING:
    import zarr

Metadata = dict[str, Any]
NOT_MADE, DONE, FAILED = range(3)
"""The values of `status`."""

_STATUS = {
    "standard_name": "status_flag",
    "long_name": "whether the slot was made",
    "units": "1",
    "flag_values": np.array([NOT_MADE, DONE, FAILED], np.uint8),
    "flag_meanings": "not_made done failed",
}
_TIMES = 4096  # in a chunk; all of them are written with the first
_METADATA = "zarr.json"
_KEYS = {"name": "default", "separator": "."}  # a slot is one file, not four folders deep


def layout_of(template: xr.Dataset, epoch: np.datetime64, step: int) -> xr.Dataset:
    """Dataset of a cube without slots.

    Args:
        template: its variables and coordinates; what grows has the dimension `time`.
        epoch: time of slot 0, datetime64[s].
        step: seconds from slot to slot.
    """
    layout = template.drop_vars("time", errors="ignore").isel(time=slice(0, 0))
    time = {"standard_name": "time", "long_name": "nominal start of the slot", "axis": "T"}
    time |= {"units": f"seconds since {str(epoch).replace('T', ' ')}", "calendar": "standard"}
    return layout.assign(
        status=("time", np.zeros(0, np.uint8), _STATUS),
        time_bnds=(("time", "bnds"), np.zeros((0, 2), np.int64)),
    ).assign_coords(time=("time", np.zeros(0, np.int64), time | {"bounds": "time_bnds"}))


def write_layout(
    layout: xr.Dataset,
    store: Path | zarr.storage.MemoryStore,
    rows: str,
    chunks: Mapping[str, int],
) -> None:
    """Write the metadata and what does not grow.

    Raises:
        ValueError: a variable grows and has no rows.
    """
    import zarr

    encoding = {str(name): _encoding(name, layout, rows, chunks) for name in layout.variables}
    with warnings.catch_warnings():  # zarr calls consolidated metadata not yet final
        warnings.filterwarnings("ignore", message=".*[Cc]onsolidated metadata.*")
        layout.to_zarr(store, zarr_format=3, consolidated=False, encoding=encoding)
        zarr.consolidate_metadata(store)


def differences(expected: zarr.Group, found: zarr.Group) -> Iterator[str]:
    """What two stores do not agree about: `variable` or `variable.attribute`, but for length."""
    wanted, there = dict(expected.arrays()), dict(found.arrays())
    yield from sorted(wanted.keys() ^ there.keys())
    for name in sorted(wanted.keys() & there.keys()):
        one, other = _facts(wanted[name]), _facts(there[name])
        different = [fact for fact in one | other if one.get(fact) != other.get(fact)]
        yield from (f"{name}.{fact}" for fact in different)
        if not different and "time" not in one["dimension_names"]:
            if not _same(np.asarray(wanted[name][...]), np.asarray(there[name][...])):
                yield name


def lengthen(path: Path, length: int, step: int) -> None:
    """Make the axis at least so long, and end what a process killed at it has begun.

    Readers go by the root's consolidated metadata, which come last and in one piece.

    Args:
        path: of the store; nobody else lengthens it meanwhile.
        length: in slots; an axis that is longer stays so.
        step: seconds from slot to slot.

    Raises:
        OutputError: the metadata are damaged, or cannot be written.
    """
    try:
        root = _read(path / _METADATA)
        listed = root["consolidated_metadata"]["metadata"]
        growing = [name for name in listed if "time" in listed[name].get("dimension_names", ())]
        files = {path / name / _METADATA: _read(path / name / _METADATA) for name in growing}
        arrays = [*files.values(), *(listed[name] for name in growing)]
        lengths = {array["shape"][0] for array in arrays}
    except (ValueError, KeyError, TypeError) as error:
        raise OutputError(f"{shown(path)}: its metadata are damaged: {error}") from error
    length = max(length, *lengths)
    if lengths == {length}:
        return
    _write_times(path, length, step)
    for array in arrays:
        array["shape"][0] = length
    for file, metadata in (*files.items(), (path / _METADATA, root)):
        write_text(file, json.dumps(metadata, indent=2))


def _read(path: Path) -> Metadata:
    metadata: Metadata = json.loads(path.read_text(encoding="utf-8"))
    return metadata


def _write_times(path: Path, length: int, step: int) -> None:
    for number in range(math.ceil(length / _TIMES)):
        start = np.arange(number * _TIMES, (number + 1) * _TIMES, dtype="<i8") * step
        bounds = np.stack([start, start + step], axis=1)
        for name, values in ((f"time/c.{number}", start), (f"time_bnds/c.{number}.0", bounds)):
            if not (path / name).exists():
                write_bytes(path / name, values.tobytes())


def _encoding(
    name: Any,  # noqa: ANN401 - a hashable
    layout: xr.Dataset,
    rows: str,
    chunks: Mapping[str, int],
) -> dict[str, Any]:
    from zarr.codecs import BloscCodec

    variable = layout[name].variable
    plain = {"compressors": None, "chunk_key_encoding": _KEYS, "fill_value": 0}
    if "time" not in variable.dims:
        return {} if "_FillValue" in variable.attrs else {"_FillValue": None}
    if name in ("time", "time_bnds"):
        return plain | {"chunks": (_TIMES, *variable.shape[1:])}
    if name == "status":
        return plain | {"chunks": (1,)}
    if variable.dims == ("time",):
        missing = variable.attrs.get("_FillValue", np.nan)
        return plain | {"chunks": (1,), "fill_value": missing}
    if variable.dims[0] != "time" or rows not in variable.dims:
        raise ValueError(f"{name} has the dimensions {variable.dims}, not time and {rows}")
    sizes = tuple(variable.sizes[dim] for dim in variable.dims[1:])
    inner = tuple(
        min(chunks.get(str(dim), n), n) for dim, n in zip(variable.dims[1:], sizes, strict=True)
    )
    shard = tuple(n * math.ceil(size / n) for n, size in zip(inner, sizes, strict=True))
    return {
        "chunks": (1, *inner),
        "shards": (1, *shard),
        "chunk_key_encoding": _KEYS,
        "fill_value": variable.encoding.get("fill_value", variable.attrs.get("_FillValue", np.nan)),
        # A sixth smaller than without shuffling, on rounded floats and on integers.
        "compressors": [BloscCodec(cname="zstd", clevel=3, shuffle="shuffle")],
    }


def _facts(array: zarr.Array[Any]) -> Metadata:
    """What must be the same of an array, its attributes among them."""
    dims = dims_of(array)
    facts = {
        "dimension_names": dims,
        "dtype": array.dtype.str,
        "fill_value": str(array.fill_value),
        "shape": array.shape["time" in dims :],
        "chunks": array.chunks,
        "shards": array.shards,
        "compressors": str(array.compressors),
    }
    return facts | dict(array.attrs)


def dims_of(array: zarr.Array[Any]) -> tuple[str, ...]:
    """Names of the dimensions."""
    return tuple(str(name) for name in getattr(array.metadata, "dimension_names", None) or ())


def _same(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> bool:
    if one.dtype.kind != "f":
        return bool(np.array_equal(one, other))
    # Another machine's sine may differ in the last bit.
    return bool(np.allclose(one, other, rtol=1e-6, atol=1e-6, equal_nan=True))
