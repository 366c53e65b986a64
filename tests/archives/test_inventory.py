"""Inventories, and the verbs `inspect` and `doctor`."""

from __future__ import annotations

import socket
import zipfile
from datetime import date
from pathlib import Path

import h5py
import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from nephoscope.archives.inventory import (
    day_of_name,
    gap_text,
    inventory_of,
    problem_of,
    product_of,
)
from nephoscope.cli import app


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("POLDER3_L1B-BG1-080176M_2008-06-03T01-34-54_V1-01.h5", date(2008, 6, 3)),
        ("2008155013000_11172_CS_2B-CLDCLASS_GRANULE_P1_R05_E02_F00.hdf", date(2008, 6, 3)),
        ("MSG2-SEVI-MSG15-0100-NA-20100701121242.100Z-NA.nat", date(2010, 7, 1)),
        ("2008/2008_06_03/any.hdf", date(2008, 6, 3)),
        ("DARDAR-NICE_L2-PRO_v1.00_2010011120000_12.nc", date(2010, 1, 11)),
        ("P01_day01_zequat.jpg", None),
        ("f_99999999.nc", None),
        ("f_20081399.nc", None),
    ],
)
def test_a_day_is_read_from_a_name(name, day):
    assert day_of_name(Path(name)) == day


def test_a_product_is_its_folders_or_its_name():
    assert product_of(Path("PARASOL/L1_B-HDF.v1.01/2008/2008_06_03/f.h5")) == (
        "PARASOL/L1_B-HDF.v1.01"
    )
    assert product_of(Path("2010/07/01/MSG2-SEVI-20100701.nat")) == "MSG2-SEVI.nat"


def test_a_zarr_store_is_one_file_of_its_folder(tmp_path):
    for day in ("20080603", "20080605"):
        for piece in ("zarr.json", "iwc/zarr.json", "iwc/c/0/0"):
            path = tmp_path / "truth" / f"MSG2-{day}1230.zarr" / piece
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"12345")
    found = inventory_of(tmp_path)
    assert list(found.products) == ["truth"]
    truth = found.products["truth"]
    assert (truth.files, truth.size) == (2, 30)
    assert truth.gaps() == [(date(2008, 6, 4), date(2008, 6, 4))]


def write_h5(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file["x"] = np.arange(10_000)
    return path


def test_files_that_end_too_early_are_found(tmp_path):
    whole = write_h5(tmp_path / "whole.h5")
    assert problem_of(whole) == ""
    cut = tmp_path / "cut.h5"
    cut.write_bytes(whole.read_bytes()[:-5000])
    assert problem_of(cut) == "ends too early"
    (tmp_path / "empty.hdf").touch()
    assert problem_of(tmp_path / "empty.hdf") == "is empty"
    (tmp_path / "page.hdf").write_text("<html>Not Found</html>")
    assert "does not begin" in problem_of(tmp_path / "page.hdf")
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as file:
        file.writestr("a", b"x" * 1000)
    assert problem_of(tmp_path / "z.zip") == ""
    (tmp_path / "y.zip").write_bytes((tmp_path / "z.zip").read_bytes()[:-40])
    assert "ends too early" in problem_of(tmp_path / "y.zip")


def test_gaps_are_runs_of_days_without_a_file(tmp_path):
    for day in (1, 2, 5, 9):
        write_h5(tmp_path / "P" / f"f_2008-06-{day:02d}.h5")
    product = inventory_of(tmp_path).products["P"]
    gaps = [(date(2008, 6, 3), date(2008, 6, 4)), (date(2008, 6, 6), date(2008, 6, 8))]
    assert product.gaps() == gaps
    assert gap_text(gaps) == "2008-06-06 to 2008-06-08, 2008-06-03 to 2008-06-04"


def test_inspect_says_what_there_is_and_draws_it(tmp_path):
    folder = tmp_path / "raw"
    for day in (1, 3):
        write_h5(folder / "P" / "2008" / f"f_2008-06-{day:02d}.h5")
    (folder / "P" / "2008" / "g_2008-07-01.h5").write_bytes(b"\x89HDF\r\n\x1a\nno more")
    (folder / ".x.fetch.part").write_bytes(b"x")
    result = CliRunner().invoke(app, ["inspect", str(folder), "-o", str(tmp_path / "c.png")])
    assert result.exit_code == 1
    assert "P: 3 files" in result.stdout
    assert "3 days from 2008-06-01 to 2008-07-01" in result.stdout
    assert "28 days without a file: 2008-06-04 to 2008-06-30, 2008-06-02" in result.stdout
    assert "g_2008-07-01.h5" in result.stderr
    assert "unfinished" in result.stderr
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    for name in ("ICARE", "EUMETSAT", "CLOUDSAT_DPC"):
        monkeypatch.delenv(f"NEPHOSCOPE_{name}_USER", raising=False)
    monkeypatch.delenv("NETRC", raising=False)
    monkeypatch.delenv("NEPHOSCOPE_ARCHIVES", raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    return tmp_path


def test_doctor_shows_where_credentials_are_and_not_what(home, monkeypatch):
    monkeypatch.setenv("NEPHOSCOPE_ICARE_USER", "someone")
    monkeypatch.setenv("NEPHOSCOPE_ICARE_PASSWORD", "topsecret")
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 0, result.stderr
    assert "icare: credentials found: environment" in result.stdout
    assert "eumetsat: no credentials" in result.stdout
    assert "GPU:" in result.stdout
    assert "topsecret" not in result.output
    assert "someone" not in result.output


def test_doctor_finds_an_open_netrc_and_hosts_that_do_not_answer(home):
    (home / ".netrc").write_text("machine h login me password topsecret\n")
    (home / ".netrc").chmod(0o644)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        (home / "nephoscope").mkdir()
        own = {"host": "127.0.0.1", "port": port}
        closed = {"host": "127.0.0.1", "port": 9}
        facts = {
            "icare": own, "cloudsat-dpc": closed, "dataverse": {"url": "http://127.0.0.1:9"},
            "eumetsat": {"api": f"http://127.0.0.1:{port}"},
        }  # fmt: skip
        (home / "nephoscope" / "archives.yaml").write_text(yaml.safe_dump(facts))
        result = CliRunner().invoke(app, ["doctor", "--reach"])
    assert result.exit_code == 1
    assert "chmod 600" in result.stdout
    assert f"127.0.0.1:{port} answers" in result.stdout
    assert "127.0.0.1:9 does not answer" in result.stdout
    assert "topsecret" not in result.output


def test_own_facts_that_are_none_are_an_error(home):
    (home / "nephoscope").mkdir()
    (home / "nephoscope" / "archives.yaml").write_text("icare: {hots: h}\n")
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 1
    assert "icare.hots" in result.stdout
