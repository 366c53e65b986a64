"""Which files hold SEVIRI pictures, and which belong to one picture: told by names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from os import PathLike
from pathlib import Path

from nephoscope.errors import InputError
from nephoscope.folders import LeftOut, files_below
from nephoscope.instruments.scene_file import SceneFile

_NATIVE = re.compile(r"(MSG\d)-SEVI-MSG15-\d{4}-NA-(\d{14})[\d.]*Z?.*\.nat", re.IGNORECASE)
# CGMS 03 and EUM/MSG/SPE/057: satellite, service, channel, segment, start of the slot, compression.
_HRIT = re.compile(
    r"[HL]-000-(MSG\d)__-MSG\d_(\w{7})-(\w{9})-(\w{9})-(\d{12})-(__|C_|_E|CE)", re.IGNORECASE
)
_FULL_SCAN = timedelta(minutes=12)  # names of native files say when the scan ended
PROLOGUE, EPILOGUE = "PRO", "EPI"


@dataclass
class HritFiles:
    """The files of one picture in HRIT."""

    identity: str
    prologue: Path | None = None
    epilogue: Path | None = None
    segments: dict[str, dict[int, Path]] = field(default_factory=dict)

    @property
    def paths(self) -> list[Path]:
        """All of them, sorted."""
        ends = [path for path in (self.prologue, self.epilogue) if path is not None]
        inner = [path for numbered in self.segments.values() for path in numbered.values()]
        return sorted([*ends, *inner])

    @property
    def first(self) -> Path:
        """The file that the picture goes by: its prologue, where there is one."""
        return self.prologue or self.paths[0]


def is_native(path: Path) -> bool:
    """Whether a file is named like a SEVIRI native file."""
    return path.suffix.lower() == ".nat" and _NATIVE.fullmatch(path.name) is not None


def is_slot(path: str | PathLike[str]) -> bool:
    """Whether a file is named like one of SEVIRI, or a folder holds such a file at any depth."""
    place = Path(path)
    files = files_below(place, LeftOut()) if place.is_dir() else [place]
    return any(is_native(file) or _HRIT.fullmatch(file.name) for file in files)


def find_slots(path: str | PathLike[str], left_out: LeftOut | None = None) -> list[SceneFile]:
    """All pictures in a file, folder or tree, sorted by time and path.

    Args:
        path: the file or folder.
        left_out: told of what cannot be read; without it the first of these is raised.

    Returns:
        for each picture its native file or, of HRIT, its prologue (the first segment, if that is
        missing); `map_id` is satellite and start of the slot ("MSG2-201010111400").

    Raises:
        InputError: the path does not exist or holds no picture of SEVIRI.
    """
    root, left = Path(path), left_out or LeftOut()
    if not root.exists():
        raise InputError(root, "does not exist")
    found = list(_found(root, left))
    if left.errors and (left_out is None or not found):
        raise left.errors[0]
    if not found:
        remedy = "known are native (.nat, unzipped) and HRIT files under their own names"
        raise InputError(root, "holds no picture of SEVIRI", remedy=remedy)
    return sorted(found, key=lambda slot: (slot.map_id.partition("-")[2], slot.path))


def identity_of(path: Path) -> str:
    """Satellite and start of the slot by the name ("MSG2-201010111400"), or the bare stem."""
    if match := _HRIT.fullmatch(path.name):
        return f"{match[1].upper()}-{match[5]}"
    if match := _NATIVE.fullmatch(path.name):
        try:
            end = datetime.strptime(match[2], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            return path.stem
        start = end - _FULL_SCAN
        start -= timedelta(minutes=start.minute % 5)
        return f"{match[1].upper()}-{start:%Y%m%d%H%M}"
    return path.stem


def hrit_files(path: Path) -> HritFiles:
    """The files of the picture that `path` (a file of it, or its folder) belongs to.

    Raises:
        InputError: a folder of several pictures, or of none.
    """
    pictures = _pictures((path if path.is_dir() else path.parent).iterdir())
    if path.is_file():
        return pictures[_key_of(path)]
    if len(pictures) == 1:
        return next(iter(pictures.values()))
    if not pictures:
        raise InputError(path, "holds no HRIT file of SEVIRI")
    raise InputError(path, f"holds {len(pictures)} pictures", remedy="name the prologue of one")


def is_hrit(path: Path) -> bool:
    """Whether a file is named like one of SEVIRI HRIT."""
    return _HRIT.fullmatch(path.name) is not None


def _found(root: Path, left_out: LeftOut) -> Iterator[SceneFile]:
    if not root.is_dir():
        if is_native(root) or is_hrit(root):
            yield SceneFile(root, identity_of(root), "", 0)
        return
    folders: dict[Path, list[Path]] = {}
    for file in files_below(root, left_out):
        folders.setdefault(file.parent, []).append(file)
    for folder, files in sorted(folders.items()):
        relative = folder.relative_to(root)
        for picture in _pictures(files).values():
            yield SceneFile(picture.first, picture.identity, "", 0, relative)
        for file in sorted(filter(is_native, files)):
            yield SceneFile(file, identity_of(file), "", 0, relative)


def _key_of(path: Path) -> tuple[str, ...]:
    match = _HRIT.fullmatch(path.name)
    if match is None:
        raise InputError(path, "is not named like a file of SEVIRI HRIT")
    return match[1].upper(), match[2].upper(), match[5]


def _pictures(files: Iterable[Path]) -> dict[tuple[str, ...], HritFiles]:
    pictures: dict[tuple[str, ...], HritFiles] = {}
    for file in sorted(files):
        match = _HRIT.fullmatch(file.name)
        if match is None:
            continue
        picture = pictures.setdefault(_key_of(file), HritFiles(identity_of(file)))
        channel, part = match[3].rstrip("_"), match[4].strip("_")
        if part == PROLOGUE:
            picture.prologue = file
        elif part == EPILOGUE:
            picture.epilogue = file
        elif part.isdigit():
            picture.segments.setdefault(channel, {})[int(part)] = file
    return dict(sorted(pictures.items()))
