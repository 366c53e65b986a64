"""A worker that cannot do a run says on which machine and what to do; failures are told apart."""

import errno
import os
import pickle
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from nephoscope.apply import task
from nephoscope.apply.jobs import Job
from nephoscope.apply.task import Work, do, failure_of, order_of_run
from nephoscope.errors import InputError, NephoscopeError, OutputError, UsageError
from nephoscope.instruments import SceneFile
from nephoscope.workers import orders
from nephoscope.workers.cluster import check_version
from nephoscope.workers.orders import Order, check_sight
from nephoscope.workers.pool import CannotWorkError

sys.path.insert(0, str(Path(__file__).parent))
from tiny_runs import PLAIN, TinyMaker, make_map

from nephoscope.apply.sinks import NetcdfSink


@pytest.fixture(autouse=True)
def opened_by_nobody(monkeypatch):
    monkeypatch.setattr(orders, "_OPEN", {})
    monkeypatch.setattr(task, "_PAUSE", 0.0)
    monkeypatch.setattr(orders, "_SIGHT", 0.0)


def work_in(out, **of_maker):
    out.mkdir(exist_ok=True)
    return Work(TinyMaker(options=PLAIN, background="none", **of_maker), NetcdfSink(out))


def job_of(tmp_path):
    scene = SceneFile(make_map(tmp_path / "raw" / "P01_day01.npy"), "P01_day01", "P01", 1)
    return Job(scene, tmp_path / "out" / "P01_day01.nc")


def test_an_order_is_small_and_done_by_any_process(tmp_path):
    order = order_of_run(work_in(tmp_path / "out"), elsewhere=True)
    assert len(pickle.dumps(order)) < 4000
    facts, note = do(order, job_of(tmp_path))
    assert len(facts["sha256"]) == 64
    assert note == ""
    assert (tmp_path / "out" / "P01_day01.nc").is_file()
    assert order.token.is_file()


def test_a_worker_opens_the_models_of_an_order_once(tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr(TinyMaker, "open", lambda self: opened.append(self))
    order = order_of_run(work_in(tmp_path / "out"))
    for _ in range(3):
        do(order, job_of(tmp_path))
    assert len(opened) == 1


def refusal(order, job):
    with pytest.raises(CannotWorkError) as found:
        do(order, job)
    assert isinstance(found.value.error, UsageError)
    assert pickle.loads(pickle.dumps(found.value)).error.args == found.value.error.args  # noqa: S301
    return str(found.value.error)


def test_a_worker_with_another_version_is_named(tmp_path):
    order = order_of_run(work_in(tmp_path / "out"), elsewhere=True)
    other = Order(order.packed, "0.0.7", order.token)
    said = refusal(other, job_of(tmp_path))
    assert os.uname().nodename in said
    assert "the run was begun with 0.0.7: install that there" in said


def test_a_worker_with_another_model_is_named(tmp_path):
    work = replace(work_in(tmp_path / "out"), key="other")
    said = refusal(orders.order_of(work, tmp_path / "out"), job_of(tmp_path))
    assert os.uname().nodename in said
    assert "another model" in said
    assert "all machines share" in said


def test_a_worker_that_does_not_see_the_folder_of_the_products_is_named(tmp_path):
    order = order_of_run(work_in(tmp_path / "out"), elsewhere=True)
    order.token.unlink()
    said = refusal(order, job_of(tmp_path))
    assert os.uname().nodename in said
    assert "cannot see the folder of the products" in said


def test_an_input_that_a_worker_does_not_see_fails_and_is_tried_again_next_time(tmp_path):
    order, job = order_of_run(work_in(tmp_path / "out"), elsewhere=True), job_of(tmp_path)
    job.scene.path.unlink()
    failure = do(order, job)
    assert f"cannot be seen on the machine {os.uname().nodename}" in str(failure.error)
    assert not failure.settled


def test_a_full_disk_is_told_with_the_machine_and_what_to_do(tmp_path, monkeypatch):
    order = order_of_run(work_in(tmp_path / "out"), elsewhere=True)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("nephoscope.files.put_in_place", full)
    failure = do(order, job_of(tmp_path))
    assert isinstance(failure.error, OutputError)
    assert not failure.settled
    said = str(failure.error)
    assert said.startswith(f"the worker on {os.uname().nodename}: {tmp_path / 'out'}")
    assert said.endswith("left on device (make room, then run again: what was finished is kept)")


@pytest.mark.parametrize(("hours", "way"), [(30, "behind"), (-30, "ahead of")])
def test_a_clock_that_is_wrong_is_named(tmp_path, monkeypatch, hours, way):
    (tmp_path / "token").touch()
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() - hours * 3600)
    with pytest.raises(
        UsageError, match=rf"the clock of far is 30\.0 hours {way} that of the disk"
    ):
        check_sight(tmp_path / "token", "far")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_worker_that_may_not_write_is_named(tmp_path):
    (tmp_path / "token").touch()
    tmp_path.chmod(0o500)
    with pytest.raises(UsageError, match="the worker on far cannot write"):
        check_sight(tmp_path / "token", "far")


@pytest.mark.parametrize(("theirs", "has"), [("0.0.7", "nephoscope 0.0.7"), ("", "no nephoscope")])
def test_another_version_or_none_is_named(theirs, has):
    with pytest.raises(UsageError, match=f"the worker on far has {has}"):
        check_version("far", theirs, "1.0")
    check_version("far", "1.0", "1.0")


def caused(error, cause):
    try:
        raise error from cause
    except NephoscopeError as raised:
        return raised


def test_what_an_input_holds_is_settled_and_what_a_disk_says_for_a_moment_is_not():
    bad = InputError("a.nc", "is damaged")
    assert failure_of(caused(bad, ValueError("no"))).settled
    assert failure_of(caused(bad, OSError(errno.EACCES, "no"))).settled
    assert not failure_of(caused(bad, OSError(errno.ESTALE, "stale"))).settled
    assert not failure_of(caused(bad, MemoryError())).settled
    assert not failure_of(NephoscopeError("a worker died over it")).settled


def test_what_may_pass_is_tried_again(tmp_path, monkeypatch):
    tries = []

    def read(self, job):
        tries.append(job)
        if len(tries) < 3:
            raise caused(InputError(job.scene.path, "is away"), OSError(errno.EIO, "away"))
        return original(self, job)

    original = TinyMaker.read
    monkeypatch.setattr(TinyMaker, "read", read)
    facts, _ = do(order_of_run(work_in(tmp_path / "out")), job_of(tmp_path))
    assert len(tries) == 3
    assert "sha256" in facts
