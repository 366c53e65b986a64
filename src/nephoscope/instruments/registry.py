"""Names of the instruments and the modules that read them: one line for each.

Those of other packages (`of_others`) stand before the one that knows every picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from nephoscope.instruments.of_others import (
    IMAGERS_GROUP,
    PROFILERS_GROUP,
    BrokenInstrumentError,
    left_out,
    module_of,
    recognises,
    with_others,
)

if TYPE_CHECKING:
    from nephoscope.instruments.protocol import Instrument, Profiler

_OURS = "nephoscope."
Kind = TypeVar("Kind")
IMAGERS: dict[str, str] = with_others(
    {
        "marci": "nephoscope.instruments.marci",
        "polder": "nephoscope.instruments.polder",
        "seviri": "nephoscope.instruments.seviri",
        # Knows every FITS, PNG and JPEG: instruments with names of their own come before it.
        "skycam": "nephoscope.instruments.skycam",
    },
    IMAGERS_GROUP,
    before="skycam",
)
PROFILERS: dict[str, str] = with_others(
    {
        "cloudsat": "nephoscope.instruments.cloudsat",
        "dardar": "nephoscope.instruments.dardar",
    },
    PROFILERS_GROUP,
)


def imager(name: str) -> Instrument:
    """Module of an imager, imported when first asked for.

    Raises:
        BrokenInstrumentError: it is another package's, and cannot be used.
    """
    from nephoscope.instruments.protocol import Instrument

    instrument: Instrument = _module(name, IMAGERS[name], Instrument)
    return instrument


def profiler(name: str) -> Profiler:
    """Module of a profiler, imported when first asked for.

    Raises:
        BrokenInstrumentError: it is another package's, and cannot be used.
    """
    from nephoscope.instruments.protocol import Profiler

    instrument: Profiler = _module(name, PROFILERS[name], Profiler)
    return instrument


def imagers() -> Iterator[tuple[str, Instrument]]:
    """Name and module of each imager that can be used; of the others it is said why not."""
    return _usable(IMAGERS, imager)


def profilers() -> Iterator[tuple[str, Profiler]]:
    """Name and module of each profiler that can be used; of the others it is said why not."""
    return _usable(PROFILERS, profiler)


def imager_of(path: Path) -> str | None:
    """Name of the first imager that recognises a file or folder, or None."""
    return _first_that_knows(path, IMAGERS, imagers())


def profiler_of(path: Path) -> str | None:
    """Name of the profiler whose file this is, or None."""
    return _first_that_knows(path, PROFILERS, profilers())


def _usable(names: Iterable[str], named: Callable[[str], Kind]) -> Iterator[tuple[str, Kind]]:
    for name in names:
        try:
            yield name, named(name)
        except BrokenInstrumentError as error:
            left_out(error)


def _first_that_knows(
    path: Path, places: Mapping[str, str], usable: Iterable[tuple[str, Instrument | Profiler]]
) -> str | None:
    for name, each in usable:
        ours = places[name].startswith(_OURS)
        if each.recognises(path) if ours else recognises(name, each, path):
            return name
    return None


def _module(name: str, place: str, protocol: type) -> Any:  # noqa: ANN401 - a module is a protocol
    if place.startswith(_OURS):
        return import_module(place)
    return module_of(name, place, protocol)
