"""Which files are frames: told by their first bytes, not by their names."""

from __future__ import annotations

import bz2
import gzip
import zlib
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import Literal

from nephoscope.errors import InputError
from nephoscope.instruments.scene_file import SceneFile

Kind = Literal["fits", "picture", "mat"]

LABEL_FOLDERS = ("masks", "GTmaps", "GT", "2GT", "3GT", "labels", "truth")
"""Folders of labels beside a folder of frames: WSISEG, SWIMSEG and SWINSEG, HYTA, simulations."""

_FITS = b"SIMPLE  ="
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
_MATS = (b"MATLAB 5.0 MAT-file", b"MATLAB 7.3 MAT-file")
_GZIP, _BZIP2 = b"\x1f\x8b", b"BZh"
_SUFFIXES: dict[str, Kind] = {
    ".fits": "fits",
    ".fit": "fits",
    ".fts": "fits",
    ".fz": "fits",
    ".png": "picture",
    ".jpg": "picture",
    ".jpeg": "picture",
    ".mat": "mat",
}
_COMPRESSED = {".gz", ".bz2"}
_LABEL_STEMS = ("_gt", "_masked")
_HEAD = 512


def kind_of(path: str | PathLike[str]) -> Kind | None:
    """What a file holds, by its first bytes; None for everything that is no frame.

    A file whose bytes say nothing but whose suffix promises a frame (an empty `x.fits`, say) is of
    the kind promised, so that reading it says what is wrong.

    Raises:
        InputError: the file cannot be opened.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    if head.startswith((_GZIP, _BZIP2)):
        head = _inflated(head, path)
    if head.startswith(_FITS):
        return "fits"
    if head.startswith(_PICTURES):
        return "picture"
    if head.startswith(_MATS):
        return "mat"
    suffixes = [suffix.lower() for suffix in path.suffixes]
    while suffixes and suffixes[-1] in _COMPRESSED:
        suffixes.pop()
    return _SUFFIXES.get(suffixes[-1]) if suffixes else None


def is_frame(path: str | PathLike[str]) -> bool:
    """Whether a file is a frame, or a folder holds one at any depth (labels do not count)."""
    place = Path(path)
    if place.is_dir():
        return any(_is_image(file, place) for file in place.rglob("*"))
    return place.is_file() and kind_of(place) is not None


def find_frames(path: str | PathLike[str]) -> list[SceneFile]:
    """All frames in a file, folder or tree, sorted by path; label folders are left out.

    Returns:
        for each frame its path, its stem as `map_id`, the name of its folder as `subphase` ("" for
        those directly in `path` and for a folder `images` or `frames`), and the folder relative to
        `path`.

    Raises:
        InputError: the path does not exist or holds no frame.
    """
    root = Path(path)
    if not root.exists():
        raise InputError(root, "does not exist")
    if root.is_file():
        if kind_of(root) is None:
            raise InputError(
                root, "is no frame", remedy="frames are FITS, PNG, JPEG or IRCCAM .mat"
            )
        return [SceneFile(root, stem_of(root), "", 0)]
    found = [_scene_file(file, root) for file in _files(root) if _is_image(file, root)]
    if not found:
        raise InputError(root, "holds no frame", remedy="frames are FITS, PNG, JPEG or IRCCAM .mat")
    return found


def find_others(path: str | PathLike[str]) -> list[Path]:
    """The files below a folder that are neither frames nor labels, sorted: what is skipped."""
    root = Path(path)
    if not root.is_dir():
        return []
    return [
        file
        for file in _files(root)
        if not _in_label_folder(file, root) and not _is_label(file) and kind_of(file) is None
    ]


def stem_of(path: Path) -> str:
    """The name without its suffixes of format and compression ("a.b.fits.gz" gives "a.b")."""
    name = path.name
    while (suffix := Path(name).suffix.lower()) in _COMPRESSED | _SUFFIXES.keys():
        name = name[: -len(suffix)]
    return name


def _files(root: Path) -> Iterator[Path]:
    # Hidden files are the parts of writers at work, and of no interest.
    inside = (file.relative_to(root) for file in sorted(root.rglob("*")))
    shown = (file for file in inside if not any(part.startswith(".") for part in file.parts))
    return (root / file for file in shown if (root / file).is_file())


def _is_image(file: Path, root: Path) -> bool:
    if not file.is_file() or _in_label_folder(file, root) or _is_label(file):
        return False
    hidden = any(part.startswith(".") for part in file.relative_to(root).parts)
    return not hidden and kind_of(file) is not None


def _in_label_folder(file: Path, root: Path) -> bool:
    return any(part in LABEL_FOLDERS for part in file.relative_to(root).parts[:-1])


def _is_label(file: Path) -> bool:
    return stem_of(file).lower().endswith(_LABEL_STEMS) or file.suffix == ".npy"


def _scene_file(file: Path, root: Path) -> SceneFile:
    relative = file.parent.relative_to(root)
    group = relative.parent if relative.name in {"images", "frames"} else relative
    return SceneFile(file, stem_of(file), group.name, 0, relative)


def _inflated(head: bytes, path: Path) -> bytes:
    try:
        if head.startswith(_GZIP):
            return zlib.decompressobj(wbits=31).decompress(head, _HEAD)
        with bz2.open(path) as file:  # bzip2 gives nothing before a whole block is read
            return file.read(_HEAD)
    except (OSError, EOFError, zlib.error, gzip.BadGzipFile):
        return b""
