"""CloudSat cloud classes (2B-CLDCLASS, 2B-CLDCLASS-LIDAR) and their CALTRACK companions.

Formats: CloudSat product specifications (Sassen & Wang 2008, doi 10.1029/2007GL032591; Sassen,
Wang & Liu 2008, doi 10.1029/2008JD009972), HDF-EOS swaths in HDF4; ICARE CALTRACK 5-km files, HDF4.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

import xarray as xr

from nephoscope.errors import InputError
from nephoscope.folders import LeftOut
from nephoscope.instruments.cloudsat.classes import (
    CALTRACK,
    GRANULE,
    read_caltrack,
    read_granule,
)
from nephoscope.instruments.cloudsat.hdf4 import MAGIC, Hdf4
from nephoscope.instruments.cloudsat.layers import PRODUCT as LAYERS
from nephoscope.instruments.cloudsat.layers import read_layers
from nephoscope.instruments.cloudsat.names import CalipsoHalf, parse_caltrack_name
from nephoscope.instruments.cloudsat.offsets import add_time_offsets, read_time_offsets
from nephoscope.instruments.cloudsat.scenario import cloud_type, decode_field, encode
from nephoscope.instruments.finding import track_files
from nephoscope.instruments.given import check_options
from nephoscope.instruments.scene_file import SceneFile

__all__ = [
    "CALTRACK",
    "GRANULE",
    "LAYERS",
    "CalipsoHalf",
    "add_time_offsets",
    "cloud_type",
    "decode_field",
    "encode",
    "find",
    "parse_caltrack_name",
    "read",
    "read_caltrack",
    "read_granule",
    "read_layers",
    "read_time_offsets",
    "recognises",
]


def recognises(path: str | PathLike[str]) -> bool:
    """Whether a file begins as HDF4 and is named as a CloudSat or CALTRACK one."""
    path = Path(path)
    if not path.is_file() or "CLDCLASS" not in path.name.upper():
        return False
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:  # the reader says why
        return True


def find(path: str | PathLike[str], left_out: LeftOut | None = None) -> list[SceneFile]:
    """Every file of cloud classes in a file, folder or tree; see `scene_files`."""
    return track_files(path, recognises, "file of cloud classes", left_out)


def read(path: str | PathLike[str], **options: Any) -> xr.Dataset:
    """Read any of the three products, recognised by the fields they hold.

    Args:
        path: the file.
        options: passed to `read_granule`, `read_caltrack` or `read_layers`.

    Raises:
        InputError: truncated, none of the three, or a field absent or of another type.
        UsageError: pyhdf is not installed, or the product has no such option.
    """
    with Hdf4(path) as file:
        layered, coded = file.has("CloudLayerType"), file.has("cloud_scenario")
        swath = file.has("Profile_time")
    if not coded and not layered:
        raise InputError(
            path,
            "holds no cloud classes",
            field="cloud_scenario",
            remedy="2B-CLDCLASS, 2B-CLDCLASS-LIDAR and CALTRACK CS-2B-CLDCLASS can be read",
        )
    product, read = (
        (GRANULE, read_granule) if coded and swath
        else (CALTRACK, read_caltrack) if coded
        else (LAYERS, read_layers)
    )  # fmt: skip
    check_options(read, product, options)
    return read(path, **options)
