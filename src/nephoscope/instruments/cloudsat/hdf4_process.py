"""Process that calls the HDF4 library: it may crash on a damaged file, the caller may not.

Run by `hdf4.Hdf4`. Each request is one line of JSON, `[number of the file, method, *arguments]`;
each answer one line of JSON that tells its kind, and for arrays their bytes behind it. Nothing but
numpy, pyhdf and the errors is imported: it starts in a fraction of a second.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from pyhdf import HDF, SD, VS, hdfext
from pyhdf.error import HDF4Error

from nephoscope.errors import InputError

assert VS  # noqa: S101 - imported for its effect: without it `vstart` is not there

_LONGEST_TEXT = 1 << 10
MOST_VALUES = 1 << 28
"""Values of a data set beyond which its dimensions are damage, not data."""


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

_CODING = (
    "_FillValue", "missing_value", "missing", "missop", "missing_op",
    "scale_factor", "add_offset", "factor", "offset",
)  # fmt: skip
"""Attributes that say what stored numbers stand for, in all spellings of these archives."""


class OpenFile:
    """An open HDF4 file, in the process that may crash.

    Args:
        path: the file.

    Raises:
        InputError: it cannot be opened.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._open: list[Callable[[], object]] = []
        try:
            with self._explained(None):
                self._sd = SD.SD(str(self.path))
                self._open.append(self._sd.end)
                self.names = frozenset(self._sd.datasets())
                self.attributes: dict[str, Any] = self._sd.attributes()
                tables = HDF.HDF(str(self.path))
                self._open.append(tables.close)
                self._tables = tables.vstart()
                self._open.append(self._tables.end)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close what is open, the last opened first."""
        while self._open:
            with suppress(HDF4Error):
                self._open.pop()()

    def has(self, name: str) -> bool:
        """Whether there is a data set or Vdata of that name."""
        return name in self.names or self._reference(name) is not None

    def dataset(self, name: str, dtypes: list[str], dims: int) -> NDArray[Any]:
        """The values of a scientific data set, as stored.

        Raises:
            InputError: absent, of another type or number of dimensions, or unreadable.
        """
        if name not in self.names:
            raise self.wrong(name, "is missing", "is it the right product?")
        with self._explained(name):
            dataset = self._sd.select(name)
            try:
                _, _, shape, number_type, _ = dataset.info()
                shape = [shape] if isinstance(shape, int) else list(shape)
                self._check(name, shape, number_type, [np.dtype(each) for each in dtypes], dims)
                return np.asarray(dataset.get()).reshape(shape)
            finally:
                # Closed later, by the garbage collector, it would crash the C library.
                dataset.endaccess()

    def coding(self, name: str) -> dict[str, Any]:
        """Attributes of a data set or Vdata on its coding: number, text or list by name.

        A data set has attributes of its own; CloudSat's swaths keep them as Vdatas beside it,
        `Height.missing` and so on (HDF-EOS library, swath attributes).
        """
        found: dict[str, Any] = {}
        with self._explained(name):
            for key in _CODING:
                if (reference := self._reference(f"{name}.{key}")) is not None:
                    found[key] = self._first_record(reference)
            if name in self.names:
                dataset = self._sd.select(name)
                try:
                    there = dataset.attributes()
                finally:
                    dataset.endaccess()
                found |= {key: there[key] for key in _CODING if key in there}
        return found

    def _first_record(self, reference: int) -> Any:  # noqa: ANN401 - number, text or list
        table = self._tables.attach(reference)
        try:
            fields = table.fieldinfo()
            if not table._nrecs or len(fields) != 1 or fields[0][2] > _LONGEST_TEXT:
                raise ValueError("an attribute that is no single value")
            return table.read(1)[0][0]
        finally:
            table.detach()

    def attribute(self, name: str) -> Any:  # noqa: ANN401 - text or numbers
        """A global attribute; text without the NULs that pad it.

        Raises:
            InputError: there is none of that name.
        """
        if name not in self.attributes:
            raise self.wrong(name, "attribute is missing", "is it the right product?")
        value = self.attributes[name]
        return value.replace("\0", "").strip() if isinstance(value, str) else value

    def table(self, name: str, dtype: str) -> NDArray[Any]:
        """The values of a Vdata of one field, (record,).

        Raises:
            InputError: absent, of another type, empty or unreadable.
        """
        reference = self._reference(name)
        if reference is None:
            raise self.wrong(name, "is missing", "is it the right product?")
        with self._explained(name):
            table = self._tables.attach(reference)
            try:
                fields, records = table.fieldinfo(), table._nrecs
                if len(fields) != 1 or fields[0][2] != 1:
                    raise self.wrong(name, "has more than one value a record")
                self._check(name, [records], fields[0][1], [np.dtype(dtype)], 1)
                return _read_records(table, fields[0][0], records, np.dtype(dtype))
            finally:
                table.detach()

    def wrong(self, field: str | None, problem: str, remedy: str | None = None) -> InputError:
        """The error that names this file and a field of it."""
        return InputError(self.path, problem, field=field, remedy=remedy)

    def _reference(self, name: str) -> int | None:
        try:
            return int(self._tables.find(name)) or None
        except HDF4Error:
            return None

    def _check(
        self, name: str, shape: list[int], number_type: int, dtypes: list[np.dtype[Any]], dims: int
    ) -> None:
        found = _NUMPY_TYPES.get(number_type)
        if found is None or np.dtype(found) not in dtypes:
            kind = "an unknown type" if found is None else np.dtype(found)
            raise self.wrong(name, f"is {kind}, not {' or '.join(map(str, dtypes))}")
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
        except (HDF4Error, ValueError, TypeError, MemoryError, UnicodeDecodeError) as error:
            raise self.wrong(field, f"cannot be read: {error}", "fetch it again") from error


def _read_records(
    table: Any,  # noqa: ANN401 - pyhdf has no types
    field: str,
    records: int,
    dtype: np.dtype[Any],
) -> NDArray[Any]:
    # `VD.read` makes a Python list of each record: 0.1 s for each field of a granule. The same C
    # calls fill one buffer; a Vdata of one single-valued field is a plain array in it.
    size = records * dtype.itemsize
    buffer = hdfext.array_byte(size)
    if hdfext.VSsetfields(table._id, field) < 0:
        raise HDF4Error("its field cannot be chosen")
    if hdfext.VSread(table._id, buffer, records, 0) != records:
        raise HDF4Error("fewer records than its header says")
    return np.frombuffer(ctypes.string_at(int(buffer.cast()), size), dtype)


def main() -> None:
    """Answer requests from standard input until it ends."""
    # A terminal sends Ctrl-C to this process too: whether it ends is its parent's to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # What the C library prints is no answer.
    files: dict[int, OpenFile] = {}
    for line in sys.stdin.buffer:
        number, method, *arguments = json.loads(line)
        try:
            if method == "open":
                files[number] = OpenFile(*arguments)
                _answer(answers, None)
            elif method == "close":
                files.pop(number).close()
                _answer(answers, None)
            else:
                _answer(answers, getattr(files[number], method)(*arguments))
        except InputError as error:
            _send(answers, {"problem": error.problem, "field": error.field, "remedy": error.remedy})


def _answer(answers: BinaryIO, result: Any) -> None:  # noqa: ANN401 - array, text or numbers
    if isinstance(result, np.ndarray):
        values = np.ascontiguousarray(result)
        _send(answers, {"dtype": values.dtype.str, "shape": values.shape}, values.data.cast("B"))
    else:
        _send(answers, {"value": result})


def _send(answers: BinaryIO, header: dict[str, Any], payload: memoryview | bytes = b"") -> None:
    answers.write(json.dumps(header).encode() + b"\n")
    answers.write(payload)
    answers.flush()


if __name__ == "__main__":
    main()
