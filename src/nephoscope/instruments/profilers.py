"""Which profilers there are, and reading a file of any of them as a Track."""

from __future__ import annotations

from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nephoscope.errors import InputError, UsageError

if TYPE_CHECKING:
    import xarray as xr

PROFILERS = {
    "cloudsat": "nephoscope.instruments.cloudsat",
    "dardar": "nephoscope.instruments.dardar",
}
"""Module of each reader: `read_track` path → Track, `is_track` path → bool."""


def open_track(
    path: str | PathLike[str], instrument: str | None = None, **options: Any
) -> xr.Dataset:
    """Read one file of a profiler as a Track (see `nephoscope.track`).

    Args:
        path: the file.
        instrument: name of the instrument; recognised from the file by default.
        options: passed to the reader.

    Raises:
        InputError: the file cannot be read, or no reader knows it.
        UsageError: no such instrument.
    """
    if not Path(path).is_file():
        raise InputError(path, "is no file")
    if not Path(path).stat().st_size:
        raise InputError(path, "is empty (0 bytes)", remedy="fetch it again")
    name = instrument or _recognise(Path(path))
    if name not in PROFILERS:
        raise UsageError(f"no profiler '{name}'; known are: {', '.join(PROFILERS)}")
    track: xr.Dataset = import_module(PROFILERS[name]).read_track(path, **options)
    return track


def _recognise(path: Path) -> str:
    for name, module in PROFILERS.items():
        if import_module(module).is_track(path):
            return name
    known = ", ".join(PROFILERS)
    raise InputError(path, "is of no profiler known here", remedy=f"known are: {known}")
