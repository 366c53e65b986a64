"""SFTP server on loopback, on asyncssh, that misbehaves as it is told."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh

PASSWORD = "topsecret pass"  # noqa: S105 - of a server in a test


@dataclass
class SftpArchive:
    """Served folder and faults: `cut` bytes after which a connection is cut, `reset` with RST."""

    folder: Path
    cut: int = 0
    reset: bool = False
    logins: int = 0
    keys: list[str] = field(default_factory=list)
    sent: int = 0
    on_read: Any = None
    url: str = ""
    fingerprint: str = ""
    known_hosts: Path = Path()
    listed: list[str] = field(default_factory=list)


@contextmanager
def serving_sftp(archive: SftpArchive, place: Path) -> Iterator[SftpArchive]:
    """Serve until the block ends; `place` gets the file of known hosts."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> Any:
        return await asyncssh.listen(
            "127.0.0.1", 0, server_host_keys=[key], server_factory=lambda: _server(archive),
            sftp_factory=lambda channel: _sftp(archive, channel),
        )  # fmt: skip

    async def stop(server: Any) -> None:
        server.close()
        for task in asyncio.all_tasks():
            if task is not asyncio.current_task():
                task.cancel()
        await asyncio.sleep(0.01)

    server = asyncio.run_coroutine_threadsafe(start(), loop).result(30)
    port = server.sockets[0].getsockname()[1]
    archive.url = f"sftp://127.0.0.1:{port}"
    archive.fingerprint = key.get_fingerprint()
    archive.known_hosts = place / "known_hosts"
    public = key.export_public_key().decode()
    archive.known_hosts.write_text(f"[127.0.0.1]:{port} {public}")
    try:
        yield archive
    finally:
        asyncio.run_coroutine_threadsafe(stop(server), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _server(archive: SftpArchive) -> asyncssh.SSHServer:
    class Server(asyncssh.SSHServer):
        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            archive.logins += 1
            return (username, password) == ("me", PASSWORD)

        def public_key_auth_supported(self) -> bool:
            return bool(archive.keys)

        def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
            return key.get_fingerprint() in archive.keys

    return Server()


def _sftp(archive: SftpArchive, channel: Any) -> asyncssh.SFTPServer:
    class Sftp(asyncssh.SFTPServer):
        sent = 0

        async def read(self, file_obj: Any, offset: int, size: int) -> bytes:
            data = super().read(file_obj, offset, size)
            if archive.on_read is not None:
                archive.on_read(offset)
            self.sent += len(data)
            archive.sent += len(data)
            if archive.cut and self.sent > archive.cut:
                reset_at_close(channel.get_extra_info("socket"), archive.reset)
                channel.get_connection().abort()
            return data

        async def scandir(self, path: bytes) -> Any:
            archive.listed.append(path.decode())
            async for entry in super().scandir(path):
                yield entry

    return Sftp(channel, chroot=str(archive.folder).encode())


def reset_at_close(line: socket.socket, reset: bool = True) -> None:
    """Let a line end with RST, which throws away what is under way, instead of FIN."""
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", reset, 0))
