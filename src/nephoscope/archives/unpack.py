"""Unpacking of zip and tar files: nothing outside the folder, no links, no bombs."""

from __future__ import annotations

import fnmatch
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from nephoscope.archives.names import safe_path
from nephoscope.errors import InputError
from nephoscope.files import atomic_path

LARGEST = 64 * 2**30
"""Bytes that an archive may hold unpacked, in all."""
LARGEST_RATIO = 200
"""Bytes unpacked for each byte packed, where there are many: pictures do not shrink so far."""
_SMALL = 64 * 2**20
_MOST_MEMBERS = 200_000
_ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_BLOCK = 1 << 20
_DAMAGED = (
    zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, NotImplementedError, RuntimeError,
    ValueError,
)  # fmt: skip
_Members = Iterator[tuple[str, int, Callable[[], IO[bytes] | None]]]


def is_packed(path: Path) -> bool:
    """Whether a file is a zip or tar, by its name."""
    return path.name.lower().endswith(_ENDINGS)


def unpack(packed: Path, wanted: str = "*", largest: int = LARGEST) -> list[Path]:
    """Unpack an archive beside itself.

    Args:
        packed: zip or tar file.
        wanted: pattern of the names of members to unpack; others are left out.
        largest: bytes that all of it may hold.

    Returns:
        the files, each written atomically.

    Raises:
        InputError: it is damaged, holds links or devices, leads out of the folder, or is a bomb.
        OutputError: a file cannot be written.
    """
    left = min(largest, max(LARGEST_RATIO * packed.stat().st_size, _SMALL))
    files: dict[str, Path] = {}
    with _explained(packed), _opened(packed) as members:
        for number, (name, size, content) in enumerate(members):
            place = safe_path(name)
            if not fnmatch.fnmatch(place.name, wanted):
                continue
            final = packed.parent / place
            if str(place).casefold() in files or final == packed or number > _MOST_MEMBERS:
                raise InputError(packed, "holds two files of one name, or too many", field=name)
            left -= size
            if left < 0:
                raise InputError(
                    packed, "holds more bytes than can be meant: refused", field=str(place)
                )
            _no_link_on_the_way(packed.parent, place)
            _write(content, final, size, packed)
            files[str(place).casefold()] = final
    if not files:
        raise InputError(packed, f"holds no file {wanted}")
    return list(files.values())


def _write(content: Callable[[], IO[bytes] | None], final: Path, size: int, packed: Path) -> None:
    source = content()
    if source is None:
        raise InputError(packed, "holds what is no file", field=final.name)
    with source, atomic_path(final) as part, part.open("wb") as file:
        written = 0
        # What a member says of its size need not be true.
        while block := source.read(min(_BLOCK, size + 1 - written)):
            file.write(block)
            written += len(block)
            if written > size:
                break
        if written != size:
            raise InputError(packed, "is damaged: a member is not of its size", field=final.name)


@contextmanager
def _opened(packed: Path) -> Iterator[_Members]:
    if packed.name.lower().endswith(".zip"):
        with zipfile.ZipFile(packed) as file:
            yield _of_zip(file, packed)
    else:
        with tarfile.open(packed, "r:*") as archive:
            yield _of_tar(archive, packed)


def _of_zip(file: zipfile.ZipFile, packed: Path) -> _Members:
    for info in file.infolist():
        kind = info.external_attr >> 28  # of a file mode of Unix, 0 where there is none
        if info.is_dir():
            continue
        if kind not in {0, 8}:
            raise InputError(packed, "holds a link or device: refused", field=info.filename)
        if info.flag_bits & 1:
            raise InputError(packed, "is encrypted", field=info.filename)

        def content(info: zipfile.ZipInfo = info) -> IO[bytes]:
            return file.open(info)

        yield info.orig_filename, info.file_size, content


def _of_tar(archive: tarfile.TarFile, packed: Path) -> _Members:
    for info in archive:
        if info.isdir():
            continue
        if not info.isreg() or info.issparse():
            raise InputError(packed, "holds a link or device: refused", field=info.name)

        def content(info: tarfile.TarInfo = info) -> IO[bytes] | None:
            return archive.extractfile(info)

        yield info.name.removeprefix("./"), info.size, content


@contextmanager
def _explained(packed: Path) -> Iterator[None]:
    try:
        yield
    except _DAMAGED as error:
        raise InputError(
            packed, f"is no readable archive: {error}", remedy="fetch it again"
        ) from error


def _no_link_on_the_way(folder: Path, place: PurePosixPath) -> None:
    for parent in [*place.parents][:-1]:
        if (folder / parent).is_symlink():
            raise InputError(folder / parent, "is a link, where an archive wants to write a file")
