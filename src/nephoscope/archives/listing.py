"""Listings of remote folders, kept on disk: a year is planned without asking the archive again."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from datetime import date
from pathlib import Path
from urllib.parse import quote

from nephoscope.archives.connections import Access, Connections
from nephoscope.archives.names import safe_path
from nephoscope.archives.pace import tried
from nephoscope.archives.remote import Entry, RemoteFile, plain_url
from nephoscope.errors import InputError, OutputError
from nephoscope.files import write_text
from nephoscope.workers import in_threads

KEPT = 7 * 86_400
"""Seconds for which a listing is believed."""
_VERSION = re.compile(r"\.v(\d+)\.(\d+)")


class Listing:
    """Remote folders as they are listed, each once.

    Args:
        access: how hosts may be reached.
        kept: folder of the listings on disk; None keeps none.
        fresh: believe none that is kept.
    """

    def __init__(self, access: Access, kept: Path | None, fresh: bool = False) -> None:
        self._access = access
        self._connections = Connections(access)
        self._kept = kept
        self._fresh = fresh
        self._known: dict[str, list[Entry]] = {}
        self.refused: list[InputError] = []
        self.missing: set[date] = set()

    def entries(self, url: str) -> list[Entry]:
        """What a folder holds, in the order of names.

        Raises:
            TransferError: it cannot be listed.
            CredentialsError: there are no credentials, or they are refused.
        """
        if url not in self._known:
            kept = None if self._fresh else self._read(url)
            if kept is None:
                kept = sorted(self._asked(url), key=lambda entry: entry.name)
                if kept:  # a folder may be empty by mistake: ask again
                    self._write(url, kept)
            self._known[url] = kept
        return self._known[url]

    def files_of_days(
        self, days: Iterable[date], url: str, below: str, form: str
    ) -> list[RemoteFile]:
        """The files of a product, of which each day has a folder in one of its year.

        Args:
            days: which; those without a folder are `missing`.
            url: of the product's folder.
            below: path of the product below the output.
            form: of the names of days, as `strftime` takes it.
        """

        def listed(day: date) -> list[RemoteFile]:
            year, name = f"{day:%Y}", day.strftime(form)
            if not (self.has(url, year) and self.has(f"{url}/{year}", name)):
                self.missing.add(day)
                return []
            return self._files(f"{url}/{year}/{name}", f"{below}/{year}/{name}")

        return [file for found in in_threads(listed, days, self._access.streams) for file in found]

    def newest(self, url: str, name: str) -> str | None:
        """The folder of a product, of its newest version ("NAME.v2.01") unless `name` has one."""
        found: list[tuple[tuple[int, ...], str]] = []
        for entry in self.entries(url):
            suffix = entry.name.removeprefix(name)
            if entry.name == name:
                found.append(((0, 0), name))
            elif entry.name.startswith(name) and (match := _VERSION.fullmatch(suffix)):
                found.append(((int(match[1]), int(match[2])), entry.name))
        return max(found)[1] if found else None

    def has(self, url: str, name: str) -> bool:
        """Whether a folder holds a folder."""
        return any(entry.name == name for entry in self.entries(url))

    def close(self) -> None:
        """End the connections."""
        self._connections.close()

    def _files(self, url: str, below: str) -> list[RemoteFile]:
        files = []
        for entry in self.entries(url):
            if entry.is_folder:
                continue
            try:
                if "/" in entry.name:
                    raise InputError(entry.name, "is no name of a file: refused")
                path = safe_path(f"{below}/{entry.name}")
            except InputError as error:
                self.refused.append(error)
                continue
            place = f"{url}/{quote(entry.name, errors='surrogateescape')}"
            files.append(RemoteFile(place, path, entry.size, tag=entry.tag))
        return files

    def _asked(self, url: str) -> list[Entry]:
        def once() -> list[Entry]:
            with self._connections.borrow(url) as connection:
                return connection.entries(url)

        return tried(once, url, 0.2, self._connections.stop.wait)

    def _path(self, url: str) -> Path | None:
        if self._kept is None:
            return None
        return self._kept / f"{hashlib.sha256(url.encode()).hexdigest()[:32]}.json"

    def _read(self, url: str) -> list[Entry] | None:
        path = self._path(url)
        if path is None:
            return None
        try:
            if time.time() - path.stat().st_mtime > KEPT:
                return None
            stored = json.loads(path.read_text(encoding="utf-8"))
            if stored["url"] != plain_url(url):
                return None
            return [Entry(**entry) for entry in stored["entries"]]
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _write(self, url: str, entries: list[Entry]) -> None:
        path = self._path(url)
        if path is not None:
            stored = {"url": plain_url(url), "entries": [asdict(entry) for entry in entries]}
            with suppress(OutputError):  # it is kept for speed alone
                write_text(path, json.dumps(stored))
