"""Server of the explorer: on this machine alone, and for who knows the token alone."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable
from functools import cache, partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, urlsplit

from nephoscope.errors import NephoscopeError, UsageError
from nephoscope.extras import need
from nephoscope.viewer.answers import Answers

HOST = "127.0.0.1"
_POLICY = "default-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; frame-ancestors 'none'"
_WRONG = "wrong or no token: open the address that `nephoscope view` printed, with all of it"


class Explorer(ThreadingHTTPServer):
    """Serves a page and its answers.

    Args:
        answers: what is asked.
        port: to listen at; 0: any that is free.

    Raises:
        UsageError: the port is in use, or may not be used.
        MissingExtraError: Plotly is not installed.
    """

    daemon_threads = True

    def __init__(self, answers: Answers, port: int = 0) -> None:
        need("the explorer", "view")
        self.answers, self.token, self.one_reads = answers, secrets.token_urlsafe(16), Lock()
        try:
            super().__init__((HOST, port), _Handler)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            remedy = "name another --port, or none for any that is free"
            raise UsageError(f"--port {port}: {reason}; {remedy}") from error

    @property
    def address(self) -> str:
        """To be opened in a browser."""
        return f"http://{HOST}:{self.server_port}/?token={self.token}"


class _Handler(BaseHTTPRequestHandler):
    """One request; nothing outside the products can be asked for."""

    server: Explorer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer a request."""
        url = urlsplit(self.path)
        asked = {name: values[-1] for name, values in parse_qs(url.query).items()}
        # A page of another site that was told to be this machine has another host.
        hosts = {f"{name}:{self.server.server_port}" for name in (HOST, "localhost")}
        known = hmac.compare_digest(asked.get("token", "").encode(), self.server.token.encode())
        if self.headers.get("Host") not in hosts or not known:
            self._send(HTTPStatus.FORBIDDEN, "text/plain", _WRONG.encode())
        elif url.path == "/":
            self._send(HTTPStatus.OK, "text/html", page())
        elif url.path == "/plotly.js":
            self._send(HTTPStatus.OK, "text/javascript", plotly())
        elif (answer := self._answers(asked).get(url.path.removeprefix("/api/"))) is None:
            self._send(HTTPStatus.NOT_FOUND, "text/plain", b"there is no such page")
        else:
            self._tell(answer)

    def _answers(self, asked: dict[str, str]) -> dict[str, Callable[[], dict[str, Any]]]:
        answers, number = self.server.answers, partial(_number, asked)
        return {
            "about": answers.about,
            "plane": lambda: answers.plane(
                number("slot"), asked.get("variable", ""), number("level")
            ),
            "profile": lambda: answers.profile(number("slot"), number("row"), number("col")),
            "curtain": lambda: answers.curtain(
                number("slot"), asked.get("variable", ""), _floats(asked.get("line", ""))
            ),
        }

    def _tell(self, answer: Callable[[], dict[str, Any]]) -> None:
        try:
            with self.server.one_reads:  # HDF5 is read by one thread at a time
                content = json.dumps(answer(), allow_nan=False).encode()
        except NephoscopeError as error:
            self._send(HTTPStatus.BAD_REQUEST, "text/plain", str(error).encode())
        else:
            self._send(HTTPStatus.OK, "application/json", content)

    def _send(self, status: HTTPStatus, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Content-Security-Policy", _POLICY)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Requests, with their token, are nobody's business."""


def _number(asked: dict[str, str], name: str) -> int:
    try:
        return int(asked.get(name, "0"))
    except ValueError as error:
        raise UsageError(f"{name}: {asked[name]!r} is no whole number") from error


def _floats(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        raise UsageError(f"line: {text!r} is not row,col,row,col") from error


@cache
def page() -> bytes:
    """The page."""
    return (resources.files("nephoscope.viewer") / "page.html").read_bytes()


@cache
def plotly() -> bytes:
    """Plotly's own script."""
    from plotly.offline import get_plotlyjs  # type: ignore[import-untyped]

    script: str = get_plotlyjs()
    return script.encode()
