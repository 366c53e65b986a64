"""What users see when things go wrong: which file, which field, what is wrong, what to do."""

from __future__ import annotations

from os import PathLike, fspath


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
        where = f"{self.path} [{field}]" if field else self.path
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


class UsageError(NephoscopeError):
    """The request itself makes no sense (unknown name, contradicting options): exit code 2."""
