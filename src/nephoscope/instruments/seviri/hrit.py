"""SEVIRI Level 1.5 in HRIT: a prologue, an epilogue, and eight segments for each channel.

Layout: CGMS 03 and EUM/MSG/SPE/057; header records are satpy's. Only the segments, and of them only
the lines, that a region needs are read.
"""

from __future__ import annotations

import bz2
import io
import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nephoscope.errors import InputError
from nephoscope.grids.geostationary import DISK
from nephoscope.instruments.seviri.channels import CHANNELS
from nephoscope.instruments.seviri.names import (
    HritFiles,
    hrit_files,
    hrit_files_given,
    is_encrypted,
)
from nephoscope.instruments.seviri.native import is_unusable
from nephoscope.instruments.seviri.packing import GROUP, GROUP_BYTES, unpack
from nephoscope.instruments.seviri.slot import Lines, Record, Window, cds_time, slot_header

SEGMENT = 464
"""Lines of a segment; number 1 is the southernmost."""
SEGMENTS = DISK // SEGMENT

_STILL_COMING = "if it is still being received, try again when it is complete"
_PRIMARY = struct.Struct(">BHBIQ")  # type, length, file type, length of all headers, bits of data
_COMPRESSED = 1
_MOST_BYTES = 1 << 24  # the longest, a segment, has 2.2 MB
_QUALITY = {
    "line_validity": "validity",
    "line_radiometric_quality": "radiometric_quality",
    "line_geometric_quality": "geometric_quality",
}


class HritSlot:
    """The files of one picture, its prologue and epilogue read.

    Args:
        path: a folder of one picture, any file of it, or a list of its files: then no segment
            but those is read.

    Raises:
        InputError: no prologue, a file cut short or empty, or of another satellite.
        UsageError: a list of files of several pictures.
    """

    format = "hrit"
    comment = ""

    def __init__(self, path: Path | list[Path]) -> None:
        from satpy.readers.seviri_l1b_native_hdr import hrit_epilogue, hrit_prologue

        self._found: HritFiles = (
            hrit_files_given(path) if isinstance(path, list) else hrit_files(path)
        )
        self.path, self.files = self._found.first, self._found.paths
        prologue = self._found.prologue
        if prologue is None:
            problem = f"the prologue of {self._found.identity} is missing"
            raise InputError(
                self.path, problem, field="prologue", remedy="fetch the file ...-PRO..."
            )
        header = _body(prologue, hrit_prologue, "prologue")
        ending = self._found.epilogue
        trailer = None if ending is None else _body(ending, hrit_epilogue, "epilogue")
        self.header = slot_header(prologue, header, trailer)
        self._segments = {
            name: parts for name, parts in self._found.segments.items() if name in CHANNELS
        }
        self.channels = tuple(name for name in CHANNELS if name in self._segments)
        self._planned = self._plan()
        self.covered = _rows_of(self._planned)

    def missing(self, channel: str, window: Window) -> str | None:
        """Segments of a channel that are planned within `window` and not there, in words."""
        there = self._segments.get(channel, {})
        if not there:
            return "has no segment"
        gone = [number for number in self._needed(window) if number not in there]
        if not gone:
            return None
        numbers = ", ".join(map(str, gone))
        return f"segment {numbers} is missing" if len(gone) == 1 else f"segments {numbers} missing"

    def lines(self, channels: tuple[str, ...], window: Window) -> Iterator[Lines]:
        """What there is of `channels` within `window`, a segment at a time, from the south."""
        for number in self._needed(window):
            part = window.overlap(_rows_of(range(number, number + 1)))
            for channel in channels:
                path = self._segments.get(channel, {}).get(number)
                if path is not None and part is not None:
                    yield self._read(path, channel, number, part)

    def _needed(self, window: Window) -> list[int]:
        return [
            number
            for number in self._planned
            if window.overlap(_rows_of(range(number, number + 1))) is not None
        ]

    def _plan(self) -> range:
        """Segments that the satellite was to scan: all, or the northern ones in rapid scanning."""
        for parts in self._segments.values():
            for path in parts.values():
                header, _, _ = _headers(path)
                first = int(header["planned_start_segment_number"])
                last = int(header["planned_end_segment_number"])
                if not 1 <= first <= last <= SEGMENTS:
                    problem = f"are {first} to {last} of {SEGMENTS}"
                    raise InputError(path, problem, field="planned segments")
                return range(first, last + 1)
        return range(1, SEGMENTS + 1)

    def _read(self, path: Path, channel: str, number: int, part: Window) -> Lines:
        header, content, content_at = _headers(path)
        self._check(path, header, channel, number)
        # Lines run from the south, pixels from the east.
        rows = _rows_of(range(number, number + 1))
        first = rows.row + rows.rows - (part.row + part.rows)
        east = DISK - (part.col + part.cols)
        data = content[content_at:]
        counts = _counts(path, header, data, first, part.rows, east, part.cols)
        quality = header["image_segment_line_quality"][first : first + part.rows]
        flags = {ours: quality[theirs] for theirs, ours in _QUALITY.items()}
        counts[is_unusable(flags)] = 0
        acquired = quality["line_mean_acquisition"]
        times = cds_time(acquired["days"], acquired["milliseconds"])
        return Lines(channel, part.row, counts[::-1, ::-1], times[::-1])

    def _check(self, path: Path, header: dict[str, Any], channel: str, number: int) -> None:
        expected = {
            "GP_SC_ID": self.header.satellite,
            "spectral_channel_id": CHANNELS.index(channel) + 1,
            "segment_sequence_number": number,
            "number_of_lines": SEGMENT,
            "number_of_columns": DISK,
            "number_of_bits_per_pixel": 10,
        }
        for field, value in expected.items():
            found = header.get(field)
            if found is None or int(found) != value:
                raise InputError(path, f"is {found}, not {value}", field=field)
        if len(header.get("image_segment_line_quality", ())) != SEGMENT:
            raise InputError(path, f"is not of {SEGMENT} lines", field="image_segment_line_quality")


def _rows_of(segments: range) -> Window:
    return Window(DISK - (segments.stop - 1) * SEGMENT, 0, len(segments) * SEGMENT, DISK)


def _content(path: Path) -> bytes:
    if is_encrypted(path):
        remedy = "decrypt it with EUMETCast's key unit"
        raise InputError(path, "is encrypted, by its name", field="data field", remedy=remedy)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    if not content:
        raise InputError(path, "is empty (0 bytes)", field="header", remedy=_STILL_COMING)
    return _unpacked(path, content) if path.suffix.lower() == ".bz2" else content


def _unpacked(path: Path, content: bytes) -> bytes:
    unpacking = bz2.BZ2Decompressor()
    try:
        # One byte more than any file has: what goes on is damaged, however long it would be.
        unpacked = unpacking.decompress(content, _MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        problem = f"cannot be unpacked: {error}"
        raise InputError(path, problem, field="bzip2", remedy="fetch it again") from error
    if len(unpacked) > _MOST_BYTES:
        problem = f"unpacks to more than {_MOST_BYTES} bytes"
        raise InputError(path, problem, field="bzip2", remedy="fetch it again")
    if not unpacking.eof:
        raise InputError(path, "is cut short", field="bzip2", remedy=_STILL_COMING)
    return unpacked


def _lengths(path: Path, content: bytes) -> int:
    """Bytes of headers; the content must be as long as they say."""
    if len(content) < _PRIMARY.size:
        raise InputError(path, "ends within its header", field="header", remedy=_STILL_COMING)
    kind, length, _, headers, bits = _PRIMARY.unpack_from(content)
    if (kind, length) != (0, _PRIMARY.size) or headers < _PRIMARY.size:
        raise InputError(path, "is no HRIT file", field="primary header")
    missing = headers + math.ceil(bits / 8) - len(content)
    if missing > 0:
        problem = f"is {missing} bytes shorter than its header says"
        raise InputError(path, problem, field="data field", remedy=_STILL_COMING)
    return int(headers)


def _body(path: Path, layout: np.dtype[np.void], field: str) -> Record:
    content = _content(path)
    start = _lengths(path, content)
    if len(content) < start + layout.itemsize:
        raise InputError(path, "ends within it", field=field, remedy=_STILL_COMING)
    return np.frombuffer(content, layout, 1, start)[0]


def _headers(path: Path) -> tuple[dict[str, Any], bytes, int]:
    """Records of the header, the whole content, and where in it the data begin."""
    from satpy.readers.core.hrit import parse_header_dict
    from satpy.readers.seviri_l1b_hrit import (
        msg_hdr_map,
        msg_text_headers,
        msg_variable_length_headers,
    )

    content = _content(path)
    start = _lengths(path, content)
    known = (msg_hdr_map, msg_variable_length_headers, msg_text_headers)
    try:
        header = parse_header_dict(io.BytesIO(content[:start]), known)
    except (KeyError, ValueError, IndexError, TypeError, OverflowError) as error:
        problem = f"cannot be understood: {error}"
        raise InputError(path, problem, field="header", remedy="fetch it again") from error
    for field in ("planned_start_segment_number", "image_segment_line_quality"):
        if field not in header:
            raise InputError(path, "is missing", field=field)
    return header, content, start


def _counts(
    path: Path, header: dict[str, Any], data: bytes, first: int, rows: int, east: int, cols: int
) -> NDArray[np.uint16]:
    """(rows, cols) counts as they lie in the file: from the south, from the east."""
    if int(header.get("compression_flag_for_data", 0)) == _COMPRESSED:
        whole = _decompressed(path, header)
        return whole[first : first + rows, east : east + cols].copy()
    width = DISK // GROUP * GROUP_BYTES
    if len(data) < SEGMENT * width:
        raise InputError(path, "is cut short", field="data field", remedy=_STILL_COMING)
    part = memoryview(data)[first * width : (first + rows) * width]
    lines = np.frombuffer(part, np.uint8).reshape(rows, width)
    begin, stop = east // GROUP, -(-(east + cols) // GROUP)
    counts = unpack(lines[:, begin * GROUP_BYTES : stop * GROUP_BYTES])
    skip = east - begin * GROUP
    return counts[:, skip : skip + cols]


def _decompressed(path: Path, header: dict[str, Any]) -> NDArray[np.uint16]:
    from satpy.readers.core.hrit import HRITSegment

    if path.suffix.lower() == ".bz2":
        problem, remedy = "is packed by bzip2 and compressed by wavelets", "unpack it by bunzip2"
        raise InputError(path, problem, field="data field", remedy=remedy)
    try:
        counts: NDArray[np.uint16] = HRITSegment(str(path), header).read_data()
    except ModuleNotFoundError as error:
        raise InputError(
            path, "is compressed by wavelets", field="data field",
            remedy="pip install pyPublicDecompWT, or decompress it with xRITDecompress",
        ) from error  # fmt: skip
    except (ValueError, OSError, RuntimeError) as error:
        problem = f"cannot be decompressed: {error}"
        raise InputError(path, problem, field="data field", remedy="fetch it again") from error
    return counts
