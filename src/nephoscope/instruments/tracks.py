"""Track of a file of any profiler."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from nephoscope.arguments import described
from nephoscope.errors import InputError, UsageError
from nephoscope.instruments.given import Paths, check_options, paths_given
from nephoscope.instruments.registry import IMAGERS, PROFILERS, imager_of, profiler, profiler_of

if TYPE_CHECKING:
    import xarray as xr

OFFSETS = "PAR-RB2"
"""In the names of files that go beside a CALTRACK one."""


def open_track(path: Paths, instrument: str | None = None, **options: Any) -> xr.Dataset:
    """Read one file of a profiler as a Track (see `nephoscope.track`).

    Args:
        path: the file; a CALTRACK file of cloud classes and its PAR-RB2 file may be given
            together, in a list, or a text with * and ?, which is expanded.
        instrument: name of the instrument; recognised from the file by default.
        options: passed to the reader.

    Raises:
        InputError: the file cannot be read, no reader knows it, or it is of an imager.
        UsageError: no such profiler, no such option, no path, or files of several tracks.
    """
    paths = paths_given(path)
    offsets = [each for each in paths if OFFSETS in each.name.upper()]
    if len(paths) == 2 and len(offsets) == 1 and "offsets" not in options:
        paths.remove(offsets[0])
        options = {**options, "offsets": offsets[0]}
    if len(paths) > 1:
        raise UsageError(
            f"{len(paths)} files are {len(paths)} tracks: open each by itself "
            f"({paths[0].name}, {paths[1].name}{', ...' if len(paths) > 2 else ''})"
        )
    (file,) = paths
    if not file.is_file():
        if file.is_dir():
            raise InputError(file, "is a folder", remedy="name a file in it")
        raise InputError(file, "is no file" if file.exists() else "does not exist")
    if not file.stat().st_size:
        raise InputError(file, "is empty (0 bytes)", remedy="fetch it again")
    name = _recognise(file) if instrument is None else instrument
    if not isinstance(name, str):
        raise UsageError(f"the name of a profiler is wanted, not {described(name)}")
    if name not in PROFILERS:
        raise UsageError(_no_profiler(name))
    read = profiler(name).read
    check_options(read, name, options)
    track: xr.Dataset = read(file, **options)
    return track


def _recognise(path: Path) -> str:
    name = profiler_of(path)
    if name is not None:
        return name
    if OFFSETS in path.name.upper():
        remedy = "give it with its CALTRACK file: open_track([caltrack, par_rb2])"
        raise InputError(path, "holds times of PARASOL, no cloud classes", remedy=remedy)
    if (name := imager_of(path)) is not None:
        problem = f"is a picture ({name}), no track of a profiler"
        raise InputError(path, problem, remedy="open_scene reads it")
    known = ", ".join(PROFILERS)
    likely = "cloudsat" if path.suffix.lower() == ".hdf" else "dardar"
    remedy = f'known are: {known}; of another name, say which: open_track(path, "{likely}")'
    raise InputError(path, "is of no profiler known here", remedy=remedy)


def _no_profiler(name: str) -> str:
    if name in IMAGERS:
        return f"'{name}' is no profiler: open_scene reads its files"
    return f"no profiler '{name}'; known are: {', '.join(PROFILERS)}"
