"""Counts of some pixels of a dataset: only the rows that hold them are read.

Files of this archive are compressed by whole rows, of which a patch needs a part. HDF5 inflates
them one by one under one lock; here the compressed bytes are fetched from it and inflated by a few
threads, each of which keeps its pixels of the row. Any other layout goes through HDF5 itself.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nephoscope.errors import InputError
from nephoscope.instruments.polder.datasets import explained

_ROWS_AT_ONCE = 32
_CHUNKS_AT_ONCE = 64  # compressed rows held at a time
_MOST_CHUNK_BYTES = 2**26
_THREADS = min(4, os.cpu_count() or 1)
Counts = NDArray[Any]


def read_counts(
    dataset: Any,  # noqa: ANN401 - h5py has no types
    first_row: int,
    columns: NDArray[np.int64],
    fill: float,
) -> Counts:
    """Counts of the pixels of consecutive rows.

    Args:
        dataset: (row, column) or (row, column, view), checked.
        first_row: first row to read.
        columns: (y, x) int64, columns of the file wanted of each row.
        fill: count of rows that were never written. HDF5's own is not asked for: where it was not
            set they would read as zeros, and where it is damaged HDF5 2.0 crashes.

    Returns:
        (y, x) or (y, x, view), in the type of the file.

    Raises:
        InputError: a row is damaged.
    """
    return read_pieces(dataset, [Piece(first_row, columns)], fill)[0]


class Piece(NamedTuple):
    """Pixels of consecutive rows.

    Attributes:
        first_row: first row.
        columns: (y, x) int64, columns of the file wanted of each row.
    """

    first_row: int
    columns: NDArray[np.int64]

    def lines(self, top: int, bottom: int) -> range:
        """Lines of the piece that lie in rows `top` to `bottom` of the file, the last excluded."""
        first = max(top - self.first_row, 0)
        return range(first, max(min(bottom - self.first_row, len(self.columns)), first))


def read_pieces(
    dataset: Any,  # noqa: ANN401 - h5py has no types
    pieces: Sequence[Piece],
    fill: float,
) -> list[Counts]:
    """Counts of several pieces of a dataset, of which each row is read and inflated once.

    Args:
        dataset: as in `read_counts`.
        pieces: that may overlap.
        fill: as in `read_counts`.

    Returns:
        Of each piece (y, x) or (y, x, view), in the type of the file.

    Raises:
        InputError: a row is damaged.
    """
    with explained(dataset.file.filename, dataset.name.removeprefix("/")):
        packed = _Packed.of(dataset, fill) if _is_of_packed_rows(dataset) else None
        shapes = [(*piece.columns.shape, *dataset.shape[2:]) for piece in pieces]
        outs = [np.empty(shape, dataset.dtype) for shape in shapes]
    if packed is not None:
        _read_packed(packed, pieces, outs)
    else:
        _read_plain(dataset, pieces, outs)
    return outs


def _read_plain(dataset: Any, pieces: Sequence[Piece], outs: Sequence[Counts]) -> None:  # noqa: ANN401
    for top, bottom in _blocks(pieces, _ROWS_AT_ONCE):
        wanted = [
            (piece, out, piece.lines(top, bottom)) for piece, out in zip(pieces, outs, strict=True)
        ]
        parts = [piece.columns[lines.start : lines.stop] for piece, _, lines in wanted if lines]
        west = min(int(part.min()) for part in parts)
        east = max(int(part.max()) for part in parts) + 1
        with explained(dataset.file.filename, dataset.name.removeprefix("/")):
            block = dataset[top:bottom, west:east]
        for piece, out, lines in wanted:
            for line in lines:
                out[line] = block[piece.first_row + line - top, piece.columns[line] - west]


def _blocks(pieces: Sequence[Piece], height: int) -> Iterator[tuple[int, int]]:
    """Runs of rows that any piece needs, no longer than `height`: the first, and after the last."""
    rows = {
        row
        for piece in pieces
        for row in range(piece.first_row, piece.first_row + len(piece.columns))
    }
    for _, run in groupby(enumerate(sorted(rows)), key=lambda pair: pair[1] - pair[0]):
        numbers = [row for _, row in run]
        for start in range(0, len(numbers), height):
            block = numbers[start : start + height]
            yield block[0], block[-1] + 1


@dataclass(frozen=True)
class _Packed:
    """Dataset whose chunks are whole rows, deflated; slow questions to h5py are asked once."""

    dataset: Any
    dtype: np.dtype[Any]
    chunk: tuple[int, ...]
    shuffled: bool
    fill: float

    @classmethod
    def of(cls, dataset: Any, fill: float) -> _Packed:  # noqa: ANN401
        shuffled = bool(dataset.shuffle) and dataset.dtype.itemsize > 1
        return cls(dataset, dataset.dtype, dataset.chunks, shuffled, fill)

    def stored(self, row: int) -> bytes | None:
        """The compressed chunk that begins with a row; None where none was written."""
        corner = (row, *[0] * (len(self.chunk) - 1))
        with explained(self.dataset.file.filename, self.dataset.name.removeprefix("/")):
            if self.dataset.id.get_chunk_info_by_coord(corner).byte_offset is None:
                return None
            mask, content = self.dataset.id.read_direct_chunk(corner)
        if mask:
            raise self.damaged(row)
        return bytes(content)

    def inflated(self, row: int, stored: bytes) -> Counts:
        """All counts of the chunk that begins with a row."""
        size = int(np.prod(self.chunk)) * self.dtype.itemsize
        # Deflate makes nothing longer by more than this: a stream that is has been made to harm.
        if len(stored) > size + size // 1000 + 64:
            raise self.damaged(row)
        try:
            # In one piece of the right size, which takes a third of the time of growing ones.
            content = zlib.decompress(stored, bufsize=size)
        except zlib.error as error:
            raise self.damaged(row) from error
        if len(content) != size:
            raise self.damaged(row)
        if self.shuffled:
            planes = np.frombuffer(content, np.uint8).reshape(self.dtype.itemsize, -1)
            content = planes.T.tobytes()
        return np.frombuffer(content, self.dtype).reshape(self.chunk)

    def damaged(self, row: int) -> InputError:
        """The error that names the row."""
        return InputError(
            self.dataset.file.filename,
            f"row {row} is damaged",
            field=self.dataset.name.removeprefix("/"),
            remedy="fetch it again",
        )


def _is_of_packed_rows(dataset: Any) -> bool:  # noqa: ANN401
    if dataset.chunks is None or dataset.chunks[1:] != dataset.shape[1:]:
        return False
    size = int(np.prod(dataset.chunks)) * dataset.dtype.itemsize
    filters = dataset.id.get_create_plist().get_nfilters() - bool(dataset.shuffle)
    deflated = dataset.compression == "gzip" and filters == 1
    return deflated and size <= _MOST_CHUNK_BYTES and bool(dataset.dtype.isnative)


def _read_packed(packed: _Packed, pieces: Sequence[Piece], outs: Sequence[Counts]) -> None:
    height = packed.chunk[0]

    def place(start: int, stored: bytes | None) -> None:
        whole = None if stored is None else packed.inflated(start, stored)
        for piece, out in zip(pieces, outs, strict=True):
            lines = piece.lines(start, start + height)
            if whole is None:
                out[lines.start : lines.stop] = packed.fill
                continue
            for line in lines:
                row = whole[piece.first_row + line - start]
                row.take(piece.columns[line], axis=0, out=out[line], mode="clip")

    starts = sorted({row - row % height for row, _ in _blocks(pieces, 1)})
    with ThreadPoolExecutor(_THREADS) as pool:
        for index in range(0, len(starts), _CHUNKS_AT_ONCE):
            batch = starts[index : index + _CHUNKS_AT_ONCE]
            # Asking for the results raises what a thread raised.
            list(pool.map(place, batch, [packed.stored(start) for start in batch]))
