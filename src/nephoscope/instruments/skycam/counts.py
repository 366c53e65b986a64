"""Counts of one channel: whether a thermal camera's, their scale and range."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from nephoscope.errors import InputError
from nephoscope.instruments.skycam.fits import Unit
from nephoscope.instruments.skycam.headers import camera_of

FULL_SCALE = 2**14
"""Counts of the Tau2 (14 bit, FLIR Tau 2 product specification): binned frames hold counts over
this."""
TAU2_SHAPE = (512, 640)
SATURATED = 0.01
"""Share of saturated pixels from which on a frame is flagged."""
BINNED_SCALE = "BSCALED"
"""Card of frames binned here: counts are the numbers times its value."""

_TAU = re.compile(r"\bTAU[ -]?\d*\b", re.IGNORECASE)
_BRIGHTEST_BINNED = 0.5  # of full scale: the sky and all that stands before it are far below


def says_thermal(units: Sequence[Unit], unit: Unit, header: fits.Header) -> bool:
    """Whether a file says that its counts are those of a thermal camera.

    It does by the name of the camera (FLIR Tau), by IMTYPE 'IR' (IMGTYPE 'SIMCLEAR' of simulated
    frames), or by the temperature of a focal-plane array of microbolometers. The binned frames of
    IRIS-CloudDeep have no such cards: they are told by their layout, an image of floats that is
    the Tau2's in whole square blocks, followed by its mask.
    """
    if _TAU.search(camera_of(header)) or "FPA-TEMP" in header:
        return True
    types = str(header.get("IMTYPE", "")).strip(), str(header.get("IMGTYPE", "")).strip()
    return types[0] == "IR" or types[1] == "SIMCLEAR" or _is_iris(units, unit)


def _is_iris(units: Sequence[Unit], unit: Unit) -> bool:
    shape = tuple(side for side in unit.shape if side != 1)
    if int(unit.header["BITPIX"]) > 0 or len(shape) != 2 or unit is not units[0]:
        return False
    blocks = [divmod(whole, side) for whole, side in zip(TAU2_SHAPE, shape, strict=True)]
    if blocks[0] != blocks[1] or blocks[0][1]:
        return False
    masks = (other for other in units[1:] if other.is_image)
    return (
        any(
            (mask.name == "MASK" or str(mask.header.get("IMGTYPE", "")).strip() == "GROUND-TRUTH")
            and tuple(side for side in mask.shape if side != 1) == shape
            for mask in masks
        )
        and float(np.nanmax(unit.values(), initial=0.0)) < _BRIGHTEST_BINNED
    )


def counts_of(
    path: Path, image: NDArray[np.float32], header: fits.Header, bits: int, thermal: bool
) -> tuple[NDArray[np.float32], dict[str, Any]]:
    """The counts of a frame of one channel, and what is known of their range.

    Args:
        path: named in errors.
        image: (1, y, x) float32, as stored; NaN where missing.
        header: of the file; empty for pictures.
        bits: BITPIX, or the bits of a picture.
        thermal: whether these are the counts of a thermal camera.

    Returns:
        (1, y, x) float32, counts, and the attributes of the Scene.

    Raises:
        InputError: the numbers are no counts of such a camera.
    """
    lowest, highest = float(np.nanmin(image)), float(np.nanmax(image))
    if bits > 0 and not -(2**15) <= lowest <= highest < 2**16:
        problem = f"has counts {lowest:g} to {highest:g}, beyond 16 bits"
        raise InputError(path, problem, field="BITPIX", remedy="save the camera's own counts")
    factor = _factor(path, header, bits, thermal, highest)
    if factor != 1:
        image = image * np.float32(factor)
        highest *= factor
    if thermal and header:
        _check_thermal(path, image, header, bits)
    full = _full_scale(header, bits, thermal, highest)
    share = float((image >= (full - 1 if full > 1 else full)).mean())
    facts = {
        "camera": camera_of(header),
        "full_scale": full,
        "saturated_share": share,
        "saturated": int(share >= SATURATED),
    }
    if factor != 1:
        facts["scale_note"] = f"counts are {factor:g} times the numbers"
    return image, facts


def _factor(path: Path, header: fits.Header, bits: int, thermal: bool, highest: float) -> float:
    """Factor that makes counts of the numbers."""
    if bits > 0:
        return 1
    if BINNED_SCALE in header:
        factor = header[BINNED_SCALE]
        if isinstance(factor, bool) or not isinstance(factor, (int, float)) or not factor > 0:
            raise InputError(path, "is no positive number", field=BINNED_SCALE)
        return factor
    return FULL_SCALE if thermal and highest <= 1 else 1


def _full_scale(header: fits.Header, bits: int, thermal: bool, highest: float) -> int:
    if bits == 8:
        return 2**8
    if thermal:
        return FULL_SCALE
    if bits < 0 and highest <= 1 and BINNED_SCALE not in header:
        return 1
    unsigned = bits == 16 and header.get("BZERO", 0) == 2**15
    return FULL_SCALE if highest < FULL_SCALE and not unsigned else 2**16


def _check_thermal(path: Path, image: NDArray[np.float32], header: fits.Header, bits: int) -> None:
    if bits == 8:
        problem = "has 8-bit integers, not the counts of a thermal camera"
        raise InputError(path, problem, field="BITPIX", remedy="save the camera's own counts")
    if not _TAU.search(camera_of(header)):
        return
    rows, cols = image.shape[1:]
    if TAU2_SHAPE[0] % rows or TAU2_SHAPE[1] % cols:
        expected = " x ".join(map(str, TAU2_SHAPE))
        problem = f"is {rows} x {cols} pixels, not {expected} or blocks of it"
        raise InputError(path, problem, field="image", remedy="only whole frames can be read")
    lowest, highest = float(np.nanmin(image)), float(np.nanmax(image))
    if bits > 0 and not 0 <= lowest <= highest < FULL_SCALE:
        raise InputError(
            path,
            f"has counts {lowest:g} to {highest:g}, beyond 14 bits",
            field="bit depth",
            remedy="save the camera's own counts, 0 to 16383",
        )
