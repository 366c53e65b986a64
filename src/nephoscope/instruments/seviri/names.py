"""Names of SEVIRI files: which are pictures, and which files belong to one picture."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from os import PathLike
from pathlib import Path

from nephoscope.errors import InputError, UsageError
from nephoscope.folders import LeftOut, files_below
from nephoscope.instruments.scene_file import SceneFile

# EUMETSAT's archive and Data Store: MSG2-SEVI-MSG15-0100-NA-20101011141240.1Z-NA.nat, with
# -20101011141300-1234567.nat of orders, and without a suffix.
_NATIVE = re.compile(
    r"(MSG\d)-SEVI-MSG15-\d{4}-\w+-(\d{14})(?:\.\d+)?Z?(?:-\w+)*(?:\.nat)?", re.IGNORECASE
)
# EUMETSAT's Data Tailor: HRSEVIRI_20210302T121509Z_20210302T123011Z_epct_1b2c3d4e_F.nat
_TAILORED = re.compile(
    r"(HRSEVIRI|RSS|MSG\w*)(?:_\w+?)?_(\d{8}T\d{4})\d{2}Z_\d{8}T\d{6}Z_.*\.nat", re.IGNORECASE
)
# CGMS 03 and EUM/MSG/SPE/057: satellite, service, channel, segment, start of the slot, whether
# compressed (C) or encrypted (E); EUMETCast's are C, many archives pack each file by bzip2.
_HRIT = re.compile(
    r"[HL]-000-(MSG\d)__-MSG\d_(\w{7})-(\w{9})-(\w{9})-(\d{12})-(__|C_|_E|CE)(\.bz2)?",
    re.IGNORECASE,
)
# Pictures in another form than is read here, by what to do about it.
_OTHER_FORMS = {
    re.compile(r".*(SEVI-MSG15|HRSEVIRI).*\.(zip|tar|tgz|gz|bz2)", re.IGNORECASE): (
        "is packed", "unpack it: the .nat file in it is read"
    ),
    re.compile(r".*\.nat\.(zip|tar|tgz|gz|bz2)", re.IGNORECASE): (
        "is packed", "unpack it: the .nat file in it is read"
    ),
    re.compile(r"(HRSEVIRI|MSG\d-SEVI-MSG15|W_XX-EUMETSAT.*SEVIRI).*\.(nc|tiff?|hdf5?|h5|png|grib?)",
               re.IGNORECASE): (
        "is a picture of SEVIRI in a form that is not read", "fetch it as native (.nat) or HRIT"
    ),
}  # fmt: skip
_FULL_SCAN = timedelta(minutes=12)  # names of native files say when the scan ended
ARCHIVE = b"FormatName                  : NATIVE"
"""First bytes of a native file of the archive; other sources' begin with the packet header."""
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
    """Whether a file is a SEVIRI native file, by its name; a .nat of another name by its start."""
    if _NATIVE.fullmatch(path.name):
        return path.suffix.lower() == ".nat" or path.is_file()
    if _TAILORED.fullmatch(path.name):
        return True
    if path.suffix.lower() != ".nat" or not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return file.read(len(ARCHIVE)) == ARCHIVE
    except OSError:  # the reader says why
        return True


def recognises(path: str | PathLike[str]) -> bool:
    """Whether a file is one of SEVIRI, or a folder holds such a file at any depth.

    So are pictures in a form that is not read: the reader then says what to do.
    """
    place = Path(path)
    files = files_below(place, LeftOut()) if place.is_dir() else [place]
    return any(is_native(file) or _HRIT.fullmatch(file.name) or other_form(file) for file in files)


def other_form(path: Path) -> tuple[str, str] | None:
    """Problem and remedy of a picture in a form that is not read; None for others."""
    found = (says for form, says in _OTHER_FORMS.items() if form.fullmatch(path.name))
    return None if _HRIT.fullmatch(path.name) else next(found, None)


def find(path: str | PathLike[str], left_out: LeftOut | None = None) -> list[SceneFile]:
    """All pictures in a file, folder or tree, sorted by time and path.

    Args:
        path: the file or folder.
        left_out: collects what cannot be read; without it the first of these is raised.

    Returns:
        for each picture its native file or, of HRIT, its prologue (the first segment, if that is
        missing); `id` is satellite and start of the slot ("MSG2-201010111400"), `order` that start
        in s since 1970.

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
        raise none_found(root)
    return sorted(found, key=lambda slot: (slot.id.partition("-")[2], slot.path))


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
    if match := _TAILORED.fullmatch(path.name):  # does not say which satellite
        return f"{match[1].upper()}-{match[2].replace('T', '')}"
    return path.stem


def hrit_files(path: Path) -> HritFiles:
    """The files of the picture that `path` (a file of it, or its folder) belongs to.

    Raises:
        InputError: a folder of several pictures, or of none.
    """
    pictures = _pictures(sorted((path if path.is_dir() else path.parent).iterdir()))
    if path.is_file():
        return pictures[_key_of(path)]
    if len(pictures) == 1:
        return next(iter(pictures.values()))
    if not pictures:
        raise InputError(path, "holds no HRIT file of SEVIRI")
    raise InputError(path, f"holds {len(pictures)} pictures", remedy="name the prologue of one")


def hrit_files_given(paths: list[Path]) -> HritFiles:
    """The picture whose files were named one by one, and no other segment than those.

    Prologue and epilogue are looked for beside them, where they were not named.

    Raises:
        InputError: one is no file of HRIT, or does not exist.
        UsageError: they are of several pictures.
    """
    for path in paths:
        if not path.exists():
            raise InputError(path, "does not exist")
    pictures = _pictures(sorted(paths, key=lambda path: path.name))
    foreign = [path for path in paths if not is_hrit(path)]
    if foreign:
        raise InputError(foreign[0], "is not named like a file of SEVIRI HRIT")
    if len(pictures) > 1:
        names = ", ".join(picture.identity for picture in pictures.values())
        raise UsageError(f"{len(paths)} files of {len(pictures)} pictures ({names}): open one")
    ((key, picture),) = pictures.items()
    for folder in dict.fromkeys(path.parent for path in paths):
        beside = _pictures(sorted(folder.iterdir())).get(key, picture)
        picture.prologue = picture.prologue or beside.prologue
        picture.epilogue = picture.epilogue or beside.epilogue
    return picture


def is_hrit(path: Path) -> bool:
    """Whether a file is named like one of SEVIRI HRIT."""
    return _HRIT.fullmatch(path.name) is not None


def is_encrypted(path: Path) -> bool:
    """Whether the name of a file of HRIT says that it is encrypted."""
    match = _HRIT.fullmatch(path.name)
    return match is not None and match[6].upper().endswith("E")


def _found(root: Path, left_out: LeftOut) -> Iterator[SceneFile]:
    if not root.is_dir():
        if is_native(root) or is_hrit(root):
            yield _scene_file(root, identity_of(root))
        return
    folders: dict[Path, list[Path]] = {}
    for file in files_below(root, left_out):
        folders.setdefault(file.parent, []).append(file)
    for folder, files in sorted(folders.items()):
        relative = folder.relative_to(root)
        for picture in _pictures(sorted(files)).values():
            yield _scene_file(picture.first, picture.identity, relative)
        natives = sorted(filter(is_native, files))
        for file in natives:
            yield _scene_file(file, identity_of(file), relative)
        unpacked = {file.name for file in natives} | {file.stem for file in natives}
        for file in files:
            if other_form(file) is not None and file.stem not in unpacked:
                left_out.add("pictures of SEVIRI in a form that is not read", file)


def _scene_file(path: Path, identity: str, relative: Path = Path()) -> SceneFile:
    start = start_of(identity)
    return SceneFile(path, identity, "", 0 if start is None else start.timestamp(), relative)


def start_of(identity: str) -> datetime | None:
    """Start of the slot that an `id` names ("MSG2-201010111400"); None where it names none."""
    start = identity.rpartition("-")[2]
    if not re.fullmatch(r"\d{12}", start):
        return None
    try:
        return datetime.strptime(start, "%Y%m%d%H%M").replace(tzinfo=UTC)
    except ValueError:
        return None


def _key_of(path: Path) -> tuple[str, ...]:
    match = _HRIT.fullmatch(path.name)
    if match is None:
        raise InputError(path, "is not named like a file of SEVIRI HRIT")
    return match[1].upper(), match[2].upper(), match[5]


def _pictures(files: list[Path]) -> dict[tuple[str, ...], HritFiles]:
    pictures: dict[tuple[str, ...], HritFiles] = {}
    for file in files:
        match = _HRIT.fullmatch(file.name)
        if match is None:
            continue
        picture = pictures.setdefault(_key_of(file), HritFiles(identity_of(file)))
        channel, part = match[3].rstrip("_").upper(), match[4].strip("_").upper()
        # Of a file and its packed twin the first by name is the unpacked one.
        if part == PROLOGUE:
            picture.prologue = picture.prologue or file
        elif part == EPILOGUE:
            picture.epilogue = picture.epilogue or file
        elif part.isdigit():
            picture.segments.setdefault(channel, {}).setdefault(int(part), file)
    return dict(sorted(pictures.items()))


def none_found(root: Path) -> InputError:
    """Problem and remedy of a place that holds no picture that is read."""
    files = files_below(root, LeftOut()) if root.is_dir() else [root]
    for file in sorted(files):
        if (says := other_form(file)) is not None:
            return InputError(file, says[0], remedy=says[1])
    remedy = "known are native (.nat, unzipped) and HRIT files under their own names"
    return InputError(root, "holds no picture of SEVIRI", remedy=remedy)
