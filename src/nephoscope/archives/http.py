"""HTTP and HTTPS connections: ranges, redirects, Retry-After, on urllib3."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Callable, Generator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit

import urllib3
from urllib3.exceptions import HTTPError, SSLError

from nephoscope.archives.credentials import Login
from nephoscope.archives.remote import (
    Entry,
    Opened,
    TransferError,
    TryAgainError,
    Version,
    origin_of,
    plain_url,
)

CHUNK = 1 << 17
_REDIRECTS = {301, 302, 303, 307, 308}
_MOST_REDIRECTS = 8
_PASSING = {408, 425, 429, 500, 502, 503, 504}


class HttpConnection:
    """Connection to a host by HTTP or HTTPS.

    Args:
        login: sent to the host that is asked alone, never where it redirects to.
        timeout: seconds without a byte.
        bearer: gives a token that is sent instead of a login.
    """

    def __init__(
        self, login: Login | None, timeout: float, bearer: Callable[[], str] | None = None
    ) -> None:
        self._login = login
        self._bearer = bearer
        self._timeout = urllib3.Timeout(connect=min(timeout, 30), read=timeout)
        self._pools: dict[str, urllib3.PoolManager] = {}

    def open(self, url: str, offset: int, known: Version | None) -> Opened:
        """Begin to read; a server that knows no ranges begins at 0.

        Raises:
            TryAgainError: the server is busy or the line is broken.
            TransferError: the file is not to be had.
        """
        headers = {"Accept-Encoding": "identity"}
        if offset:
            headers["Range"] = f"bytes={offset}-"
            if known is not None and known.tag and not known.tag.startswith("W/"):
                headers["If-Range"] = known.tag
        answer = self._ask(url, headers)
        if answer.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return self._beyond_the_end(url, answer, offset, known)
        tag = answer.headers.get("ETag") or answer.headers.get("Last-Modified") or ""
        if answer.status == HTTPStatus.PARTIAL_CONTENT:
            start, size = _range_of(url, answer)
        else:
            start, size = 0, _length(answer)
        return Opened(Version(size, tag), start, _chunks(url, answer))

    def entries(self, url: str) -> list[Entry]:
        """HTTP has no listings.

        Raises:
            TransferError: always.
        """
        raise TransferError(url, "HTTP lists no folders; name the files")

    def text(self, url: str) -> str:
        """What a page says, in UTF-8.

        Raises:
            TryAgainError: the server is busy or the line is broken.
            TransferError: the page is not to be had.
        """
        answer = self._ask(url, {})
        body = b"".join(_chunks(url, answer))
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise TransferError(url, "is no text in UTF-8") from error

    def close(self) -> None:
        """End the connections."""
        for pool in self._pools.values():
            pool.clear()

    def _beyond_the_end(
        self, url: str, answer: urllib3.BaseHTTPResponse, offset: int, known: Version | None
    ) -> Opened:
        answer.drain_conn()
        total = re.fullmatch(r"bytes \*/(\d+)", answer.headers.get("Content-Range", ""))
        if total is not None and int(total[1]) == offset:
            # All of it is there; a server that refuses a range need not send its tag.
            tag = answer.headers.get("ETag") or answer.headers.get("Last-Modified")
            tag = tag or (known.tag if known is not None else "")
            return Opened(Version(offset, tag), offset, (_ for _ in ()))
        if not offset:
            raise TransferError(url, "the server refuses to send it (HTTP 416)")
        return self.open(url, 0, None)

    def _ask(self, url: str, headers: dict[str, str]) -> urllib3.BaseHTTPResponse:
        place = url
        for _ in range(_MOST_REDIRECTS):
            own = origin_of(place) == origin_of(url)
            try:
                answer = self._pool(place).request(
                    "GET",
                    place,
                    headers=headers | (self._authorization(url) if own else {}),
                    preload_content=False,
                    decode_content=False,
                    redirect=False,
                    retries=False,
                    timeout=self._timeout,
                )
            except SSLError as error:
                raise TransferError(url, f"no safe connection: {_why(error)}") from error
            except HTTPError as error:
                raise TryAgainError(url, _why(error)) from error
            if answer.status not in _REDIRECTS:
                return self._checked(url, answer)
            place = _target(url, place, answer)
        raise TransferError(url, f"redirects more than {_MOST_REDIRECTS} times")

    def _authorization(self, url: str) -> dict[str, str]:
        if self._bearer is not None:
            return {"Authorization": f"Bearer {self._bearer()}"}
        if self._login is None:
            return {}
        # As bytes in UTF-8 (RFC 7617); urllib3's own helper takes latin-1 alone.
        import base64

        pair = f"{self._login.user}:{self._login.password}".encode()
        return {"Authorization": "Basic " + base64.b64encode(pair).decode()}

    def _checked(self, url: str, answer: urllib3.BaseHTTPResponse) -> urllib3.BaseHTTPResponse:
        status = answer.status
        if status in {200, 206, 416}:
            return answer
        answer.close()
        if status in _PASSING:
            wait = _retry_after(answer.headers.get("Retry-After", ""))
            raise TryAgainError(url, f"the server is busy (HTTP {status})", wait)
        if status in {401, 403}:
            used = f"the credentials of {self._login.found_in}" if self._login else "no credentials"
            raise TransferError(url, f"the server refuses access (HTTP {status}) with {used}")
        if status in {404, 410}:
            raise TransferError(url, f"the server has no such file (HTTP {status})")
        raise TransferError(url, f"the server answers HTTP {status}")

    def _pool(self, url: str) -> urllib3.PoolManager:
        proxy = _proxy_of(url)
        if proxy not in self._pools:
            self._pools[proxy] = (
                urllib3.ProxyManager(proxy, num_pools=4)
                if proxy
                else urllib3.PoolManager(num_pools=4)
            )
        return self._pools[proxy]


def _chunks(url: str, answer: urllib3.BaseHTTPResponse) -> Generator[bytes, None, None]:
    try:
        # read1 hands over what there is: nothing that came before a cut is lost.
        while chunk := answer.read1(CHUNK):
            yield chunk
        answer.release_conn()
    except HTTPError as error:
        raise TryAgainError(url, _why(error)) from error
    finally:
        if not answer.closed:
            answer.close()


def _target(url: str, place: str, answer: urllib3.BaseHTTPResponse) -> str:
    answer.drain_conn()
    target = urljoin(place, answer.headers.get("Location", ""))
    if urlsplit(target).scheme not in {"http", "https"}:
        raise TransferError(url, f"redirects to {plain_url(target)}: refused")
    if urlsplit(place).scheme == "https" and urlsplit(target).scheme == "http":
        raise TransferError(url, "redirects from HTTPS to plain HTTP: refused")
    return target


def _range_of(url: str, answer: urllib3.BaseHTTPResponse) -> tuple[int, int | None]:
    match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", answer.headers.get("Content-Range", ""))
    if match is None:
        answer.close()
        raise TransferError(url, "the server sends a part and does not say which")
    return int(match[1]), None if match[2] == "*" else int(match[2])


def _length(answer: urllib3.BaseHTTPResponse) -> int | None:
    text = answer.headers.get("Content-Length", "")
    return int(text) if text.isascii() and text.isdigit() else None


def _retry_after(text: str) -> float | None:
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _proxy_of(url: str) -> str:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host in {"localhost", "127.0.0.1", "::1"} or urllib.request.proxy_bypass(host):
        return ""
    return urllib.request.getproxies().get(parts.scheme, "")


def _why(error: BaseException) -> str:
    """What an error of urllib3 says, without names of objects and without the URL."""
    text = str(error.args[-1] if error.args else error).rpartition(": ")[2].strip("'\")( ")
    return text or type(error).__name__
