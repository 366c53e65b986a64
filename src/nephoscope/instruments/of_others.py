"""Instruments of other packages: entry points, each imported when first asked for.

A package names a module of its own for each: of an imager in the group `nephoscope.instruments`, of
a profiler in `nephoscope.profilers`. One that cannot be used is named once and left out; all others
are as they would be without it.
"""

from __future__ import annotations

import logging
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from nephoscope.errors import UsageError

IMAGERS_GROUP, PROFILERS_GROUP = "nephoscope.instruments", "nephoscope.profilers"
_LOG = logging.getLogger(__name__)


class BrokenInstrumentError(UsageError):
    """An instrument of another package cannot be used."""


def with_others(own: dict[str, str], group: str, before: str = "") -> dict[str, str]:
    """Names and modules of instruments, with those of other packages; nothing is imported.

    Args:
        own: name → module of ours, which nobody else can take.
        group: of the entry points.
        before: which of ours those of others come; "": behind all.
    """
    others = {}
    for point in sorted(entry_points(group=group), key=lambda point: point.name):
        if point.name in own:
            _say(f"{_named(point.name, point.value)} is left out: its name is one of ours")
        else:
            others[point.name] = point.value
    first = list(own).index(before) if before else len(own)
    pairs = list(own.items())
    return dict([*pairs[:first], *others.items(), *pairs[first:]])


def module_of(name: str, place: str, protocol: type) -> ModuleType:
    """The module of another package's instrument.

    Args:
        name: of the instrument.
        place: of the module, as its entry point says.
        protocol: whose functions and values it must have.

    Raises:
        BrokenInstrumentError: it cannot be imported, or lacks something.
    """
    found = _looked_up(name, place, protocol)
    if isinstance(found, str):
        raise BrokenInstrumentError(found)
    return found


@cache
def _looked_up(name: str, place: str, protocol: type) -> ModuleType | str:
    """The module, or why it cannot be used; tried once, and not again at every file."""
    try:
        module = import_module(place)
    except Exception as error:  # whatever another package's module raises
        why = f"cannot be imported: {type(error).__name__}: {error}"
        return f"{_named(name, place)} {why}"
    wanted = (each for each in vars(protocol) if not each.startswith("_"))
    if lacking := sorted(each for each in wanted if not hasattr(module, each)):
        return f"{_named(name, place)} lacks {', '.join(lacking)}"
    return module


def recognises(name: str, instrument: Any, path: Path) -> bool:  # noqa: ANN401 - a module
    """Whether another package's instrument takes a file for its own; one that fails does not."""
    try:
        return bool(instrument.recognises(path))
    except Exception as error:  # whatever another package's module raises
        _say(f"instrument '{name}' of another package cannot tell its files: {error}")
        return False


def left_out(error: BrokenInstrumentError) -> None:
    """Say once that an instrument of another package is left out, and why."""
    _say(f"{error}; it is left out")


def _named(name: str, place: str) -> str:
    return f"instrument '{name}' of another package ({place})"


@cache
def _say(sentence: str) -> None:
    _LOG.warning("%s", sentence)
