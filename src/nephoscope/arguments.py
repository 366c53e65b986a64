"""Arguments of the public functions, checked at the door so that misuse says what is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from nephoscope.errors import UsageError

_MOST_NAMED = 12


def path_of(value: object, what: str) -> Path:
    """A path that a user gave.

    Args:
        value: should be a text or a path.
        what: is wanted, for the message: "load_model: a shipped name or a folder".

    Raises:
        UsageError: it is neither, or empty, or holds a zero byte.
    """
    given = fspath(value) if isinstance(value, str | PathLike) else value
    if not isinstance(given, str):
        raise UsageError(f"{what} is wanted, not {described(value)}")
    if not given or "\0" in given:
        raise UsageError(f"{what} is wanted, not {given!r}")
    return Path(given)


def described(value: Any) -> str:  # noqa: ANN401 - anything may be passed by mistake
    """What a value is, in a few words: its type, and shape and kind where it is an array."""
    if value is None:
        return "None"
    name = type(value).__name__
    shape, kind = getattr(value, "shape", None), getattr(value, "dtype", None)
    if isinstance(shape, tuple) and kind is not None:
        return f"{name} of shape {tuple(shape)} and type {kind}"
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def listed(names: Sequence[str]) -> str:
    """Names with commas, as many as a person reads in a message; of more the first and the last."""
    short = names if len(names) <= _MOST_NAMED else [*names[: _MOST_NAMED - 1], "...", names[-1]]
    return ", ".join(short)


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: "; did you mean 'mars'?", or nothing."""
    close = get_close_matches(name.lower(), list(known), n=1)
    return f"; did you mean '{close[0]}'?" if close else ""
