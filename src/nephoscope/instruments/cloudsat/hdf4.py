"""HDF4 files through pyhdf, behind a door that keeps damaged ones from the C library.

Layout (HDF 4.2 Specification and Developer's Guide, chapter 2): 4 magic bytes, then a chain of
blocks of data descriptors: number of descriptors int16, offset of the next block int32, then for
each tag uint16, reference uint16, offset int32, length int32, all big-endian. Every element of a
whole file lies inside it, so a truncated one is told without reading it.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from nephoscope.errors import InputError, UsageError

MAGIC = b"\x0e\x03\x13\x01"
MOST_VALUES = 1 << 28
"""Values of a data set beyond which its dimensions are damage, not data."""

_NO_ELEMENT = {0, 1}
"""Tags of descriptors in no use: wildcard and null."""
_NUMPY_TYPES = {
    3: np.uint8,
    4: np.int8,
    5: np.float32,
    6: np.float64,
    20: np.int8,
    21: np.uint8,
    22: np.int16,
    23: np.uint16,
    24: np.int32,
    25: np.uint32,
}
"""HDF4 number types: characters 3, 4; floats 5, 6; integers 20..25."""


class Hdf4:
    """An open file: scientific data sets, Vdatas and global attributes by name.

    Args:
        path: the file.

    Raises:
        InputError: it is no whole HDF4 file.
        UsageError: pyhdf is not installed.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        check_whole(self.path)
        self._sd = self._hdf = self._vs = None
        self._error, sd, hdf = _pyhdf()
        with self._explained(None):
            self._sd = sd.SD(str(self.path))
            self.names = frozenset(self._sd.datasets())
            self.attributes: dict[str, Any] = self._sd.attributes()
            self._hdf = hdf.HDF(str(self.path))
            self._vs = self._hdf.vstart()
            self._tables = {each[0]: each[2] for each in self._vs.vdatainfo(listAttr=1)}

    def __enter__(self) -> Hdf4:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._vs is not None:
            self._vs.end()
        if self._hdf is not None:
            self._hdf.close()
        if self._sd is not None:
            self._sd.end()

    def has(self, name: str) -> bool:
        """Whether there is a data set or Vdata of that name."""
        return name in self.names or name in self._tables

    def dataset(self, name: str, dtype: DTypeLike, dims: int) -> NDArray[Any]:
        """The values of a scientific data set, as stored.

        Raises:
            InputError: absent, of another type or number of dimensions, or unreadable.
        """
        if name not in self.names:
            raise self.wrong(name, "is missing", "is it the right product?")
        with self._explained(name):
            dataset = self._sd.select(name)  # type: ignore[attr-defined]
            _, _, shape, number_type, _ = dataset.info()
            shape = [shape] if isinstance(shape, int) else list(shape)
            self._check(name, shape, number_type, np.dtype(dtype), dims)
            return np.asarray(dataset.get()).reshape(shape)

    def attribute(self, name: str) -> Any:  # noqa: ANN401 - text or numbers
        """A global attribute; text without the NULs that pad it.

        Raises:
            InputError: there is none of that name.
        """
        if name not in self.attributes:
            raise self.wrong(name, "attribute is missing", "is it the right product?")
        value = self.attributes[name]
        return value.replace("\0", "").strip() if isinstance(value, str) else value

    def dataset_attributes(self, name: str) -> dict[str, Any]:
        """The attributes of a scientific data set that is there."""
        with self._explained(name):
            found: dict[str, Any] = self._sd.select(name).attributes()  # type: ignore[attr-defined]
            return found

    def table(self, name: str, dtype: DTypeLike) -> NDArray[Any]:
        """The values of a Vdata of one field, (record,).

        Raises:
            InputError: absent, of another type, empty or unreadable.
        """
        if name not in self._tables:
            raise self.wrong(name, "is missing", "is it the right product?")
        with self._explained(name):
            table = self._vs.attach(name)  # type: ignore[attr-defined]
            try:
                fields, records = table.fieldinfo(), table._nrecs
                if len(fields) != 1 or fields[0][2] != 1:
                    raise self.wrong(name, "has more than one value a record")
                self._check(name, [records], fields[0][1], np.dtype(dtype), 1)
                return _read_records(table, fields[0][0], records, np.dtype(dtype))
            finally:
                table.detach()

    def wrong(self, field: str | None, problem: str, remedy: str | None = None) -> InputError:
        """The error that names this file and a field of it."""
        return InputError(self.path, problem, field=field, remedy=remedy)

    def _check(
        self, name: str, shape: list[int], number_type: int, dtype: np.dtype[Any], dims: int
    ) -> None:
        found = _NUMPY_TYPES.get(number_type)
        if found is None or np.dtype(found) != dtype:
            kind = "an unknown type" if found is None else np.dtype(found)
            raise self.wrong(name, f"is {kind}, not {dtype}")
        if len(shape) != dims:
            raise self.wrong(name, f"has {len(shape)} dimensions, not {dims}")
        if min(shape) < 1:
            raise self.wrong(name, "is empty")
        if np.prod(shape, dtype=np.float64) > MOST_VALUES:
            raise self.wrong(name, f"says it has shape {tuple(shape)}: the file is damaged")

    @contextmanager
    def _explained(self, field: str | None) -> Iterator[None]:
        try:
            yield
        except (self._error, ValueError, TypeError, MemoryError, UnicodeDecodeError) as error:
            raise self.wrong(field, f"cannot be read: {error}", "fetch it again") from error


def check_whole(path: Path) -> None:
    """Tell by its own descriptors whether an HDF4 file is whole, without the C library.

    Raises:
        InputError: it cannot be opened, is empty, no HDF4, or an element lies outside it.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            if size == 0:
                raise InputError(path, "is empty (0 bytes)", remedy="fetch it again")
            if file.read(4) != MAGIC:
                raise InputError(path, "is no HDF4 file", remedy="is it the right product?")
            for tag, offset, length in _descriptors(file, size):
                if tag not in _NO_ELEMENT and length != -1 and not 0 <= offset <= size - length:
                    raise struct.error
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    except struct.error as error:
        raise InputError(path, "is truncated or damaged", remedy="fetch it again") from error


def _descriptors(file: Any, size: int) -> Iterator[tuple[int, int, int]]:  # noqa: ANN401
    # Tag without its "special" bit, offset and length of each element.
    block, seen = 4, set()
    while block:
        if block in seen or not 0 < block <= size - 6:
            raise struct.error
        seen.add(block)
        file.seek(block)
        count, block = struct.unpack(">hi", file.read(6))
        for tag, _, offset, length in struct.iter_unpack(">HHii", file.read(12 * max(count, 0))):
            yield tag & ~0x4000, offset, length
        if count < 1:
            raise struct.error


def _read_records(
    table: Any,  # noqa: ANN401 - pyhdf has no types
    field: str,
    records: int,
    dtype: np.dtype[Any],
) -> NDArray[Any]:
    # `VD.read` makes a Python list of each record: 0.1 s for each field of a granule. The same C
    # calls fill one buffer; a Vdata of one single-valued field is a plain array in it.
    from pyhdf import hdfext
    from pyhdf.error import HDF4Error

    size = records * dtype.itemsize
    buffer = hdfext.array_byte(size)
    if hdfext.VSsetfields(table._id, field) < 0:
        raise HDF4Error("its field cannot be chosen")
    if hdfext.VSread(table._id, buffer, records, 0) != records:
        raise HDF4Error("fewer records than its header says")
    return np.frombuffer(ctypes.string_at(int(buffer.cast()), size), dtype)


def _pyhdf() -> tuple[type[Exception], Any, Any]:
    try:
        from pyhdf import HDF, SD, VS
        from pyhdf.error import HDF4Error
    except ImportError as error:
        raise UsageError(
            "HDF4 files need pyhdf: pip install 'nephoscope[satellites]'"
        ) from error
    del VS  # imported for its effect: without it `vstart` is not there
    return HDF4Error, SD, HDF
