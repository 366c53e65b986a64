"""FTP and FTPS server on loopback, on pyftpdlib, that misbehaves as it is told."""

from __future__ import annotations

import datetime
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sftp_archive import reset_at_close

PASSWORD = "topsecret pass"  # noqa: S105 - of a server in a test


@dataclass
class FtpArchive:
    """Served folder and faults.

    `cut`: bytes after which it cuts, `reset` with RST; `rest`: whether it resumes.
    """

    folder: Path
    cut: int = 0
    reset: bool = False
    rest: bool = True
    logins: int = 0
    url: str = ""


@contextmanager
def serving_ftp(
    archive: FtpArchive, certificate: Path | None = None, implicit: bool = False
) -> Iterator[FtpArchive]:
    """Serve until the block ends; with a certificate (PEM with its key) by TLS alone.

    `implicit`: TLS begins before the server says anything.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pyftpdlib's own, of modules it falls back on
        from pyftpdlib.authorizers import AuthenticationFailed, DummyAuthorizer
        from pyftpdlib.handlers import DTPHandler, FTPHandler, TLS_DTPHandler, TLS_FTPHandler
        from pyftpdlib.ioloop import IOLoop
        from pyftpdlib.servers import FTPServer

    class Authorizer(DummyAuthorizer):
        def validate_authentication(self, username: str, password: str, handler: Any) -> None:
            archive.logins += 1
            if (username, password) != ("me", PASSWORD):
                raise AuthenticationFailed(f"no {password} here")

    class Data(TLS_DTPHandler if certificate else DTPHandler):  # type: ignore[misc]
        sent = 0

        def send(self, data: bytes) -> int:
            sent = super().send(data)
            self.sent += sent
            if archive.cut and self.sent > archive.cut:
                reset_at_close(self.socket, archive.reset)
                self.socket.close()
                raise ConnectionResetError
            return sent

    kind = TLS_FTPHandler if certificate else FTPHandler

    class Handler(_begun_with_tls(kind) if implicit else kind):  # type: ignore[misc]
        auth_failed_timeout = 0.05
        use_sendfile = False

        def ftp_REST(self, line: str) -> Any:
            if not archive.rest:
                return self.respond("502 Command not implemented.")
            return super().ftp_REST(line)

    Handler.authorizer = Authorizer()
    Handler.authorizer.add_user("me", PASSWORD, str(archive.folder), perm="elr")
    Handler.dtp_handler = Data
    if certificate:
        Handler.certfile = str(certificate)
        Handler.tls_control_required = Handler.tls_data_required = True
        Handler.ssl_context = None
    server = FTPServer(("127.0.0.1", 0), Handler, ioloop=IOLoop())
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            server.serve_forever(timeout=0.05, blocking=False, handle_exit=False)
        server.close_all()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    archive.url = f"{'ftps' if certificate else 'ftp'}://127.0.0.1:{server.address[1]}"
    try:
        yield archive
    finally:
        stop.set()
        thread.join()


def _begun_with_tls(kind: Any) -> Any:
    class Implicit(kind):  # type: ignore[misc]
        def handle(self) -> None:
            self.secure_connection(self.ssl_context)

        def handle_ssl_established(self) -> None:
            super().handle()

    return Implicit


def write_certificate(path: Path) -> Path:
    """A certificate of 127.0.0.1 that signs itself, with its key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=2))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(built.public_bytes(serialization.Encoding.PEM) + private)
    return path
