"""FTP and FTPS connections, on the standard library: passive, binary, resumed with REST."""

from __future__ import annotations

import ftplib
import socket
import ssl
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from nephoscope.archives.credentials import CredentialsError, Login
from nephoscope.archives.remote import (
    Entry,
    Opened,
    TransferError,
    TryAgainError,
    Version,
    path_of,
)

CHUNK = 1 << 17
IMPLICIT_PORT = 990
"""Where servers speak TLS from the first byte on, instead of being asked to."""
_FEATURES_LACK = ("500", "501", "502", "504")


class FtpConnection:
    """Connection to a host by FTPS, or by plain FTP.

    Args:
        url: of the host; FTPS asks for TLS (explicit), but at port 990, which begins with it.
        login: user and password; None is anonymous.
        timeout: seconds without a byte.

    Raises:
        CredentialsError: the login is refused.
        TransferError: the host has no certificate that can be trusted.
        TryAgainError: the host cannot be reached.
    """

    def __init__(self, url: str, login: Login | None, timeout: float) -> None:
        parts = urlsplit(url)
        self._login = login or Login("anonymous", "anonymous@", found_in="nobody (anonymous)")
        port = parts.port or ftplib.FTP_PORT
        self._ftp = _client(parts.scheme, port, timeout)
        with self._explained(url):
            try:
                self._ftp.connect(parts.hostname or "", port)
                self._ftp.login(self._login.user, self._login.password)
                if isinstance(self._ftp, ftplib.FTP_TLS):
                    self._ftp.prot_p()
                self._ftp.voidcmd("TYPE I")
            except BaseException:
                self.close()
                raise

    def open(self, url: str, offset: int, known: Version | None) -> Opened:
        """Begin to read; at 0 where the server cannot begin elsewhere.

        Raises:
            TryAgainError: the line is broken.
            TransferError: the file is not to be had.
        """
        path = path_of(url)
        version = self._version(url, path)
        start = offset if known == version else 0
        with self._explained(url):
            try:
                line = self._ftp.transfercmd(f"RETR {path}", rest=start or None)
            except ftplib.error_perm as error:
                if not (start and str(error).startswith(_FEATURES_LACK)):
                    raise
                start, line = 0, self._ftp.transfercmd(f"RETR {path}")
        return Opened(version, start, self._chunks(url, path, line, version, start))

    def entries(self, url: str) -> list[Entry]:
        """What a folder holds.

        Raises:
            TryAgainError: the line is broken.
            TransferError: there is no such folder, or the server lists none.
        """
        with self._explained(url):
            return [
                Entry(
                    name, facts.get("type", "").lower() in {"dir", "os.unix=slink"},
                    _number(facts.get("size")), facts.get("modify", ""),
                )
                for name, facts in self._ftp.mlsd(path_of(url), ["type", "size", "modify"])
                if facts.get("type", "").lower() not in {"cdir", "pdir"} and name not in {".", ".."}
            ]  # fmt: skip

    def close(self) -> None:
        """End the connection."""
        with suppress(Exception):
            self._ftp.close()

    def _version(self, url: str, path: str) -> Version:
        with self._explained(url):
            return Version(_number(self._fact(f"SIZE {path}")), self._fact(f"MDTM {path}"))

    def _fact(self, command: str) -> str:
        try:
            return self._ftp.sendcmd(command)[4:].strip()
        except ftplib.error_perm as error:
            if str(error).startswith(_FEATURES_LACK):
                return ""
            raise

    def _chunks(
        self, url: str, path: str, line: socket.socket, version: Version, start: int
    ) -> Generator[bytes, None, None]:
        left = None if version.size is None else version.size - start
        with line, self._explained(url):
            while chunk := line.recv(CHUNK):
                left = None if left is None else left - len(chunk)
                yield chunk
            if left is not None and left > 0:
                raise TryAgainError(url, "the line was cut")
            if isinstance(line, ssl.SSLSocket):
                # A server may close without saying goodbye; the size tells whether all is there.
                with suppress(OSError):
                    line.unwrap()
        with self._explained(url):
            self._ftp.voidresp()
        if self._version(url, path) != version:
            raise TryAgainError(url, "changed on the server while it was read")

    @contextmanager
    def _explained(self, url: str) -> Iterator[None]:
        try:
            yield
        except ftplib.error_perm as error:
            text = self._login.hide(str(error))
            if text.startswith("530"):
                raise CredentialsError(
                    f"{urlsplit(url).hostname}: refuses the login with the credentials of "
                    f"{self._login.found_in}: {text}"
                ) from None
            raise TransferError(url, text) from None
        except ssl.SSLCertVerificationError as error:
            raise TransferError(url, f"no safe connection: {error.verify_message}") from error
        except ValueError as error:  # a line break in a name
            raise TransferError(url, "its name cannot be asked for by FTP") from error
        except (ftplib.Error, OSError, EOFError) as error:
            text = self._login.hide(str(error)) or "the line was cut"
            raise TryAgainError(url, text) from None


class _SafeFtp(ftplib.FTP_TLS):
    """FTPS that goes on with the session of the first line on the second, as servers demand."""

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int]:
        line, size = ftplib.FTP.ntransfercmd(self, cmd, rest)  # noqa: S321 - under FTPS
        session = self.sock.session if isinstance(self.sock, ssl.SSLSocket) else None
        wrapped = self.context.wrap_socket(line, server_hostname=self.host, session=session)
        return wrapped, size or 0


class _ImplicitFtp(_SafeFtp):
    """FTPS whose server speaks TLS from the first byte on."""

    def connect(
        self,
        host: str = "",
        port: int = 0,
        timeout: float | None = None,
        source_address: tuple[str, int] | None = None,
    ) -> str:
        self.host, self.port = host, port
        plain = socket.create_connection((host, port), timeout or self.timeout, source_address)
        self.af = plain.family
        self.sock = self.context.wrap_socket(plain, server_hostname=host)
        self.file = self.sock.makefile("r", encoding=self.encoding)
        self.welcome = self.getresp()
        return self.welcome


def _client(scheme: str, port: int, timeout: float) -> ftplib.FTP:
    if scheme == "ftp":
        return ftplib.FTP(timeout=timeout)  # noqa: S321 - asked for with --allow-plaintext
    kind = _ImplicitFtp if port == IMPLICIT_PORT else _SafeFtp
    return kind(timeout=timeout, context=ssl.create_default_context())


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None
