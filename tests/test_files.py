"""Writes are atomic under exceptions, full disks and kill -9; the journal survives torn lines."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nephoscope import files
from nephoscope.errors import OutputError
from nephoscope.files import (
    Journal,
    atomic_path,
    part_path,
    remove_stale_parts,
    sha256_of,
)

WRITE_HALF_AND_WAIT = """
import sys, time
from pathlib import Path
from nephoscope.files import atomic_path
with atomic_path(sys.argv[1]) as part:
    if sys.argv[2] == "folder":
        part.mkdir()
        part = part / "chunk"
    with part.open("w") as file:
        file.write("half")
        file.flush()
        print("half is written", flush=True)
        time.sleep(60)
"""

WRITE_TOO_MUCH = """
import resource, signal, sys
from nephoscope.files import write_text
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
write_text(sys.argv[1], "x" * 100_000)
"""


def start_half_a_write(final: Path, kind: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, "-c", WRITE_HALF_AND_WAIT, str(final), kind],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "half is written\n"
    return process


def stop(process: subprocess.Popen[str], how: signal.Signals) -> int:
    process.send_signal(how)
    process.communicate(timeout=20)
    return process.returncode


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def fill(part: Path, kind: str, text: str) -> None:
    if kind == "folder":
        part.mkdir()
        part = part / "chunk"
    part.write_text(text)


@contextmanager
def failing_with(error: BaseException) -> Iterator[None]:
    yield
    raise error


def content(final: Path) -> str:
    return (final / "chunk" if final.is_dir() else final).read_text()


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_write_appears_complete_and_alone(tmp_path, kind):
    final = tmp_path / "new" / "deep" / "out"
    with atomic_path(final) as part:
        assert part.parent == final.parent
        fill(part, kind, "all")
        assert not final.exists()
    assert content(final) == "all"
    assert names_in(final.parent) == ["out"]


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_the_old_one_is_replaced_whole(tmp_path, kind):
    final = tmp_path / "out"
    for text in ("old", "new"):
        with atomic_path(final) as part:
            fill(part, kind, text)
    assert content(final) == "new"
    assert names_in(tmp_path) == ["out"]


@pytest.mark.parametrize("kind", ["file", "folder"])
@pytest.mark.parametrize("error", [ValueError("bad"), KeyboardInterrupt()])
def test_an_exception_leaves_the_old_one_and_no_part(tmp_path, kind, error):
    final = tmp_path / "out"
    with atomic_path(final) as part:
        fill(part, kind, "old")
    with pytest.raises(type(error)), atomic_path(final) as part, failing_with(error):
        fill(part, kind, "half")
    assert content(final) == "old"
    assert names_in(tmp_path) == ["out"]


@pytest.mark.parametrize("kind", ["file", "folder"])
@pytest.mark.parametrize("old", [False, True])
def test_kill_9_leaves_nothing_new_under_the_final_name(tmp_path, kind, old):
    final = tmp_path / "out"
    if old:
        with atomic_path(final) as part:
            fill(part, kind, "old")
    process = start_half_a_write(final, kind)

    remove_stale_parts(tmp_path)
    assert len(names_in(tmp_path)) == 1 + old, "the part of a live process must stay"

    assert stop(process, signal.SIGKILL) == -signal.SIGKILL
    assert final.exists() == old
    if old:
        assert content(final) == "old"
    assert len(names_in(tmp_path)) == 1 + old, "kill -9 cannot be caught: the part is still there"

    remove_stale_parts(tmp_path)
    assert names_in(tmp_path) == (["out"] if old else [])


def test_ctrl_c_removes_the_part(tmp_path):
    process = start_half_a_write(tmp_path / "out", "file")
    assert stop(process, signal.SIGINT) != 0
    assert names_in(tmp_path) == []


def test_a_killed_swap_of_folders_never_shows_half_of_the_old_one(tmp_path, monkeypatch):
    """Die at each rename and at the removal: the final name holds old, new or nothing."""

    class KilledError(BaseException):
        pass

    def die(*_args: object, **_options: object) -> None:
        raise KilledError

    def swap_dying_at(owner: object, name: str) -> set[str]:
        final = tmp_path / name / "out"
        with atomic_path(final) as part:
            fill(part, "folder", "old")
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, die)
            with pytest.raises(KilledError), atomic_path(final) as part:
                fill(part, "folder", "new")
        return {content(final)} if final.exists() else set()

    assert swap_dying_at(Path, "rename") == {"old"}
    assert swap_dying_at(files.shutil, "rmtree") == {"new"}


def test_a_full_disk_is_named_and_leaves_nothing(tmp_path):
    final = tmp_path / "out.nc"
    run = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", WRITE_TOO_MUCH, str(final)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert f"OutputError: {final}: could not be written: File too large" in run.stderr
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EDQUOT])
def test_the_reason_of_the_system_is_told(tmp_path, monkeypatch, code):
    def fail(_descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(files.os, "fsync", fail)
    with pytest.raises(OutputError, match=os.strerror(code)):
        files.write_text(tmp_path / "out", "text")
    assert names_in(tmp_path) == []


def test_a_file_where_a_folder_is_needed_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match=r"file/out: could not be written"):
        files.write_text(tmp_path / "file" / "out", "text")
    assert (tmp_path / "file").read_text() == "in the way"


@pytest.mark.parametrize(("there", "new"), [("folder", "file"), ("file", "folder")])
def test_a_file_never_replaces_a_folder_nor_a_folder_a_file(tmp_path, there, new):
    final = tmp_path / "out"
    with atomic_path(final) as part:
        fill(part, there, "old")
    with pytest.raises(OutputError, match="out: could not be written"), atomic_path(final) as part:
        fill(part, new, "new")
    assert content(final) == "old"
    assert names_in(tmp_path) == ["out"]


def test_writing_nothing_is_an_error(tmp_path):
    with pytest.raises(OutputError, match="could not be written"), atomic_path(tmp_path / "out"):
        pass


def test_parts_of_other_machines_stay_until_they_are_old(tmp_path):
    mine = part_path(tmp_path / "out").name
    foreign = tmp_path / mine.replace(f".{files._host()}-", ".another-host-")
    foreign.write_text("half")
    os.utime(foreign, (time.time(), time.time()))  # the kernel's clock need not be Python's
    remove_stale_parts(tmp_path)
    assert foreign.exists()
    long_ago = time.time() - 2 * 24 * 3600
    os.utime(foreign, (long_ago, long_ago))
    remove_stale_parts(tmp_path)
    assert not foreign.exists()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc")
def test_a_part_is_stale_though_nobody_asked_for_its_dead_process(tmp_path):
    """In a container the first process often asks for none: they stay in the table for long."""
    with subprocess.Popen([sys.executable, "-c", "pass"]) as process:
        left = tmp_path / f".a.fits{files._ending().replace(str(os.getpid()), str(process.pid))}"
        left.write_bytes(b"half")
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # ended, and still there
        remove_stale_parts(tmp_path)
        assert not left.exists()


def test_files_of_others_are_never_taken_for_stale_parts(tmp_path):
    for name in (".hidden", "a.part", ".notes.part", ".x.host-.part", ".x.host-12a.part"):
        (tmp_path / name).write_text("keep")
    before = names_in(tmp_path)
    remove_stale_parts(tmp_path)
    assert names_in(tmp_path) == before


def test_sha256_is_that_of_the_standard(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")  # the example of FIPS 180-2
    assert sha256_of(tmp_path / "abc") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )


def test_a_journal_remembers(tmp_path):
    path = tmp_path / "runs" / "journal.jsonl"
    journal = Journal(path)
    assert journal.entries == {}
    journal.record("a.jpeg", seconds=0.5)
    journal.record("b.jpeg", error="ist kaputt: ü\n")
    journal.record("a.jpeg", seconds=0.25)
    again = Journal(path)
    assert again.entries == journal.entries
    assert again.entries["a.jpeg"] == {"key": "a.jpeg", "seconds": 0.25}
    assert len(path.read_text().splitlines()) == 3


keys = st.text(min_size=1, max_size=8)


@given(st.lists(keys, min_size=1, max_size=4, unique=True), keys, st.data())
def test_a_journal_cut_at_any_byte_keeps_every_whole_line(tmp_path_factory, done, late, data):
    path = tmp_path_factory.mktemp("journal") / "journal.jsonl"
    journal = Journal(path)
    for key in done:
        journal.record(key)
    whole = path.read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:cut])

    lines = whole.splitlines(keepends=True)
    kept, end = [], 0
    for key, line in zip(done, lines, strict=True):
        end += len(line)
        if end - 1 <= cut:  # without its newline a line is still whole
            kept.append(key)
    torn = Journal(path)
    assert list(torn.entries) == kept

    torn.record(late, again=True)
    assert set(Journal(path).entries) == {*kept, late}


@pytest.mark.parametrize(
    "junk", [b"\0" * 40, b"\xff\xfe\xfa", b"[1, 2]", b'"key"', b"{}", b'{"key": [1]}']
)
def test_a_line_of_junk_costs_only_itself(tmp_path, junk):
    path = tmp_path / "journal.jsonl"
    first, last = (json.dumps({"key": key}).encode() for key in ("a", "b"))
    path.write_bytes(b"\n".join([first, junk, last, b""]))
    assert list(Journal(path).entries) == ["a", "b"]


def test_a_journal_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match=r"journal\.jsonl: could not be written"):
        Journal(tmp_path / "file" / "journal.jsonl").record("a")
