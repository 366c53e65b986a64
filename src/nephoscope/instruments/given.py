"""Arguments of `open_scene` and `open_track`: paths in any form, and options by name."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from glob import glob, has_magic
from os import PathLike
from pathlib import Path
from typing import Any

from nephoscope.arguments import described, path_of
from nephoscope.errors import InputError, UsageError

Paths = str | PathLike[str] | Iterable[str | PathLike[str]]
"""One path, or several: a list, tuple, set, generator or array; a text with * or ? is a pattern."""


def paths_given(paths: Paths) -> list[Path]:
    """Files and folders, each once, in the order given; those of a pattern sorted.

    Raises:
        InputError: a pattern that nothing matches.
        UsageError: no path at all, or something that is none.
    """
    given: Any = [paths] if isinstance(paths, str | bytes | PathLike) else paths
    try:
        every = iter(() if isinstance(given, Mapping) else given)
    except TypeError as error:
        raise UsageError(f"a path or a list of paths is wanted, not {described(paths)}") from error
    found: dict[Path, None] = {}
    for each in every:
        named = os.fsdecode(each) if isinstance(each, bytes) else each
        found |= dict.fromkeys(_expanded(str(path_of(named, "the path of a file"))))
    if not found:
        raise UsageError("a path or a list of paths is wanted, and none was given")
    return list(found)


def one_path(paths: str | PathLike[str] | Sequence[Path], reader: str) -> Path:
    """The only file of a scene: what `read` of an instrument with one file a scene begins with.

    Raises:
        UsageError: there are several files, or it is a folder.
    """
    several = [Path(paths)] if isinstance(paths, str | PathLike) else list(paths)
    if len(several) > 1:
        raise UsageError(
            f"{len(several)} files of {reader} are {len(several)} scenes: open each by itself "
            f"({several[0].name}, {several[1].name}{', ...' if len(several) > 2 else ''})"
        )
    path = several[0]
    if path.is_dir():
        raise UsageError(
            f"{path} is a folder: open its files one by one; find_scenes of "
            "nephoscope.instruments lists them"
        )
    return path


def check_options(read: Callable[..., Any], reader: str, options: Mapping[str, Any]) -> None:
    """Check that the reader takes these options.

    Raises:
        UsageError: one is not; the message names those that it has.
    """
    parameters = list(inspect.signature(read).parameters.values())[1:]
    if any(each.kind is each.VAR_KEYWORD for each in parameters):
        return
    known = [each.name for each in parameters]
    unknown = [name for name in options if name not in known]
    if unknown:
        has = f"its options are: {', '.join(known)}" if known else "it has none"
        raise UsageError(f"{reader} has no option {', '.join(unknown)}; {has}")


def _expanded(text: str) -> list[Path]:
    if not has_magic(text) or Path(text).exists():
        return [Path(text)]
    found = sorted(glob(text, recursive=True))  # noqa: PTH207 - may be absolute
    if not found:
        raise InputError(text, "does not exist, and as a pattern matches no file")
    return [Path(each) for each in found]
