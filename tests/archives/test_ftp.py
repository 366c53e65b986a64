"""Transfer over FTP and FTPS from a real server."""

from __future__ import annotations

import random
from pathlib import Path, PurePosixPath

import pytest

from ftp_archive import PASSWORD, FtpArchive, serving_ftp, write_certificate
from nephoscope.archives import ftp
from nephoscope.archives.connections import Access, Connections
from nephoscope.archives.credentials import CredentialsError, Login
from nephoscope.archives.remote import RemoteFile, TransferError
from nephoscope.archives.transfer import Fetched, Settings, plan, transfer
from nephoscope.errors import UsageError

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
BODY = random.Random(0).randbytes(2_000_000)  # noqa: S311 - no secret


@pytest.fixture(params=["ftp", "ftps"])
def archive(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "a b").write_bytes(BODY)
    certificate = None
    if request.param == "ftps":
        certificate = write_certificate(tmp_path / "certificate.pem")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with serving_ftp(FtpArchive(folder), certificate) as serving:
        yield serving


def access(password: str = PASSWORD, plaintext: bool = True) -> Access:
    login = Login("me", password, found_in="a test")
    return Access(lambda host: login, timeout=5.0, plaintext=plaintext)


def fetched(archive: FtpArchive, folder: Path, name: str, how: Access) -> object:
    file = RemoteFile(f"{archive.url}/{name}", PurePosixPath("got"))
    ((_, result),) = transfer(plan([file], folder), Settings(how, None, 2, 0.01))
    return result


def test_a_line_that_is_reset_loses_no_byte(archive, tmp_path):
    archive.cut, archive.reset = 500_000, True
    result = fetched(archive, tmp_path / "out", "a%20b", access())
    assert isinstance(result, Fetched), result
    assert (tmp_path / "out" / "got").read_bytes() == BODY
    assert archive.logins > 2


def test_at_port_990_tls_comes_first(tmp_path, monkeypatch):
    (tmp_path / "f").write_bytes(BODY)
    certificate = write_certificate(tmp_path / "certificate.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with serving_ftp(FtpArchive(tmp_path, cut=700_000), certificate, implicit=True) as archive:
        monkeypatch.setattr(ftp, "IMPLICIT_PORT", int(archive.url.rpartition(":")[2]))
        assert isinstance(fetched(archive, tmp_path / "out", "f", access()), Fetched)
        assert (tmp_path / "out" / "got").read_bytes() == BODY
        monkeypatch.delenv("SSL_CERT_FILE")
        result = fetched(archive, tmp_path / "other", "f", access())
    assert "no safe connection" in str(result)


@pytest.mark.parametrize("rest", [True, False])
def test_a_file_arrives_through_a_line_that_is_cut(archive, tmp_path, rest):
    archive.rest, archive.cut = rest, 700_000 if rest else 0
    result = fetched(archive, tmp_path / "out", "a%20b", access())
    assert isinstance(result, Fetched), result
    assert (tmp_path / "out" / "got").read_bytes() == BODY
    assert archive.logins > 2 if rest else archive.logins == 1


def test_a_refused_login_shows_no_password_though_the_server_does(archive, tmp_path):
    result = fetched(archive, tmp_path / "out", "a%20b", access("wrong secret"))
    assert isinstance(result, CredentialsError)
    assert "wrong secret" not in str(result)


@pytest.mark.parametrize("name", ["none", "a%0D%0ADELE%20a%20b"])
def test_what_cannot_be_had_is_said(archive, tmp_path, name):
    result = fetched(archive, tmp_path / "out", name, access())
    assert isinstance(result, TransferError), result


def test_folders_are_listed(archive):
    (archive.folder / "day").mkdir()
    connections = Connections(access())
    with connections.borrow(archive.url) as connection:
        entries = {entry.name: entry for entry in connection.entries(f"{archive.url}/")}
    connections.close()
    assert {name: entry.is_folder for name, entry in entries.items()} == {"a b": False, "day": True}
    assert entries["a b"].size == len(BODY)


def test_plain_ftp_is_to_be_allowed(archive, tmp_path):
    if archive.url.startswith("ftps"):
        assert isinstance(
            fetched(archive, tmp_path / "o", "a%20b", access(plaintext=False)), Fetched
        )
        return
    with pytest.raises(UsageError, match="--allow-plaintext"):
        fetched(archive, tmp_path / "out", "a%20b", access(plaintext=False))
    assert archive.logins == 0


def test_a_certificate_that_nobody_vouches_for_is_refused(archive, tmp_path, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    if archive.url.startswith("ftps"):
        result = fetched(archive, tmp_path / "out", "a%20b", access())
        assert isinstance(result, TransferError)
        assert "no safe connection" in str(result)
        assert archive.logins == 0
