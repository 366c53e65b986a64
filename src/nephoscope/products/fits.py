"""The FITS of a sky frame: image, mask and probability, with the camera's own keywords.

Layout and checksums follow the FITS standard 4.0 (https://fits.gsfc.nasa.gov/fits_standard.html,
section 4.4.2.7 and appendix J). The bytes are put together here: astropy takes several times as
long for the same file, and every camera frame passes through.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from os import PathLike
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nephoscope.files import atomic_path
from nephoscope.instruments.skycam.fits import BLOCK, CARD, VALID_CARD

UNKNOWN = 255
"""In `MASK`, beside 0 clear and 1 cloud."""

Value = str | bool | int | float
Bytes = bytes | memoryview
Facts = Mapping[str, tuple[Value, str]]

_STRUCTURE = re.compile(
    r"SIMPLE|XTENSION|BITPIX|NAXIS\d*|EXTEND|PCOUNT|GCOUNT|GROUPS|BSCALE|BZERO|BLANK|BUNIT|END|"
    r"CHECKSUM|DATASUM|DATAMAX|DATAMIN|EXTNAME|EXTVER|EXTLEVEL|INHERIT|CONTINUE|LONGSTRN|BLOCKED|"
    r"Z(IMAGE|BITPIX|NAXIS\d*|SIMPLE|EXTEND|CMPTYPE|TILE\d+|PCOUNT|GCOUNT|NAME\d+|VAL\d+|QUANTIZ)|"
    r"T(FIELDS|FORM\d+|TYPE\d+)"
)
_AXES = re.compile(
    r"(CTYPE|CRPIX|CRVAL|CDELT|CROTA|CUNIT|CRDER|CSYER)[12][A-Z]?|(CD|PC)[12]_[12][A-Z]?"
)
_PRINTABLE = re.compile(r"[ -~]*")
_PIECE = 2**20  # pixels; whole words of the checksum
_LONGEST_TEXT = 68  # characters of a string value in one card


def write_frame_fits(
    path: str | PathLike[str],
    image: NDArray[np.float32],
    mask: NDArray[np.int8],
    probability: NDArray[np.float32],
    header: str = "",
    facts: Facts | None = None,
    units: str = "adu",
    quality: NDArray[np.uint8] | None = None,
) -> None:
    """Write a frame with what was found in it, atomically.

    HDUs: an empty primary with the camera's keywords and the facts; `IMAGE` float32, NaN where
    missing; `MASK` uint8, 0 clear, 1 cloud, 255 unknown; `PROBABILITY` float32, NaN where unknown;
    where there is a horizon `QUALITY` uint8, why a pixel is unknown.

    Args:
        path: the final name; an existing file is replaced once the new one is complete.
        image: (y, x) or (channel, y, x) float32.
        mask: (y, x) int8, -1 unknown, 0 clear, 1 cloud.
        probability: (y, x) float32, 0..1.
        header: the cards of the original, one a line (`header` of a sky Scene); those that are not
            valid FITS or describe the old layout are left out.
        facts: keyword → (value, comment), written in the primary header.
        units: of the image.
        quality: (y, x) uint8, the bits of `nephoscope.products.frames.QUALITY_FLAGS`.

    Raises:
        OutputError: the file cannot be written.
        ValueError: mask or probability is not of the image's shape.
    """
    if not image.shape[-2:] == mask.shape == probability.shape:
        raise ValueError(f"shapes differ: {image.shape}, {mask.shape}, {probability.shape}")
    stored = np.ascontiguousarray(mask, np.int8).view(np.uint8)  # -1 is 255
    found = {
        "MASK": Plane(stored, comment="0 clear, 1 cloud, 255 unknown"),
        "PROBABILITY": Plane(probability, "1"),
    }
    if quality is not None:
        found["QUALITY"] = Plane(quality, comment="1 missing, 2 beyond horizon, 4 not judged")
    write_fits(path, image, found, header, facts, units)


class Plane(NamedTuple):
    """What is in one HDU.

    Attributes:
        data: (..., y, x) float32, NaN where unknown; or uint8.
        unit: as FITS says it; "" for none.
        comment: of its name.
    """

    data: NDArray[np.float32] | NDArray[np.uint8]
    unit: str = ""
    comment: str = ""


def write_fits(
    path: str | PathLike[str],
    image: NDArray[np.float32],
    found: Mapping[str, Plane],
    header: str = "",
    facts: Facts | None = None,
    units: str = "adu",
) -> None:
    """Write a picture with what was found in it, atomically.

    Args:
        path: the final name; an existing file is replaced once the new one is complete.
        image: (y, x) or (channel, y, x) float32, NaN where missing: the HDU `IMAGE`.
        found: name of an HDU → what is in it.
        header: as for `write_frame_fits`.
        facts: as for `write_frame_fits`.
        units: of the image.

    Raises:
        OutputError: the file cannot be written.
    """
    carried, axes = _carried(header, frozenset(facts or {}))
    own = [card(name, value, comment) for name, (value, comment) in (facts or {}).items()]
    parts = [_unit([card("SIMPLE", True), card("BITPIX", 8), card("NAXIS", 0),
                    card("EXTEND", True), *carried, *own], None)]  # fmt: skip
    for name, (data, unit, comment) in {"IMAGE": Plane(image, units), **found}.items():
        cards = [*_layout(data), card("EXTNAME", name, comment)]
        cards += [card("BUNIT", unit)] if unit else []
        parts.append(_unit([*cards, *(axes if name == "IMAGE" else [])], data))
    with atomic_path(path) as part, part.open("wb") as file:
        file.writelines(chain.from_iterable(parts))


def card(keyword: str, value: Value, comment: str = "") -> str:
    """One header card of 80 characters, in fixed format.

    Raises:
        ValueError: the value cannot be written in FITS (NaN, or text that is too long).
    """
    if isinstance(value, bool):
        text = f"{'T' if value else 'F':>20}"
    elif isinstance(value, str):
        quoted = value.replace("'", "''")
        if len(quoted) > _LONGEST_TEXT or not _PRINTABLE.fullmatch(quoted):
            raise ValueError(f"{keyword}: {value!r} cannot be written in a FITS header")
        text = f"'{quoted:<8}'".ljust(20)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{keyword}: {value} cannot be written in a FITS header")
        text = repr(value).upper().rjust(20)
    else:
        text = f"{value:>20}"
    line = f"{keyword:<8}= {text}"
    return (f"{line} / {comment}" if comment else line).ljust(CARD)[:CARD]


def card_text(text: str, most: int = _LONGEST_TEXT) -> str:
    """The end of a text as a card takes it: printable ASCII, with room to double apostrophes."""
    plain = "".join(letter if _PRINTABLE.fullmatch(letter) else "?" for letter in text)[-most:]
    return plain[max(len(plain) + plain.count("'") - _LONGEST_TEXT, 0) :]


def _carried(header: str, taken: frozenset[str]) -> tuple[list[str], list[str]]:
    """Valid cards of the original: those of the frame, and those of the image's axes."""
    carried: list[str] = []
    axes: list[str] = []
    seen = set(taken)
    for line in header.splitlines():
        text = line.rstrip()
        match = VALID_CARD.fullmatch(text)
        if len(text) > CARD or not _PRINTABLE.fullmatch(text):
            continue
        if text.startswith(("COMMENT ", "HISTORY ")):
            carried.append(f"{text:<80}")
        elif match is not None:
            keyword = match[1].strip()
            if keyword not in seen and not _STRUCTURE.fullmatch(keyword):
                (axes if _AXES.fullmatch(keyword) else carried).append(f"{text:<80}")
            seen.add(keyword)
    return carried, axes


def _layout(data: NDArray[np.float32] | NDArray[np.uint8]) -> list[str]:
    bits = 8 if data.dtype == np.uint8 else -32
    sizes = [card(f"NAXIS{place}", size) for place, size in enumerate(data.shape[::-1], 1)]
    return [card("XTENSION", "IMAGE", "image extension"), card("BITPIX", bits),
            card("NAXIS", data.ndim), *sizes, card("PCOUNT", 0), card("GCOUNT", 1)]  # fmt: skip


def _unit(
    cards: Iterable[str], data: NDArray[np.float32] | NDArray[np.uint8] | None
) -> Iterator[Bytes]:
    """Header, data and padding of one unit, with DATASUM and CHECKSUM."""
    total = 0 if data is None else _sum_words(_body(data))
    lines = [*cards, card("DATASUM", str(total), "data unit checksum")]
    blank = card("CHECKSUM", "0" * 16, "HDU checksum")
    head = _header([*lines, blank])
    encoded = _encode(~_fold(total + _sum_words([head])) & 0xFFFFFFFF)
    yield _header([*lines, blank.replace("0" * 16, encoded)])
    if data is not None:
        yield from _body(data)


def _header(lines: list[str]) -> bytes:
    text = "".join(lines) + f"{'END':<80}"
    return text.ljust(-(-len(text) // BLOCK) * BLOCK).encode("ascii")


def _body(data: NDArray[np.float32] | NDArray[np.uint8]) -> Iterator[Bytes]:
    """The bytes of the data in pieces, so that a large frame is not held twice, and padding."""
    flat = np.ascontiguousarray(data).reshape(-1)
    for first in range(0, flat.size, _PIECE):
        piece = flat[first : first + _PIECE]
        yield (piece if piece.dtype == np.uint8 else piece.astype(">f4")).data.cast("B")
    yield bytes(-flat.nbytes % BLOCK)


def _sum_words(parts: Iterable[Bytes]) -> int:
    """Ones' complement sum of big-endian 32-bit words (FITS standard, appendix J.1)."""
    total = 0
    for part in parts:
        whole = len(part) // 4 * 4
        total += int(np.frombuffer(part, ">u4", whole // 4).sum(dtype=np.uint64))
        total += int.from_bytes(bytes(part[whole:]).ljust(4, b"\0"), "big")
    return _fold(total)


def _fold(total: int) -> int:
    while total >> 32:
        total = (total & 0xFFFFFFFF) + (total >> 32)
    return total


def _encode(value: int) -> str:
    """A 32-bit number as 16 letters and digits (FITS standard, appendix J.3)."""
    ascii_zero = 0x30
    excluded = {*range(0x3A, 0x41), *range(0x5B, 0x61)}
    columns = []
    for shift in (24, 16, 8, 0):
        byte = value >> shift & 0xFF
        quarter, rest = divmod(byte, 4)
        four = [quarter + rest + ascii_zero, *[quarter + ascii_zero] * 3]
        while excluded & set(four):
            for low in (0, 2):
                if excluded & {four[low], four[low + 1]}:
                    four[low] += 1
                    four[low + 1] -= 1
        columns.append(four)
    text = "".join(chr(columns[byte][place]) for place in range(4) for byte in range(4))
    return text[-1] + text[:-1]  # the value begins in column 12: turn by one
