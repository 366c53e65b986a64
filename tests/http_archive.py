"""HTTP server on loopback that misbehaves as it is told: what an archive and its line may do."""

from __future__ import annotations

import hashlib
import random
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from sftp_archive import reset_at_close


@dataclass
class Archive:
    """Files of the server and its faults.

    `cut`: bytes after which a connection is cut, on average, `reset` with RST; `ranges`: whether
    it knows them; `tagged`: whether it sends an ETag; `answers`: statuses to give before the file,
    each with its headers; `stall`: path → seconds of silence before the body of its first answer;
    `lies`: path → Content-Length; `seen`: (path, headers) of all requests; `sent`: bytes of bodies
    by path.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    cut: int = 0
    reset: bool = False
    ranges: bool = True
    tagged: bool = True
    answers: dict[str, list[tuple[int, dict[str, str]]]] = field(default_factory=dict)
    stall: dict[str, float] = field(default_factory=dict)
    lies: dict[str, int] = field(default_factory=dict)
    rate: float = 0
    page: Callable[[str, str], tuple[int, bytes] | None] = lambda path, body: None
    on_sent: Callable[[int], None] = lambda size: None
    on_get: Callable[[str, int], None] = lambda path, count: None
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    sent: Counter[str] = field(default_factory=Counter)
    url: str = ""
    random: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311
    lock: threading.Lock = field(default_factory=threading.Lock)
    stopped: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serving(
    archive: Archive, host: str = "127.0.0.1", certificate: Path | None = None
) -> Iterator[Archive]:
    """Serve until the block ends; with a certificate (PEM with its key) by HTTPS."""

    class Handler(_Handler):
        of = archive

    server = _Server((host, 0), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    scheme = "http" if certificate is None else "https"
    archive.url = f"{scheme}://{host}:{server.server_address[1]}"
    try:
        yield archive
    finally:
        archive.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away are no news."""


class _Handler(BaseHTTPRequestHandler):
    of: Archive
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        archive, path = self.of, self.path
        with archive.lock:
            archive.seen.append((path, dict(self.headers)))
            count = sum(place == path for place, _ in archive.seen)
            waiting = archive.answers.get(path, [])
            answer = waiting.pop(0) if waiting else None
        archive.on_get(path, count)
        if answer is not None:
            self._answer(*answer)
            return
        if (page := archive.page(path, "")) is not None:
            self._reply(*page)
            return
        body = archive.files.get(path, archive.files.get(urlsplit(path).path))
        if body is None:
            self._answer(404, {})
            return
        if path in archive.stall and count == 1:
            archive.stopped.wait(archive.stall[path])
        self._send(path, body)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        with self.of.lock:
            self.of.seen.append((self.path, dict(self.headers)))
        self._reply(*(self.of.page(self.path, body) or (404, b"")))

    def _reply(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _answer(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, path: str, body: bytes) -> None:
        archive = self.of
        tag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
        start = self._start(tag)
        if start >= len(body) > 0 and start:
            self._answer(416, {"Content-Range": f"bytes */{len(body)}"})
            return
        if start:
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        else:
            self.send_response(200)
        if archive.tagged:
            self.send_header("ETag", tag)
        self.send_header("Content-Length", str(archive.lies.get(path, len(body)) - start))
        self.end_headers()
        end = len(body)
        if archive.cut:
            with archive.lock:
                end = min(end, start + archive.random.randint(1, 2 * archive.cut))
        self._write(path, body, start, end)
        if end < len(body) or path in archive.lies:
            self.close_connection = True
            if self.of.reset:
                reset_at_close(self.connection)
                self.connection.close()  # before the server says goodbye

    def _start(self, tag: str) -> int:
        wanted = self.headers.get("Range", "")
        if not (self.of.ranges and wanted.startswith("bytes=")):
            return 0
        if self.headers.get("If-Range", tag) != tag:
            return 0
        return int(wanted.removeprefix("bytes=").partition("-")[0])

    def _write(self, path: str, body: bytes, start: int, end: int) -> None:
        block = 1 << 16
        for place in range(start, end, block):
            piece = body[place : min(place + block, end)]
            self.wfile.write(piece)
            with self.of.lock:
                self.of.sent[path] += len(piece)
            if self.of.rate:
                self.of.stopped.wait(len(piece) / self.of.rate)
            self.of.on_sent(len(piece))
