"""A second, cheap decoding of a JPEG file, which hears what the first cannot.

A decoder takes the coded bytes that it needs and is silent about a few more, and it clips what is
out of range. The probe is the same coded data in another frame:

- one more row of units behind a restart marker: a decoder that is not there exactly, warns;
- planes as they are (not turned to red, green, blue) and coarser by half: means of -128..383 show;
- decoded at an eighth of the size, one value a block, at a fraction of the cost.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
import simplejpeg
from numpy.typing import NDArray

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

_MOST_UNITS = 65535  # the longest restart interval that DRI can say
_HIGHEST = 65500  # libjpeg's own limit
_AS_THEY_ARE = b"Adobe" + bytes([0, 100, 0, 0, 0, 0, 0])  # transform 0: no colour transform
_COLOURS = {1: "GRAY", 3: "RGB", 4: "CMYK"}
_LAST_COEFFICIENT = 63


def block_means(content: bytes, structure: Structure) -> NDArray[np.float32]:
    """Mean of each block of 8 x 8 pixels, beyond 0..255 where the coded data say so.

    Args:
        content: the file.
        structure: its markers.

    Returns:
        (y, x, plane) float32, DN, planes as coded (usually luma, blue and red difference).

    Raises:
        ValueError: what the decoder warns of.
    """
    frame = structure.frame
    means: NDArray[np.float32] = simplejpeg.decode_jpeg(
        _probe(content, structure),
        colorspace=_COLOURS[len(frame.components)],
        min_height=1,
        min_width=1,
    )[: -(-frame.height // 8)].astype(np.float32)
    for plane, component in enumerate(frame.components):
        first = structure.quantisation[component.quantisation][0]
        means[..., plane] = 128 + (means[..., plane] - 128) * (first / _coarser(first))
    return means


def _coarser(divisor: int) -> int:
    return max(1, divisor // 2)


def _probe(content: bytes, structure: Structure) -> bytes:
    frame, scan = structure.frame, structure.scans[0]
    rows, columns = frame.units
    extra = _can_be_counted(structure)
    height = (rows + 1) * frame.unit[0] if extra else frame.height
    parts = [
        bytes([0xFF, SOI]),
        _segment(APP14, _AS_THEY_ARE),
        *(_quantisation(number, table) for number, table in structure.quantisation.items()),
        _start_of_frame(frame, height),
        *(_segment(DHT, bytes([n]) + b"".join(table)) for n, table in structure.huffman.items()),
        _segment(DRI, struct.pack(">H", rows * columns if extra else structure.restart)),
        _start_of_scan(scan),
        content[scan.start : scan.end],
    ]
    if extra:
        parts += [b"\xff\xd0", _blank_row(structure)]
    return b"".join([*parts, bytes([0xFF, EOI])])


def _can_be_counted(structure: Structure) -> bool:
    frame = structure.frame
    rows, columns = frame.units
    return (
        frame.marker in BASELINE
        and len(structure.scans) == 1
        and len(structure.scans[0].selectors) == len(frame.components)
        and structure.restart == 0
        and rows * columns <= _MOST_UNITS
        and (rows + 1) * frame.unit[0] <= _HIGHEST
    )


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


def _blank_row(structure: Structure) -> bytes:
    """One row of units in the picture's own codes, each block as short as the tables allow."""
    frame, scan = structure.frame, structure.scans[0]
    unit = ""
    for part in frame.components:
        first, others = scan.selectors[part.identifier]
        block = _blank_block(structure.huffman[first], structure.huffman[16 | others])
        unit += block * (part.across * part.down if len(frame.components) > 1 else 1)
    bits = unit * frame.units[1]
    bits += "1" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\x00")


def _blank_block(first: tuple[bytes, bytes], others: tuple[bytes, bytes]) -> str:
    code, symbol = min(_codes(first), key=lambda pair: len(pair[0]))
    block = code + "0" * symbol
    by_symbol = {symbol: code for code, symbol in _codes(others)}
    if 0 in by_symbol:
        return block + by_symbol[0]  # end of block
    filling = [symbol for symbol in by_symbol if symbol & 15 or symbol == 0xF0]
    if not filling:
        raise DamagedError("a Huffman table without a code that ends a block")
    place = 0
    while place < _LAST_COEFFICIENT:
        block += by_symbol[filling[0]] + "0" * (filling[0] & 15)
        place += (filling[0] >> 4) + 1
    return block


def _codes(table: tuple[bytes, bytes]) -> Iterator[tuple[str, int]]:
    """Codes as text of 0 and 1, with their symbols (T.81, annex C)."""
    code, place = 0, 0
    for length, count in enumerate(table[0], start=1):
        for symbol in table[1][place : place + count]:
            yield format(code, f"0{length}b"), symbol
            code += 1
        place += count
        code <<= 1
