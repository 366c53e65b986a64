"""SEVIRI Level 1.5 native files: one file a picture, all channels of a line side by side.

Layout: EUM/MSG/ICD/105 and MSG Level 1.5 Native Format File Definition; header and trailer records
are satpy's. The pixels are read here, so that a region costs what a region costs.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from nephoscope.errors import InputError
from nephoscope.grids.geostationary import DISK
from nephoscope.instruments.seviri.channels import ALL_BANDS, CHANNELS
from nephoscope.instruments.seviri.names import ARCHIVE
from nephoscope.instruments.seviri.packing import GROUP, GROUP_BYTES, unpack
from nephoscope.instruments.seviri.slot import Lines, Record, Window, cds_time, slot_header

HRV_LINES = 3
"""Lines of HRV beside one line of the other channels."""

_STILL_COMING = "if it is still being fetched, try again when it is complete"
_AT_A_TIME = 64  # lines; 4.6 MB of a full disk
_BAD_VALIDITY, _BAD_QUALITY = (2, 3), 4  # lost or corrupt; "do not use" (EUM/MSG/ICD/105)


def line_record(cols: int) -> np.dtype[np.void]:
    """One line of one channel: packet header, 27 bytes of line header, counts in ten bits."""
    return np.dtype(
        [
            ("packet", "V38"),
            ("version", "u1"),
            ("satellite", ">u2"),
            ("time", ">u2", (5,)),
            ("line", ">u4"),
            ("channel", "u1"),
            ("days", ">u2"),
            ("milliseconds", ">u4"),
            ("validity", "u1"),
            ("radiometric_quality", "u1"),
            ("geometric_quality", "u1"),
            ("counts", "u1", (cols // GROUP * GROUP_BYTES,)),
        ]
    )


def lines_record(cols: int, channels: int, hrv_cols: int) -> np.dtype[np.void]:
    """All that a file holds of one line; `hrv_cols` is 0 without HRV."""
    record: list[tuple[str, np.dtype[np.void], tuple[int]]] = [
        ("visir", line_record(cols), (channels,))
    ]
    if hrv_cols:
        record.append(("hrv", line_record(hrv_cols), (HRV_LINES,)))
    return np.dtype(record)


def is_unusable(lines: Record) -> NDArray[np.bool_]:
    """Mask of lines that are lost or corrupt, and by both quality flags not to be used."""
    bad: NDArray[np.bool_] = np.isin(lines["validity"], _BAD_VALIDITY)
    for flag in ("radiometric_quality", "geometric_quality"):
        bad = bad & (lines[flag] == _BAD_QUALITY)
    return bad


class NativeSlot:
    """A native file, its headers read.

    Args:
        path: the file.

    Raises:
        InputError: empty, cut short, no SEVIRI native file, or of another satellite.
    """

    format = "native"
    comment = ""

    def __init__(self, path: Path) -> None:
        self.path, self.files = path, [path]
        size = _size_of(path)
        with _opened(path) as file:
            head = file.read(len(ARCHIVE))
        header = _record(path, _header_type(head == ARCHIVE), 0, "header")
        self._choose_layout(header)
        self._data_at = header.dtype.itemsize
        end = self._data_at + self._lines * self._record.itemsize
        trailer_type = _trailer_type()
        missing = end + trailer_type.itemsize - size
        if missing > 0:
            raise InputError(
                path, f"is {missing} bytes shorter than its header says", field="line data",
                remedy=_STILL_COMING,
            )  # fmt: skip
        trailer = _record(path, trailer_type, end, "15TRAILER")
        self.header = slot_header(path, header["15_DATA_HEADER"], trailer["15TRAILER"])

    def missing(self, channel: str, window: Window) -> str | None:
        """A channel that was not ordered; lines are all there, or the file is cut short."""
        return None if channel in self.channels else "is not in the file"

    def lines(self, channels: tuple[str, ...], window: Window) -> Iterator[Lines]:
        """What there is of `channels` within `window`, some lines at a time, from the south."""
        part = window.overlap(self.covered)
        if part is None:
            return
        # Files run from the south, and from the east within a line.
        first = self.covered.row + self.covered.rows - (part.row + part.rows)
        east = self.covered.col + self.covered.cols - (part.col + part.cols)
        groups = slice(east // GROUP, -(-(east + part.cols) // GROUP))
        packed = slice(groups.start * GROUP_BYTES, groups.stop * GROUP_BYTES)
        skip = east - groups.start * GROUP
        for start in range(first, first + part.rows, _AT_A_TIME):
            count = min(_AT_A_TIME, first + part.rows - start)
            block = self._read(start, count)["visir"]
            row = self.covered.row + self.covered.rows - start - count
            for channel in channels:
                if channel in self.channels:
                    lines = block[:, self._bands.index(channel)]
                    counts = unpack(lines["counts"][:, packed])[:, skip : skip + part.cols]
                    counts[is_unusable(lines)] = 0
                    times = cds_time(lines["days"], lines["milliseconds"])
                    yield Lines(channel, row, counts[::-1, ::-1], times[::-1])

    def _read(self, line: int, count: int) -> Record:
        at = self._data_at + line * self._record.itemsize
        with _opened(self.path) as file:
            file.seek(at)
            content = file.read(count * self._record.itemsize)
        if len(content) < count * self._record.itemsize:
            raise InputError(self.path, "is cut short", field="line data", remedy=_STILL_COMING)
        return np.frombuffer(content, self._record)

    def _choose_layout(self, header: Record) -> None:
        names = header.dtype.names
        if "15_SECONDARY_PRODUCT_HEADER" not in names:  # whole disk, all channels
            self._bands = [*CHANNELS]
            self.channels = CHANNELS
            self._lines = DISK
            self.covered = Window(0, 0, DISK, DISK)
            self._record = lines_record(DISK, len(CHANNELS), _HRV_DISK // 2)
            return
        maker = _Values(self.path, header["15_MAIN_PRODUCT_HEADER"]).text("CreatingCentre")
        self.comment = maker if maker.startswith("simulated") else ""
        values = _Values(self.path, header["15_SECONDARY_PRODUCT_HEADER"])
        chosen = values.text("SelectedBandIDs").ljust(ALL_BANDS, "-")
        self._bands = [name for name, mark in zip(CHANNELS, chosen, strict=False) if mark == "X"]
        self.channels = tuple(self._bands)
        if set(chosen[:ALL_BANDS]) - set("X-") or not self._bands:
            raise InputError(
                self.path, f"is {chosen!r}: no channel but HRV", field="SelectedBandIDs"
            )
        south, north = (values.line(f"{side}LineSelectedRectangle") for side in ("South", "North"))
        east, west = (values.line(f"{side}ColumnSelectedRectangle") for side in ("East", "West"))
        self._lines = values.line("NumberLinesVISIR")
        if south > north or east > west or self._lines != north - south + 1:
            problem = f"lines {south} to {north}, columns {east} to {west}, {self._lines} lines"
            raise InputError(self.path, problem, field="SelectedRectangle")
        # The archive fills columns up to a multiple of four, at the western end of a line.
        cols = west - east + 1
        hrv = 0
        if chosen[ALL_BANDS - 1] == "X":
            hrv = values.number("NumberColumnsHRV") // (1 if cols < DISK else 2)
        self._record = lines_record(-(-cols // GROUP) * GROUP, len(self._bands), hrv)
        self.covered = Window(DISK - north, DISK - west, north - south + 1, cols)


_HRV_DISK = 3 * DISK


class _Values:
    """The texts of the archive's header."""

    def __init__(self, path: Path, header: Record) -> None:
        self.path, self.header = path, header

    def text(self, field: str) -> str:
        raw = bytes(self.header[field]["Value"]).decode("ascii", "replace")
        return raw.partition(":")[0].strip(" \0\n\r")

    def number(self, field: str) -> int:
        text = self.text(field)
        if not (text.isascii() and text.isdigit()) or not 0 < int(text[:9]) <= _HRV_DISK:
            raise InputError(self.path, f"is {text!r}: no number of pixels", field=field)
        return int(text[:9])

    def line(self, field: str) -> int:
        number = self.number(field)
        if number > DISK:
            raise InputError(self.path, f"is {number}, beyond {DISK}", field=field)
        return number


def _header_type(archive: bool) -> np.dtype[np.void]:
    from satpy.readers.seviri_l1b_native_hdr import get_native_header

    layout: np.dtype[np.void] = get_native_header(archive)
    return layout


def _trailer_type() -> np.dtype[np.void]:
    from satpy.readers.seviri_l1b_native_hdr import native_trailer

    layout: np.dtype[np.void] = native_trailer
    return layout


def _size_of(path: Path) -> int:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    if not size:
        raise InputError(path, "is empty (0 bytes)", field="header", remedy=_STILL_COMING)
    return size


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error


def _record(path: Path, layout: np.dtype[np.void], at: int, field: str) -> Record:
    with _opened(path) as file:
        file.seek(at)
        content = file.read(layout.itemsize)
    if len(content) < layout.itemsize:
        raise InputError(path, "ends within it", field=field, remedy=_STILL_COMING)
    return np.frombuffer(content, layout)[0]
