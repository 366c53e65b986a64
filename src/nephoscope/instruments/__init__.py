"""One file or folder per instrument: raw file → Scene. Readers are imported when first used."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nephoscope.errors import InputError, UsageError
from nephoscope.folders import LeftOut, real_paths
from nephoscope.instruments.scene_file import SceneFile

if TYPE_CHECKING:
    import xarray as xr

__all__ = [
    "INSTRUMENTS",
    "Instrument",
    "SceneFile",
    "find_all",
    "find_scenes",
    "instrument_named",
    "open_scene",
    "recognise",
]


@dataclass(frozen=True)
class Instrument:
    """Where a reader lives and how its functions are called.

    Args:
        module: what to import.
        read: function path → Scene.
        find: function path of a file or folder, `left_out` → list of `SceneFile`.
        recognises: function path of a file or folder → bool.
        label_path: function path of a scene → path of its label, or None.
        label: function path of a label → (y, x) int8.
    """

    module: str
    read: str
    find: str
    recognises: str
    label_path: str = "label_path_for"
    label: str = "read_label"

    def call(self, function: str, path: Path, **options: Any) -> Any:  # noqa: ANN401
        """Import the reader and call one of its functions, named as the attributes are."""
        return getattr(import_module(self.module), getattr(self, function))(path, **options)


INSTRUMENTS = {
    "marci": Instrument("nephoscope.instruments.marci", "read_map", "find_maps", "is_map"),
    "polder": Instrument(
        "nephoscope.instruments.polder", "read_half_orbit", "find_half_orbits", "is_half_orbit"
    ),
    "seviri": Instrument("nephoscope.instruments.seviri", "read_slot", "find_slots", "is_slot"),
    # Knows every FITS, PNG and JPEG: instruments with names of their own come before it.
    "skycam": Instrument("nephoscope.instruments.skycam", "read_frame", "find_frames", "is_frame"),
}


def recognise(path: str | PathLike[str]) -> str:
    """Name of the instrument that a file, or what lies in a folder, comes from.

    Raises:
        InputError: nothing is there, or no reader knows it.
    """
    if not Path(path).exists():
        raise InputError(path, "does not exist")
    for name, instrument in INSTRUMENTS.items():
        if instrument.call("recognises", Path(path)):
            return name
    known = ", ".join(INSTRUMENTS)
    raise InputError(path, "is of no instrument known here", remedy=f"known are: {known}")


def open_scene(
    path: str | PathLike[str], instrument: str | None = None, **options: Any
) -> xr.Dataset:
    """Read one file as a Scene (see `nephoscope.scene`).

    Args:
        path: the file.
        instrument: name of the instrument; recognised from the file by default.
        options: passed to the reader.

    Raises:
        InputError: the file cannot be read; the message names file and field.
        UsageError: no such instrument.
    """
    scene: xr.Dataset = instrument_named(instrument or recognise(path)).call(
        "read", Path(path), **options
    )
    return scene


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
    found: list[SceneFile] = instrument_named(instrument).call(
        "find", Path(path), left_out=left_out
    )
    return found


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
    scenes: list[SceneFile] = []
    for place in places:
        try:
            scenes += find_scenes(place, instrument, left_out)
        except InputError as error:
            if error not in left_out.errors:
                left_out.errors.append(error)
    if not scenes and left_out.errors:
        raise left_out.errors[0]
    if len(places) == 1:
        return scenes
    real = real_paths(scene.path for scene in scenes)
    once: dict[str, SceneFile] = {}
    for scene, identity in zip(scenes, real, strict=True):
        once.setdefault(identity, scene)
    return list(once.values())


def instrument_named(instrument: str) -> Instrument:
    """The instrument of a name.

    Raises:
        UsageError: no such instrument.
    """
    if instrument not in INSTRUMENTS:
        raise UsageError(f"no instrument '{instrument}'; known are: {', '.join(INSTRUMENTS)}")
    return INSTRUMENTS[instrument]
