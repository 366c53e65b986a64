"""Rows of a dataset, as counts: only the chunks that hold them are read.

Files of this archive are compressed by whole rows, of which a patch needs a part. HDF5 inflates
them one by one under one lock; here the compressed bytes are fetched from it and inflated by a few
threads, each of which keeps its part of the row. Any other layout goes through HDF5 itself.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nephoscope.errors import InputError

_ROWS_AT_ONCE = 32
_CHUNKS_AT_ONCE = 64
_MOST_CHUNK_BYTES = 2**26
_THREADS = min(4, os.cpu_count() or 1)
Counts = NDArray[Any]


def blocks_of(dataset: Any, rows: range, cols: tuple[int, int]) -> Iterator[tuple[int, Counts]]:  # noqa: ANN401 - h5py has no types
    """Counts of some rows, a few rows at a time.

    Args:
        dataset: (row, column) or (row, column, view), checked.
        rows: rows to read.
        cols: first column, and the one after the last.

    Yields:
        First row of the block, counted from the first of `rows`, and its counts
        (row, column, ...), in the type of the file.

    Raises:
        InputError: a chunk is damaged.
    """
    height = _row_chunks(dataset)
    if height is None:
        for start in range(rows.start, rows.stop, _ROWS_AT_ONCE):
            stop = min(start + _ROWS_AT_ONCE, rows.stop)
            yield start - rows.start, dataset[start:stop, cols[0] : cols[1]]
        return
    starts = range(rows.start - rows.start % height, rows.stop, height)
    with ThreadPoolExecutor(_THREADS) as pool:
        # In batches, so that what is inflated does not pile up before a slower reader of it.
        for index in range(0, len(starts), _CHUNKS_AT_ONCE):
            batch = starts[index : index + _CHUNKS_AT_ONCE]
            stored = [_stored(dataset, start) for start in batch]
            yield from pool.map(partial(_part, dataset, rows, cols, height), batch, stored)


def _row_chunks(dataset: Any) -> int | None:  # noqa: ANN401
    """Rows of a chunk, where chunks are whole rows compressed by deflate, shuffled or not."""
    chunks = dataset.chunks
    if chunks is None or chunks[1:] != dataset.shape[1:] or dataset.compression != "gzip":
        return None
    size = int(np.prod(chunks)) * dataset.dtype.itemsize
    filters = dataset.id.get_create_plist().get_nfilters() - bool(dataset.shuffle)
    plain = filters == 1 and size <= _MOST_CHUNK_BYTES and dataset.dtype.isnative
    return int(chunks[0]) if plain else None


def _stored(dataset: Any, row: int) -> bytes | None:  # noqa: ANN401
    """The compressed chunk that begins with a row; None where none was written."""
    corner = (row, *[0] * (dataset.ndim - 1))
    info = dataset.id.get_chunk_info_by_coord(corner)
    if info.byte_offset is None:
        return None
    mask, content = dataset.id.read_direct_chunk(corner)
    if mask:
        raise _damaged(dataset, row)
    return bytes(content)


def _part(
    dataset: Any,  # noqa: ANN401
    rows: range,
    cols: tuple[int, int],
    height: int,
    start: int,
    stored: bytes | None,
) -> tuple[int, Counts]:
    """The wanted rows and columns of one chunk, and where they begin."""
    first, last = max(start, rows.start), min(start + height, rows.stop)
    tail = dataset.shape[2:]
    if stored is None:
        shape = (last - first, cols[1] - cols[0], *tail)
        return first - rows.start, np.full(shape, dataset.fillvalue, dataset.dtype)
    whole = _inflated(dataset, start, stored).reshape(height, dataset.shape[1], *tail)
    return first - rows.start, whole[first - start : last - start, cols[0] : cols[1]].copy()


def _inflated(dataset: Any, row: int, stored: bytes) -> Counts:  # noqa: ANN401
    dtype = dataset.dtype
    size = int(np.prod(dataset.chunks)) * dtype.itemsize
    inflate = zlib.decompressobj()
    try:
        # One byte more than there should be: a chunk that goes on is damaged, however long.
        content = inflate.decompress(stored, size + 1)
    except zlib.error as error:
        raise _damaged(dataset, row) from error
    if len(content) != size or not inflate.eof:
        raise _damaged(dataset, row)
    if dataset.shuffle and dtype.itemsize > 1:
        planes = np.frombuffer(content, np.uint8).reshape(dtype.itemsize, -1)
        return np.ascontiguousarray(planes.T).reshape(-1).view(dtype)
    return np.frombuffer(content, dtype)


def _damaged(dataset: Any, row: int) -> InputError:  # noqa: ANN401
    return InputError(
        dataset.file.filename,
        f"row {row} is damaged",
        field=dataset.name.removeprefix("/"),
        remedy="fetch it again",
    )
