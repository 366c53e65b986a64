"""Connections to hosts: opened when needed, kept for the next file, each protocol on a library."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from nephoscope.archives.credentials import CredentialsError, Login, need_login
from nephoscope.archives.pace import Gate
from nephoscope.archives.remote import Connection, TransferError, TryAgainError, origin_of
from nephoscope.errors import UsageError

_Origin = tuple[str, str, int | None]
PROTOCOLS = ("https", "http", "sftp", "ftps", "ftp")


def _nobody(host: str) -> Login | None:
    return None


@dataclass
class Access:
    """How hosts may be reached.

    Attributes:
        login_of: the credentials of a host; None for none.
        timeout: seconds without a byte.
        streams: connections to a host at the same time.
        plaintext: whether passwords and files may go over the line for all to see (FTP, and HTTP
            with a password).
        known_hosts: file of the host keys for SFTP; None for that of the user.
        host_key: fingerprint of a host key to take though it is not known.
        bearer: gives a token for HTTPS.
    """

    login_of: Callable[[str], Login | None] = field(default=_nobody, repr=False)
    timeout: float = 60.0
    streams: int = 4
    plaintext: bool = False
    known_hosts: Path | None = None
    host_key: str = ""
    bearer: Callable[[], str] | None = field(default=None, repr=False)


class Connections:
    """Open connections of a run; safe to use from several threads.

    Args:
        access: how hosts may be reached.
    """

    def __init__(self, access: Access) -> None:
        self.access = access
        self.stop = threading.Event()
        self._lock = threading.Lock()
        self._idle: dict[_Origin, list[Connection]] = defaultdict(list)
        self._firsts: dict[_Origin, threading.Lock] = {}
        self._proven: set[_Origin] = set()
        self._refused: dict[_Origin, str] = {}
        self._gates: dict[str, Gate] = {}

    @contextmanager
    def borrow(self, url: str) -> Iterator[Connection]:
        """A connection to the host of a URL, one of those that are allowed at the same time.

        Raises:
            TransferError: the connection is refused.
            UsageError: the protocol is not known, or not safe and not allowed.
        """
        origin = origin_of(url)
        gate = self._gate(origin[1])
        with gate.stream(self.stop):
            connection = self._idle_one(origin) or self._first(url)
            try:
                yield connection
            except TryAgainError as error:
                connection.close()
                if error.wait is not None:
                    gate.pause(error.wait)
                raise
            except BaseException:
                connection.close()
                raise
            with self._lock:
                self._idle[origin].append(connection)

    def close(self) -> None:
        """End all that are not in use."""
        with self._lock:
            for idle in self._idle.values():
                for connection in idle:
                    connection.close()
            self._idle.clear()

    def _idle_one(self, origin: _Origin) -> Connection | None:
        with self._lock:
            idle = self._idle[origin]
            return idle.pop() if idle else None

    def _first(self, url: str) -> Connection:
        """A new connection; the first login of a host is tried by one thread, and once."""
        origin = origin_of(url)
        with self._lock:
            first = self._firsts.setdefault(origin, threading.Lock())
        with first:
            if origin in self._refused:
                raise CredentialsError(self._refused[origin])
            if origin not in self._proven:
                connection = self._tried(url, origin)
                self._proven.add(origin)
                return connection
        return self._tried(url, origin)

    def _tried(self, url: str, origin: _Origin) -> Connection:
        try:
            return self._opened(url)
        except CredentialsError as error:
            self._refused[origin] = str(error)
            raise

    def _gate(self, host: str) -> Gate:
        with self._lock:
            return self._gates.setdefault(host, Gate(self.access.streams))

    def _opened(self, url: str) -> Connection:
        access, parts = self.access, urlsplit(url)
        scheme, host = parts.scheme.lower(), parts.hostname
        if scheme not in PROTOCOLS:
            raise UsageError(f"{scheme or url}: is no protocol of {', '.join(PROTOCOLS)}")
        if not host:
            raise TransferError(url, "names no host")
        login = access.login_of(host)
        if scheme in {"http", "https"}:
            from nephoscope.archives.http import HttpConnection

            if scheme == "http" and (login or access.bearer):
                self._need_plaintext(url, "HTTP would send the password for all to see")
            return HttpConnection(login, access.timeout, access.bearer)
        if scheme == "sftp":
            from nephoscope.archives.sftp import SftpConnection

            login = login or need_login(host, "", "SFTP needs an account.")
            return SftpConnection(url, login, access.timeout, access.known_hosts, access.host_key)
        from nephoscope.archives.ftp import FtpConnection

        if scheme == "ftp":
            self._need_plaintext(url, "FTP sends passwords and files for all to see")
        return FtpConnection(url, login, access.timeout)

    def _need_plaintext(self, url: str, problem: str) -> None:
        if not self.access.plaintext:
            scheme, host, _ = origin_of(url)
            raise UsageError(f"{scheme}://{host}: {problem}; allow it with --allow-plaintext")
