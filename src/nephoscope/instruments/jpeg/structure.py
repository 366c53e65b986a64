"""Marker structure of a JPEG file (ITU-R T.81, annex B): frame, tables, scans, end."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

SOI, EOI, SOS, DQT, DHT, DRI, APP14 = 0xD8, 0xD9, 0xDA, 0xDB, 0xC4, 0xDD, 0xEE
FRAMES = frozenset(range(0xC0, 0xD0)) - {DHT, 0xC8, 0xCC}
BASELINE = frozenset({0xC0, 0xC1})
"""Huffman frames whose blocks are coded whole, one after the other."""


class DamagedError(ValueError):
    """Damage in a JPEG file: the text follows "is damaged inside: "."""


class CutShortError(ValueError):
    """The file ends before its picture does."""


@dataclass(frozen=True)
class Component:
    """One plane of the frame."""

    identifier: int
    across: int
    down: int
    quantisation: int


@dataclass(frozen=True)
class Frame:
    """Start of frame: coding, bits, size in pixels, planes."""

    marker: int
    bits: int
    height: int
    width: int
    components: tuple[Component, ...]

    @property
    def unit(self) -> tuple[int, int]:
        """Height and width in pixels of a minimum coded unit (MCU) of all planes."""
        if len(self.components) == 1:
            return 8, 8
        across = max(component.across for component in self.components)
        down = max(component.down for component in self.components)
        return 8 * down, 8 * across

    @property
    def units(self) -> tuple[int, int]:
        """Rows and columns of minimum coded units."""
        high, wide = self.unit
        return -(-self.height // high), -(-self.width // wide)


@dataclass(frozen=True)
class Scan:
    """Start of scan: which Huffman tables code which plane, and where the coded bytes lie."""

    selectors: dict[int, tuple[int, int]]
    spectrum: bytes
    """First and last coefficient, and bits (three bytes as coded)."""
    huffman: dict[int, tuple[bytes, bytes]]
    """The tables in force."""
    restart: int
    """Units between restart markers; 0 if there are none."""
    start: int
    end: int


@dataclass
class Structure:
    """Frame, scans, tables and restart interval of a JPEG file."""

    frames: list[Frame] = field(default_factory=list)
    quantisation: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """Table number to 64 divisors in zigzag order."""
    huffman: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)
    """Class and number (0x00..0x13) to 16 counts of codes by length, and their symbols."""
    restart: int = 0
    scans: list[Scan] = field(default_factory=list)
    end: int = 0
    """Where the file's picture ends, behind its end marker. What follows is no part of it."""

    transform: int | None = None
    """What an Adobe segment says of the colours: 0 none, 1 differences; None if there is none."""

    @property
    def colour_differences(self) -> bool:
        """Whether the three planes are luma, blue and red difference, as libjpeg guesses it."""
        identifiers = bytes(part.identifier for part in self.frame.components)
        return len(identifiers) == 3 and self.transform != 0 and identifiers != b"RGB"

    @property
    def frame(self) -> Frame:
        """The one frame: `parse` sees to it that there is one."""
        return self.frames[0]


def parse(content: bytes) -> Structure:
    """Walk through the markers of a JPEG file.

    Raises:
        DamagedError: a segment or marker makes no sense where it stands.
        CutShortError: the file ends before the end marker.
    """
    structure, place = Structure(), 2
    while True:
        marker, place = _next_marker(content, place)
        if marker == EOI:
            break
        length = int.from_bytes(content[place : place + 2], "big")
        if place + max(length, 2) > len(content):
            raise CutShortError
        if length < 2:
            raise DamagedError(f"a segment FF{marker:02X} of {length} bytes")
        body = content[place + 2 : place + length]
        place += length
        if marker == SOS:
            place = _add_scan(structure, content, body, place)
        else:
            _add_segment(structure, marker, body)
    if not structure.scans:
        raise DamagedError("it holds no picture")
    structure.end = place
    return structure


def _next_marker(content: bytes, place: int) -> tuple[int, int]:
    start = place
    while content[place : place + 1] == b"\xff":
        place += 1
    if place >= len(content):
        raise CutShortError
    if place == start or content[place] == 0:
        raise DamagedError("bytes that belong to no segment")
    return content[place], place + 1


def _add_segment(structure: Structure, marker: int, body: bytes) -> None:
    try:
        if marker in FRAMES:
            if structure.frames:
                raise DamagedError("two frames")
            structure.frames.append(_frame(marker, body))
        elif marker == DQT:
            _add_quantisation(structure, body)
        elif marker == DHT:
            _add_huffman(structure, body)
        elif marker == DRI:
            structure.restart = int.from_bytes(body[:2], "big")
        elif marker == APP14 and body.startswith(b"Adobe"):
            structure.transform = body[11]
    except IndexError:
        raise DamagedError(f"the segment FF{marker:02X} is too short") from None


def _frame(marker: int, body: bytes) -> Frame:
    planes = [body[6 + 3 * index : 9 + 3 * index] for index in range(body[5])]
    components = tuple(Component(b[0], b[1] >> 4, b[1] & 15, b[2]) for b in planes)
    height, width = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
    frame = Frame(marker, body[0], height, width, components)
    factors = {factor for part in components for factor in (part.across, part.down)}
    if not components or not factors <= {1, 2, 3, 4} or not width or not height:
        raise DamagedError("sizes that cannot be")
    if len(body) != 6 + 3 * len(components):
        raise DamagedError("a frame of another length than it says")
    return frame


def _add_quantisation(structure: Structure, body: bytes) -> None:
    place = 0
    while place < len(body):
        size = 2 if body[place] >> 4 else 1
        table = body[place + 1 : place + 1 + 64 * size]
        if len(table) < 64 * size:
            raise DamagedError("a quantisation table is too short")
        values = [int.from_bytes(table[at : at + size], "big") for at in range(0, 64 * size, size)]
        structure.quantisation[body[place] & 15] = tuple(values)
        place += 1 + 64 * size


def _add_huffman(structure: Structure, body: bytes) -> None:
    place = 0
    while place < len(body):
        counts = body[place + 1 : place + 17]
        symbols = body[place + 17 : place + 17 + sum(counts)]
        if len(counts) < 16 or len(symbols) < sum(counts):
            raise DamagedError("a Huffman table is too short")
        structure.huffman[body[place]] = (counts, symbols)
        place += 17 + len(symbols)


def _add_scan(structure: Structure, content: bytes, body: bytes, start: int) -> int:
    if not structure.frames:
        raise DamagedError("a scan before its frame")
    if len(body) < 4 or len(body) != 4 + 2 * body[0]:
        raise DamagedError("a scan of another length than it says")
    pairs = [body[1 + 2 * index : 3 + 2 * index] for index in range(body[0])]
    end, restarts = _coded(content, start)
    if restarts and not structure.restart:
        raise DamagedError("a restart marker where none can be")
    if any(marker != 0xD0 + index % 8 for index, marker in enumerate(restarts)):
        raise DamagedError("restart markers out of order")
    selectors = {pair[0]: (pair[1] >> 4, pair[1] & 15) for pair in pairs}
    tables = dict(structure.huffman)
    structure.scans.append(Scan(selectors, body[-3:], tables, structure.restart, start, end))
    return end


def _coded(content: bytes, start: int) -> tuple[int, list[int]]:
    """End of the coded data of a scan, and the restart markers in them.

    In them FF is followed by 00, and by D0..D7 where an interval ends.
    """
    data = np.frombuffer(content, np.uint8, offset=start)
    places = np.flatnonzero(data[:-1] == 0xFF)
    followers = data[places + 1]
    restart = (followers & 0xF8) == 0xD0
    ends = np.flatnonzero((followers != 0) & (followers != 0xFF) & ~restart)
    if not len(ends):
        raise CutShortError
    end = start + int(places[ends[0]])
    while content[end - 1] == 0xFF and end > start:
        end -= 1  # a marker may be preceded by more FF
    return end, followers[: ends[0]][restart[: ends[0]]].tolist()
