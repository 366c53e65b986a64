"""Command line as typed, for the history of products: names of files, not where they lie."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Sequence

_PART = re.compile(r"\d+/\d+")  # `--shard 2/8` is no path


def typed_command(arguments: Sequence[str] | None = None) -> str:
    """The command line with every path cut down to its last name.

    Products travel; a user's folders are nobody's business.

    Args:
        arguments: without the program's name; by default those of this process.
    """
    given = sys.argv[1:] if arguments is None else arguments
    return shlex.join(["nephoscope", *map(_short, given)])


def _short(argument: str) -> str:
    option, equals, value = argument.partition("=")
    if option.startswith("-") and equals:
        return f"{option}={_short(value)}"
    if _PART.fullmatch(argument):
        return argument
    parts = [part for part in re.split(r"[/\\]", argument) if part]
    return parts[-1] if parts else argument
