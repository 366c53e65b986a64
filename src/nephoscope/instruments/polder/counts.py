"""Counts of some pixels of a dataset: only the rows that hold them are read.

Files of this archive are compressed by whole rows, of which a patch needs a part. HDF5 inflates
them one by one under one lock; here the compressed bytes are fetched from it and inflated by a few
threads, each of which keeps its pixels of the row. Any other layout goes through HDF5 itself.
"""

from __future__ import annotations

import os
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

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
    with explained(dataset.file.filename, dataset.name.removeprefix("/")):
        packed = _Packed.of(dataset, fill) if _is_of_packed_rows(dataset) else None
        out = np.empty((*columns.shape, *dataset.shape[2:]), dataset.dtype)
    if packed is not None:
        _read_packed(packed, first_row, columns, out)
    else:
        _read_plain(dataset, first_row, columns, out)
    return out


def _read_plain(dataset: Any, first_row: int, columns: NDArray[np.int64], out: Counts) -> None:  # noqa: ANN401
    west, east = int(columns.min()), int(columns.max()) + 1
    for start in range(0, len(out), _ROWS_AT_ONCE):
        wanted = columns[start : start + _ROWS_AT_ONCE] - west
        top = first_row + start
        with explained(dataset.file.filename, dataset.name.removeprefix("/")):
            block = dataset[top : top + len(wanted), west:east]
        out[start : start + len(wanted)] = block[np.arange(len(wanted))[:, None], wanted]


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
        inflate = zlib.decompressobj()
        try:
            # One byte more than there should be: a chunk that goes on is damaged, however long.
            content = inflate.decompress(stored, size + 1)
        except zlib.error as error:
            raise self.damaged(row) from error
        if len(content) != size or not inflate.eof:
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


def _read_packed(packed: _Packed, first_row: int, columns: NDArray[np.int64], out: Counts) -> None:
    height, last_row = packed.chunk[0], first_row + len(columns)

    def place(start: int, stored: bytes | None) -> None:
        top, bottom = max(start, first_row), min(start + height, last_row)
        inside = slice(top - first_row, bottom - first_row)
        if stored is None:
            out[inside] = packed.fill
            return
        whole = packed.inflated(start, stored)
        for row in range(top, bottom):
            whole[row - start].take(
                columns[row - first_row], axis=0, out=out[row - first_row], mode="clip"
            )

    starts = range(first_row - first_row % height, last_row, height)
    with ThreadPoolExecutor(_THREADS) as pool:
        for index in range(0, len(starts), _CHUNKS_AT_ONCE):
            batch = starts[index : index + _CHUNKS_AT_ONCE]
            # Asking for the results raises what a thread raised.
            list(pool.map(place, batch, [packed.stored(start) for start in batch]))
