"""ICARE and the CloudSat Data Processing Center, as trees of simulated names on a real server."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path, PurePosixPath

import pytest
import yaml
from typer.testing import CliRunner

from nephoscope.archives.connections import Access
from nephoscope.archives.listing import Listing
from nephoscope.archives.remote import Entry, RemoteFile
from nephoscope.archives.request import Request
from nephoscope.archives.sources import icare
from nephoscope.archives.transfer import plan as plan_transfer
from nephoscope.cli import app
from sftp_archive import PASSWORD, SftpArchive, serving_sftp

DAY = "2008/2008_06_03"
PARASOL = f"PARASOL/L1_B-HDF.v1.01/{DAY}"
CLASSES = f"CALIOP/CALTRACK-5km_CS-2B-CLDCLASS.v1.00/{DAY}"
OFFSETS = f"CALIOP/CALTRACK-5km_PAR-RB2.v1.00/{DAY}"
TREE = [
    f"{PARASOL}/POLDER3_L1B-BG1-080176M_2008-06-03T01-34-54_V1-01.h5",
    f"{PARASOL}/POLDER3_L1B-BG1-080177M_2008-06-03T03-13-00_V1-01.h5",
    f"{PARASOL}/../2008_06_04/POLDER3_L1B-BG1-080190M_2008-06-04T00-01-00_V1-01.h5",
    f"{CLASSES}/CALTRACK-5km_CS-2B-CLDCLASS_V1-00_2008-06-03T01-32-40ZD.hdf",
    f"{CLASSES}/CALTRACK-5km_CS-2B-CLDCLASS_V1-00_2008-06-03T02-19-40ZN.hdf",
    f"{CLASSES}/CALTRACK-5km_CS-2B-CLDCLASS_V1-00_2008-06-03T23-58-40ZD.hdf",
    f"{CLASSES}/CALTRACK-5km_CS-2B-CLDCLASS_V1-00_2008-06-03T12-00-00ZD.hdf",
    f"{OFFSETS}/CALTRACK-5km_PAR-RB2_V1-00_2008-06-03T01-32-40ZD.hdf",
    f"{OFFSETS}/CALTRACK-5km_PAR-RB2_V1-00_2008-06-03T12-00-00ZD.hdf",
    "PARASOL/L1_B-HDF.v1.00/2008/2008_06_03/old.h5",
    "2B-CLDCLASS.P1_R05/2008/155/2008155013000_11172_CS_2B-CLDCLASS_GRANULE_P1_R05_E02_F00.hdf",
]
PAIRS = [TREE[0], TREE[2], TREE[3], TREE[5], TREE[7]]


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    root = tmp_path / "served" / "SPACEBORNE"
    for name in TREE:
        path = (root / name).resolve()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(path.name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("NETRC", raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    for prefix in ("NEPHOSCOPE_ICARE", "NEPHOSCOPE_CLOUDSAT_DPC"):
        monkeypatch.setenv(f"{prefix}_USER", "me")
        monkeypatch.setenv(f"{prefix}_PASSWORD", PASSWORD)
    ssh = tmp_path / ".ssh"
    ssh.mkdir()
    with serving_sftp(SftpArchive(tmp_path / "served"), ssh) as serving:
        port = int(serving.url.rpartition(":")[2])
        own = {"host": "127.0.0.1", "port": port, "root": "/SPACEBORNE"}
        facts = tmp_path / "facts.yaml"
        facts.write_text(yaml.safe_dump({"icare": own, "cloudsat-dpc": own}))
        monkeypatch.setenv("NEPHOSCOPE_ARCHIVES", str(facts))
        yield serving


def run(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["fetch", *map(str, words)])
    return result.exit_code, result.stdout, result.stderr


def got(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*.h*") if path.is_file()
    )


def as_fetched(names: list[str]) -> list[str]:
    return sorted(name.replace("2008_06_03/../", "") for name in names)


def test_pairs_are_fetched_and_nothing_else(archive, tmp_path):
    words = ("icare", "--pair", "--from", "2008-06-03", "-o", tmp_path / "out")
    code, said, errors = run(*words, "--dry-run")
    assert (code, said.split(",")[0]) == (0, "5 files to fetch"), errors
    assert archive.sent == 0
    code, _, errors = run(*words)
    assert code == 0, errors
    assert got(tmp_path / "out") == as_fetched(PAIRS)


def test_a_listing_is_asked_for_once(archive, tmp_path):
    words = ("icare", "--product", "parasol", "--from", "2008-06-03", "--dry-run", "-o", "o")
    assert run(*words)[0] == 0
    asked = len(archive.listed)
    assert asked == 4  # products, years, days, files
    assert run(*words)[1] == run(*words, "--fresh")[1]
    assert len(archive.listed) == 2 * asked


def test_the_newest_version_is_taken_unless_one_is_named(archive, tmp_path, monkeypatch):
    run("icare", "--product", "parasol", "--from", "20080603", "-o", tmp_path / "new")
    assert got(tmp_path / "new") == TREE[:2]
    facts = yaml.safe_load(Path(tmp_path / "facts.yaml").read_text())
    facts["icare"]["products"] = {"parasol": "PARASOL/L1_B-HDF.v1.00"}
    (tmp_path / "facts.yaml").write_text(yaml.safe_dump(facts))
    run("icare", "--product", "parasol", "--from", "20080603", "-o", tmp_path / "old")
    assert got(tmp_path / "old") == [TREE[9]]


def test_night_is_left_out_where_only_day_is_wanted(archive, tmp_path):
    words = ("icare", "--product", "cs-2b-cldclass", "--from", "2008-06-03", "-o", tmp_path / "o")
    assert run(*words, "--dry-run")[1].startswith("4 files")
    assert run(*words, "--dry-run", "--daytime")[1].startswith("3 files")


def test_the_data_processing_center_has_days_of_the_year(archive, tmp_path):
    code, _, errors = run(
        "cloudsat-dpc", "--product", "2b-cldclass", "--from", "2008-06-03", "-o", tmp_path / "out"
    )
    assert code == 0, errors
    assert got(tmp_path / "out") == [TREE[10]]


def test_names_that_do_harm_are_refused_or_made_safe(archive, tmp_path):
    day = archive.folder / "SPACEBORNE" / PARASOL
    (day / "a\nb:c.h5").write_text("x")
    (day / ".hidden.h5").write_text("x")
    code, _, errors = run(
        "icare", "--product", "parasol", "--from", "2008-06-03", "-o", tmp_path / "out"
    )
    assert code == 0, errors
    names = {path.name for path in (tmp_path / "out" / PARASOL).iterdir()}
    assert {"a%0Ab%3Ac.h5", "%2Ehidden.h5"} < names


@pytest.mark.parametrize("name", ["../../f", "..", "a/../../../f", "/etc/passwd"])
def test_a_listing_cannot_lead_out_of_the_folder(tmp_path, name, monkeypatch):
    listing = Listing(Access(), None)
    monkeypatch.setattr(listing, "has", lambda url, name: True)
    monkeypatch.setattr(listing, "entries", lambda url: [Entry(name, False, 1)])
    assert listing.files_of_days([date(2008, 6, 3)], "sftp://h/x", "x", "%j") == []
    assert len(listing.refused) == 1


def test_without_credentials_it_says_where_it_looked(archive, tmp_path, monkeypatch):
    monkeypatch.delenv("NEPHOSCOPE_ICARE_USER")
    code, _, errors = run("icare", "--pair", "--from", "2008-06-03", "-o", tmp_path / "out")
    assert code == 1
    for part in ("NEPHOSCOPE_ICARE_USER is not set", ".netrc", "keyring", "Register"):
        assert part in errors
    assert PASSWORD not in errors


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["icare", "--from", "2008-06-03"], "name a --product"),
        (["icare", "--product", "moon", "--from", "2008-06-03"], "is none of"),
        (["icare", "--pair"], "--from: name the first day"),
        (["icare", "--pair", "--from", "June"], "is no day"),
        (["icare", "--pair", "--from", "2008-06-03", "--to", "2008-06-01"], "comes after"),
        (["icare", "--pair", "--from", "2008-06-03", "--step", "15"], "has no --step"),
        (["cloudsat-dpc", "--pair", "--from", "2008-06-03"], "has no --pair"),
    ],
)
def test_misuse_is_an_error(archive, words, said):
    code, _, errors = run(*words, "-o", "out")
    assert code == 2
    assert said in errors


def test_a_year_is_planned_fast(tmp_path):
    begin = datetime(2008, 1, 1, tzinfo=UTC).replace(tzinfo=None)
    starts = [begin + timedelta(minutes=98.9 * n / 2) for n in range(10_000)]

    def files(form: str) -> list[RemoteFile]:
        return [
            RemoteFile(f"sftp://h/{name}", PurePosixPath(name), 10**7, tag="1", time=start)
            for start in starts
            if (name := f"{start:{form}}")
        ]

    found = {
        "parasol": files("POLDER3_L1B-BG1-080176M_%Y-%m-%dT%H-%M-%S_V1-01.h5"),
        "cs-2b-cldclass": files("CALTRACK-5km_CS-2B-CLDCLASS_V1-00_%Y-%m-%dT%H-%M-%SZD.hdf"),
        "par-rb2": files("CALTRACK-5km_PAR-RB2_V1-00_%Y-%m-%dT%H-%M-%SZD.hdf"),
    }
    days = Request(first=date(2008, 1, 1), last=date(2008, 12, 31)).days()
    begun = time.process_time()
    paired = icare.pair(found, days)
    wanted = [file for each in paired.values() for file in each]
    assert len(plan_transfer(wanted, tmp_path).wanted) == len(wanted) > 29_000
    assert time.process_time() - begun < 10


def test_days_that_the_archive_lacks_are_said(archive, tmp_path):
    words = ("icare", "--product", "parasol", "--dry-run", "-o", tmp_path / "o")
    code, _, errors = run(*words, "--from", "2008-06-03", "--to", "2008-06-05")
    assert code == 0
    assert "lists no folder of 2008-06-05\n" in errors
    code, _, errors = run(*words, "--from", "2007-06-03")
    assert code == 1
    assert "lists no file of what is asked for" in errors
