"""Numeric arrays of a MATLAB 5 file, read from its bytes: scipy's reader dies of damaged ones.

Layout: "MAT-File Format", MathWorks, chapter 1: a header of 128 bytes, then elements, each a tag of
type and size and its data, padded to 8 bytes.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_HEADER, _TAG, _PADDING = 128, 8, 8
_ENDIAN = 126
_INT8, _INT32, _UINT32, _MATRIX, _COMPRESSED = 1, 5, 6, 14, 15
_NUMBERS = {
    1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8",
}  # fmt: skip
_NUMERIC_CLASSES = range(6, 16)  # double to uint64: neither cells, structures nor text


@dataclass(frozen=True)
class Variable:
    """A numeric array in the file.

    Attributes:
        name: of the variable.
        shape: that it claims.
        stored: its numbers, by columns; as many as the file has.
    """

    name: str
    shape: tuple[int, ...]
    stored: NDArray[np.generic]

    def values(self) -> NDArray[np.generic]:
        """The array.

        Raises:
            ValueError: the file holds more or fewer numbers than the shape has.
        """
        return self.stored.reshape(self.shape, order="F")


def variables_in(content: bytes | bytearray, largest: int) -> Iterator[Variable]:
    """The real numeric arrays of a MATLAB 5 file.

    Args:
        content: the bytes of the file.
        largest: bytes of the largest variable that is unpacked.

    Raises:
        ValueError, struct.error, zlib.error: the file is damaged, or a variable larger than that.
    """
    order = {b"IM": "<", b"MI": ">"}.get(bytes(content[_ENDIAN:_HEADER]))
    if order is None:
        raise ValueError("it does not say its byte order")
    for kind, data in _elements(memoryview(content)[_HEADER:], order, pad=False):
        if kind == _COMPRESSED:
            unpack = zlib.decompressobj()
            whole = memoryview(unpack.decompress(data, largest))
            if unpack.unconsumed_tail:
                raise ValueError(f"a variable is larger than {largest} bytes")
            found = [_variable(part, order) for kind, part in _elements(whole, order)
                     if kind == _MATRIX]  # fmt: skip
        else:
            found = [_variable(data, order)] if kind == _MATRIX else []
        yield from (variable for variable in found if variable is not None)


def _elements(data: memoryview, order: str, pad: bool = True) -> Iterator[tuple[int, memoryview]]:
    """Type and data of each element; compressed ones are not padded."""
    at = 0
    while at + _TAG <= len(data):
        kind, size = struct.unpack_from(f"{order}II", data, at)
        small = kind >> 16
        if small:  # type, size and up to 4 bytes of data in one tag
            kind, size, start = kind & 0xFFFF, small, at + 4
            following = at + _TAG
        else:
            start = at + _TAG
            following = start + size + (-size % _PADDING if pad or kind != _COMPRESSED else 0)
        if start + size > len(data) or (small > 4):
            raise ValueError("it ends within a variable")
        yield kind, data[start : start + size]
        at = following


def _variable(data: memoryview, order: str) -> Variable | None:
    parts = list(_elements(data, order))
    if len(parts) < 4 or [kind for kind, _ in parts[:3]] != [_UINT32, _INT32, _INT8]:
        return None
    (flags,) = struct.unpack_from(f"{order}I", parts[0][1])
    kind, numbers = parts[3]
    if flags & 0xFF not in _NUMERIC_CLASSES or kind not in _NUMBERS or len(parts) > 4:
        return None  # no numbers, or complex ones
    shape = tuple(int(side) for side in np.frombuffer(parts[1][1], f"{order}i4"))
    if min(shape, default=0) < 0:
        raise ValueError(f"a variable claims the shape {shape}")
    stored = np.frombuffer(numbers, f"{order}{_NUMBERS[kind]}")
    if math.prod(shape) != stored.size:
        raise ValueError(f"a variable of shape {shape} holds {stored.size} numbers")
    return Variable(bytes(parts[2][1]).decode("latin-1"), shape, stored)
