"""From an archive to samples: simulated raw files, served, fetched and built as users do it."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from data_store_archive import DOWNLOAD, Store
from http_archive import Archive, serving
from nephoscope.cli import app
from nephoscope.samples.store import open_samples


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NEPHOSCOPE_ARCHIVES", str(tmp_path / "facts.yaml"))
    monkeypatch.setenv("NEPHOSCOPE_EUMETSAT_USER", "key")
    monkeypatch.setenv("NEPHOSCOPE_EUMETSAT_PASSWORD", "secret")


def run(*words: object) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.slow
def test_mars_from_dataverse_to_samples(tmp_path):
    run("simulate", "mars", "-o", tmp_path / "sim", "--scenes", 1, "--flavour", "label")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as file:
        file.add(tmp_path / "sim", arcname="./")
    packed = buffer.getvalue()
    listed = [{"label": "P01.tar.gz", "dataFile": {"id": 7, "filesize": len(packed)}}]
    page = json.dumps({"data": {"latestVersion": {"files": listed}}}).encode()
    files = {"/api/access/datafile/7": packed, "/api/datasets/:persistentId/": page}
    with serving(Archive(files, cut=len(packed) // 4)) as archive:
        (tmp_path / "facts.yaml").write_text(yaml.safe_dump({"dataverse": {"url": archive.url}}))
        run("fetch", "dataverse", "--product", "masks", "-o", tmp_path / "raw")
    run("build", "mars", tmp_path / "raw", "-o", tmp_path / "s.zarr")
    assert open_samples(tmp_path / "s.zarr").sizes["sample"] == 1


@pytest.mark.slow
def test_seviri_from_the_data_store_to_samples(tmp_path):
    pytest.importorskip("satpy")
    words = ("--scenes", 1, "--size", 96, "--slots", 1)
    run("simulate", "seviri", "-o", tmp_path / "sim", *words)
    (picture,) = (tmp_path / "sim").rglob("*.nat")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.write(picture, picture.name)
        file.writestr("manifest.xml", "<x/>")
    files = {DOWNLOAD + picture.stem: buffer.getvalue()}
    with serving(Archive(files, page=Store([picture.stem]).page)) as archive:
        (tmp_path / "facts.yaml").write_text(yaml.safe_dump({"eumetsat": {"api": archive.url}}))
        day = picture.stem.split("-")[-2][:8]
        run(
            "fetch", "eumetsat", "--from", day, "-o", tmp_path / "raw" / "seviri",
            "--allow-plaintext",
        )  # fmt: skip
    raw = (tmp_path / "raw", tmp_path / "sim" / "CLOUDSAT")
    run("build", "seviri", *raw, "-o", tmp_path / "s.zarr", "--patch-size", 32)
    assert open_samples(tmp_path / "s.zarr").sizes["sample"] >= 1
