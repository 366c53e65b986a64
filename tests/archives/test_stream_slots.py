"""`build --fetch` of slots: zips from a Data Store by HTTPS, cut and deleted one by one."""

from __future__ import annotations

import io
import os
import random
import signal
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

pytest.importorskip("satpy")
pytest.importorskip("netCDF4")

import slots_factory as factory
from data_store_archive import DOWNLOAD, Store
from ftp_archive import write_certificate
from http_archive import Archive, serving
from nephoscope.cli import app
from nephoscope.samples.store import open_samples

KILLS = 8
SECRET = "topsecret key"  # noqa: S105 - of a server in a test
ALONE = factory.NOON + np.timedelta64(3, "h")
DAYS = ("--fetch", "eumetsat", "--from", "2010-06-11", "--to", "2010-06-12")
OPTIONS = ("--patch-size", 32, "--min-labels", 5)


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two slots that a track crosses, and one between them that none does."""
    folder = tmp_path_factory.mktemp("raw")
    for seed, start in enumerate((factory.NOON, factory.NEXT)):
        factory.write_pair(folder, start, seed)
    factory.write_slot(folder / "HRSEVIRI", ALONE)
    (folder / "made.yaml").write_text(yaml.safe_dump(factory.RECIPE))
    assert build(folder, folder / "HRSEVIRI", "here.zarr")[0] == 0
    return folder


@pytest.fixture
def archive(raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    files = {}
    for picture in sorted((raw / "HRSEVIRI").rglob("*.nat")):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as file:
            file.writestr("manifest.xml", "<x/>")
            file.write(picture, picture.name)
        files[DOWNLOAD + picture.stem] = buffer.getvalue()
    certificate = write_certificate(tmp_path / "certificate.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NEPHOSCOPE_ARCHIVES", str(tmp_path / "facts.yaml"))
    monkeypatch.setenv("NEPHOSCOPE_EUMETSAT_USER", "key")
    monkeypatch.setenv("NEPHOSCOPE_EUMETSAT_PASSWORD", SECRET)
    page = Store([name.removeprefix(DOWNLOAD) for name in files]).page
    with serving(Archive(files, page=page), certificate=certificate) as serve:
        (tmp_path / "facts.yaml").write_text(yaml.safe_dump({"eumetsat": {"api": serve.url}}))
        yield serve


def words_of(raw: Path, folder: Path, out: str | Path, *words: object) -> list[str]:
    given = ("build", raw / "made.yaml", folder, raw / "DARDAR", "-o", raw / out, *OPTIONS, *words)
    return [*map(str, given)]


def build(raw: Path, folder: Path, out: str | Path, *words: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, words_of(raw, folder, out, *words))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def downloads(archive: Archive) -> list[str]:
    return [path for path, _ in archive.seen if path.startswith(DOWNLOAD)]


def assert_same_samples(raw: Path, out: Path) -> None:
    here, streamed = (open_samples(place) for place in (raw / "here.zarr", out))
    assert streamed.load().equals(here.load())
    assert streamed.sizes["sample"] > 1


def left_in(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and ".nephoscope" not in str(path.relative_to(folder))
    )


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_slots_that_a_track_crosses_are_fetched_and_deleted(archive, raw, tmp_path, workers):
    few = tmp_path / "few"
    code, said = build(raw, few, tmp_path / "s.zarr", *DAYS, "--workers", workers)
    assert code == 0, said
    assert_same_samples(raw, tmp_path / "s.zarr")
    assert len(downloads(archive)) == 2
    assert left_in(few) == []
    assert not any(SECRET.encode() in p.read_bytes() for p in few.rglob("*") if p.is_file())


def test_slots_that_lay_there_are_read_and_stay(archive, raw, tmp_path):
    (picture,) = (path for path in (raw / "HRSEVIRI").rglob("*.nat") if "20100612" in path.name)
    mine = tmp_path / "few" / "2010" / "06" / "12" / picture.name
    mine.parent.mkdir(parents=True)
    mine.write_bytes(picture.read_bytes())
    code, said = build(raw, tmp_path / "few", tmp_path / "s.zarr", *DAYS)
    assert code == 0, said
    assert_same_samples(raw, tmp_path / "s.zarr")
    assert len(downloads(archive)) == 1
    assert left_in(tmp_path / "few") == [f"2010/06/12/{picture.name}"]


def test_a_zip_that_never_opens_is_said_and_the_others_are_cut(archive, raw, tmp_path):
    bad = next(name for name in archive.files if "20100611" in name)
    archive.files[bad] = archive.files[bad][:-200]
    code, said = build(raw, tmp_path / "few", tmp_path / "s.zarr", *DAYS)
    assert code == 1
    assert "is no readable archive" in said
    assert downloads(archive).count(bad) == 2
    assert set(open_samples(tmp_path / "s.zarr")["group"].values.tolist()) == {"2010-06-12"}
    assert left_in(tmp_path / "few") == []


def test_without_tracks_it_says_what_to_name(archive, raw, tmp_path):
    words = ("build", raw / "made.yaml", tmp_path / "few", "-o", tmp_path / "s.zarr", *DAYS)
    result = CliRunner().invoke(app, [*map(str, words)])
    assert result.exit_code == 2
    assert "the tracks, fetched before" in result.output


@pytest.mark.skipif(os.name != "posix", reason="kills as POSIX does")
@pytest.mark.slow
def test_killed_at_random_moments_the_rerun_ends_with_the_same_samples(archive, raw, tmp_path):
    few, out, chance = tmp_path / "few", tmp_path / "s.zarr", random.Random(7)  # noqa: S311
    words = [sys.executable, "-m", "nephoscope", *words_of(raw, few, out, *DAYS)]
    archive.cut, size = 40_000, sum(map(len, archive.files.values()))
    for number in range(KILLS):
        reached = threading.Event()
        left = [chance.randrange(1, size // 4)]

        def count(sent: int, left: list[int] = left, reached: threading.Event = reached) -> None:
            left[0] -= sent
            if left[0] <= 0:
                reached.set()

        archive.on_sent = count
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
        while process.poll() is None and not reached.wait(0.01):
            pass
        time.sleep(chance.uniform(0, 0.5) if number % 2 else 0)
        process.send_signal(signal.SIGKILL)
        process.wait()
    archive.on_sent = lambda sent: None
    code, said = build(raw, few, out, *DAYS)
    assert code == 0 or "holds samples" in said, said
    assert_same_samples(raw, out)
    assert left_in(few) == []
