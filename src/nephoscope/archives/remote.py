"""Remote files: what an archive says of a file, and what can go wrong on the way to it."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import Protocol
from urllib.parse import unquote, urlsplit, urlunsplit

from nephoscope.errors import NephoscopeError, shown


@dataclass(frozen=True)
class RemoteFile:
    """A file of an archive.

    Attributes:
        url: where it lies, without credentials.
        path: where it goes below the folder of the output, see `names.safe_path`.
        size: bytes, None where the archive does not say.
        checksum: "sha256:…" or "md5:…" in hexadecimal, "" where the archive has none.
        tag: what stands for its content in the listing, e.g. the time of its last change.
        time: begin (or end) of what it shows, as its name tells.
    """

    url: str = field(repr=False)
    path: PurePosixPath
    size: int | None = None
    checksum: str = ""
    tag: str = ""
    time: datetime | None = None


@dataclass(frozen=True)
class Version:
    """What stands for the content of a remote file: its size in bytes and a mark of its server."""

    size: int | None = None
    tag: str = ""


@dataclass(frozen=True)
class Entry:
    """One line of a remote folder's listing; size in bytes."""

    name: str
    is_folder: bool
    size: int | None = None
    tag: str = ""


@dataclass
class Opened:
    """A remote file that is being read.

    Attributes:
        version: what is read; its size is that of the whole file.
        start: the byte with which `chunks` begins; 0 where the server cannot begin elsewhere.
        chunks: the bytes.
    """

    version: Version
    start: int
    chunks: Generator[bytes, None, None]


class Connection(Protocol):
    """A connection to one host; used by one thread at a time."""

    def open(self, url: str, offset: int, known: Version | None) -> Opened:
        """Begin to read; from the byte `offset` on if the file is still the version `known`."""

    def entries(self, url: str) -> list[Entry]:
        """What a remote folder holds."""

    def close(self) -> None:
        """End the connection; never raises."""


class TransferError(NephoscopeError):
    """A remote file or folder cannot be had.

    Args:
        url: of what; is shown without credentials and query.
        problem: what is wrong.
    """

    def __init__(self, url: str, problem: str) -> None:
        self.url = plain_url(url)
        self.problem = problem
        super().__init__(f"{shown(self.url)}: {shown(problem)}")

    def __reduce__(self) -> tuple[object, ...]:
        """Survive a trip between processes."""
        return type(self), (self.url, self.problem)


class TryAgainError(TransferError):
    """What may go well the next time.

    Args:
        url: of what.
        problem: what is wrong.
        wait: seconds that the server asks to wait.
    """

    def __init__(self, url: str, problem: str, wait: float | None = None) -> None:
        self.wait = wait
        super().__init__(url, problem)


def plain_url(url: str) -> str:
    """A URL without user, password, query and fragment: what may be logged and kept."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def origin_of(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of a URL."""
    parts = urlsplit(url)
    return parts.scheme.lower(), (parts.hostname or "").lower(), parts.port


def host_of(url: str) -> tuple[str, int]:
    """Host and port of a URL of HTTP."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def path_of(url: str) -> str:
    """The path on the server that a URL of SFTP or FTP names."""
    return unquote(urlsplit(url).path)
