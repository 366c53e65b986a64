"""Finder of frames: recognised by their first bytes; and of what lies beside but is none."""

from __future__ import annotations

import bz2
import gzip
import os
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import BinaryIO, Literal

from nephoscope.errors import InputError
from nephoscope.files import JOURNAL
from nephoscope.folders import PRODUCTS, LeftOut, files_below
from nephoscope.instruments.scene_file import SceneFile

Kind = Literal["fits", "picture", "mat"]

LABEL_FOLDERS = ("masks", "GTmaps", "GT", "2GT", "3GT", "labels", "truth")
"""Folders of labels beside a folder of frames: WSISEG, SWIMSEG and SWINSEG, HYTA, simulations."""

_FITS = b"SIMPLE  ="
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
_MATS = (b"MATLAB 5.0 MAT-file", b"MATLAB 7.3 MAT-file")
# TIFF, which most raw files of cameras are as well; BMP; WebP and ISO files by what follows.
_UNREAD = (b"II*\0", b"MM\0*", b"BM", b"FUJIFILM", b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51")
_UNREAD_AT_8 = (b"WEBP", b"heic", b"heix", b"mif1", b"avif", b"crx ")
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
_HEAD, _HEADER = 512, 2880 * 24  # bytes that tell the kind, and that hold the header of a product

DERIVED = "pictures and films derived from frames"
_FILMS = {".mp4", ".webm", ".avi", ".mkv", ".mov"}
# Allsky (images/DATE/keogram/keogram-DATE.jpg, .../thumbnails/) and indi-allsky name them so.
_DERIVED = re.compile(
    r"(?<![a-z])(keograms?|star[-_ ]?trails?|thumb(nail)?s?|mini[-_ ]?timelapse)(?![a-z])",
    re.IGNORECASE,
)
_DERIVED_FOLDERS = re.compile(r"keograms?|star[-_ ]?trails?|thumb(nail)?s?", re.IGNORECASE)
_OWN_TABLES = re.compile(rf"frames\.csv|blobs\.csv|{JOURNAL}.*\.jsonl")
_COMPANIONS = {"simulation.json"}  # lie beside frames by our own doing
_NO_DATA, _OWN_CARD = b"NAXIS   =                    0", b"SKYSTATE="
_OWN_PICTURE = b"tEXtSoftware\0nephoscope"
_REMEDY = "frames are FITS, PNG, JPEG or IRCCAM .mat"


def kind_of(path: str | PathLike[str]) -> Kind | None:
    """Kind of a file, by its first bytes; None for everything that is no frame.

    A file whose bytes say nothing but whose suffix promises a frame (an empty `x.fits`, say) is of
    the kind promised, so that reading it says what is wrong.

    Raises:
        InputError: the file cannot be opened.
    """
    return _look(Path(path))[0]


def recognises(path: str | PathLike[str]) -> bool:
    """Whether a file is a frame, or a folder holds one at any depth (labels do not count)."""
    place = Path(path)
    if place.is_dir():
        return any(True for _ in _frames_below(place, LeftOut()))
    return place.is_file() and kind_of(place) is not None


def find(path: str | PathLike[str], left_out: LeftOut | None = None) -> list[SceneFile]:
    """All frames in a file, folder or tree, sorted by path; label folders are left out.

    Args:
        path: the file or folder.
        left_out: told of what cannot be read (pictures of other forms are among it), of files that
            are no frames, of pictures derived from frames (thumbnails, keograms, star trails,
            films) and of products of earlier runs. Without it the first thing that cannot be read
            is raised.

    Returns:
        for each frame its path, its stem as `id`, the name of its folder as `series` ("" for
        those directly in `path` and for a folder `images` or `frames`), and the folder relative to
        `path`.

    Raises:
        InputError: the path does not exist or holds no frame.
    """
    root, left = Path(path), left_out or LeftOut()
    if not os.path.exists(root):  # noqa: PTH110 - Path.exists raises for names that are too long
        raise InputError(root, "does not exist")
    if not root.is_dir():
        return [_given(root)]
    found = [_scene_file(file, root) for file in _frames_below(root, left)]
    if left.errors and (left_out is None or not found):
        raise left.errors[0]
    if not found:
        raise InputError(root, "holds no frame", remedy=_REMEDY)
    return sorted(found, key=lambda scene: scene.path.parts)


def stem_of(path: Path) -> str:
    """The name without its suffixes of format and compression ("a.b.fits.gz" gives "a.b")."""
    name = path.name
    while True:
        stem, _, suffix = name.rpartition(".")
        if not stem or f".{suffix.lower()}" not in _COMPRESSED | _SUFFIXES.keys():
            return name
        name = stem


def _given(path: Path) -> SceneFile:
    """A file that was named itself: it must be a frame."""
    kind, is_own, is_unread = _look(path) if path.is_file() else (None, False, False)
    if is_own:
        raise InputError(path, "is a product of nephoscope", remedy="name the frame it is of")
    if is_unread:
        raise _unread(path)
    if kind is None:
        raise InputError(path, "is no frame", remedy=_REMEDY)
    return SceneFile(path, stem_of(path))


def _frames_below(root: Path, left_out: LeftOut) -> Iterator[Path]:
    for file in files_below(root, left_out):
        folders = file.relative_to(root).parts[:-1]
        if any(part in LABEL_FOLDERS for part in folders) or _is_label(file):
            continue
        if _is_derived(file, folders):
            left_out.add(DERIVED, file)
        elif _OWN_TABLES.fullmatch(file.name):
            left_out.add(PRODUCTS, file)
        elif file.name not in _COMPANIONS and _is_image(file, left_out):
            yield file


def _is_image(file: Path, left_out: LeftOut) -> bool:
    try:
        kind, is_own, is_unread = _look(file)
    except InputError as error:
        left_out.errors.append(error)
        return False
    if is_own:
        left_out.add(PRODUCTS, file)
    elif is_unread:
        left_out.errors.append(_unread(file))
    elif kind is None:
        left_out.others.append(file)
    return kind is not None and not is_own


def _unread(path: Path) -> InputError:
    return InputError(path, "is a picture in a form that is not read", remedy=_REMEDY)


def _is_derived(file: Path, folders: Sequence[str]) -> bool:
    return (
        any(_DERIVED_FOLDERS.fullmatch(folder) for folder in folders)
        or _DERIVED.search(file.stem) is not None
        or file.suffix.lower() in _FILMS
    )


def _is_label(file: Path) -> bool:
    return stem_of(file).lower().endswith(_LABEL_STEMS) or file.suffix == ".npy"


def _scene_file(file: Path, root: Path) -> SceneFile:
    relative = file.parent.relative_to(root)
    group = relative.parent if relative.name in {"images", "frames"} else relative
    return SceneFile(file, stem_of(file), group.name, 0, relative)


def _look(path: Path) -> tuple[Kind | None, bool, bool]:
    """Kind of a file, whether it is our product, or a picture that is not read; opened once."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
            unpack = _unpacker_of(head)
            if unpack is not None:
                file.seek(0)
                head = _start_of(unpack(file), _HEAD)
            is_own = _OWN_PICTURE in head
            if head.startswith(_FITS) and _NO_DATA in head:
                file.seek(0)
                is_own = _OWN_CARD in _start_of(unpack(file) if unpack else file, _HEADER)
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    kind = _kind_by(head, path)
    unread = head.startswith(_UNREAD) or head[8:12] in _UNREAD_AT_8
    return kind, is_own, kind is None and unread


def _kind_by(head: bytes, path: Path) -> Kind | None:
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


def _unpacker_of(head: bytes) -> Callable[[BinaryIO], BinaryIO] | None:
    if head.startswith(_GZIP):
        return lambda file: gzip.GzipFile(fileobj=file)  # type: ignore[return-value]
    return bz2.BZ2File if head.startswith(_BZIP2) else None  # type: ignore[return-value]


def _start_of(file: BinaryIO, size: int) -> bytes:
    """The first bytes of a file; none where it is cut or damaged before them."""
    try:
        return file.read(size)
    except (OSError, EOFError, zlib.error) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        return b""
