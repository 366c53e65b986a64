"""HDF4 files through pyhdf, after a check of the file and in a process of its own.

A damaged file may crash the C library, and must not crash its caller. First the
file itself is checked (HDF 4.2 Specification, chapter 2): 4 magic bytes, then a chain of blocks of
data descriptors: number of descriptors int16, offset of the next block int32, then for each tag
uint16, reference uint16, offset int32, length int32, all big-endian. Every element of a whole file
lies inside it, so a truncated one is found without reading it. Then the library reads it in a
process of its own (`hdf4_process`), started with the first file and kept. It may hold several files
open, by number; a question that is given up (Ctrl-C) ends it, so that its answer is never taken for
the next one's.
"""

from __future__ import annotations

import atexit
import json
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import DTypeLike, NDArray

from nephoscope.errors import InputError, UsageError
from nephoscope.instruments.cloudsat.coding import Coding

MAGIC = b"\x0e\x03\x13\x01"
LONGEST = 60.0
"""Seconds after which a file that is still being read counts as damaged."""

_NO_ELEMENT = {0, 1}
"""Tags of descriptors in no use: wildcard and null."""
_LOCK = threading.RLock()
_numbers = count()
"""Of open files, never twice in a process: what tells them apart in the library's."""
Stored = NDArray[Any]
_processes: dict[int, subprocess.Popen[bytes]] = {}
"""The library's process by the process that started it: a fork must not share one."""


class Hdf4:
    """An open file: scientific data sets, Vdatas and global attributes by name.

    Another thread waits until this file is closed; the same one may open a second beside it.

    Args:
        path: the file.

    Raises:
        InputError: it is no whole HDF4 file, or cannot be opened.
        UsageError: pyhdf is not installed.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        check_whole(self.path)
        if find_spec("pyhdf") is None:
            raise UsageError("HDF4 files need pyhdf: pip install 'nephoscope[satellites]'")
        _LOCK.acquire()
        with ExitStack() as opening:
            opening.callback(_LOCK.release)
            self._process = _library()
            watch = threading.Timer(LONGEST, self._process.kill)
            watch.daemon = True
            watch.start()
            opening.callback(watch.cancel)
            self._number = next(_numbers)
            self._ask("open", str(self.path.absolute()))
            self._closing = opening.pop_all()

    def __enter__(self) -> Hdf4:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._closing, suppress(InputError):
            if self._process.poll() is None:
                self._ask("close")

    def has(self, name: str) -> bool:
        """Whether there is a data set or Vdata of that name."""
        return bool(self._ask("has", name))

    def dataset(self, name: str, dtypes: DTypeLike | tuple[DTypeLike, ...], dims: int) -> Stored:
        """The values of a scientific data set, as stored.

        Args:
            name: of the data set.
            dtypes: the type that it must have, or several of which it may have any.
            dims: the number of its dimensions.

        Raises:
            InputError: absent, of another type or number of dimensions, or unreadable.
        """
        allowed = dtypes if isinstance(dtypes, tuple) else (dtypes,)
        types = [np.dtype(each).str for each in allowed]
        return cast("Stored", self._ask("dataset", name, types, dims))

    def coding(self, name: str) -> Coding:
        """Coding of a data set or Vdata, from its attributes: missing codes, scale.

        Raises:
            InputError: an attribute is no number, or unreadable.
        """
        return Coding.of(self.path, name, self._ask("coding", name))

    def table(self, name: str, dtype: DTypeLike) -> Stored:
        """The values of a Vdata of one field, (record,).

        Raises:
            InputError: absent, of another type, empty or unreadable.
        """
        return cast("Stored", self._ask("table", name, np.dtype(dtype).str))

    def attribute(self, name: str) -> Any:  # noqa: ANN401 - text or numbers
        """A global attribute; text without the NULs that pad it.

        Raises:
            InputError: there is none of that name.
        """
        return self._ask("attribute", name)

    def wrong(self, field: str | None, problem: str, remedy: str | None = None) -> InputError:
        """The error that names this file and a field of it."""
        return InputError(self.path, problem, field=field, remedy=remedy)

    def _ask(self, method: str, *arguments: object) -> Any:  # noqa: ANN401 - array, text, numbers
        questions = cast("BinaryIO", self._process.stdin)
        answers = cast("BinaryIO", self._process.stdout)
        try:
            questions.write(json.dumps([self._number, method, *arguments]).encode() + b"\n")
            questions.flush()
            header = json.loads(answers.readline())
            if "problem" not in header:
                return _array(answers, header) if "dtype" in header else header["value"]
        except (OSError, ValueError, KeyError, EOFError) as error:
            _end(self._process)
            field = str(arguments[0]) if method not in {"open", "close"} else None
            problem = "crashes the HDF4 library: it is damaged"
            raise self.wrong(field, problem, "fetch it again") from error
        except BaseException:
            # Given up while the answer is on its way: nobody else must get it.
            _end(self._process)
            raise
        raise self.wrong(header["field"], header["problem"], header["remedy"])


def check_whole(path: Path) -> None:
    """Check by its own descriptors that an HDF4 file is whole, without the C library.

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


def _array(answers: BinaryIO, header: dict[str, Any]) -> NDArray[Any]:
    values = np.empty(header["shape"], header["dtype"])
    view = values.reshape(-1).view(np.uint8)
    if answers.readinto(view) != view.size:  # type: ignore[attr-defined]
        raise EOFError
    return values


def _library() -> subprocess.Popen[bytes]:
    process = _processes.get(os.getpid())
    if process is None or process.poll() is not None:
        if process is not None:
            _end(process)
        script = Path(__file__).with_name("hdf4_process.py")
        process = subprocess.Popen(  # noqa: S603 - our own script
            [sys.executable, "-P", str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pipesize=1 << 20,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        _processes[os.getpid()] = process
    return process


@atexit.register
def _end_library() -> None:
    process = _processes.pop(os.getpid(), None)
    if process is not None:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
