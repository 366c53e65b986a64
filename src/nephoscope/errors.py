"""Errors for users: which file, which field, what is wrong, what to do."""

from __future__ import annotations

import unicodedata
from os import PathLike, fspath

UNFINISHED = "it may still be being written: run again later, or fetch it again"
"""What to do about a file that ends too early."""

_UNSHOWN = {"Cc", "Cs", "Zl", "Zp"}  # control, bytes that are no text, line and paragraph ends


def shown(text: str | PathLike[str]) -> str:
    r"""A name or message as one line that any file and console takes.

    Line breaks, other control characters and bytes of a file name that are no UTF-8 are escaped
    ("a\nb", "\udcff"); a name without any comes back as it is.
    """
    return "".join(
        letter.encode("unicode_escape").decode() if unicodedata.category(letter) in _UNSHOWN
        else letter
        for letter in fspath(text)
    )  # fmt: skip


class NephoscopeError(Exception):
    """Any failure that is explained to the user in one message, without a traceback."""


class InputError(NephoscopeError):
    """An input file (or one field of it) cannot be used.

    Args:
        path: the file or folder at fault.
        problem: what is wrong with it.
        field: the variable, column or keyword at fault, if one is.
        remedy: what the user can do about it.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        problem: str,
        *,
        field: str | None = None,
        remedy: str | None = None,
    ) -> None:
        self.path = fspath(path)
        self.problem = problem
        self.field = field
        self.remedy = remedy
        where = f"{shown(self.path)} [{field}]" if field else shown(self.path)
        super().__init__(f"{where}: {problem}" + (f" ({remedy})" if remedy else ""))

    def __reduce__(self) -> tuple[object, ...]:
        """Survive a trip between processes with every field intact."""
        return _rebuild_input_error, (self.path, self.problem, self.field, self.remedy)


def _rebuild_input_error(
    path: str, problem: str, field: str | None, remedy: str | None
) -> InputError:
    return InputError(path, problem, field=field, remedy=remedy)


class OutputError(NephoscopeError):
    """An output could not be written: full or read-only disk, or a file in the way."""


class PreemptedError(NephoscopeError):
    """The process was told to end (SIGTERM), and kept what was done: exit code 143."""


class UsageError(NephoscopeError):
    """The request itself makes no sense (unknown name, contradicting options): exit code 2."""
