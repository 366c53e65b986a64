"""Names of the instruments and the modules that read them: one line for each."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nephoscope.instruments.protocol import Instrument, Profiler

IMAGERS: dict[str, str] = {
    "marci": "nephoscope.instruments.marci",
    "polder": "nephoscope.instruments.polder",
    "seviri": "nephoscope.instruments.seviri",
    # Knows every FITS, PNG and JPEG: instruments with names of their own come before it.
    "skycam": "nephoscope.instruments.skycam",
}
PROFILERS: dict[str, str] = {
    "cloudsat": "nephoscope.instruments.cloudsat",
    "dardar": "nephoscope.instruments.dardar",
}


def imager(name: str) -> Instrument:
    """Module of an imager, imported when first asked for."""
    module: Any = import_module(IMAGERS[name])
    instrument: Instrument = module
    return instrument


def profiler(name: str) -> Profiler:
    """Module of a profiler, imported when first asked for."""
    module: Any = import_module(PROFILERS[name])
    instrument: Profiler = module
    return instrument


def imager_of(path: Path) -> str | None:
    """Name of the first imager that recognises a file or folder, or None."""
    return next((name for name in IMAGERS if imager(name).recognises(path)), None)


def profiler_of(path: Path) -> str | None:
    """Name of the profiler whose file this is, or None."""
    return next((name for name in PROFILERS if profiler(name).recognises(path)), None)
