"""Pictures, PNG or JPEG, recognised by content: reader of their pixels, in whatever mode."""

from __future__ import annotations

import io
import struct
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from nephoscope.errors import UNFINISHED, InputError
from nephoscope.instruments.jpeg import is_jpeg, read_jpeg
from nephoscope.instruments.png import check_png, is_png

COLOURS = ("red", "green", "blue")
GREY_WEIGHTS = (0.299, 0.587, 0.114)
"""Shares of red, green and blue in luma (ITU-R BT.601-7, section 2.5.1)."""

_WORD = 16  # bits
_GREY_ALPHA = 4  # colour types of PNG, section 11.2.1 of its specification
_ONE = "save one frame a file"
_UNDECODABLE = (
    OSError, ValueError, SyntaxError, KeyError, IndexError, struct.error,
    Image.DecompressionBombError,
)  # fmt: skip
"""Errors that Pillow raises on files that are no pictures."""

Pixels = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True)
class Picture:
    """A decoded picture.

    Attributes:
        pixels: (y, x) of one channel or (y, x, 3) red, green, blue; uint8, or uint16 where the file
            has 16 bits a channel.
        missing: (y, x) bool, what is transparent; None where nothing is.
        bits: a channel has in the file, 1 to 16; numbers of fewer than 8 are spread over 0..255.
        significant: bits that count, as the file says (sBIT of PNG); None where it does not.
        indices: (y, x) uint8 of a picture with a palette.
        exact: whether the numbers are those that were saved: not after JPEG.
    """

    pixels: Pixels
    missing: NDArray[np.bool_] | None = None
    bits: int = 8
    significant: int | None = None
    indices: NDArray[np.uint8] | None = None
    exact: bool = True


def grey(rgb: NDArray[np.floating] | NDArray[np.uint8]) -> NDArray[np.float32]:
    """Luma of a colour image.

    Args:
        rgb: (channel, y, x) or (channel, ...), red, green and blue in this order, any number type.

    Returns:
        (y, x) float32, 0.299 red + 0.587 green + 0.114 blue, in the unit of `rgb`.
    """
    weights = np.asarray(GREY_WEIGHTS, np.float32)
    return np.tensordot(weights, np.asarray(rgb, np.float32), 1)


def read_picture(path: Path) -> Picture:
    """Decode a picture of any mode.

    An orientation in its EXIF data is not applied: pixels stay where the camera has them, as those
    of labels and of the camera's background do.

    Raises:
        InputError: cannot be decoded, is cut short, a film, or transparent everywhere.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    if not content:
        raise InputError(path, "is empty (0 bytes)", field="image", remedy=UNFINISHED)
    if is_jpeg(content):
        return Picture(read_jpeg(path, content), exact=False)
    picture = _read_png(path, content)
    if picture.missing is not None and picture.missing.all():
        raise InputError(path, "is transparent everywhere", field="alpha", remedy="leave it out")
    return picture


def _read_png(path: Path, content: bytes) -> Picture:
    if not is_png(content):
        raise InputError(path, "is neither PNG nor JPEG", field="image", remedy=UNFINISHED)
    chunks = check_png(path, content)
    if b"acTL" in chunks:
        raise InputError(path, "holds several pictures: a film", field="image", remedy=_ONE)
    try:
        with warnings.catch_warnings():
            # Pillow warns from 89 megapixels on, and refuses twice as many.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            bits, kind = chunks[b"IHDR"][8], chunks[b"IHDR"][9]
            significant = max(chunks.get(b"sBIT", ()), default=None)
            with Image.open(io.BytesIO(content), formats=("PNG",)) as picture:
                if bits == _WORD:
                    return _deep(content, picture, kind, significant)
                return _shallow(picture, bits, significant)
    except _UNDECODABLE as error:
        problem = f"cannot be decoded: {error}"
        raise InputError(path, problem, field="image", remedy=UNFINISHED) from error


def _shallow(picture: Image.Image, bits: int, significant: int | None) -> Picture:
    indices = np.asarray(picture) if picture.mode == "P" else None
    transparent = "transparency" in picture.info
    if picture.mode == "P":
        picture = picture.convert("RGBA" if transparent else "RGB")
    elif picture.mode == "1":
        # A transparent number is one of 0 and 1 here, of 0 and 255 in Pillow.
        key = picture.info.get("transparency")
        pixels = np.asarray(picture.convert("L"))
        missing = None if key is None else pixels == (255 if key else 0)
        return Picture(pixels, missing, bits, significant)
    elif transparent:
        picture = picture.convert("LA" if picture.mode == "L" else "RGBA")
    return _parted(np.asarray(picture), bits, significant, indices)


def _parted(
    stored: Pixels, bits: int, significant: int | None, indices: NDArray[np.uint8] | None = None
) -> Picture:
    """A picture whose last channel, of two or four, says what is seen."""
    if stored.ndim == 2 or stored.shape[2] == 3:
        return Picture(stored, None, bits, significant, indices)
    half = 128 if stored.dtype == np.uint8 else 2**15
    missing = stored[..., -1] < half
    pixels = stored[..., 0] if stored.shape[2] == 2 else stored[..., :3]
    return Picture(pixels, missing if missing.any() else None, bits, significant, indices)


def _deep(content: bytes, picture: Image.Image, kind: int, significant: int | None) -> Picture:
    """16 bits a channel: Pillow keeps them of one channel only, and the high byte of others."""
    key = picture.info.get("transparency")
    if picture.mode.startswith("I"):
        stored = np.asarray(picture).astype(np.uint16)
    elif kind == _GREY_ALPHA:
        halves = _bytes_of(content, "RGBA")
        stored = _joined(halves[..., 0::2], halves[..., 1::2])
    else:
        mode = picture.mode
        stored = _joined(_bytes_of(content, f"{mode};16B"), _bytes_of(content, f"{mode};16L"))
    if key is None:
        return _parted(stored, 16, significant)
    missing = stored == np.asarray(key, np.uint16)
    return Picture(stored, missing if stored.ndim == 2 else missing.all(2), 16, significant)


def _bytes_of(content: bytes, layout: str) -> NDArray[np.uint8]:
    """One byte of each number: Pillow's name of the layout says which."""
    with Image.open(io.BytesIO(content), formats=("PNG",)) as picture:
        picture.tile = [tile._replace(args=layout) for tile in picture.tile]
        return np.asarray(picture)


def _joined(high: NDArray[np.uint8], low: NDArray[np.uint8]) -> NDArray[np.uint16]:
    both = high.astype(np.uint16)
    both <<= 8
    both |= low
    return both
