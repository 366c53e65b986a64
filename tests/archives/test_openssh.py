"""Transfer over SFTP from OpenSSH's own server, where it is found."""

from __future__ import annotations

import getpass
import shutil
import socket
import subprocess
import time
from pathlib import Path, PurePosixPath

import asyncssh
import pytest

from nephoscope.archives.connections import Access, Connections
from nephoscope.archives.credentials import CredentialsError, Login
from nephoscope.archives.remote import RemoteFile
from nephoscope.archives.transfer import Fetched, Settings, plan, transfer

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/sbin") or shutil.which("sshd")
pytestmark = pytest.mark.skipif(SSHD is None, reason="the server of OpenSSH, sshd, is not there")


@pytest.fixture
def server(tmp_path: Path):
    """URL of a server that the key in `tmp_path` opens, and the file of known hosts."""
    for name in ("host", "mine"):
        key = asyncssh.generate_private_key("ssh-ed25519")
        key.write_private_key(tmp_path / name)
        key.write_public_key(tmp_path / f"{name}.pub")
        (tmp_path / name).chmod(0o600)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (tmp_path / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {tmp_path}/host\nStrictModes no\n"
        f"AuthorizedKeysFile {tmp_path}/mine.pub\nPidFile none\nUsePAM no\n"
        "Subsystem sftp internal-sftp\n"
    )
    words = [str(SSHD), "-D", "-e", "-f", str(tmp_path / "sshd_config")]
    with (tmp_path / "log").open("wb") as log, subprocess.Popen(words, stderr=log) as process:  # noqa: S603
        try:
            _wait_for(port, process, tmp_path / "log")
            public = (tmp_path / "host.pub").read_text()
            (tmp_path / "known_hosts").write_text(f"[127.0.0.1]:{port} {public}")
            yield f"sftp://127.0.0.1:{port}", tmp_path / "known_hosts"
        finally:
            process.terminate()


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(200):
        assert process.poll() is None, log.read_text()
        with socket.socket() as line:
            if line.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail(log.read_text())


def test_files_arrive_and_folders_are_listed(server, tmp_path):
    url, known = server
    folder = tmp_path / "served" / "a day"
    folder.mkdir(parents=True)
    bodies = {"a b:c.hdf": bytes(range(256)) * 9_000, "empty": b""}
    for name, body in bodies.items():
        (folder / name).write_bytes(body)
    login = Login(getpass.getuser(), "", tmp_path / "mine", found_in="a test")
    access = Access(lambda host: login, timeout=20.0, known_hosts=known)
    place = f"{url}{tmp_path}/served/a%20day"
    connections = Connections(access)
    try:
        with connections.borrow(url) as connection:
            entries = {entry.name: entry.size for entry in connection.entries(place)}
    except CredentialsError:
        if "account is locked" in (tmp_path / "log").read_text():
            pytest.skip("sshd lets nobody in whose account is locked, as this user's is")
        raise
    connections.close()
    assert entries == {name: len(body) for name, body in bodies.items()}
    quoted = {"a b:c.hdf": "a%20b%3Ac.hdf", "empty": "empty"}
    files = [RemoteFile(f"{place}/{quoted[name]}", PurePosixPath(name)) for name in bodies]
    out = tmp_path / "out"
    results = [found for _, found in transfer(plan(files, out), Settings(access, None, 2, 0.01))]
    assert all(isinstance(found, Fetched) for found in results), results
    assert {name: (out / name).read_bytes() for name in bodies} == bodies
