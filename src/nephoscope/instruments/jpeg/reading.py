"""JPEG file → pixels, or an error that says what is damaged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nephoscope.errors import UNFINISHED, InputError
from nephoscope.instruments.jpeg.decoder import COLOURS, decode
from nephoscope.instruments.jpeg.probe import block_means
from nephoscope.instruments.jpeg.seams import check_range, check_seams
from nephoscope.instruments.jpeg.structure import (
    CutShortError,
    DamagedError,
    Frame,
    parse,
)
from nephoscope.instruments.jpeg.tables import check_runs, check_tables

MOST_PIXELS = 180_000_000
"""Larger pictures are refused before anything is decoded, as Pillow does."""

_START = b"\xff\xd8\xff"
_OTHERS = {
    b"\x89PNG": "PNG",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"RIFF": "WebP",
    b"\x00\x00\x00\x0cjP": "JPEG 2000",
    b"SIMPLE  =": "FITS",
    b"\x89HDF": "HDF5",
    b"CDF": "NetCDF",
    b"%PDF": "PDF",
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"PK\x03\x04": "zip",
}
"""First bytes of files that are named .jpg by mistake."""


def is_jpeg(content: bytes) -> bool:
    """Whether a file begins as a JPEG does."""
    return content.startswith(_START)


def read_jpeg(
    path: Path,
    content: bytes,
    check: Callable[[Frame], None] | None = None,
    slack: float = 40.0,
) -> NDArray[np.uint8]:
    """Decode a JPEG file that is whole; one that decodes in spite of damage is an error.

    Args:
        path: named in errors.
        content: the file. What follows the picture's end marker is ignored.
        check: called before anything is decoded; raises if the picture is not one to read.
        slack: DN that colours of coded blocks may lie beyond 0..255. Some cameras make such; a
            picture coded from red, green and blue of 8 bits has none, and less is surer: from 4 DN
            down black must have no colour either.

    Returns:
        (y, x) uint8 of a grey picture, else (y, x, channel) uint8, red, green, blue; DN.

    Raises:
        InputError: no JPEG, cut short, damaged inside, or of more than `MOST_PIXELS`.
    """
    if not is_jpeg(content):
        raise InputError(path, _what_it_is(content), field="image", remedy="fetch it again")
    try:
        structure = parse(content)
        _check_frame(path, structure.frame)
        if check is not None:
            check(structure.frame)
        check_tables(structure)
        check_runs(content, structure)
        pixels = decode(memoryview(content)[: structure.end], structure)
        check_range(structure, block_means(content, structure), slack)
        check_seams(structure, pixels)
    except CutShortError:
        raise InputError(path, "is cut short", field="image", remedy=UNFINISHED) from None
    except DamagedError as error:
        raise InputError(
            path, f"is damaged inside: {error}", field="image", remedy="fetch it again"
        ) from error
    planes = pixels.shape[2]
    if planes == 4:
        # Adobe stores 255 for no ink, and says so by its segment; the standard knows 0 only.
        return _without_black(pixels if structure.transform is not None else 255 - pixels)
    return pixels[..., 0] if planes == 1 else pixels


def _what_it_is(content: bytes) -> str:
    for start, kind in _OTHERS.items():
        if content.startswith(start):
            return f"is a {kind} file, not JPEG"
    return "is no JPEG file"


def _check_frame(path: Path, frame: Frame) -> None:
    if frame.width * frame.height > MOST_PIXELS:
        size = f"{frame.width} x {frame.height}"
        raise InputError(path, f"is {size} pixels: too large to decode", field="image")
    if len(frame.components) not in COLOURS:
        raise DamagedError(f"{len(frame.components)} colour planes")
    if frame.bits != 8:
        raise InputError(
            path,
            f"has {frame.bits} bits a channel, not 8",
            field="bit depth",
            remedy="save it as 8-bit",
        )


def _without_black(inks: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(y, x, ink) as Adobe stores them, 255 is no ink → (y, x, channel) red, green, blue."""
    paper, black = inks[..., :3].astype(np.uint16), inks[..., 3:].astype(np.uint16)
    product = (255 - paper) * black + 128
    return (black - ((product >> 8) + product >> 8)).clip(0, 255).astype(np.uint8)
