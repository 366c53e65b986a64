"""Bytes of a file, gzip and bzip2 undone, never more than a frame can have."""

from __future__ import annotations

import bz2
import zlib
from pathlib import Path

from nephoscope.errors import InputError

LARGEST = 3 * 2**28
"""Bytes of the largest frame that is read: 61 megapixels of three channels in float32 fit."""

STILL_WRITING = "the camera may still be writing it: run again later, or fetch it again"
_GZIP, _BZIP2 = b"\x1f\x8b", b"BZh"
_WITH_GZIP_HEADER = 31  # zlib's window bits
_PIECE = 2**24


def read_unpacked(path: Path) -> bytes | bytearray:
    """The content of a file, unpacked.

    Members of gzip or bzip2 that follow one another are joined, as their tools do; anything else
    behind the last one is left out.

    Raises:
        InputError: the file cannot be read, is cut short, damaged, or larger than `LARGEST`.
    """
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise _too_large(path)
        content = path.read_bytes()
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error}"
        raise InputError(path, problem, field="image") from error
    if not content.startswith((_GZIP, _BZIP2)):
        return content
    try:
        return _unpacked(path, content)
    except (EOFError, OSError, ValueError, zlib.error) as error:
        problem = f"cannot be unpacked: {error}"
        raise InputError(path, problem, field="image", remedy=STILL_WRITING) from error


def _unpacked(path: Path, content: bytes) -> bytearray:
    magic = content[:2]
    found = bytearray()
    rest = content
    while rest.startswith(magic):
        rest = _member(path, rest, found)
    return found


def _member(path: Path, packed: bytes, found: bytearray) -> bytes:
    """Append what one member holds; returns what follows it."""
    if packed.startswith(_BZIP2):
        bzip2 = bz2.BZ2Decompressor()
        piece = bzip2.decompress(packed, _PIECE)
        while not bzip2.eof:
            _append(path, found, piece)
            if not piece and bzip2.needs_input:
                raise InputError(path, "is cut short", field="image", remedy=STILL_WRITING)
            piece = bzip2.decompress(b"", _PIECE)
        _append(path, found, piece)
        return bzip2.unused_data
    gzip = zlib.decompressobj(wbits=_WITH_GZIP_HEADER)
    piece = gzip.decompress(packed, _PIECE)
    while not gzip.eof:
        _append(path, found, piece)
        if not piece and not gzip.unconsumed_tail:
            raise InputError(path, "is cut short", field="image", remedy=STILL_WRITING)
        piece = gzip.decompress(gzip.unconsumed_tail, _PIECE)
    _append(path, found, piece)
    return gzip.unused_data


def _append(path: Path, found: bytearray, piece: bytes) -> None:
    if len(found) + len(piece) > LARGEST:
        raise _too_large(path)
    found += piece


def _too_large(path: Path) -> InputError:
    problem = f"holds more than {LARGEST} bytes"
    return InputError(path, problem, field="image", remedy="it is no frame of a camera")
