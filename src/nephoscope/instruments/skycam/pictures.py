"""Colour pictures of the sky: PNG or JPEG, told by content, to channels red, green, blue."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from nephoscope.errors import InputError
from nephoscope.instruments.jpeg import is_jpeg, read_jpeg
from nephoscope.instruments.png import check_png, is_png

COLOURS = ("red", "green", "blue")
GREY_WEIGHTS = (0.299, 0.587, 0.114)
"""Shares of red, green and blue in luma (ITU-R BT.601-7, section 2.5.1)."""

_AGAIN = "it may still be being written: run again later, or fetch it again"


def grey(rgb: NDArray[np.floating] | NDArray[np.uint8]) -> NDArray[np.float32]:
    """Luma of a colour image.

    Args:
        rgb: (channel, y, x) or (channel, ...), red, green and blue in this order, any number type.

    Returns:
        (y, x) float32, 0.299 red + 0.587 green + 0.114 blue, in the unit of `rgb`.
    """
    weights = np.asarray(GREY_WEIGHTS, np.float32)
    return np.tensordot(weights, np.asarray(rgb, np.float32), 1)


def read_picture(path: Path) -> NDArray[np.uint8]:
    """Decode a colour picture.

    Returns:
        (channel, y, x) uint8, DN, channels red, green, blue.

    Raises:
        InputError: cannot be decoded, cut short, not 8-bit colour.
    """
    pixels = _decode(path)
    if pixels.ndim != 3 or pixels.shape[2] not in (3, 4):
        raise InputError(
            path,
            "is no colour picture: it has one channel",
            field="image",
            remedy="a mask is read as a label; thermal frames are FITS",
        )
    return np.ascontiguousarray(np.moveaxis(pixels[..., :3], 2, 0))


def read_mask_picture(path: Path) -> NDArray[np.uint8]:
    """Decode a label picture: (y, x) uint8; of a colour one the brightest channel.

    Raises:
        InputError: cannot be decoded or is cut short.
    """
    pixels = _decode(path)
    return pixels if pixels.ndim == 2 else np.asarray(pixels[..., :3].max(2))


def _decode(path: Path) -> NDArray[np.uint8]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    if not content:
        raise InputError(path, "is empty (0 bytes)", field="image", remedy=_AGAIN)
    if is_jpeg(content):
        return read_jpeg(path, content)
    if is_png(content):
        check_png(path, content)
    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as picture:
            pixels = np.asarray(picture.convert("RGB") if picture.mode == "P" else picture)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        problem = f"cannot be decoded: {error}"
        raise InputError(path, problem, field="image", remedy=_AGAIN) from error
    if pixels.dtype == np.bool_:
        return pixels.astype(np.uint8) * np.uint8(255)
    if pixels.dtype != np.uint8:
        depth = pixels.dtype.itemsize * 8
        raise InputError(
            path, f"has {depth} bits a channel, not 8", field="bit depth", remedy="save it as 8-bit"
        )
    return np.asarray(pixels)
