"""Transfer: remote files into a folder, resumed, verified, in parallel, never a bad file."""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain, zip_longest
from pathlib import Path

from nephoscope.archives.connections import Access, Connections
from nephoscope.archives.manifest import Manifest
from nephoscope.archives.pace import Throttle, pause_before, size_text
from nephoscope.archives.part import (
    PartFile,
    part_file,
    remove_facts,
    size_of_part,
)
from nephoscope.archives.remote import (
    Opened,
    RemoteFile,
    TransferError,
    TryAgainError,
    Version,
    origin_of,
    plain_url,
)
from nephoscope.errors import InputError, NephoscopeError, OutputError, UsageError, shown
from nephoscope.files import remove_stale_parts, sha256_of
from nephoscope.workers import as_they_end

OVERLAP = 1 << 16
"""Bytes that are asked for again where a server does not mark versions of its files."""
_CHANGED = "changed on the server while it was fetched; begun again"
SPARE_DISK = 256 * 2**20
"""Bytes that a transfer leaves free."""
_MOST_HOSTS = 4  # at the same time


def _ignore(size: int) -> None:
    pass


@dataclass
class Settings:
    """How files are transferred.

    Attributes:
        access: how hosts may be reached.
        rate: bytes per second, None for as fast as it goes.
        retries: attempts without a new byte before a file is given up.
        first_pause: seconds before the second attempt.
        received: told the bytes that arrive, from any thread.
    """

    access: Access = field(default_factory=Access)
    rate: float | None = None
    retries: int = 6
    first_pause: float = 1.0
    received: Callable[[int], None] = field(default=_ignore, repr=False)


@dataclass(frozen=True)
class Fetched:
    """A file that is there now.

    Attributes:
        file: which.
        version: what its server said of it; None where the file was there.
        sha256: of its bytes.
        remark: what is to be told, e.g. that it changed on the server.
    """

    file: RemoteFile
    version: Version | None = None
    sha256: str = ""
    remark: str = ""


@dataclass
class Plan:
    """What is to be transferred into a folder.

    Attributes:
        folder: the output.
        wanted: files that are not there, or not as the archive lists them.
        there: how many are.
        folders: where all of them lie.
    """

    folder: Path
    wanted: list[RemoteFile]
    there: int = 0
    folders: frozenset[Path] = frozenset()

    @property
    def size(self) -> int:
        """Bytes that are to come, as far as the archive says; parts that are there count."""
        return sum(
            max(0, (file.size or 0) - size_of_part(self.folder / file.path)) for file in self.wanted
        )

    @property
    def unknown(self) -> int:
        """Files of which the archive does not say how large they are."""
        return sum(file.size is None for file in self.wanted)


def plan(files: Sequence[RemoteFile], folder: Path, manifest: Manifest | None = None) -> Plan:
    """See which files are to be transferred.

    Args:
        files: those wanted.
        folder: of the output.
        manifest: of that folder, if it was read already.

    Raises:
        InputError: two files have the same name.
    """
    named = dict[str, RemoteFile]()
    manifest = Manifest(folder) if manifest is None else manifest
    for file in files:
        other = named.setdefault(str(file.path).casefold(), file)
        if other.url != file.url:
            raise InputError(
                file.path, f"{plain_url(other.url)} and {plain_url(file.url)} have the same name"
            )
    unique = list(named.values())
    wanted = [file for file in unique if not manifest.is_current(file)]
    folders = frozenset((folder / file.path).parent for file in unique)
    return Plan(folder, wanted, len(unique) - len(wanted), folders)


def check_disk(planned: Plan) -> None:
    """See that the disk can take what is planned.

    Raises:
        OutputError: it cannot.
    """
    place = planned.folder.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if planned.size + SPARE_DISK > free:
        raise OutputError(
            f"{shown(planned.folder)}: {size_text(planned.size)} are to come, the disk has "
            f"{size_text(free)} free ({size_text(SPARE_DISK)} must remain)"
        )


def transfer(
    planned: Plan, settings: Settings
) -> Iterator[tuple[RemoteFile, Fetched | NephoscopeError]]:
    """Transfer what is planned; each file is yielded as it ends.

    A file has its final name only when it is complete and verified. What was received is kept when
    a run is stopped, and the next run goes on behind it.

    Yields:
        (file, what is there now) or (file, why it is not).

    Raises:
        OutputError: the disk cannot take it, or cannot be written.
        UsageError: a protocol is not known or not allowed.
    """
    check_disk(planned)
    manifest, top = Manifest(planned.folder), planned.folder
    for folder in planned.folders:  # what killed runs have left
        remove_stale_parts(folder)
        remove_facts(folder, lambda final: manifest.holds(final.relative_to(top).as_posix()))
    run = _Run(planned.folder, manifest, settings)
    hosts = {origin_of(file.url)[1] for file in planned.wanted}
    threads = settings.access.streams * max(1, min(len(hosts), _MOST_HOSTS))
    try:
        waiting, stop = _interleaved(planned.wanted), run.connections.stop.set
        for file, result in as_they_end(run.fetch, waiting, threads, stop):
            if isinstance(result, OutputError | UsageError):
                raise result
            yield file, result
    finally:
        run.connections.close()


def _interleaved(files: Sequence[RemoteFile]) -> Iterator[RemoteFile]:
    """The files, of each host in turn, so that a slow one holds up no other."""
    by_host: dict[str, list[RemoteFile]] = {}
    for file in files:
        by_host.setdefault(origin_of(file.url)[1], []).append(file)
    rounds = chain.from_iterable(zip_longest(*by_host.values()))
    return (file for file in rounds if file is not None)


class _StoppedError(NephoscopeError):
    """The run ends; what was received is kept."""


class _Run:
    """What the threads of a transfer share."""

    def __init__(self, folder: Path, manifest: Manifest, settings: Settings) -> None:
        self.folder = folder
        self.manifest = manifest
        self.lock = threading.Lock()
        self.settings = settings
        self.connections = Connections(settings.access)
        self.throttle = Throttle(settings.rate)

    def fetch(self, file: RemoteFile) -> Fetched | NephoscopeError:
        try:
            final = self.folder / file.path
            with part_file(final, file) as part:
                found = self._there(file, final, part) or self._download(file, part)
                if found.version is not None:
                    with self.lock:
                        self.manifest.record(file, found.version, found.sha256)
                part.noted()
                return found
        except NephoscopeError as error:
            return error

    def _there(self, file: RemoteFile, final: Path, part: PartFile) -> Fetched | None:
        """What lies under the final name, if it is what the archive has."""
        if not final.exists():
            return None
        if self.manifest.holds(str(file.path)):
            return None  # ours, and the archive has another version now
        if part.was_finished():
            return Fetched(file, part.known, sha256_of(final))
        if Manifest(self.folder).is_current(file):
            return Fetched(file)  # another process has just fetched it
        algorithm, _, digest = file.checksum.partition(":")
        if final.is_file() and (file.size is None or final.stat().st_size == file.size):
            # Put there by other means.
            if digest and _digest(final, algorithm) == digest.lower():
                return Fetched(file, Version(file.size), sha256_of(final))
            if not digest and file.size is not None:
                return Fetched(file, Version(file.size), sha256_of(final))
        raise InputError(
            final, "lies where a file of the archive belongs, and differs from it",
            remedy="move it away, or fetch into another folder",
        )  # fmt: skip

    def _download(self, file: RemoteFile, part: PartFile) -> Fetched:
        failures, remarks, best = 0, list[str](), part.size
        while True:
            try:
                with self.connections.borrow(file.url) as connection:
                    begin = part.size - _overlap(part)
                    opened = connection.open(file.url, begin, part.known)
                    try:
                        self._receive(file, part, opened, remarks)
                    finally:
                        opened.chunks.close()
                return self._finished(file, part, remarks)
            except TryAgainError as error:
                failures = 0 if part.best > best else failures + 1
                best = part.best
                if failures > self.settings.retries:
                    raise TransferError(
                        file.url, f"{error.problem}; given up after {failures} attempts"
                    ) from error
                self._wait(failures, error.wait)

    def _wait(self, failures: int, asked: float | None) -> None:
        if failures or asked is not None:  # a line that was cut is taken up at once
            pause = pause_before(max(failures, 1), asked, self.settings.first_pause)
            self.connections.stop.wait(pause)
        if self.connections.stop.is_set():
            raise _StoppedError("stopped")

    def _receive(
        self, file: RemoteFile, part: PartFile, opened: Opened, remarks: list[str]
    ) -> None:
        _check_listed(file, opened.version, remarks)
        if part.size and _goes_on(part, opened):
            if not _repeats(part, opened):
                part.restart()
                remarks.append(_CHANGED)
                raise TryAgainError(file.url, "changed on the server")
        elif part.size:
            if opened.version != part.known:
                remarks.append(_CHANGED)
            part.restart()
            if opened.start:
                raise TryAgainError(file.url, "changed on the server")
        part.is_of(opened.version)
        size = opened.version.size
        for chunk in opened.chunks:
            self.throttle.passed(len(chunk))
            part.append(chunk)
            self.settings.received(len(chunk))
            if size is not None and part.size > size:
                part.restart()
                raise TryAgainError(file.url, "the server sends more bytes than it says")
            if self.connections.stop.is_set():
                raise _StoppedError("stopped")
        if size is not None and part.size < size:
            raise TryAgainError(file.url, f"ends after {part.size} of {size} bytes")

    def _finished(self, file: RemoteFile, part: PartFile, remarks: list[str]) -> Fetched:
        algorithm, _, digest = file.checksum.partition(":")
        if digest and part.digest(algorithm) != digest.lower():
            part.restart()
            raise TryAgainError(file.url, f"its bytes do not have the {algorithm} of the archive")
        version, sha256 = part.known or Version(part.size), part.digest("sha256")
        part.finish()
        return Fetched(file, version, sha256, "; ".join(dict.fromkeys(remarks)))


def _overlap(part: PartFile) -> int:
    """Bytes to ask for again, to see that a server without marks of versions has the same file."""
    return min(part.size, OVERLAP) if part.known is not None and not part.known.tag else 0


def _goes_on(part: PartFile, opened: Opened) -> bool:
    begin = part.size - _overlap(part)
    return opened.version == part.known and opened.start == begin and begin > 0


def _repeats(part: PartFile, opened: Opened) -> bool:
    """Whether what is sent again is what is there; puts back what comes behind it."""
    again = _overlap(part)
    came = b""
    while len(came) < again and (chunk := next(opened.chunks, b"")):
        came += chunk
    more = came[again:]
    if more:
        opened.chunks = _joined(more, opened.chunks)
    return came[:again] == part.tail(again)


def _joined(first: bytes, others: Generator[bytes, None, None]) -> Generator[bytes, None, None]:
    with closing(others):
        yield first
        yield from others


def _check_listed(file: RemoteFile, version: Version, remarks: list[str]) -> None:
    if file.size is not None and version.size is not None and file.size != version.size:
        said = f"{file.size} bytes in the listing, {version.size} now"
        if file.checksum:
            raise TryAgainError(file.url, f"is not as it was listed: {said}")
        remarks.append(f"changed on the server since it was listed: {said}")
    elif file.tag and version.tag and file.tag != version.tag and not file.checksum:
        remarks.append("changed on the server since it was listed")


def _digest(path: Path, algorithm: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()
