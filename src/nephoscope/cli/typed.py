"""Command line as typed, for the history of products: names of files, not where they lie."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Mapping, Sequence

from nephoscope.remote import is_url, shown_url

HOW_SHARED = {
    "--workers": 1,
    "--scheduler": 1,
    "--shard": 1,
    "--limit": 1,
    "--threads": 1,
    "--redo-failed": 0,
    "--json": 0,
    "--quiet": 0,
    "-q": 0,
    "--verbose": 0,
    "-v": 0,
}
"""Options that say by whom work is done, and how many values each takes: products do not tell."""

_PART = re.compile(r"\d+/\d+")  # `--shard 2/8` is no path


def typed_command(
    arguments: Sequence[str] | None = None, without: Mapping[str, int] | None = None
) -> str:
    """The command line with every path cut down to its last name.

    Products travel; a user's folders are nobody's business.

    Args:
        arguments: without the program's name; by default those of this process.
        without: options that are left out, and how many values each takes.
    """
    given = iter(sys.argv[1:] if arguments is None else arguments)
    words = ["nephoscope"]
    for argument in given:
        option, equals, _ = argument.partition("=")
        if option not in (without or {}):
            words.append(_short(argument))
        elif not equals:
            for _ in range((without or {})[option]):
                next(given, None)
    return shlex.join(words)


def _short(argument: str) -> str:
    argument = shown_url(argument) if is_url(argument) else argument
    option, equals, value = argument.partition("=")
    if option.startswith("-") and equals:
        return f"{option}={_short(value)}"
    if _PART.fullmatch(argument):
        return argument
    parts = [part for part in re.split(r"[/\\]", argument) if part]
    return parts[-1] if parts else argument
