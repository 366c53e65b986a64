"""Items are done in processes; failures come back or are raised; none outlives its parent."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from nephoscope.errors import InputError, NephoscopeError
from nephoscope.workers import (
    cores,
    each_in_processes,
    results_in_order,
    results_in_processes,
)


def note(folder, item):
    if item == "bad":
        raise InputError("bad.fits", "is bad", field="image")
    if item == "bug":
        raise ZeroDivisionError("a bug of ours")
    if item == "die":
        os._exit(3)
    (folder / str(item)).write_text(str(os.getpid()))


@pytest.mark.parametrize("workers", [1, 2])
def test_every_item_is_done_and_an_explained_failure_comes_back(tmp_path, workers):
    items = [*map(str, range(9)), "bad"]
    found = dict(each_in_processes(partial(note, tmp_path), items, workers))
    assert set(found) == set(items)
    assert found.pop("bad").field == "image"
    assert set(found.values()) == {None}
    assert {path.name for path in tmp_path.iterdir()} == set(items) - {"bad"}
    own = str(os.getpid())
    assert all((path.read_text() == own) == (workers == 1) for path in tmp_path.iterdir())


@pytest.mark.parametrize("workers", [1, 2])
def test_a_bug_is_raised(tmp_path, workers):
    with pytest.raises(ZeroDivisionError):
        list(each_in_processes(partial(note, tmp_path), ["a", "bug"], workers))


def die_while_told_to(folder, item):
    """Dies as often as there are files `deaths-*`, one for each death."""
    left = sorted(folder.glob(f"deaths-{item}-*"))
    if left:
        left[0].unlink()
        os._exit(9)
    (folder / item).write_text("done")
    return item


def test_what_was_under_way_when_a_worker_died_is_done_again(tmp_path):
    (tmp_path / "deaths-b-0").touch()
    items = list("abcdef")
    found = dict(results_in_processes(partial(die_while_told_to, tmp_path), items, 2))
    assert found == dict(zip(items, items, strict=True))


def test_an_item_over_which_workers_die_is_named_and_the_others_are_done(tmp_path):
    items = ["a", "die", "b", "c"]
    found = dict(each_in_processes(partial(note, tmp_path), items, 2))
    assert "fewer --workers" in str(found.pop("die"))
    assert set(found.values()) == {None}
    assert {path.name for path in tmp_path.iterdir()} == {"a", "b", "c"}


def test_workers_that_die_over_all_items_end_the_run(tmp_path):
    with pytest.raises(NephoscopeError, match="fewer --workers"):
        list(each_in_processes(partial(note, tmp_path), ["die"] * 5, 2))


def linger(folder, item):
    if item == "bug":
        raise ZeroDivisionError("a bug of ours")
    (folder / f"begun-{item}").touch()
    time.sleep(60)


def test_a_bug_ends_the_run_at_once_whatever_else_is_under_way(tmp_path):
    results = each_in_processes(partial(linger, tmp_path), ["long", "bug"], 2)
    with pytest.raises(ZeroDivisionError):
        next(results)
    begun = tmp_path / "begun-long"
    # Not from the start of the processes, which takes as long as the machine likes.
    assert not begun.exists() or time.time() - begun.stat().st_mtime < 45


def start_without_a_model():
    raise InputError("model.onnx", "is missing", remedy="train it")


def start_with_a_bug():
    raise ZeroDivisionError("a bug of ours")


@pytest.mark.parametrize(
    ("start", "error", "words"),
    [
        (start_without_a_model, InputError, r"model\.onnx: is missing \(train it\)"),
        (start_with_a_bug, ZeroDivisionError, "a bug of ours"),
    ],
)
def test_a_worker_that_cannot_start_says_why(tmp_path, start, error, words):
    with pytest.raises(error, match=words):
        list(each_in_processes(partial(note, tmp_path), ["a", "b"], 2, start))
    assert not list(tmp_path.iterdir())


def test_cores_are_counted_where_nothing_tells_which_may_be_used(monkeypatch):
    assert 1 <= cores() <= os.cpu_count()
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert cores() == os.cpu_count()


PARENT = """
import os, pathlib, sys, time
from functools import partial
from nephoscope.workers import each_in_processes, results_in_processes

def wait(folder, item):
    (folder / item).write_text(str(os.getpid()))
    time.sleep(120)

if __name__ == "__main__":
    list(each_in_processes(partial(wait, pathlib.Path(sys.argv[1])), ["a", "b"], 2))
"""


def is_alive(pid):
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc")
def test_workers_end_when_their_parent_is_killed(tmp_path):
    (tmp_path / "parent.py").write_text(PARENT)
    out = tmp_path / "out"
    out.mkdir()
    parent = subprocess.Popen([sys.executable, str(tmp_path / "parent.py"), str(out)])  # noqa: S603
    deadline = time.monotonic() + 60
    while len(list(out.iterdir())) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(0.2)
    workers = [int(path.read_text()) for path in out.iterdir()]
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert len(workers) == 2
    deadline = time.monotonic() + 30
    while any(map(is_alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(map(is_alive, workers))


def double(item):
    if item == 3:
        raise InputError("3", "is odd")
    return 2 * item


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_back_and_explained_failures_in_their_place(workers):
    found = dict(results_in_processes(double, range(5), workers))
    assert isinstance(found.pop(3), InputError)
    assert found == {0: 0, 1: 2, 2: 4, 4: 8}


def _slow_first(number):
    time.sleep(0.3 if number == 0 else 0)
    if number == 3:
        raise InputError("three", "is wrong")
    return number, os.getpid()


@pytest.mark.parametrize("workers", [1, 3])
def test_results_come_in_the_order_of_the_items(workers):
    found = list(results_in_order(_slow_first, range(6), workers))
    assert [item for item, _ in found] == list(range(6))
    assert isinstance(found[3][1], InputError)
    assert [result[0] for item, result in found if item != 3] == [0, 1, 2, 4, 5]
    assert (os.getpid() in {result[1] for item, result in found if item != 3}) == (workers == 1)


def test_few_results_wait_for_their_turn():
    taken = []

    def items():
        for number in range(12):
            taken.append(number)
            yield number

    results = results_in_order(abs, items(), 2)
    next(results)
    assert len(taken) <= 4
    results.close()
