"""The 16 bits of `cloud_scenario`, taken apart by bit operations.

Source: CloudSat 2B-CLDCLASS Process Description and Interface Control Document, table 5. Bit 0 is
the lowest. The missing code -9999 has bits that read as determined deep convection: it is looked
at before any bit. ICARE's files have a code of their own, -32768, which the readers turn to -9999.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from nephoscope.errors import UsageError
from nephoscope.track import CLOUD_TYPES

MISSING = -9999
ICARE_FILL = -32768
"""Missing in files of ICARE (CALTRACK): the spare bit alone, which no measurement has."""
UNKNOWN = -1

Undetermined = Literal["unknown", "clear"]


class Field(NamedTuple):
    """Lowest bit and number of bits of one part of the code."""

    bit: int
    width: int


FIELDS = {
    "determined": Field(0, 1),
    "cloud_type": Field(1, 4),
    "surface": Field(5, 2),
    "latitude_zone": Field(7, 2),
    "algorithm": Field(9, 2),
    "quality": Field(11, 2),
    "precipitation": Field(13, 2),
    "spare": Field(15, 1),
}
"""Parts of the code. Surface: 0 unspecific, 1 land, 2 sea, 3 snow. Zone: 0 unspecific, 1 tropical,
2 middle, 3 polar. Algorithm: 0 radar only, 1 with MODIS. Quality: 0 not confident, 1 confident.
Precipitation: 0 none, 1 liquid, 2 solid, 3 possible drizzle."""


def decode_field(codes: NDArray[np.int16], name: str) -> NDArray[np.int8]:
    """One part of the codes.

    Args:
        codes: any shape, int16, -9999 where missing, as in `cloud_scenario` of a Track.
        name: a key of `FIELDS`.

    Returns:
        The same shape, int8: the bits of that part as a number; -1 where the code is missing.

    Raises:
        UsageError: no such part, or codes that are no whole numbers of 16 bits.
    """
    if name not in FIELDS:
        raise UsageError(f"no part '{name}' of a cloud scenario; known are: {', '.join(FIELDS)}")
    field = FIELDS[name]
    unsigned = _unsigned(codes)
    value = (unsigned >> np.uint16(field.bit)) & np.uint16((1 << field.width) - 1)
    return np.where(unsigned == np.uint16(MISSING & 0xFFFF), UNKNOWN, value).astype(np.int8)


def cloud_type(
    codes: NDArray[np.int16], undetermined: Undetermined = "unknown"
) -> NDArray[np.int8]:
    """Cloud type of each code.

    Args:
        codes: any shape, int16, -9999 where missing.
        undetermined: what to make of type 0 in codes whose bit 0 says "not determined": unknown,
            or clear as readers do that do not look at that bit. Never makes a cloud.

    Returns:
        The same shape, int8: 0 no cloud, 1..8 as in `CLOUD_TYPES`, -1 unknown (missing, not
        determined, or a type that is not defined: 9..15).

    Raises:
        UsageError: another word for `undetermined`, or codes that are no numbers of 16 bits.
    """
    if undetermined not in get_args(Undetermined):
        known = " or ".join(f"'{each}'" for each in get_args(Undetermined))
        raise UsageError(f"undetermined is {undetermined!r}, not {known}")
    return _table(undetermined)[_unsigned(codes)]


def encode(cloud_type: NDArray[np.int8], **fields: NDArray[np.integer] | int) -> NDArray[np.int16]:
    """Codes of cloud types and other parts.

    Args:
        cloud_type: any shape, 0..8, or -1 for the missing code.
        fields: other parts by their names in `FIELDS`, of a shape that fits; 0 if not given, but
            `determined` 1.

    Returns:
        The shape of `cloud_type`, int16.
    """
    missing = np.asarray(cloud_type) == UNKNOWN
    parts = {"determined": 1, **fields, "cloud_type": np.where(missing, 0, cloud_type)}
    code = np.zeros(np.shape(cloud_type), np.uint16)
    for name, value in parts.items():
        field = FIELDS[name]
        bits = np.asarray(value).astype(np.uint16) & np.uint16((1 << field.width) - 1)
        code |= bits << np.uint16(field.bit)
    return np.where(missing, np.int16(MISSING), code.view(np.int16))


def _unsigned(codes: NDArray[np.int16]) -> NDArray[np.uint16]:
    codes = np.asarray(codes)
    if codes.dtype not in (np.int16, np.uint16):
        # Other widths hold the same numbers, or something else.
        if codes.dtype.kind not in "iu" or ((codes < -(1 << 15)) | (codes >= 1 << 16)).any():
            raise UsageError(f"codes are {codes.dtype}, not whole numbers of 16 bits")
        codes = codes.astype(np.int64).astype(np.uint16)
    return np.ascontiguousarray(codes).view(np.uint16)


@lru_cache
def _table(undetermined: Undetermined) -> NDArray[np.int8]:
    # Indexed by the code as an unsigned number: one look-up instead of four passes over a granule.
    codes = np.arange(1 << 16, dtype=np.uint16).view(np.int16)
    found = decode_field(codes, "cloud_type")
    not_determined = decode_field(codes, "determined") != 1
    fallback = np.where(found == 0, 0, UNKNOWN) if undetermined == "clear" else UNKNOWN
    kept = np.where(not_determined, fallback, found)
    missing = (codes == MISSING) | (found >= len(CLOUD_TYPES))
    table = np.where(missing, UNKNOWN, kept).astype(np.int8)
    table.setflags(write=False)
    return table
