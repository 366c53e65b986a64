"""`build --fetch`: granules from a real server, cut and deleted one by one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

import half_orbits_factory as factory
from nephoscope.cli import app
from nephoscope.samples.store import open_samples
from sftp_archive import PASSWORD, SftpArchive, serving_sftp

OPTIONS = ("--patch-size", 16, "--seed", 0)
DAYS = ("--fetch", "icare", "--from", "2008-06-03")


@pytest.fixture
def archive(half_orbits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    shutil.copytree(half_orbits, tmp_path / "served")
    (tmp_path / "made.yaml").write_text(yaml.safe_dump(factory.RECIPE))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NEPHOSCOPE_ICARE_USER", "me")
    monkeypatch.setenv("NEPHOSCOPE_ICARE_PASSWORD", PASSWORD)
    monkeypatch.setenv("NEPHOSCOPE_ARCHIVES", str(tmp_path / "facts.yaml"))
    (tmp_path / ".ssh").mkdir()
    with serving_sftp(SftpArchive(tmp_path / "served"), tmp_path / ".ssh") as serving:
        port = int(serving.url.rpartition(":")[2])
        own = {"icare": {"host": "127.0.0.1", "port": port, "root": "/"}}
        (tmp_path / "facts.yaml").write_text(yaml.safe_dump(own))
        yield serving


def build(tmp_path: Path, raw: Path, out: str, *words: object) -> tuple[int, str]:
    result = CliRunner().invoke(
        app,
        ["build", *map(str, (tmp_path / "made.yaml", raw, "-o", tmp_path / out, *OPTIONS, *words))],
    )
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def raw_files(folder: Path) -> set[str]:
    """Files with bytes in them, but for journals."""
    return {
        path.name
        for path in folder.rglob("*")
        if path.is_file() and path.stat().st_size and not path.name.startswith(".nephoscope")
    }


def test_a_stream_that_was_stopped_goes_on_to_the_samples_of_files_on_disk(
    archive, half_orbits, tmp_path
):
    assert build(tmp_path, half_orbits, "here.zarr")[0] == 0
    few = tmp_path / "few"
    listed = ["fetch", "icare", "--pair", "--from", "2008-06-03", "--dry-run", "-o", str(few)]
    assert CliRunner().invoke(app, listed).exit_code == 0
    (picture,) = archive.folder.rglob("*080177M*")
    aside = tmp_path / "aside"
    picture.rename(aside)  # the listing is kept: the file goes between listing and reading
    code, said = build(tmp_path, few, "streamed.zarr", *DAYS)
    assert code == 1
    assert "there is no such file" in said
    assert not (tmp_path / "streamed.zarr").exists()
    aside.rename(picture)
    sent = archive.sent
    code, said = build(tmp_path, few, "streamed.zarr", *DAYS)
    assert code == 0, said
    sizes = sum(path.stat().st_size for path in archive.folder.rglob("*.h*") if path.is_file())
    assert archive.sent - sent < sizes  # the first half orbit was not fetched again
    here, streamed = open_samples(tmp_path / "here.zarr"), open_samples(tmp_path / "streamed.zarr")
    assert streamed.load().equals(here.load())
    assert streamed.sizes["sample"] == 9
    assert raw_files(few) == set()


@pytest.mark.slow
def test_what_the_user_had_stays(archive, half_orbits, tmp_path):
    few = tmp_path / "few"
    words = ["fetch", "icare", "--product", "parasol", "--from", "2008-06-03", "-o", str(few)]
    assert CliRunner().invoke(app, words).exit_code == 0
    (few / "notes.txt").write_text("mine")
    before = raw_files(few)
    code, said = build(tmp_path, few, "streamed.zarr", *DAYS, "--workers", 2)
    assert code == 0, said
    assert raw_files(few) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--fetch", "dataverse"), "has nothing for this recipe"),
        (("--fetch", "icare"), "name the first day"),
    ],
)
def test_misuse_is_an_error(archive, tmp_path, words, said):
    code, output = build(tmp_path, tmp_path / "few", "s.zarr", *words)
    assert code == 2
    assert said in output
