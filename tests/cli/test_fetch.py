"""`nephoscope fetch` as users call it."""

from __future__ import annotations

import hashlib

import pytest
from typer.testing import CliRunner

from http_archive import Archive, serving
from nephoscope.archives.manifest import NAME
from nephoscope.cli import app


def run(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["fetch", *map(str, words)])
    return result.exit_code, result.stdout, result.stderr


def test_urls_are_fetched_counted_and_verified(tmp_path):
    out = tmp_path / "out"
    with serving(Archive({"/f": b"one", "/a%20b:c": b"two"})) as archive:
        urls = [f"{archive.url}/f", f"{archive.url}/a%20b:c"]
        code, said, _ = run("url", *urls, "-o", out, "--dry-run")
        assert (code, said) == (0, "2 files to fetch, 0 B and 2 of unknown size\n")
        assert not out.exists()
        assert run("url", *urls, "-o", out)[0] == 0
        code, said, _ = run("url", *urls, "-o", out)
        assert said.startswith("0 files to fetch, 0 B; 2 are there")
    assert {path.name for path in out.iterdir()} == {"f", "a b%3Ac", NAME}
    code, said, _ = run("--verify", out)
    assert (code, said) == (0, f"{out}: 2 of 2 files are good\n")
    (out / "f").write_bytes(b"eno")
    code, said, errors = run("--verify", out)
    assert code == 1
    assert "holds other bytes" in errors


def test_a_list_of_urls_with_checksums(tmp_path):
    digest = hashlib.sha256(b"one").hexdigest()
    with serving(Archive({"/f": b"one", "/g": b"two"})) as archive:
        place = tmp_path / "list.txt"
        place.write_text(
            f"# mine\n{archive.url}/f sha256:{digest}\n{archive.url}/g sha256:{digest}\n"
        )
        code, _, errors = run("url", "--list", place, "-o", tmp_path / "out", "--retries", 0)
    assert code == 1
    assert "/g: its bytes do not have the sha256 of the archive" in errors
    assert (tmp_path / "out" / "f").read_bytes() == b"one"
    assert not (tmp_path / "out" / "g").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["url", "-o", "out"], "name what to fetch"),
        (["url", "http://h/f"], "name a source and a folder"),
        (["moon", "-o", "out"], "is no source; there are"),
        (["url", "gopher://h/f", "-o", "out"], "is no URL of"),
        (["url", "http://me:topsecret@h/f", "-o", "out"], "~/.netrc"),
        (["url", "http://127.0.0.1:9/f", "-o", "out", "--rate", "fast"], "is no number of bytes"),
        (["url", "http://h/f md5:1", "-o", "out"], "behind a URL goes a checksum"),
        (["--verify", "d", "-o", "out"], "takes no source"),
    ],
)
def test_misuse_is_an_error_that_shows_no_password(tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    code, _, errors = run(*words)
    assert code == 2
    assert said in errors
    assert "topsecret" not in errors
    assert not (tmp_path / "out").exists()
