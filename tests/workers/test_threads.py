"""A thread beside this one ends with it."""

import threading
import time

import pytest

from nephoscope.workers.threads import thread_beside

LONG = 60.0  # seconds; each test takes a moment


def slowly(started, ended):
    until = time.monotonic() + LONG
    try:
        started.set()
        while time.monotonic() < until:
            time.sleep(0.01)
    finally:
        ended.append(time.monotonic() >= until)


def test_ctrl_c_ends_the_work_of_the_thread_and_what_waits_is_not_begun():
    started, ended, began, start = threading.Event(), [], [], time.monotonic()

    def work():
        with thread_beside() as beside:
            beside.submit(slowly, started, ended)
            beside.submit(began.append, 1)
            assert started.wait(LONG)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert (ended, began) == ([False], []), "its clean-up is done"
    assert time.monotonic() - start < LONG / 2


def test_ctrl_c_while_the_thread_waits_is_nothing_to_it(caplog):
    def work():
        with thread_beside() as beside:
            beside.submit(pow, 2, 3).result()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert caplog.records == [], "the pool tells of no error"


def test_another_error_lets_it_finish_what_it_writes():
    started, done = threading.Event(), []

    def write():
        started.set()
        time.sleep(0.2)
        done.append(1)

    def work():
        with thread_beside() as beside:
            beside.submit(write)
            beside.submit(done.append, 2)
            assert started.wait(LONG)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert done == [1]


def test_without_an_error_all_is_done():
    with thread_beside() as beside:
        futures = [beside.submit(pow, 2, n) for n in range(5)]
    assert [future.result() for future in futures] == [1, 2, 4, 8, 16]
