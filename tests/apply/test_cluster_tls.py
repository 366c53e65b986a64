"""A cluster that is closed by TLS: the same products, and who is not let in is told why."""

import datetime as dt
import os
import subprocess
import sys
import time
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import xarray as xr

from nephoscope.errors import UsageError
from nephoscope.workers.scheduler import connect
from tiny_cluster import ENVIRONMENT, Programs

pytest.importorskip("distributed")
import dask

x509 = pytest.importorskip("cryptography.x509", reason="cryptography is not installed")
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402 - only where it is there
from cryptography.hazmat.primitives.hashes import SHA256  # noqa: E402
from cryptography.hazmat.primitives.serialization import (  # noqa: E402
    Encoding,
    NoEncryption,
    PrivateFormat,
)

VARIABLE = "DASK_DISTRIBUTED__COMM__"


def _name(common):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common)])


def _certificate(subject, key, issuer, issuer_key, is_authority):
    names = [
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, each)])
        for each in (subject, issuer)
    ]
    made = x509.CertificateBuilder().subject_name(names[0]).issuer_name(names[1])
    made = made.public_key(key.public_key()).serial_number(x509.random_serial_number())
    made = made.not_valid_before(dt.datetime(2000, 1, 1)).not_valid_after(dt.datetime(2200, 1, 1))
    made = made.add_extension(x509.BasicConstraints(is_authority, None), critical=True)
    return made.sign(issuer_key, SHA256()).public_bytes(Encoding.PEM)


def authority(folder: Path) -> Path:
    """An authority of one's own: ca.pem, and cert.pem with key.pem that it has signed."""
    folder.mkdir()
    ours, theirs = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    (folder / "ca.pem").write_bytes(_certificate("authority", ours, "authority", ours, True))
    signed = _certificate("nephoscope", theirs, "authority", ours, False)
    (folder / "cert.pem").write_bytes(signed)
    words = Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    (folder / "key.pem").write_bytes(theirs.private_bytes(*words))
    return folder


def variables(ca: Path, own: Path) -> dict[str, str]:
    """What docs/cluster.md has the user export."""
    return {
        f"{VARIABLE}REQUIRE_ENCRYPTION": "True",
        f"{VARIABLE}TLS__CA_FILE": str(ca / "ca.pem"),
        f"{VARIABLE}TLS__CLIENT__CERT": str(own / "cert.pem"),
        f"{VARIABLE}TLS__CLIENT__KEY": str(own / "key.pem"),
    }


def words(folder: Path) -> list[object]:
    """Options of scheduler and workers, as docs/cluster.md has them."""
    files = {"ca-file": "ca.pem", "cert": "cert.pem", "key": "key.pem"}
    named = [word for key, name in files.items() for word in (f"--tls-{key}", folder / name)]
    return [*named, "--protocol", "tls"]


@pytest.fixture(scope="module")
def closed(tmp_path_factory):
    """(address, folder of the authority): a scheduler behind TLS, with two workers."""
    folder = tmp_path_factory.mktemp("closed")
    ours = authority(folder / "ours")
    programs = Programs(folder, *words(ours))
    try:
        programs.scheduler()
        for _ in range(2):
            programs.worker()
        yield programs.address, ours
    finally:
        programs.close()


def nephoscope(place: Path, *arguments, **variables):
    return subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-m", "nephoscope", *map(str, arguments)],
        cwd=place,
        env=ENVIRONMENT | {"SOURCE_DATE_EPOCH": "1800000000"} | variables,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def products(folder: Path) -> dict[str, Path]:
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.nc")}


@pytest.mark.slow
def test_a_closed_cluster_writes_what_one_process_writes(tmp_path, closed):
    address, ours = closed
    maps = tmp_path / "maps"
    assert nephoscope(tmp_path, "simulate", "mars", "-o", maps, "--scenes", 2).returncode == 0
    (tmp_path / "open").mkdir()
    (tmp_path / "closed").mkdir()
    arguments = ["predict", "mars", maps, "-o", "out"]
    assert nephoscope(tmp_path / "open", *arguments).returncode == 0
    told = nephoscope(
        tmp_path / "closed", *arguments, "--scheduler", address, **variables(ours, ours)
    )
    assert address.startswith("tls://127.0.0.1:")
    assert (told.returncode, "4 done" in told.stdout) == (0, True)
    wanted, made = (products(tmp_path / name / "out") for name in ("open", "closed"))
    assert len(made) >= 4
    assert made.keys() == wanted.keys()
    for name, path in made.items():  # HDF5 lays out one file in some dozen a little otherwise
        with xr.open_dataset(path) as ours, xr.open_dataset(wanted[name]) as theirs:
            xr.testing.assert_identical(ours, theirs)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scheme", "ca", "own", "told"),
    [
        ("tcp", None, None, "started with --protocol tls, give its tls:// address and the cert"),
        ("tcp", "ours", "ours", "COMM__REQUIRE_ENCRYPTION wants that: give the tls:// address"),
        ("tls", None, None, "tls:// needs certificates: set DASK_DISTRIBUTED__COMM__TLS__CA_FILE"),
        ("tls", "ours", "others", "not accept DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT: give a"),
        ("tls", "others", "ours", "does not hold before the authority of DASK_DISTRIBUTED__COMM__"),
        ("tls", "nowhere", "ours", "nowhere/ca.pem, named by DASK_DISTRIBUTED__COMM__TLS__CA_FILE"),
        ("tls", "empty", "ours", "are no certificate of an authority"),
    ],
)
def test_who_is_not_let_in_is_told_why_in_seconds(tmp_path, closed, scheme, ca, own, told):
    address, ours = closed
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "ca.pem").write_text("no certificate\n")
    places = {"ours": ours, "others": authority(tmp_path / "others")}
    given = {}
    if ca:
        given = variables(places.get(ca, tmp_path / ca), places[own])
    place = address.replace("tls", scheme)
    words = ["predict", "mars", tmp_path, "-o", "out", "--scheduler", place]
    start = time.monotonic()
    run = nephoscope(tmp_path, *words, **given)
    assert time.monotonic() - start < 30
    assert (run.returncode, run.stdout) == (2, "")
    (line,) = run.stderr.splitlines()
    assert line.startswith(f"nephoscope: --scheduler {place}: ")
    assert told in line
    assert not (tmp_path / "out").exists()


@pytest.fixture(autouse=True)
def without_variables(monkeypatch):
    for name in [name for name in os.environ if name.startswith(VARIABLE)]:
        monkeypatch.delenv(name)


def said(address: str) -> str:
    with pytest.raises(UsageError) as told:
        connect(address)
    return str(told.value).removeprefix(f"--scheduler {address}: ")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # of distributed's own, at a cut handshake
def test_what_is_no_scheduler_of_dask_is_told(tmp_path):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    Thread(target=server.serve_forever, daemon=True).start()
    place = f"127.0.0.1:{server.server_address[1]}"
    ours = authority(tmp_path / "ours")
    try:
        plain = said(f"tcp://{place}")
        given = dask.config.collect_env(variables(ours, ours))
        with dask.config.set(dask.config.merge(dask.config.config, given)):
            closed = said(f"tls://{place}")
    finally:
        server.shutdown()
        server.server_close()
    assert plain.startswith("what listens there is no scheduler of Dask: start one with")
    assert closed.startswith("there is a program there that speaks no TLS: give its tcp:// addr")


@pytest.mark.parametrize("content", ["{", "{}", "[]", '"tcp://a:1"'])
def test_a_scheduler_file_that_is_none_is_told(tmp_path, content):
    file = tmp_path / "scheduler.json"
    file.write_text(content)
    assert said(str(file)).startswith("is no scheduler file: name the one that `dask scheduler")
