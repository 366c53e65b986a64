"""Red, green and blue in DN 0..255, from pictures and cubes of any depth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from nephoscope.instruments.skycam.pictures import Picture
from nephoscope.instruments.skycam.scale import FULL_SCALES, WHITE, full_scale_in, scale_note

_FULL_SCALE_CARDS = ("DATAMAX", "SATURATE")
_DEPTH_OF_BYTE, _DEPTH_OF_WORD = 8, 16
_STEP = 16  # every so many pixels suffice to see that channels differ


def colour_of_picture(path: Path, picture: Picture) -> tuple[NDArray[np.float32], str]:
    """DN of a colour picture.

    Returns:
        (channel, y, x) float32, DN, NaN where transparent; and what was done to the numbers.

    Raises:
        InputError: full white in 16 bits is not known.
    """
    pixels = picture.pixels
    image = np.empty((3, *pixels.shape[:2]), np.float32)
    for channel in range(3):
        image[channel] = pixels[..., channel]
    if picture.missing is not None:
        image[:, picture.missing] = np.nan
    if picture.bits != _DEPTH_OF_WORD:
        return image, ""
    return image, _to_dn(path, image, _stated_in(picture, image), whole=True)


def colour_of_cube(
    path: Path, image: NDArray[np.float32], header: fits.Header, exact_bytes: bool
) -> str:
    """Bring a colour cube of FITS to DN, in place.

    Args:
        path: named in errors.
        image: (channel, y, x) float32, NaN where missing.
        header: of the file.
        exact_bytes: whether the numbers are bytes as stored, which are DN.

    Returns:
        what was done to the numbers.

    Raises:
        InputError: full white is not known.
    """
    if exact_bytes:
        return ""
    return _to_dn(path, image, _stated_by(header), whole=False)


def is_one_channel(planes: NDArray[np.generic]) -> bool:
    """Whether three channels hold the same picture: that of a camera that sees no colour.

    Args:
        planes: (channel, y, x), NaN where missing.
    """
    few = planes[:, ::_STEP, ::_STEP]
    return _same(few) and bool((planes[0] != planes[0, 0, 0]).any()) and _same(planes)


def _same(planes: NDArray[np.generic]) -> bool:
    return all(np.array_equal(planes[0], other, equal_nan=True) for other in planes[1:])


def _to_dn(path: Path, image: NDArray[np.float32], stated: float | None, *, whole: bool) -> str:
    lowest, highest = float(np.nanmin(image)), float(np.nanmax(image))
    if not whole and highest <= 1:
        whole = not any(bool((channel % 1 > 0).any()) for channel in image)
    full = full_scale_in(path, lowest, highest, whole=whole, stated=stated)
    if full != WHITE:
        image *= np.float32(WHITE / full)
    return scale_note(full, stated is not None)


def _stated_in(picture: Picture, image: NDArray[np.float32]) -> float | None:
    """Full white by the sBIT of a PNG.

    Its writers should spread the numbers over 16 bits, and often do not.
    """
    bits = picture.significant
    if bits is None or not _DEPTH_OF_BYTE <= bits <= _DEPTH_OF_WORD:
        return None
    if float(np.nanmax(image)) >= 2**bits:
        return FULL_SCALES[-1]
    step = np.float32(2 ** (_DEPTH_OF_WORD - bits))
    spread = not any(bool((channel % step > 0).any()) for channel in image)
    return FULL_SCALES[-1] if spread else float(2**bits - 1)


def _stated_by(header: fits.Header) -> float | None:
    """Full white by a card, where its value is one: DATAMAX may also be the brightest pixel's."""
    for keyword in _FULL_SCALE_CARDS:
        value = header.get(keyword)
        for full in (1.0, *FULL_SCALES):
            if not isinstance(value, bool) and value in {full, full + 1 if full > 1 else full}:
                return full
    return None
