"""A crew gives the same results in the same order, whoever it is; failures come back or end it."""

import errno
import os
import pickle
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from crew_items import gone, squared
from nephoscope.errors import InputError, NephoscopeError, OutputError, UsageError
from nephoscope.workers import crew as crews
from nephoscope.workers import orders
from nephoscope.workers.crew import Call, Crew, crew_of, named
from nephoscope.workers.pool import CannotWorkError, WorkerDiedError


def results(crew, tmp_path, numbers, paths=None):
    work = tmp_path / "work"
    work.mkdir(exist_ok=True)
    call = Call(partial(squared, work)) if paths is None else Call(partial(squared, work), paths)
    return crew.results(call, numbers, tmp_path, "samples")


def assert_results(crew, tmp_path):
    found = list(results(crew, tmp_path, [0, 1, 2, 3, 4, 2, 2]))
    assert [number for number, _ in found] == [0, 1, 2, 3, 4, 2, 2]
    error = found.pop(3)[1]
    assert (error.path, error.problem, error.field) == ("three.nc", "is damaged", "image")
    for number, array in found:
        np.testing.assert_array_equal(array, [number**2] * 4)
    workers = {path.name.partition("-")[2] for path in (tmp_path / "work").iterdir()}
    assert (workers == {str(os.getpid())}) == crew.is_one
    assert [path.name for path in tmp_path.iterdir()] == ["work"]


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_order_and_nothing_is_left(tmp_path, workers):
    assert_results(crew_of(workers), tmp_path)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_bug_ends_the_run_in_seconds(tmp_path, workers):
    found = results(crew_of(workers), tmp_path, [1, 5, *[0] * 50])
    start = time.monotonic()
    with pytest.raises(ZeroDivisionError, match="a bug of ours"):
        list(found)  # with two workers the bug may be known before the first item's result
    assert time.monotonic() - start < 5


def test_an_item_over_which_workers_die_is_told_with_its_file(tmp_path):
    found = dict(results(crew_of(2), tmp_path, [1, 6, 2]))
    assert set(found) == {1, 2, 6}
    told = named(Path("six.nc"), found[6])
    assert isinstance(told, WorkerDiedError)
    assert str(told).startswith("six.nc: a worker process died over it, 3 times")
    bad = InputError("a.nc", "is damaged")
    assert named(Path("six.nc"), bad) is bad


@pytest.mark.parametrize(
    ("workers", "scheduler", "words"),
    [(2, "tcp://127.0.0.1:1", "of a --scheduler are its own"), (0, "", "must be at least 1")],
)
def test_what_is_no_crew_is_refused(workers, scheduler, words):
    with pytest.raises(UsageError, match=words):
        crew_of(workers, scheduler)


def test_a_cluster_that_is_not_there_is_told_before_anything_is_done():
    pytest.importorskip("distributed")
    with pytest.raises(UsageError, match="no scheduler answers there"):
        Crew(scheduler="tcp://127.0.0.1:1").share()
    assert Crew(3).share() == 3


# What a worker of a cluster does, in this process.


@pytest.fixture
def left(tmp_path, monkeypatch):
    """Where a worker has left the square of an item."""
    monkeypatch.setattr(orders, "_OPEN", {})
    monkeypatch.setattr(orders, "_SIGHT", 0.0)
    (tmp_path / "work").mkdir()

    def order(paths=crews._none):
        call = Call(partial(squared, tmp_path / "work"), paths)
        return orders.order_of(call, tmp_path, "samples"), tmp_path

    def leave(number, paths=crews._none):
        return crews._leave(*order(paths), number)

    leave.order = order
    return leave


def test_what_was_left_is_taken_once(left, tmp_path):
    first, second = left(4), left(4)
    assert first.path != second.path
    assert len(pickle.dumps(first)) < 600
    for each in (first, second):
        np.testing.assert_array_equal(each.taken(), [16] * 4)
    assert not list(tmp_path.glob("*.result"))


def test_what_another_wrote_there_is_not_opened(left):
    found = left(2)
    found.path.write_bytes(pickle.dumps(os.getcwd))
    with pytest.raises(NephoscopeError, match=f"is not what was written on {os.uname().nodename}"):
        found.taken()


def test_what_cannot_be_seen_here_is_told_with_the_machine(left):
    found = left(2)
    found.path.unlink()
    with pytest.raises(NephoscopeError, match=f"was written on {os.uname().nodename} and cannot"):
        found.taken()


def full(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_told_with_the_machine_and_what_to_do(left, monkeypatch):
    order = left.order()
    monkeypatch.setattr("nephoscope.files.put_in_place", full)
    with pytest.raises(OutputError) as found:
        crews._leave(*order, 2)
    said = str(found.value)
    assert said.startswith(f"the worker on {os.uname().nodename}: ")
    assert said.endswith("left on device (make room, then run again: what was finished is kept)")


def test_an_input_that_a_worker_does_not_see_ends_the_run_with_its_machine(left):
    with pytest.raises(CannotWorkError) as found:
        left(2, gone)
    assert isinstance(found.value.error, UsageError)
    assert str(found.value.error).startswith(
        f"/nowhere/2.nc: cannot be seen by the worker on {os.uname().nodename}: name a folder that"
    )


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of distributed's own, as it is closed
def test_a_cluster_does_the_same(tmp_path):
    pytest.importorskip("distributed")
    from tiny_cluster import local_cluster

    with local_cluster() as cluster:
        crew = crew_of(None, cluster.scheduler_address)
        assert_results(crew, tmp_path)
        found = results(crew, tmp_path, [1, 5, *[0] * 50])
        next(found)
        start = time.monotonic()
        with pytest.raises(ZeroDivisionError, match="a bug of ours"):
            next(found)
        assert time.monotonic() - start < 5
        told = dict(results(crew, tmp_path, [1, 6, 2]))[6]
        assert "several workers died over it" in str(told)
        with pytest.raises(UsageError, match=r"/nowhere/1\.nc: cannot be seen by the worker on"):
            list(results(crew, tmp_path, [1], gone))
