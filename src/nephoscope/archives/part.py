"""The part file: a download under way, beside its final name, with what is known of its source."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from nephoscope.archives.remote import RemoteFile, Version, plain_url
from nephoscope.errors import InputError, OutputError, shown
from nephoscope.files import put_in_place, short_name, write_text

ENDING = ".fetch.part"
_FACTS_ENDING = ".fetch.json"
_BLOCK = 1 << 20


class PartFile:
    """A file that grows while it is downloaded, and survives a kill; see `part_file`.

    Attributes:
        final: the name it will have.
        size: bytes that are there.
        best: the most bytes there were since it was opened.
        known: which version of the source these bytes are of; None before that is known.
    """

    def __init__(self, final: Path, remote: RemoteFile, file: BinaryIO) -> None:
        self.final = final
        self._file = file
        self._facts = _facts_path(final)
        self._source = hashlib.sha256(remote.url.encode()).hexdigest()
        self._algorithm = remote.checksum.partition(":")[0]
        self.known = self._read_facts()
        self.size = self.best = 0
        self.finished = False
        self._start_hashes()
        if self.known is None:
            self.restart()
        else:
            self._take_up()

    def append(self, chunk: bytes) -> None:
        """Write more bytes at the end."""
        self._file.write(chunk)
        self.size += len(chunk)
        self.best = max(self.best, self.size)
        for each in self._hashes.values():
            each.update(chunk)

    def tail(self, size: int) -> bytes:
        """The last bytes that are there."""
        self._file.seek(self.size - size)
        found = self._file.read(size)
        self._file.seek(self.size)
        return found

    def restart(self) -> None:
        """Forget all bytes."""
        self._file.seek(0)
        self._file.truncate()
        self._facts.unlink(missing_ok=True)
        self.known, self.size = None, 0
        self._start_hashes()

    def is_of(self, version: Version) -> None:
        """Keep which version of the source is downloaded."""
        if version != self.known:
            facts = {"source": self._source, "size": version.size, "tag": version.tag}
            write_text(self._facts, json.dumps(facts))
            self.known = version

    def digest(self, algorithm: str) -> str:
        """The checksum in hexadecimal of all bytes, "sha256" or that of the source."""
        return self._hashes[algorithm].hexdigest()

    def finish(self) -> None:
        """Give the file its final name."""
        self._file.flush()
        put_in_place(_part_path(self.final), self.final)
        self.finished = True

    def was_finished(self) -> bool:
        """Whether a run gave the file its name and was killed before that was noted."""
        return (
            self.known is not None
            and not self.size
            and self.known.size in {None, self.final.stat().st_size}
        )

    def noted(self) -> None:
        """Forget what was known of the source: the manifest has it now."""
        self._facts.unlink(missing_ok=True)

    def _start_hashes(self) -> None:
        names = {"sha256", self._algorithm} - {""}
        self._hashes = {name: hashlib.new(name, usedforsecurity=False) for name in names}

    def _take_up(self) -> None:
        self._file.seek(0)
        while block := self._file.read(_BLOCK):
            self.size += len(block)
            for each in self._hashes.values():
                each.update(block)
        self.best = self.size

    def _read_facts(self) -> Version | None:
        try:
            facts = json.loads(self._facts.read_text(encoding="utf-8"))
            if facts["source"] != self._source:
                return None
            return Version(facts["size"], facts["tag"])
        except (OSError, ValueError, KeyError, TypeError):
            return None


@contextmanager
def part_file(final: Path, remote: RemoteFile) -> Iterator[PartFile]:
    """Open the part of a file, alone: another process that fetches the same file is waited for.

    Raises:
        OutputError: it cannot be written.
        InputError: the remote file has a checksum of a kind that is not known.
    """
    algorithm = remote.checksum.partition(":")[0]
    if algorithm and algorithm not in hashlib.algorithms_available:
        raise InputError(plain_url(remote.url), f"has a checksum of the unknown kind {algorithm}")
    path = _part_path(final)
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path) as file:
            part = PartFile(final, remote, file)
            try:
                yield part
            finally:
                if not part.size and not part.finished:
                    path.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{shown(final)}: could not be written: {error.strerror}") from error


def remove_facts(folder: Path, is_noted: Callable[[Path], bool]) -> None:
    """Remove what a run that was killed at the very end left beside files that it had noted."""
    for facts in folder.glob(f".*{_FACTS_ENDING}"):
        final = facts.with_name(facts.name[1:].removesuffix(_FACTS_ENDING))
        if not _part_path(final).exists() and is_noted(final):
            facts.unlink(missing_ok=True)


def parts_below(folder: Path) -> list[Path]:
    """Downloads below a folder that were not finished."""
    return sorted(path for path in folder.rglob(f".*{ENDING}") if path.is_file())


def size_of_part(final: Path) -> int:
    """Bytes of a file that an earlier run has downloaded."""
    with suppress(OSError):
        return _part_path(final).stat().st_size
    return 0


def _part_path(final: Path) -> Path:
    return final.with_name(short_name(f".{final.name}", ENDING))


def _facts_path(final: Path) -> Path:
    return final.with_name(short_name(f".{final.name}", _FACTS_ENDING))


@contextmanager
def _locked(path: Path) -> Iterator[BinaryIO]:
    while True:
        # Unbuffered: what was received is with the system when this process is killed.
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
        with os.fdopen(descriptor, "r+b", buffering=0) as file:
            with suppress(ImportError):
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX)
            # Another process may have finished it while we waited: then the lock is on a file
            # that has its final name now.
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                    yield file
                    return
