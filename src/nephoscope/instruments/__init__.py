"""Instruments: raw file → Scene; one module each, imported when first used."""

from __future__ import annotations

import os
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nephoscope.arguments import described
from nephoscope.errors import InputError, UsageError
from nephoscope.folders import TOOL_FILES, TOOL_FOLDERS, LeftOut, real_paths
from nephoscope.instruments.given import Paths, check_options, paths_given
from nephoscope.instruments.protocol import Instrument
from nephoscope.instruments.registry import IMAGERS, PROFILERS, imager, imager_of, profiler_of
from nephoscope.instruments.scene_file import SceneFile

if TYPE_CHECKING:
    import xarray as xr

__all__ = [
    "Instrument",
    "SceneFile",
    "find_all",
    "find_scenes",
    "instrument_named",
    "open_scene",
    "recognise",
]


def recognise(path: str | PathLike[str]) -> str:
    """Name of the instrument that a file, or what lies in a folder, comes from.

    Raises:
        InputError: nothing is there, or no reader knows it.
    """
    if not Path(path).exists():
        raise InputError(path, "does not exist")
    if (name := imager_of(Path(path))) is not None:
        return name
    if (name := profiler_of(Path(path))) is not None:
        problem = f"is of a profiler ({name}), no picture"
        raise InputError(path, problem, remedy="open_track reads it")
    known = ", ".join(IMAGERS)
    raise InputError(path, "is of no instrument known here", remedy=f"known are: {known}")


def open_scene(path: Paths, instrument: str | None = None, **options: Any) -> xr.Dataset:
    """Read the file, or the files, of one Scene (see `nephoscope.scene`).

    Args:
        path: the file; or its files, of a scene that has several (the segments of HRIT, as satpy
            takes them): a list or any other iterable, or a text with * and ?, which is expanded.
        instrument: name of the instrument; recognised from the files by default.
        options: passed to the reader.

    Raises:
        InputError: a file cannot be read, or is of a profiler; the message names file and field.
        UsageError: no such instrument, no such option, no path, or files of several scenes.
    """
    paths = paths_given(path)
    name = _instrument_of(paths) if instrument is None else instrument
    read = instrument_named(name).read
    check_options(read, name, options)
    scene: xr.Dataset = read(paths if len(paths) > 1 else paths[0], **options)
    return scene


def _instrument_of(paths: list[Path]) -> str:
    names = {recognise(path): path for path in paths}
    if len(names) > 1:
        of = ", ".join(f"{path.name} of {name}" for name, path in names.items())
        raise UsageError(f"files of several instruments are no one scene: {of}")
    return next(iter(names))


def find_scenes(
    path: str | PathLike[str], instrument: str, left_out: LeftOut | None = None
) -> list[SceneFile]:
    """All scenes in a file, flat folder or tree, sorted.

    Args:
        path: the file or folder.
        instrument: whose scenes.
        left_out: told of what cannot be read or is no scene; without it the first thing that
            cannot be read is raised.

    Raises:
        InputError: the path does not exist or holds no scene of `instrument`.
        UsageError: no such instrument.
    """
    return instrument_named(instrument).find(Path(path), left_out=left_out)


def find_all(
    places: Iterable[str | PathLike[str]], instrument: str, left_out: LeftOut
) -> list[SceneFile]:
    """All scenes of several places, each once, also if it is given twice or through a link.

    A place that holds no scene is named in `left_out`, if another one holds any.

    Raises:
        InputError: a place does not exist, or none holds a scene of `instrument`.
        UsageError: no such instrument.
    """
    places = list(places)
    for place in places:
        if not os.path.lexists(place):
            raise InputError(place, "does not exist")
    if len(places) > 1:  # a shell's * names what file managers leave behind as well
        tools = TOOL_FOLDERS | TOOL_FILES
        places = [place for place in places if Path(place).name.lower() not in tools] or places
    scenes: list[SceneFile] = []
    for place in places:
        try:
            scenes += find_scenes(place, instrument, left_out)
        except InputError as error:
            left_out.errors.append(error)
    if not scenes and left_out.errors:
        raise left_out.errors[0]
    if len(places) > 1:
        once: dict[str, SceneFile] = {}
        for real, scene in zip(real_paths(scene.path for scene in scenes), scenes, strict=True):
            once.setdefault(real, scene)
        scenes = instrument_named(instrument).one_each(list(once.values()), left_out)
    left_out.errors = list({str(error): error for error in left_out.errors}.values())
    left_out.others = list(dict.fromkeys(left_out.others))
    return scenes


def instrument_named(instrument: str) -> Instrument:
    """Module of the instrument of a name.

    Raises:
        UsageError: no such instrument, or it is another package's and cannot be used.
    """
    if not isinstance(instrument, str):
        raise UsageError(f"the name of an instrument is wanted, not {described(instrument)}")
    if instrument in PROFILERS:
        raise UsageError(f"'{instrument}' is a profiler: open_track reads its files")
    if instrument not in IMAGERS:
        raise UsageError(f"no instrument '{instrument}'; known are: {', '.join(IMAGERS)}")
    return imager(instrument)
