"""Pickles of arrays and plain containers, read without running anything that a file names.

A pickle is a program: it may call whatever it can name. Here it can name the few functions by
which NumPy's arrays, scalars and dtypes are pickled, and gets stand-ins for those: numbers and
texts come out of bytes by `np.frombuffer` alone. Everything else is refused.
"""

from __future__ import annotations

import io
import pickle  # the reader below admits no name but those in `_NAMES`
import re
import struct
from collections import OrderedDict
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

from nephoscope.errors import InputError

_TYPE = re.compile(r"[?biufcSU]\d*")
_ORDERS: dict[object, Literal["<", ">", "|", "="]] = {"<": "<", ">": ">", "|": "|", "=": "="}
_MOST_BYTES = 2**31
_MOVED = {
    "__builtin__": "builtins",
    "numpy._core.multiarray": "numpy.core.multiarray",
    "numpy._core.numeric": "numpy.core.numeric",
}
"""Modules of NumPy 2 and of Python 2's protocols → what they are called here."""
_FAILURES = (
    pickle.UnpicklingError, EOFError, OSError, AttributeError, ImportError, IndexError, KeyError,
    MemoryError, OverflowError, RecursionError, TypeError, UnicodeError, ValueError,
    AssertionError, struct.error,
)  # fmt: skip


def read_plain(path: str | PathLike[str]) -> Any:  # noqa: ANN401 - whatever the file holds
    """What a pickle holds: NumPy arrays and scalars in dicts, lists, tuples and sets.

    Raises:
        InputError: it cannot be read, or holds or asks for anything else; nothing of it was run.
    """
    try:
        # In memory: lengths that a pickle claims are then bounded by what there is.
        return _made(_Reader(io.BytesIO(Path(path).read_bytes())).load(), {})
    except _FAILURES as error:
        raise InputError(
            path,
            f"cannot be read as a pickle of arrays: {error}",
            remedy="nothing of it was run; fetch it again from where it is trusted",
        ) from error


def _read_bytearray(reader: Any) -> None:  # noqa: ANN401 - of `pickle`
    # The usual one makes room for the length that is claimed before it looks for the bytes.
    (length,) = struct.unpack("<Q", reader.read(8))
    if length > _MOST_BYTES:
        raise pickle.UnpicklingError(f"it claims an array of {length} bytes")
    reader.append(bytearray(reader.read(length)))


class _Reader(pickle._Unpickler):
    """Unpickler that knows the names of NumPy's pickles, and no others.

    It is the one in Python: that in C makes room for every number that a pickle gives an object,
    so that a few bytes take all memory there is.
    """

    dispatch: ClassVar[dict[int, Any]] = {
        **pickle._Unpickler.dispatch,
        pickle.BYTEARRAY8[0]: _read_bytearray,
    }

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401
        """A stand-in for what a pickle names.

        Raises:
            pickle.UnpicklingError: it is no array's, scalar's or dtype's.
        """
        place = _MOVED.get(module, module)
        if (place, name) not in _NAMES:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is refused")
        return _NAMES[place, name]


class _Callable:
    """A function that a pickle may call, and can neither replace nor change."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *arguments: Any) -> Any:  # noqa: ANN401
        return self._function(*arguments)

    def __setstate__(self, state: object) -> None:
        raise pickle.UnpicklingError("it changes a function, which is refused")


class _Type:
    """Type of numbers or texts, as a pickle describes it."""

    __slots__ = ("_order", "_text")

    def __init__(self, text: str) -> None:
        if not isinstance(text, str) or not _TYPE.fullmatch(text):
            raise pickle.UnpicklingError(f"it has an array of {text!r}: numbers and texts are read")
        self._text = text
        self._order: Literal["<", ">", "|", "="] = "|"

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        if state[1] not in _ORDERS:
            raise pickle.UnpicklingError(f"byte order is {state[1]!r}")
        self._order = _ORDERS[state[1]]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type, in its byte order."""
        return np.dtype(self._text).newbyteorder(self._order)


class _Array:
    """An array whose shape, type and bytes come later in the pickle."""

    __slots__ = ("array",)

    def __init__(self) -> None:
        self.array: Any = None

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, kind, upright, content = state
        self.array = _filled(content, kind, shape, "F" if upright else "C")


def _filled(content: object, kind: object, shape: object, order: str = "C") -> Any:  # noqa: ANN401
    """The array of some bytes, writable and in the machine's own byte order."""
    if not isinstance(kind, _Type) or not isinstance(content, bytes | bytearray):
        raise pickle.UnpicklingError("it has an array that is no bytes of numbers")
    if not isinstance(shape, tuple) or order not in ("C", "F"):
        raise pickle.UnpicklingError("it has an array without a shape")
    flat = np.frombuffer(content, kind.dtype) if content else np.empty(0, kind.dtype)
    return flat.reshape(shape, order="F" if order == "F" else "C").astype(
        kind.dtype.newbyteorder("=")
    )


def _scalar(kind: object, content: object) -> Any:  # noqa: ANN401
    return _filled(content, kind, ())[()]


def _bytes(text: object, encoding: object) -> bytes:
    if not isinstance(text, str) or encoding != "latin1":
        raise pickle.UnpicklingError("it encodes what is no text of bytes")
    return text.encode("latin1")


def _refused(*arguments: object) -> Any:  # noqa: ANN401
    raise pickle.UnpicklingError("it makes an array by itself, which is refused")


_NAMES: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): _Callable(_refused),
    ("numpy", "dtype"): _Callable(lambda text, *_: _Type(text)),
    ("numpy.core.multiarray", "_reconstruct"): _Callable(lambda *_: _Array()),
    ("numpy.core.multiarray", "scalar"): _Callable(_scalar),
    ("numpy.core.numeric", "_frombuffer"): _Callable(_filled),
    ("_codecs", "encode"): _Callable(_bytes),
    ("builtins", "bytes"): _Callable(lambda: b""),
    ("collections", "OrderedDict"): _Callable(lambda: OrderedDict()),
}
"""What a pickle of arrays names, and what it gets."""


def _made(value: Any, known: dict[int, Any]) -> Any:  # noqa: ANN401
    """The value with its stand-ins replaced; what is held twice is made once."""
    if id(value) in known:
        return known[id(value)]
    made: Any = value
    if isinstance(value, _Array):
        if value.array is None:
            raise pickle.UnpicklingError("it has an array without content")
        made = value.array
    elif isinstance(value, dict):
        made = {_key(key): _made(each, known) for key, each in value.items()}
    elif isinstance(value, list | tuple | set | frozenset):
        made = type(value)(_made(each, known) for each in value)
    elif isinstance(value, _Callable | _Type):
        raise pickle.UnpicklingError("it holds what is neither numbers nor text")
    known[id(value)] = made
    return made


def _key(key: object) -> object:
    if not isinstance(key, str | bytes | int | float | np.generic | None):
        raise pickle.UnpicklingError(f"it has the key {key!r}")
    return key
