"""PNG checksums, chunk by chunk: damage is found even where a decoder would go on."""

from __future__ import annotations

import zlib
from pathlib import Path

from nephoscope.errors import UNFINISHED, InputError

_START = b"\x89PNG\r\n\x1a\n"


def is_png(content: bytes) -> bool:
    """Whether a file begins as a PNG does."""
    return content.startswith(_START)


def check_png(path: Path, content: bytes) -> dict[bytes, memoryview]:
    """Check the checksum of every chunk up to the end marker; what follows it is ignored.

    Args:
        path: named in errors.
        content: the file, which begins as a PNG does.

    Returns:
        kind → data of the first chunk of this kind.

    Raises:
        InputError: cut short, or a chunk is not what was written.
    """
    place, kind = len(_START), b""
    chunks: dict[bytes, memoryview] = {}
    while kind != b"IEND":
        length = int.from_bytes(content[place : place + 4], "big")
        kind = content[place + 4 : place + 8]
        body = memoryview(content)[place + 4 : place + 8 + length]
        place += 12 + length
        if place > len(content):
            raise InputError(path, "is cut short", field="image", remedy=UNFINISHED)
        if zlib.crc32(body) != int.from_bytes(content[place - 4 : place], "big"):
            raise InputError(
                path,
                f"is damaged inside: wrong checksum of chunk {kind.decode('ascii', 'replace')!r}",
                field="image",
                remedy="fetch it again",
            )
        chunks.setdefault(kind, body[4:])
    return chunks
