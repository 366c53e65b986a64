"""Transfer over SFTP from a real server."""

from __future__ import annotations

import random
import time
import traceback
from pathlib import Path, PurePosixPath

import asyncssh
import pytest

from nephoscope.archives.connections import Access, Connections
from nephoscope.archives.credentials import CredentialsError, Login
from nephoscope.archives.manifest import verify
from nephoscope.archives.remote import RemoteFile, TransferError
from nephoscope.archives.sftp import BLOCK
from nephoscope.archives.transfer import Fetched, Settings, plan, transfer
from sftp_archive import PASSWORD, SftpArchive, serving_sftp

ME = Login("me", PASSWORD, found_in="a test")


@pytest.fixture
def archive(tmp_path: Path):
    folder = tmp_path / "served"
    folder.mkdir()
    with serving_sftp(SftpArchive(folder), tmp_path) as serving:
        yield serving


def access(archive: SftpArchive, login: Login = ME, **more: object) -> Access:
    given = {"timeout": 10.0, "known_hosts": archive.known_hosts, **more}
    return Access(lambda host: login, **given)  # type: ignore[arg-type]


def fetched(archive: SftpArchive, folder: Path, names: list[str], how: Access) -> list[object]:
    files = [RemoteFile(f"{archive.url}/{name}", PurePosixPath(name)) for name in names]
    return [result for _, result in transfer(plan(files, folder), Settings(how, None, 2, 0.01))]


def fill(archive: SftpArchive, sizes: dict[str, int]) -> dict[str, bytes]:
    bodies = {
        name: random.Random(size).randbytes(size)  # noqa: S311 - no secret
        for name, size in sizes.items()
    }
    for name, body in bodies.items():
        (archive.folder / name).write_bytes(body)
    return bodies


@pytest.mark.parametrize("reset", [False, True])
def test_files_arrive_through_a_line_that_is_cut(archive, tmp_path, reset):
    bodies = fill(archive, {f"f{n}": 3_000_000 + n for n in range(3)} | {"empty": 0})
    archive.cut, archive.reset = 5 * BLOCK, reset
    results = fetched(archive, tmp_path / "out", list(bodies), access(archive))
    assert all(isinstance(result, Fetched) for result in results), results
    for name, body in bodies.items():
        assert (tmp_path / "out" / name).read_bytes() == body
    assert not verify(tmp_path / "out", lambda path: None).bad


def test_a_host_that_is_not_known_is_an_error_with_its_fingerprint(archive, tmp_path):
    fill(archive, {"f": 10})
    known = archive.known_hosts.read_text()
    archive.known_hosts.write_text("")
    (result,) = fetched(archive, tmp_path / "out", ["f"], access(archive))
    assert isinstance(result, TransferError)
    assert archive.fingerprint in str(result)
    assert " ".join(known.split()[:3]) in str(result)
    assert archive.known_hosts.read_text() == ""
    assert archive.logins == 0
    how = access(archive, host_key=archive.fingerprint)
    assert isinstance(fetched(archive, tmp_path / "out", ["f"], how)[0], Fetched)


def test_lines_that_name_no_key_do_not_hide_the_others(archive, tmp_path):
    fill(archive, {"f": 10})
    known = archive.known_hosts.read_text()
    archive.known_hosts.write_bytes(b"nonsense\n@what is this\n\xff h x\n" + known.encode())
    (result,) = fetched(archive, tmp_path / "out", ["f"], access(archive))
    assert isinstance(result, Fetched), result


def test_a_host_with_another_key_is_an_error(archive, tmp_path):
    fill(archive, {"f": 10})
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    place = archive.known_hosts.read_text().split()[0]
    archive.known_hosts.write_text(f"{place} {other}")
    (result,) = fetched(archive, tmp_path / "out", ["f"], access(archive))
    assert isinstance(result, TransferError)
    assert "key of the host" in str(result)
    assert archive.logins == 0


def test_a_refused_login_is_tried_once_and_shows_no_password(archive, tmp_path):
    fill(archive, {f"f{n}": 10 for n in range(8)})
    login = Login("me", "wrong secret", found_in="a test")
    results = fetched(
        archive, tmp_path / "out", [f"f{n}" for n in range(8)], access(archive, login)
    )
    assert all(isinstance(result, CredentialsError) for result in results)
    assert archive.logins == 1
    assert "wrong secret" not in str(results)


def test_a_key_opens_too(archive, tmp_path):
    bodies = fill(archive, {"f": 1000})
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(tmp_path / "key", passphrase="open me", rounds=50)  # noqa: S106 - of this test
    archive.keys.append(key.get_fingerprint())
    login = Login("me", "open me", tmp_path / "key")
    fetched(archive, tmp_path / "out", ["f"], access(archive, login))
    assert (tmp_path / "out" / "f").read_bytes() == bodies["f"]
    assert archive.logins == 0
    (result,) = fetched(
        archive, tmp_path / "other", ["f"], access(archive, Login("me", "no", tmp_path / "key"))
    )
    assert isinstance(result, CredentialsError)
    assert "passphrase" in str(result)


def test_a_file_that_changes_while_it_is_read_is_begun_again(archive, tmp_path):
    fill(archive, {"f": 4 * BLOCK})
    new = bytes(4 * BLOCK)

    def change(offset: int) -> None:
        archive.on_read = None
        (archive.folder / "f").write_bytes(new)
        import os

        os.utime(archive.folder / "f", (1e9, 1e9))

    archive.on_read = change
    (result,) = fetched(archive, tmp_path / "out", ["f"], access(archive))
    assert isinstance(result, Fetched), result
    assert "changed" in result.remark
    assert (tmp_path / "out" / "f").read_bytes() == new


def test_what_is_not_there_is_said(archive, tmp_path):
    (result,) = fetched(archive, tmp_path / "out", ["none"], access(archive))
    assert isinstance(result, TransferError)
    assert "no such file" in str(result)


def test_folders_are_listed_and_links_followed(archive):
    fill(archive, {"a b.hdf": 12})
    (archive.folder / "day").mkdir()
    (archive.folder / "link").symlink_to("day")
    connections = Connections(access(archive))
    with connections.borrow(archive.url) as connection:
        entries = {entry.name: entry for entry in connection.entries(f"{archive.url}/")}
    connections.close()
    assert {name: entry.is_folder for name, entry in entries.items()} == {
        "a b.hdf": False, "day": True, "link": True,
    }  # fmt: skip
    assert entries["a b.hdf"].size == 12
    assert abs(int(entries["a b.hdf"].tag) - time.time()) < 1000


@pytest.mark.parametrize("password", [PASSWORD, "wrong secret"])
def test_neither_logs_nor_journals_nor_tracebacks_hold_a_password(
    archive, tmp_path, caplog, password
):
    fill(archive, {"f": 10})
    login = Login("me", password, found_in="a test")
    with caplog.at_level("DEBUG"):
        (result,) = fetched(archive, tmp_path / "out", ["f"], access(archive, login))
    said = caplog.text + repr(result)
    if isinstance(result, Exception):
        said += "".join(traceback.format_exception(result))
    said += "".join(path.read_text() for path in tmp_path.rglob(".*") if path.is_file())
    assert password not in said
