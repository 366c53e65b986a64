"""Codings of labels, the numbers for clear, cloud and unknown: recognised or refused, no guess."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nephoscope.errors import InputError
from nephoscope.instruments.skycam.pictures import Picture

UNKNOWN, CLEAR, CLOUD = -1, 0, 1
WSISEG_CLEAR, WSISEG_CLOUD = 100, 255
"""Grey values of WSISEG masks; 0 is undefined (Xie et al. 2020). Other sets: 0 clear, 255 cloud."""
WSISEG = {0, WSISEG_CLEAR, WSISEG_CLOUD}

Numbers = NDArray[np.uint8] | NDArray[np.uint16]

_WHITE = 255
_CLASSES = {CLEAR, CLOUD}
_BINARY = {0, _WHITE}
_SPREAD = 257  # 65535 / 255: 8 bits spread over 16
_HALF = 128  # a binary mask with soft edges is cut here
_MIDDLE = 64, 192
_SOFT = 0.05  # share of pixels on soft edges, at most
_FEW = 3  # values between black and white that are codes, not edges
_GREY = 16  # DN between the channels of a grey mask that went through JPEG
_REMEDY = "save 0 clear and 255 cloud, or 0 and 1, or 0 unknown, 100 clear and 255 cloud"


def numbers_of(path: Path, picture: Picture) -> Numbers:
    """The numbers that a picture of a label holds: those of classes, or of brightness 0..255.

    Raises:
        InputError: it has several colours, or numbers of 16 bits that are no brightness.
    """
    pixels = picture.pixels
    if pixels.ndim == 2:
        if picture.bits < 8:
            whole = 2**picture.bits - 1
            numbers: Numbers = pixels // (_WHITE // whole)
            return (
                numbers
                if _values(numbers, picture) <= _CLASSES
                else np.asarray(numbers * (_WHITE // whole))
            )
        return pixels if picture.bits == 8 else _of_words(path, picture, pixels)
    if pixels.dtype != np.uint8:
        raise InputError(path, "has colours of 16 bits", field="label", remedy=_REMEDY)
    brightest: Numbers = pixels.max(2)
    if int((brightest - pixels.min(2)).max()) <= _GREY:
        return brightest
    if picture.indices is not None and _values(picture.indices, picture) == _CLASSES:
        return picture.indices
    lit = pixels[brightest >= _HALF].reshape(-1, 3)
    if lit.size and (np.ptp(lit.astype(np.int16), axis=0) > 2 * _MIDDLE[0]).any():
        raise InputError(path, "has several colours", field="label", remedy=_REMEDY)
    return brightest


def classes_of_picture(path: Path, picture: Picture, wsiseg: bool) -> NDArray[np.int8]:
    """(y, x) int8 of a label that is a picture: -1 unknown (also where transparent), 0, 1.

    Args:
        path: named in errors.
        picture: the label.
        wsiseg: whether the labels beside it are coded as those of WSISEG.

    Raises:
        InputError: its numbers are of no coding known here.
    """
    numbers = numbers_of(path, picture)
    values = _values(numbers, picture)
    label = np.full(numbers.shape, UNKNOWN, np.int8)
    if picture.exact and CLOUD in values and values <= {*_CLASSES, _WHITE} and values != {1, 255}:
        label[numbers == CLEAR] = CLEAR
        label[numbers == CLOUD] = CLOUD
    elif picture.exact and (wsiseg or (values <= WSISEG and {WSISEG_CLEAR, _WHITE} <= values)):
        label[numbers == WSISEG_CLEAR] = CLEAR
        label[numbers == WSISEG_CLOUD] = CLOUD
    elif values <= _BINARY or _has_soft_edges(numbers, values, picture.exact):
        label[:] = numbers >= _HALF
    else:
        shown = ", ".join(map(str, sorted(values)[:6])) + (", ..." if len(values) > 6 else "")
        problem = f"holds {shown}: of no coding known here"
        raise InputError(path, problem, field="label", remedy=_REMEDY)
    if picture.missing is not None:
        label[picture.missing] = UNKNOWN
    return label


def values_in(path: Path, picture: Picture) -> set[int]:
    """The different numbers of a label, where it is not transparent.

    Raises:
        InputError: as `numbers_of`.
    """
    return _values(numbers_of(path, picture), picture)


def classes_of_numbers(
    path: Path, values: NDArray[np.float32], white_is_unknown: bool
) -> NDArray[np.int8]:
    """(y, x) int8 of a label in FITS or .npy.

    Args:
        path: named in errors.
        values: 0 clear, 1 cloud, -1, 255 and NaN unknown; axes of length 1 are dropped.
        white_is_unknown: whether it is known that 255 is not cloud; a 1 beside it says so too.

    Raises:
        InputError: other values, or 255 without a 1, which could be cloud as well.
    """
    flat = values.reshape([side for side in values.shape if side != 1])
    if flat.ndim != 2:
        raise InputError(path, f"has {flat.ndim} dimensions, not 2", field="label")
    stated = np.isfinite(flat) & (flat != UNKNOWN)
    known = stated & (flat != _WHITE)
    if not np.isin(flat[known], (CLEAR, CLOUD)).all():
        raise InputError(
            path,
            "holds other values than 0 (clear), 1 (cloud) and -1 or 255 (unknown)",
            field="label",
            remedy="labels must not be interpolated or probabilities",
        )
    if (stated != known).any() and not (white_is_unknown or (flat == CLOUD).any()):
        problem = "holds 255 and no 1: is it cloud or unknown?"
        raise InputError(path, problem, field="label", remedy="write 1 for cloud, -1 for unknown")
    label = np.full(flat.shape, UNKNOWN, np.int8)
    label[known] = flat[known].astype(np.int8)
    return label


def _of_words(path: Path, picture: Picture, pixels: Numbers) -> Numbers:
    if max(_values(pixels, picture), default=0) <= _WHITE:
        return pixels
    if (pixels % _SPREAD).any():
        raise InputError(path, "has 16 bits that are no brightness", field="label", remedy=_REMEDY)
    return (pixels // _SPREAD).astype(np.uint8)


def _values(numbers: Numbers, picture: Picture) -> set[int]:
    seen = numbers if picture.missing is None else numbers[~picture.missing]
    return set(np.flatnonzero(np.bincount(seen.ravel())).tolist())


def _has_soft_edges(numbers: Numbers, values: set[int], exact: bool) -> bool:
    """Whether a mask was binary before it was resized or went through JPEG."""
    if max(values) < _MIDDLE[1]:
        return False
    between = _MIDDLE
    if exact and len(values - _BINARY) <= _FEW:
        # So few values could be codes: they are edges where they are rare, and overshoots.
        if any(_GREY <= value < _WHITE - _GREY for value in values):
            return False
        between = 1, _WHITE
    return float(((numbers >= between[0]) & (numbers < between[1])).mean()) <= _SOFT
