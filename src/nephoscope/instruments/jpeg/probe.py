"""Block means of a JPEG file by a second, cheap decoding, which shows what clipping hides.

A decoder takes the coded bytes that it needs, is silent about a few more, and clips what is out of
range. The probe is the same coded data in another frame:

- one more row of units, for which no data are there: what decodes there are bytes left over;
- planes as they are (not turned to red, green, blue) and coarser by half: means of -128..383 show;
- decoded at an eighth of the size, one value a block, at a fraction of the cost.
"""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

from nephoscope.instruments.jpeg.decoder import decode
from nephoscope.instruments.jpeg.structure import (
    APP14,
    BASELINE,
    DHT,
    DQT,
    DRI,
    EOI,
    SOI,
    SOS,
    DamagedError,
    Frame,
    Scan,
    Structure,
)

_HIGHEST = 65500  # libjpeg's own limit
_AS_THEY_ARE = b"Adobe" + bytes([0, 100, 0, 0, 0, 0, 0])  # transform 0: no colour transform
_NO_DATA = 128  # what a decoder fills in where the data have come to their end
_PADDING = 7
"""Bits behind the last code that fill its byte: ones, with which no code is complete. In some scans
of progressive files each is a block of its own."""


def block_means(content: bytes, structure: Structure) -> NDArray[np.float32]:
    """Mean of each block of 8 x 8 pixels, beyond 0..255 where the coded data say so.

    Args:
        content: the file.
        structure: its markers.

    Returns:
        (y, x, plane) float32, DN, planes as coded (usually luma, blue and red difference), in
        steps of `coarseness`.

    Raises:
        DamagedError: coded data are left over, or nothing can be decoded.
    """
    frame = structure.frame
    high, rows = frame.unit[0], frame.units[0]
    extended = (rows + 1) * high <= _HIGHEST
    height = (rows + 1) * high if extended else frame.height
    means = decode(_probe(content, structure, height), structure, eighth=True)
    if extended:
        _check_left_over(structure, means[rows * (high // 8) :])
    means = means[: -(-frame.height // 8)]
    return 128 + (means.astype(np.float32) - 128) * np.asarray(coarseness(structure), np.float32)


def coarseness(structure: Structure) -> tuple[float, ...]:
    """Step of each plane of `block_means`, DN."""
    firsts = [structure.quantisation[part.quantisation][0] for part in structure.frame.components]
    return tuple(first / _coarser(first) for first in firsts)


def _coarser(divisor: int) -> int:
    return max(1, divisor // 2)


def _check_left_over(structure: Structure, extra: NDArray[np.uint8]) -> None:
    """Raise if more follows the last unit than the bits that fill its byte."""
    most = 1 if structure.frame.marker in BASELINE else 1 + _PADDING
    high, wide = (size // 8 for size in structure.frame.unit)
    filled = np.flatnonzero((extra[:high] != _NO_DATA).any((0, 2)))
    last = int(filled.max(initial=-wide)) // wide + 1
    if last > most:
        raise DamagedError("coded data are left over behind the last row")


def _probe(content: bytes, structure: Structure, height: int) -> bytes:
    parts = [
        bytes([0xFF, SOI]),
        _segment(APP14, _AS_THEY_ARE),
        *(_quantisation(number, table) for number, table in structure.quantisation.items()),
        _start_of_frame(structure.frame, height),
    ]
    for scan in structure.scans:
        tables = scan.huffman.items()
        parts += [_segment(DHT, bytes([number]) + b"".join(table)) for number, table in tables]
        parts.append(_segment(DRI, struct.pack(">H", scan.restart)))
        parts += [_start_of_scan(scan), content[scan.start : scan.end]]
    return b"".join([*parts, bytes([0xFF, EOI])])


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _quantisation(number: int, table: tuple[int, ...]) -> bytes:
    # Only the first, the block's mean, is decoded; 16 bits hold every table.
    return _segment(DQT, bytes([16 | number]) + struct.pack(">64H", _coarser(table[0]), *table[1:]))


def _start_of_frame(frame: Frame, height: int) -> bytes:
    body = struct.pack(">BHHB", frame.bits, height, frame.width, len(frame.components))
    for part in frame.components:
        body += bytes([part.identifier, part.across << 4 | part.down, part.quantisation])
    return _segment(frame.marker, body)


def _start_of_scan(scan: Scan) -> bytes:
    body = bytes([len(scan.selectors)])
    for identifier, (first, others) in scan.selectors.items():
        body += bytes([identifier, first << 4 | others])
    return _segment(SOS, body + scan.spectrum)
