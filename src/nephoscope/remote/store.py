"""Store of objects to write to: a file becomes visible there when all of it has arrived."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from nephoscope.errors import OutputError, UsageError
from nephoscope.files import write_bytes
from nephoscope.remote.urls import ASK, Place, failures, place_of, reason_of, shown_url

_PROBE = ".nephoscope-probe"
_READ_ONLY = ("http", "https")


@dataclass(frozen=True)
class ObjectStore:
    """A prefix of a store of objects; other processes open it themselves.

    Args:
        url: of the prefix.
    """

    url: str

    def __getstate__(self) -> dict[str, Any]:
        return {"url": self.url}

    @cached_property
    def _place(self) -> Place:
        return place_of(self.url)

    def check(self) -> None:
        """See that it can be written to.

        Raises:
            UsageError: it is of a kind that cannot.
            OutputError: it does not answer, or may not be written to.
            MissingExtraError: what the URL needs is not installed.
        """
        scheme = self.url.partition("://")[0]
        if scheme in _READ_ONLY:
            raise UsageError(f"{shown_url(self.url)}: {scheme}:// can be read, not written to")
        try:
            self._place.system.pipe_file(self._path(_PROBE), b"-")
            self._place.system.rm_file(self._path(_PROBE))
        except failures() as error:
            raise self._unwritten("", error) from None

    def sizes(self) -> dict[str, int]:
        """What lies there, by its name from the prefix, and how many bytes each has.

        Raises:
            OutputError: it does not answer.
        """
        system, path = self._place.system, self._place.path
        try:
            system.invalidate_cache()
            found = system.find(path, detail=True)
        except FileNotFoundError:
            return {}
        except failures() as error:
            problem = f"cannot be read: {reason_of(error)} ({ASK})"
            raise OutputError(f"{self._place.url}: {problem}") from None
        return {
            each.removeprefix(path).lstrip("/"): int(facts["size"] or 0)
            for each, facts in found.items()
        }

    def put(self, file: Path, name: str) -> None:
        """Send a file; it replaces what has its name.

        Raises:
            OutputError: it cannot be sent.
        """
        try:
            self._place.system.put_file(str(file), self._path(name))
        except failures() as error:
            raise self._unwritten(name, error) from None

    def get(self, name: str, file: Path) -> None:
        """Fetch a file, atomically.

        Raises:
            OutputError: it cannot be fetched, or not written here.
        """
        try:
            content = self._place.system.cat_file(self._path(name))
        except failures() as error:
            problem = f"cannot be read: {reason_of(error)} ({ASK})"
            raise OutputError(f"{self._place.url}/{name}: {problem}") from None
        write_bytes(file, content)

    def _path(self, name: str) -> str:
        return f"{self._place.path}/{name}"

    def _unwritten(self, name: str, error: Exception) -> OutputError:
        where = f"{self._place.url}/{name}".rstrip("/")
        return OutputError(f"{where}: could not be written: {reason_of(error)} ({ASK})")
