"""Shard: the file of one slot of one variable, in Zarr's sharding format, written as rows come.

The format (https://zarr-specs.readthedocs.io/en/latest/v3/codecs/sharding-indexed): compressed
chunks one after the other, then an index of where each begins and how long it is, then a checksum
of the index. zarr itself writes a shard from an array that is whole in memory, 0.4 GB a variable
for a full domain of SEVIRI; here no more than one row of chunks is. Compression is left to zarr.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import zarr

_EMPTY = np.uint64(2**64 - 1)  # offset and length of a chunk that holds the fill value only
_CHECKSUM = 4  # bytes


class Shard:
    """Writer of one shard.

    Args:
        file: open for writing, empty.
        array: sharded, (slot, ...); a shard holds one slot.
        axis: along which the rows lie, counted with the slot.
    """

    def __init__(self, file: BinaryIO, array: zarr.Array[Any], axis: int) -> None:
        self._file = file
        self._array = array
        self._axis = axis
        self._height = array.chunks[axis]
        shape = (1, *array.shape[1:axis], self._height, *array.shape[axis + 1 :])
        self._rows = np.full(shape, array.fill_value, array.dtype)  # of one row of chunks
        self._number = 0  # which row of chunks that is
        self._next = 0
        self._index = np.full((*chunk_grid(array), 2), _EMPTY, np.uint64)

    def put(self, values: npt.NDArray[Any], first: int) -> None:
        """Add rows; they come in order, and those left out hold the fill value.

        Args:
            values: all dimensions of the array but the slot, of its dtype and within it.
            first: the row that they begin with.

        Raises:
            ValueError: they do not lie behind those that were put before.
        """
        rows = np.moveaxis(values[np.newaxis], self._axis, 0)
        if first < self._next:
            raise ValueError(f"row {first} comes after row {self._next - 1}")
        self._next = first + len(rows)
        while len(rows):
            number, inside = divmod(first, self._height)
            if number != self._number:
                self._write_chunks()
                self._number = number
            piece, rows = np.split(rows, [self._height - inside])
            np.moveaxis(self._rows, self._axis, 0)[inside : inside + len(piece)] = piece
            first += len(piece)

    def close(self) -> None:
        """Write what is left, and the index."""
        from zarr.codecs import Crc32cCodec

        self._write_chunks()
        shape = self._index.shape
        # No index is all zero, and zarr leaves out what is all fill value.
        (content,) = _encode(self._index, shape, 0, [Crc32cCodec()]).values()
        self._file.write(content)

    def _write_chunks(self) -> None:
        array, axis = self._array, self._axis
        chunks = _encode(self._rows, array.chunks, array.fill_value, array.compressors)
        for place, content in sorted(chunks.items()):
            self._index[(*place[:axis], self._number, *place[axis + 1 :])] = (
                self._file.tell(),
                len(content),
            )
            self._file.write(content)
        self._rows[...] = array.fill_value


def is_whole(path: Path, array: zarr.Array[Any]) -> bool:
    """Whether the shard of a slot is there and as long as its index says."""
    index = np.empty((*chunk_grid(array), 2), "<u8")
    try:
        with path.open("rb") as file:
            start = file.seek(0, 2) - index.nbytes - _CHECKSUM
            file.seek(max(start, 0))
            if file.readinto(index.data.cast("B")) < index.nbytes:
                return False
    except OSError:
        return False
    lengths = index[..., 1]
    return start == sum(int(length) for length in lengths[lengths != _EMPTY])


def chunk_grid(array: zarr.Array[Any]) -> tuple[int, ...]:
    """How many chunks a shard has along each dimension."""
    shards = array.shards or array.chunks
    return tuple(shard // chunk for shard, chunk in zip(shards, array.chunks, strict=True))


def _encode(
    values: npt.NDArray[Any],
    chunks: Sequence[int],
    fill: Any,  # noqa: ANN401 - a number of the type of the values
    compressors: Sequence[Any],
) -> dict[tuple[int, ...], bytes]:
    """Chunks as zarr stores them, by place, without those that hold the fill value only."""
    import zarr

    stored: dict[str, Any] = {}
    scratch = zarr.create_array(
        zarr.storage.MemoryStore(stored),
        shape=values.shape,
        chunks=tuple(chunks),
        dtype=values.dtype,
        fill_value=fill,
        compressors=list(compressors),
    )
    scratch[...] = values
    return {
        tuple(map(int, key.split("/")[1:])): buffer.to_bytes()
        for key, buffer in stored.items()
        if key.startswith("c/")
    }
