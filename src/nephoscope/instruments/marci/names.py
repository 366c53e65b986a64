"""Names of maps, in both flavours, and where maps lie in folders."""

from __future__ import annotations

import re
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from nephoscope.errors import InputError
from nephoscope.instruments.scene_file import SceneFile

SUFFIXES = frozenset({".jpg", ".jpeg"})

# P01_day01_zequat.jpg, P01_day01.jpg (distribution), P01day01.jpeg (label), cloudmask_P01day01.ncdf
_NAME = re.compile(
    r"(?<![A-Za-z0-9])(?P<phase>[A-Za-z])(?P<number>\d{2})(?P<joint>_?)day(?P<day>\d+)(?![A-Za-z0-9])",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class MapName:
    """What the name of a map, a label or a row of an Ls table says.

    Args:
        phase: mission phase, one letter ("P").
        subphase: part of the phase ("P01").
        day: day number within the sub-phase.
        flavour: "raw" (distribution, with underscore) or "label" (label set, without).
    """

    phase: str
    subphase: str
    day: int
    flavour: str

    @property
    def map_id(self) -> str:
        """The identity of the map, the same in both flavours: "P01_day01"."""
        return f"{self.subphase}_day{self.day:02d}"


def parse_map_id(name: str | PathLike[str]) -> MapName | None:
    """Read the id out of a file name or table entry; None if there is none in it."""
    match = _NAME.search(Path(name).name)
    if match is None:
        return None
    phase = match["phase"].upper()
    flavour = "raw" if match["joint"] else "label"
    return MapName(phase, phase + match["number"], int(match["day"]), flavour)


def find_maps(path: str | PathLike[str]) -> list[SceneFile]:
    """Every JPEG in a single file, a flat folder, the label layout or a tree of (sub-)phases.

    JPEGs whose names hold no map id are listed too (with the stem as id): reading them says what
    is wrong, where leaving them out would be silent. Hidden files are left out.

    Args:
        path: a file (taken as it is) or a folder (searched to any depth).

    Returns:
        Sorted by folder, sub-phase, day and file name.

    Raises:
        InputError: the path does not exist or holds no JPEG.
    """
    root = Path(path)
    if root.is_file():
        return [_scene_file(root, root.parent)]
    if not root.is_dir():
        raise InputError(root, "does not exist")
    maps = [_scene_file(file, root) for file in root.rglob("*") if _may_be_map(file)]
    if not maps:
        raise InputError(root, "holds no map", remedy="maps are files *.jpg or *.jpeg")
    return sorted(maps, key=_order)


def _may_be_map(file: Path) -> bool:
    return file.suffix.lower() in SUFFIXES and not file.name.startswith(".") and file.is_file()


def _scene_file(file: Path, root: Path) -> SceneFile:
    name = parse_map_id(file)
    relative = file.parent.relative_to(root)
    if name is None:
        return SceneFile(file, file.stem, "", 0, relative)
    return SceneFile(file, name.map_id, name.subphase, name.day, relative)


def _order(file: SceneFile) -> tuple[str, str, int, str]:
    return file.relative.as_posix(), file.subphase, file.day, file.path.name
