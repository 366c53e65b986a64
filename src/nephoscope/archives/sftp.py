"""SFTP connections, on asyncssh: host keys are never taken unasked, many blocks are under way."""

from __future__ import annotations

import asyncio
import stat
from collections import deque
from collections.abc import Coroutine, Generator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import asyncssh

from nephoscope.archives.credentials import CredentialsError, Login
from nephoscope.archives.remote import (
    Entry,
    Opened,
    TransferError,
    TryAgainError,
    Version,
    path_of,
)
from nephoscope.errors import shown

BLOCK = 1 << 18
_AHEAD = 8  # blocks under way
_PORT = 22
_GONE = (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath, asyncssh.SFTPPermissionDenied)
_LOST = (asyncssh.Error, OSError, TimeoutError)
Result = TypeVar("Result")


class SftpConnection:
    """Connection to a host by SFTP.

    Args:
        url: of the host.
        login: user with password or key.
        timeout: seconds without a byte.
        known_hosts: file of host keys; None for `~/.ssh/known_hosts`.
        host_key: fingerprint of a key that is taken though it is not known, "SHA256:…".

    Raises:
        TransferError: the key of the host is not known, or another.
        CredentialsError: the login is refused.
        TryAgainError: the host cannot be reached.
    """

    def __init__(
        self, url: str, login: Login, timeout: float, known_hosts: Path | None, host_key: str
    ) -> None:
        self._url = url
        self._login = login
        self._timeout = timeout
        self._runner = asyncio.Runner()
        self._known_hosts = known_hosts or Path.home() / ".ssh" / "known_hosts"
        self._client = _Client(host_key)
        self._connection: asyncssh.SSHClientConnection | None = None
        try:
            self._sftp = self._run(self._connected(), url)
        except BaseException:
            self.close()
            raise

    def open(self, url: str, offset: int, known: Version | None) -> Opened:
        """Begin to read at a byte.

        Raises:
            TryAgainError: the line is broken.
            TransferError: the file is not to be had.
        """
        file = self._run(self._opened(path_of(url)), url)
        version = self._version(file, url)
        start = offset if known == version else 0
        return Opened(version, start, self._chunks(url, file, version, start))

    def entries(self, url: str) -> list[Entry]:
        """What a folder holds; links are followed.

        Raises:
            TryAgainError: the line is broken.
            TransferError: there is no such folder, or it may not be read.
        """
        return self._run(self._listed(path_of(url)), url, 10 * self._timeout)

    def close(self) -> None:
        """End the connection."""
        with suppress(Exception):
            if self._connection is not None:
                self._connection.abort()
            self._connection = None
            self._runner.close()

    async def _connected(self) -> asyncssh.SFTPClient:
        parts = urlsplit(self._url)
        host, port, login = parts.hostname or "", parts.port or _PORT, self._login
        try:
            self._connection = await asyncssh.connect(
                host, port, username=login.user, known_hosts=_known(self._known_hosts), config=None,
                client_factory=lambda: self._client, agent_path=None, gss_auth=False,
                gss_kex=False, connect_timeout=self._timeout, login_timeout=self._timeout,
                **_proof(login),
            )  # fmt: skip
        except asyncssh.HostKeyNotVerifiable as error:
            raise self._strange_host(host, port) from error
        except asyncssh.PermissionDenied as error:
            raise CredentialsError(
                f"{host}: refuses the login with the credentials of {login.found_in}"
            ) from error
        return await self._connection.start_sftp_client(path_errors="surrogateescape")

    def _strange_host(self, host: str, port: int) -> TransferError:
        place = shown(self._known_hosts)
        seen = self._client.seen
        if seen is None:
            return TransferError(self._url, f"the key of the host is not that of {place}")
        name = host if port == _PORT else f"[{host}]:{port}"
        words = seen.export_public_key().decode().split()
        line = f"{name} {words[0]} {words[1]}"
        return TransferError(
            self._url,
            f"the key of the host is not in {place}: {seen.get_fingerprint()}. Compare it with "
            f"what the archive publishes; if it is the same, add this line to {place}: {line} - "
            f"or take it for once: --host-key {seen.get_fingerprint()}",
        )

    def _version(self, file: asyncssh.SFTPClientFile, url: str) -> Version:
        found = self._run(file.stat(), url)
        return Version(found.size, "" if found.mtime is None else str(int(found.mtime)))

    def _chunks(
        self, url: str, file: asyncssh.SFTPClientFile, version: Version, start: int
    ) -> Generator[bytes, None, None]:
        under_way: deque[asyncio.Task[bytes]] = deque()
        loop, place = self._runner.get_loop(), start
        end = version.size
        try:
            while True:
                while len(under_way) < _AHEAD and (end is None or place < end):
                    size = BLOCK if end is None else min(BLOCK, end - place)
                    under_way.append(loop.create_task(file.read(size, place)))
                    place += size
                if not under_way:
                    break
                chunk = self._run(_awaited(under_way.popleft()), url)
                if not chunk:
                    break
                yield chunk
            if self._version(file, url) != version:
                raise TryAgainError(url, "changed on the server while it was read")
        finally:
            self._forget(under_way, file)

    def _forget(self, under_way: deque[asyncio.Task[bytes]], file: asyncssh.SFTPClientFile) -> None:
        for task in under_way:
            task.cancel()
        if self._connection is None:  # was closed, and all files with it
            return
        with suppress(Exception):
            self._runner.run(asyncio.wait_for(_ended(list(under_way), file), self._timeout))

    async def _opened(self, path: str) -> asyncssh.SFTPClientFile:
        return await self._sftp.open(path, "rb")

    async def _listed(self, path: str) -> list[Entry]:
        entries = []
        for found in await self._sftp.readdir(path):
            name, attributes = str(found.filename), found.attrs
            if name in {".", ".."}:
                continue
            mode = attributes.permissions or 0
            if attributes.type == asyncssh.FILEXFER_TYPE_SYMLINK or stat.S_ISLNK(mode):
                with suppress(asyncssh.SFTPError):
                    attributes = await self._sftp.stat(f"{path.rstrip('/')}/{name}")
            is_folder = attributes.type == asyncssh.FILEXFER_TYPE_DIRECTORY
            tag = "" if attributes.mtime is None else str(int(attributes.mtime))
            entries.append(Entry(name, is_folder, attributes.size, tag))
        return entries

    def _run(
        self, work: Coroutine[Any, Any, Result], url: str, timeout: float | None = None
    ) -> Result:
        try:
            return self._runner.run(asyncio.wait_for(work, timeout or 2 * self._timeout))
        except _GONE as error:
            raise TransferError(url, "there is no such file, or it may not be read") from error
        except _LOST as error:
            text = self._login.hide(str(error)) or "no answer in time"
            raise TryAgainError(url, text) from error


class _Client(asyncssh.SSHClient):
    """Sees the key of a host that is not known; takes it only by its fingerprint."""

    def __init__(self, wanted: str) -> None:
        self._wanted = wanted
        self.seen: asyncssh.SSHKey | None = None

    def validate_host_public_key(
        self, host: str, addr: str, port: int, key: asyncssh.SSHKey
    ) -> bool:
        """Whether to take a key that is not in the file of known hosts."""
        self.seen = key
        return bool(self._wanted) and key.get_fingerprint() == self._wanted


def _known(path: Path) -> asyncssh.SSHKnownHosts:
    """The keys of a file of known hosts; lines that are none are passed over, as OpenSSH does."""
    kept = []
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    for line in text.splitlines():
        with suppress(ValueError):
            asyncssh.import_known_hosts(line)
            kept.append(line)
    return asyncssh.import_known_hosts("\n".join(kept))


def _proof(login: Login) -> dict[str, Any]:
    if login.key is None:
        return {"password": login.password, "client_keys": None}
    try:
        key = asyncssh.read_private_key(login.key, login.password or None)
    except OSError as error:
        raise CredentialsError(f"{shown(login.key)}: cannot be read: {error.strerror}") from error
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError):
        raise CredentialsError(
            f"{shown(login.key)}: is no private key, or its passphrase is wrong"
        ) from None
    return {"client_keys": [key], "password": None}


async def _awaited(task: asyncio.Task[bytes]) -> bytes:
    return await task


async def _ended(tasks: list[asyncio.Task[bytes]], file: asyncssh.SFTPClientFile) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)
    await file.close()
