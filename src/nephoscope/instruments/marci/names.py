"""Names of maps, in both flavours, and the maps in a folder."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from nephoscope.errors import InputError, shown
from nephoscope.files import JOURNAL, Journal
from nephoscope.folders import PRODUCTS, LeftOut, files_below
from nephoscope.instruments.scene_file import SceneFile

SUFFIXES = frozenset({".jpg", ".jpeg"})
_NETCDF = frozenset({".nc", ".nc4", ".ncdf"})

# P01_day01_zequat.jpg, P01_day01.jpg (distribution), P01day01.jpeg (label), cloudmask_P01day01.ncdf
_NAME = re.compile(
    r"(?<![A-Za-z0-9])(?P<phase>[A-Za-z])(?P<number>\d{2})(?P<joint>_?)day(?P<day>\d+)(?![A-Za-z0-9])",
    re.IGNORECASE,
)
# The names of the two archives, with nothing before or behind.
_OWN_NAME = re.compile(r"[A-Za-z]\d{2}_?day\d+(_zequat)?", re.IGNORECASE)


@dataclass(frozen=True)
class MapName:
    """Name of a map, a label or a row of an Ls table, taken apart.

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


def find(path: str | PathLike[str], left_out: LeftOut | None = None) -> list[SceneFile]:
    """Every JPEG in a single file, a flat folder, the label layout or a tree of (sub-)phases.

    JPEGs whose names hold no map id are listed too (with the stem as id): reading them says what
    is wrong, where leaving them out would be silent. Of several files of one map in a folder (a
    browser's copy, a polar view) only the one that bears the archive's name is listed.

    Args:
        path: a file (taken as it is) or a folder (searched to any depth).
        left_out: told of what cannot be read and of second files of a map; without it the first
            of these is raised.

    Returns:
        Sorted by folder, sub-phase, day and file name.

    Raises:
        InputError: the path does not exist or holds no JPEG.
    """
    root, left = Path(path), left_out or LeftOut()
    if not os.path.exists(root):  # noqa: PTH110 - Path.exists raises for names that are too long
        raise InputError(root, "does not exist")
    if not root.is_dir():
        if root.suffix.lower() in _NETCDF:
            raise InputError(root, "is no map but NetCDF", remedy="name the JPEG that it is of")
        return [_scene_file(root, root.parent)]
    files = [file for file in files_below(root, left) if file.suffix.lower() in SUFFIXES]
    found = [_scene_file(file, root) for file in _without_products(files, left)]
    maps = one_each(sorted(found, key=_order), left)
    if left.errors and (left_out is None or not maps):
        raise left.errors[0]
    if not maps:
        raise InputError(root, "holds no map", remedy="maps are files *.jpg or *.jpeg")
    return maps


def _without_products(files: Sequence[Path], left_out: LeftOut) -> Iterator[Path]:
    """Leave out the copies of maps that a run with the layout `legacy` put beside its masks."""
    journals: dict[Path, dict[object, dict[str, object]]] = {}
    for file in files:
        name = parse_map_id(file)
        if file.parent.name != "mdgms" or name is None or len(file.parents) < 4:
            yield file
            continue
        group, out = file.parents[1], file.parents[3]
        if out not in journals:
            found = (Journal(path).entries for path in sorted(out.glob(f"{JOURNAL}*.jsonl")))
            journals[out] = {key: entry for entries in found for key, entry in entries.items()}
        mask = group.relative_to(out) / "cloudmasks" / f"cloudmask_{name.map_id}.ncdf"
        entry = journals[out].get(mask.as_posix())
        # The original's own tree looks the same: there the map was its own input.
        source = Path(str(entry["input"])).parts[-4:] if entry else file.parts[-4:]
        if source == file.parts[-len(source) :]:
            yield file
        else:
            left_out.add(PRODUCTS, file)


def one_each(files: Sequence[SceneFile], left_out: LeftOut) -> list[SceneFile]:
    """The files, but of each map in a folder only the best; the others are named.

    Args:
        files: what `find` found, of any number of inputs.
        left_out: told of the others.
    """
    maps: dict[tuple[Path, str], SceneFile] = {}
    for file in sorted(files, key=_own_name_first):
        best = maps.setdefault((file.path.parent, file.id), file)
        if best is not file:
            problem = f"is a second file of map {shown(file.id)}, beside {best.path.name}"
            left_out.errors.append(InputError(file.path, problem, remedy="move one of them away"))
    return [file for file in files if maps[file.path.parent, file.id] is file]


def _own_name_first(file: SceneFile) -> tuple[bool, bool, str]:
    stem = file.path.stem
    return _OWN_NAME.fullmatch(stem) is None, "_" not in stem, file.path.name


def _scene_file(file: Path, root: Path) -> SceneFile:
    name = parse_map_id(file)
    relative = file.parent.relative_to(root)
    if name is None:
        return SceneFile(file, file.stem, "", 0, relative)
    return SceneFile(file, name.map_id, name.subphase, name.day, relative)


def _order(file: SceneFile) -> tuple[str, str, float, str]:
    return file.relative.as_posix(), file.series, file.order, file.path.name
