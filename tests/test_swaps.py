"""Swaps of folders, long names, locks: what no kill, name or neighbour may break."""

import os
import stat
import subprocess
import sys
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nephoscope import files
from nephoscope.errors import InputError, OutputError
from nephoscope.files import atomic_path, part_path, remove_stale_parts, short_name


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def make_folder(part, text):
    part.mkdir()
    (part / "chunk").write_text(text)


SWAP = """
import os, sys
from nephoscope.files import atomic_path
steps = 0

def die(event, arguments):
    global steps
    if event in ("os.rename", "os.mkdir", "os.rmdir", "os.remove", "os.scandir", "shutil.rmtree"):
        steps += 1
        if steps == int(sys.argv[2]):
            os._exit(9)

sys.addaudithook(die)
with atomic_path(sys.argv[1]) as part:
    part.mkdir()
    (part / "chunk").write_text("new")
"""


@pytest.mark.parametrize("name", ["out", "out.zarr", "ä" * 120])
def test_a_swap_of_folders_killed_at_any_step_loses_neither(tmp_path, name):
    """Ended at each call of the system in turn, then cleaned up: the old one or the new one."""
    seen = []
    for step in range(1, 40):
        folder = tmp_path / str(step)
        with atomic_path(folder / name) as part:
            make_folder(part, "old")
        words = [sys.executable, "-c", SWAP, str(folder / name), str(step)]
        code = subprocess.run(words, check=False).returncode  # noqa: S603 - our own script
        remove_stale_parts(folder)
        assert names_in(folder) == [name]
        seen.append((folder / name / "chunk").read_text())
        if code == 0:
            break
    assert code == 0
    assert len(seen) > 6
    assert seen == sorted(seen, reverse=True), "once it is new it stays new"


def test_the_next_write_of_a_folder_clears_what_a_killed_one_left(tmp_path):
    for name in ("a~aside", "b"):
        stale = part_path(tmp_path / name)
        (stale / "a").mkdir(parents=True)
        stale.rename(tmp_path / stale.name.replace(f"-{os.getpid()}.", "-99999999999999999999."))
    with atomic_path(tmp_path / "b") as part:
        make_folder(part, "new")
    assert names_in(tmp_path) == ["a", "b"], "a is back, the part of b is gone"


def test_a_stale_folder_is_never_taken_for_one_moved_aside(tmp_path):
    part = part_path(tmp_path / "run.old")
    (part / "inside").mkdir(parents=True)
    part.rename(tmp_path / part.name.replace(f"-{os.getpid()}.", "-99999999999999999999."))
    remove_stale_parts(tmp_path)
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("name", ["a" * 240, "a" * 255, "ü" * 127, "\udcff" * 255, "雲" * 85])
def test_the_longest_names_are_written(tmp_path, name):
    for text in ("old", "new"):
        files.write_text(tmp_path / name, text)
    assert (tmp_path / name).read_text() == "new"
    assert names_in(tmp_path) == [name]


@given(st.text(min_size=1, max_size=300).filter(lambda t: not set(t) & {"/", "\0"}))
def test_short_names_fit_and_differ(stem):
    try:
        os.fsencode(stem)
    except UnicodeEncodeError:
        return  # is no name
    short = short_name(stem, ".fits")
    assert len(os.fsencode(short)) <= 255
    assert short.endswith(".fits")
    if len(os.fsencode(stem)) <= 250:
        assert short == f"{stem}.fits"
    assert short != short_name(stem + "x" * 250, ".fits")


def test_the_folder_is_synced_after_the_rename(tmp_path, monkeypatch):
    synced = []
    fsync = os.fsync

    def note(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            synced.append((os.fstat(descriptor).st_ino, (tmp_path / "out").exists()))
        fsync(descriptor)

    monkeypatch.setattr(files.os, "fsync", note)
    files.write_text(tmp_path / "out", "text")
    assert synced == [(tmp_path.stat().st_ino, True)]


def test_an_input_that_cannot_be_read_is_no_fault_of_the_output(tmp_path):
    final = tmp_path / "copy"
    with pytest.raises(InputError, match=r"gone\.txt: cannot be read: No such file"):
        with atomic_path(final) as part:
            part.write_bytes((tmp_path / "gone.txt").read_bytes())
    with (
        pytest.raises(OutputError, match=r"copy: could not be written"),
        atomic_path(final) as part,
    ):
        (part / "in" / "no" / "folder").write_text("x")
    assert names_in(tmp_path) == []


def test_no_process_is_asked_where_asking_kills(tmp_path, monkeypatch):
    part = part_path(tmp_path / "out")
    part.write_text("half")
    os.utime(part, (time.time(), time.time()))  # the kernel's clock need not be Python's
    with monkeypatch.context() as elsewhere:  # a failure is told in the system that there is
        elsewhere.setattr(files.os, "kill", lambda *_: pytest.fail("a signal was sent"))
        elsewhere.setattr(files.os, "name", "nt")
        young = files._is_alive(1, part)
        os.utime(part, (0, 0))
        old = files._is_alive(1, part)
    assert (young, old) == (True, False)


def test_a_lock_makes_others_wait(tmp_path):
    order = []

    def second() -> None:
        with files.locked(tmp_path / "lock"):
            order.append("second")

    with files.locked(tmp_path / "lock"):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.2)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]
