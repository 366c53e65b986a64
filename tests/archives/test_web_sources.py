"""Dataverse and the EUMETSAT Data Store, as small servers that speak their documented API."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import zipfile
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml
from typer.testing import CliRunner

from data_store_archive import DOWNLOAD, TOKEN, Store
from http_archive import Archive, serving
from nephoscope.archives import unpack
from nephoscope.archives.manifest import NAME
from nephoscope.cli import app

SECRET = "topsecret key"  # noqa: S105 - of a server in a test
SLOTS = [f"MSG2-SEVI-MSG15-0100-NA-2010070{d}{h:02d}{m}42.1Z-NA" for d in (1, 2) for h in (0, 12)
         for m in (12, 27)]  # fmt: skip


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("NETRC", raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setenv("NEPHOSCOPE_ARCHIVES", str(tmp_path / "facts.yaml"))
    monkeypatch.setenv("NEPHOSCOPE_EUMETSAT_USER", "key")
    monkeypatch.setenv("NEPHOSCOPE_EUMETSAT_PASSWORD", SECRET)
    return tmp_path


def run(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["fetch", *map(str, words)])
    return result.exit_code, result.stdout, result.stderr


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != NAME
    }


def tar(members: dict[str, bytes], kind: bytes = tarfile.REGTYPE) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as file:
        for name, body in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.type, info.linkname = len(body), kind, "/etc/passwd"
            file.addfile(info, io.BytesIO(body))
    return buffer.getvalue()


def dataverse(files: dict[str, bytes]) -> Archive:
    listed = [
        {
            "label": name.rpartition("/")[2],
            "directoryLabel": name.rpartition("/")[0],
            "dataFile": {
                "id": number, "filename": name, "filesize": len(body),
                "md5": hashlib.md5(body, usedforsecurity=False).hexdigest(),
            },
        }
        for number, (name, body) in enumerate(files.items())
    ]  # fmt: skip
    page = json.dumps({"status": "OK", "data": {"latestVersion": {"files": listed}}}).encode()
    served = {f"/api/access/datafile/{n}": body for n, body in enumerate(files.values())}
    served["/api/datasets/:persistentId/"] = page
    return Archive(served)


def of_dataverse(archive: Archive, own: Path) -> None:
    (own / "facts.yaml").write_text(yaml.safe_dump({"dataverse": {"url": archive.url}}))


def test_masks_of_mars_are_fetched_and_unpacked(own):
    packed = tar({"./P01/cloudmask_P01day01.ncdf": b"mask", "./P01/list_ls.txt": b"ls"})
    with serving(dataverse({"P01.tar": packed, "notes/read me.txt": b"hello"})) as archive:
        of_dataverse(archive, own)
        words = ("dataverse", "--product", "masks", "-o", own / "out")
        code, _, errors = run(*words)
        assert code == 0, errors
        asked = len(archive.seen)
        assert run(*words)[1].startswith("0 files to fetch")
        assert len(archive.seen) == asked + 1
    assert tree(own / "out") == {
        "masks/P01/cloudmask_P01day01.ncdf": b"mask", "masks/P01/list_ls.txt": b"ls",
        "masks/notes/read me.txt": b"hello",
    }  # fmt: skip
    assert run("--verify", own / "out")[0] == 0


@pytest.mark.parametrize("name", ["../../f.tar", "a/../../../f.tar"])
def test_a_dataset_cannot_lead_out_of_the_folder(own, name):
    with serving(dataverse({name: b"x", "good": b"y"})) as archive:
        of_dataverse(archive, own)
        code, _, errors = run("dataverse", "--product", "maps", "-o", own / "a" / "out")
    assert code == 1
    assert "refused" in errors
    assert tree(own / "a") == {f"out/{NAME}": (own / "a/out" / NAME).read_bytes()} | {
        "out/maps/good": b"y"
    } or tree(own / "a") == {"out/maps/good": b"y"}


@pytest.mark.parametrize(
    ("packed", "said"),
    [
        (tar({"../../f": b"x"}), "leads elsewhere"),
        (tar({"/f": b"x"}), "no path below"),
        (tar({"f": b""}, tarfile.SYMTYPE), "link or device"),
        (tar({"f": b""}, tarfile.LNKTYPE), "link or device"),
        (tar({"f": b""}, tarfile.CHRTYPE), "link or device"),
        (tar({"f": b""}, tarfile.FIFOTYPE), "link or device"),
        (tar({"f": b"x", "F": b"y"}), "of one name"),
        (b"no tar at all", "no readable archive"),
    ],
)
def test_an_archive_that_does_harm_is_refused(own, packed, said):
    with serving(dataverse({"P01.tar": packed})) as archive:
        of_dataverse(archive, own)
        code, _, errors = run("dataverse", "--product", "masks", "-o", own / "out")
    assert code == 1
    assert said in errors
    assert not (own / "f").exists()


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, body in members.items():
            file.writestr(name, body)
    return buffer.getvalue()


def data_store(members: dict[str, bytes] | None = None) -> tuple[Store, Archive]:
    store, served = Store(SLOTS), {}
    for slot in SLOTS:
        inside = members or {f"{slot}.nat": slot.encode(), "manifest.xml": b"<x/>"}
        served[DOWNLOAD + slot] = zipped(inside)
    return store, Archive(served, page=store.page)


def of_eumetsat(archive: Archive, own: Path) -> tuple[object, ...]:
    (own / "facts.yaml").write_text(yaml.safe_dump({"eumetsat": {"api": archive.url}}))
    return "eumetsat", "--allow-plaintext", "-o", own / "out"


def test_pictures_of_a_day_are_fetched_and_unpacked(own):
    store, archive = data_store()
    with serving(archive):
        words = of_eumetsat(archive, own)
        code, said, errors = run(*words, "--from", "2010-07-01", "--bbox=-10,-20,10,20")
        assert code == 0, errors
    assert store.queries[0]["dtstart"] == ["2010-07-01T00:00:00"]
    assert store.queries[0]["bbox"] == ["-10.0,-20.0,10.0,20.0"]
    assert tree(own / "out") == {
        f"2010/07/01/{slot}.nat": slot.encode() for slot in SLOTS if "-201007010" in slot
        or "-201007011" in slot
    }  # fmt: skip
    downloads = [head for path, head in archive.seen if "/download/" in unquote(path)]
    assert {head["Authorization"] for head in downloads} == {f"Bearer {TOKEN}"}
    assert not any("access_token" in path for path, _ in archive.seen)
    kept = "".join(p.read_text(errors="replace") for p in (own / "out").rglob("*") if p.is_file())
    assert not any(secret in kept + said + errors for secret in (TOKEN, SECRET))


def test_a_step_takes_fewer_pictures(own):
    _, archive = data_store()
    with serving(archive):
        words = of_eumetsat(archive, own)
        days = ("--from", "2010-07-01", "--to", "2010-07-02")
        assert run(*words, *days, "--dry-run")[1].startswith("8 files")
        assert run(*words, *days, "--dry-run", "--step", 30)[1].startswith("4 files")
        assert run(*words, *days, "--dry-run", "--step", 720)[1].startswith("4 files")


def test_a_refused_key_is_said_without_the_secret(own):
    _, archive = data_store()
    archive.page = lambda path, body: (401, b"no " + SECRET.encode())
    with serving(archive):
        words = of_eumetsat(archive, own)
        code, _, errors = run(*words, "--from", "2010-07-01")
    assert code == 1
    assert "refuses the key and secret of environment" in errors
    assert SECRET not in errors


def test_a_zip_that_does_not_open_is_fetched_again(own):
    _, archive = data_store()
    good = dict(archive.files)
    archive.files = {path: body[:-30] for path, body in good.items()}
    with serving(archive):
        words = (*of_eumetsat(archive, own), "--from", "2010-07-01")
        code, _, errors = run(*words)
        assert code == 1
        assert "no readable archive" in errors
        assert not tree(own / "out")
        archive.files = good
        assert run(*words)[0] == 0
    assert len(tree(own / "out")) == 4


def test_a_zip_bomb_is_refused(own, monkeypatch):
    monkeypatch.setattr(unpack, "_SMALL", 2**20)
    _, archive = data_store({"bomb.nat": bytes(2 * 2**20)})
    with serving(archive):
        words = of_eumetsat(archive, own)
        code, _, errors = run(*words, "--from", "2010-07-01", "--step", 720)
    assert code == 1
    assert "more bytes than can be meant" in errors
    assert not tree(own / "out")
