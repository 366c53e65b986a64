"""Layout of a cube: its metadata, made from a template, compared with a store's, and lengthened."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from nephoscope.errors import OutputError, shown
from nephoscope.files import write_bytes, write_text
from nephoscope.folders import STORE

if TYPE_CHECKING:
    import zarr

Metadata = dict[str, Any]
NOT_MADE, DONE = range(2)
"""The values of `status`."""

RESOLUTION = "time_coverage_resolution"
"""Attribute of a cube: its step, as "PT900S"."""

_STATUS = {
    "standard_name": "status_flag",
    "long_name": "whether the slot was made",
    "units": "1",
    "flag_values": np.array([NOT_MADE, DONE], np.uint8),
    "flag_meanings": "not_made done",
}
_TIMES = 4096  # in a chunk; all of them are written with the first
# A slot is one file, not four folders deep.
_KEYS = {"chunk_key_encoding": {"name": "default", "separator": "."}}


def layout_of(template: xr.Dataset, epoch: np.datetime64) -> xr.Dataset:
    """Dataset of a cube without slots.

    Args:
        template: its variables and coordinates; what grows has the dimension `time`.
        epoch: time of slot 0, datetime64[s].
    """
    layout = template.drop_vars("time", errors="ignore").isel(time=slice(0, 0))
    time = {"standard_name": "time", "long_name": "nominal start of the slot", "axis": "T"}
    time |= {"units": f"seconds since {str(epoch).replace('T', ' ')}", "calendar": "standard"}
    return layout.assign(
        status=("time", np.zeros(0, np.uint8), _STATUS),
        time_bnds=(("time", "bnds"), np.zeros((0, 2), np.int64)),
    ).assign_coords(time=("time", np.zeros(0, np.int64), time | {"bounds": "time_bnds"}))


def write_layout(
    layout: xr.Dataset, store: Path | zarr.storage.MemoryStore, chunks: Mapping[str, int]
) -> None:
    """Write the metadata and what does not grow.

    Raises:
        ValueError: time is not the first dimension of a variable that grows.
    """
    encoding = {str(n): _encoding(str(n), v, chunks) for n, v in layout.variables.items()}
    with warnings.catch_warnings():  # zarr calls consolidated metadata not yet final
        warnings.filterwarnings("ignore", message=".*[Cc]onsolidated metadata.*")
        layout.to_zarr(store, zarr_format=3, consolidated=True, encoding=encoding)


def difference(
    path: Path, layout: xr.Dataset, chunks: Mapping[str, int], key: Mapping[str, str]
) -> str:
    """The first fact of a store, of `key` or `variable.fact`, that is not as wanted; "" if none.

    Raises:
        OutputError: the store is no cube.
    """
    import zarr

    stored: dict[str, Any] = {}
    memory = zarr.storage.MemoryStore(stored)
    write_layout(layout, memory, chunks)
    wanted = _facts(json.loads(stored[STORE].to_bytes()), key)
    there = _facts(_read(path), key)
    for fact in wanted | there:
        if wanted.get(fact) != there.get(fact):
            return f"{fact} ({there.get(fact)}, not {wanted.get(fact)})"
    for name, array in zarr.open_group(memory, mode="r").arrays():
        if "time" not in layout[name].dims:
            found = zarr.open_array(path / name, mode="r")[...]
            # Another machine's sine may differ in the last bit.
            if not np.allclose(array[...], found, rtol=1e-6, atol=1e-6, equal_nan=True):
                return name
    return ""


def _facts(root: Metadata, key: Mapping[str, str]) -> dict[str, str]:
    """What must be the same of a store: the key, and all of its variables but their length."""
    facts = {name: str(root["attributes"].get(name)) for name in key}
    for name, array in root["consolidated_metadata"]["metadata"].items():
        growing = "time" in array.get("dimension_names", ())
        about = array | array["attributes"] | {"shape": array["shape"][growing:], "attributes": ""}
        facts |= {f"{name}.{fact}": str(value) for fact, value in about.items()}
    return facts


def length_and_step(path: Path) -> tuple[int, int]:
    """Slots that the axis of a cube has, and seconds from slot to slot.

    Raises:
        OutputError: it is no cube, or its metadata are damaged.
    """
    root = _read(path)
    length = root["consolidated_metadata"]["metadata"]["time"]["shape"][0]
    return int(length), int(root["attributes"][RESOLUTION][2:-1])


def lengthen(path: Path, length: int, step: int) -> None:
    """Make the axis at least so long, and end what a process killed at it has begun.

    Readers go by the root's consolidated metadata, which come last and in one piece.

    Args:
        path: of the store; nobody else lengthens it meanwhile.
        length: in slots; an axis that is longer stays so. 0 writes what is there anew.
        step: seconds from slot to slot.

    Raises:
        OutputError: the metadata are damaged, or cannot be written.
    """
    root = _read(path)
    arrays = root["consolidated_metadata"]["metadata"]
    growing = [name for name, array in arrays.items() if "time" in array.get("dimension_names", ())]
    now = arrays["time"]["shape"][0]
    if 0 < length <= now:
        return
    length = max(length, now)
    for number in range(math.ceil(length / _TIMES)):
        start = np.arange(number * _TIMES, (number + 1) * _TIMES, dtype="<i8") * step
        bounds = np.stack([start, start + step], axis=1)
        for name, values in ((f"time/c.{number}", start), (f"time_bnds/c.{number}.0", bounds)):
            if not (path / name).exists():
                write_bytes(path / name, values.tobytes())
    for name in growing:
        arrays[name]["shape"][0] = length
        write_text(path / name / STORE, json.dumps(arrays[name], indent=2))
    write_text(path / STORE, json.dumps(root, indent=2))


def _read(path: Path) -> Metadata:
    """Metadata of a store, with those of all its variables.

    Raises:
        OutputError: it is no cube, or they are damaged.
    """
    try:
        root: Metadata = json.loads((path / STORE).read_text(encoding="utf-8"))
        root["consolidated_metadata"]["metadata"]["status"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OutputError(
            f"{shown(path)}: is there and is no cube ({error}): name another place"
        ) from error
    return root


def _encoding(name: str, variable: xr.Variable, chunks: Mapping[str, int]) -> dict[str, Any]:
    from zarr.codecs import BloscCodec

    if "time" not in variable.dims:
        return {} if "_FillValue" in variable.attrs else {"_FillValue": None}
    if name in ("time", "time_bnds", "status"):
        length = 1 if name == "status" else _TIMES
        plain = {"chunks": (length, *variable.shape[1:]), "compressors": None, "fill_value": 0}
        return _KEYS | plain
    if variable.dims[0] != "time":
        raise ValueError(f"{name} has the dimensions {variable.dims}: time is not the first")
    sizes = {str(dim): size for dim, size in variable.sizes.items() if dim != "time"}
    inner = [min(chunks.get(dim, size), size) for dim, size in sizes.items()]
    shard = (n * math.ceil(size / n) for n, size in zip(inner, sizes.values(), strict=True))
    return _KEYS | {
        "chunks": (1, *inner),
        "shards": (1, *shard),
        "fill_value": variable.encoding.get("fill_value", variable.attrs.get("_FillValue", np.nan)),
        # A sixth smaller than without shuffling, on rounded floats and on integers.
        "compressors": [BloscCodec(cname="zstd", clevel=3, shuffle="shuffle")],
    }
