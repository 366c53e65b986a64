"""The process of the HDF4 library: answers belong to their questions, whatever happens between."""

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from nephoscope.errors import InputError
from nephoscope.instruments import cloudsat
from nephoscope.instruments.cloudsat import hdf4

from .conftest import write_sds

pytestmark = pytest.mark.usefixtures("swath")


class Interrupted:
    """The library's answers; Ctrl-C comes while the caller waits for one."""

    def __init__(self, answers, method):
        self._answers, self._method = answers, method

    def __getattr__(self, name):
        return getattr(self._answers, name)

    def readline(self):
        if self._method == "readline":
            raise KeyboardInterrupt
        return self._answers.readline()

    def readinto(self, view):
        if self._method == "readinto":
            self._answers.readinto(view[: len(view) // 2])
            raise KeyboardInterrupt
        return self._answers.readinto(view)


def read_interrupted(path, method):
    with hdf4.Hdf4(path) as file:
        file._process.stdout = Interrupted(file._process.stdout, method)
        file.dataset("Height", np.int16, 2)


@pytest.mark.parametrize("method", ["readline", "readinto"])
def test_after_an_interrupt_answers_belong_to_their_questions(granule, caltrack, method):
    expected = cloudsat.read_granule(granule)
    with pytest.raises(KeyboardInterrupt):
        read_interrupted(granule, method)
    for _ in range(2):
        assert cloudsat.read_granule(granule).identical(expected)
        assert cloudsat.read_caltrack(caltrack).attrs["product"] == cloudsat.CALTRACK


def test_an_interrupt_leaves_the_door_open_to_other_threads(granule):
    with pytest.raises(KeyboardInterrupt):
        read_interrupted(granule, "readline")
    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(cloudsat.read_granule, granule).result(timeout=60).sizes["profile"]


def test_ctrl_c_of_the_terminal_does_not_end_the_library(granule):
    with hdf4.Hdf4(granule) as file:
        os.kill(file._process.pid, signal.SIGINT)
        assert file.dataset("Height", np.int16, 2).shape == (6, 125)
        assert file._process.poll() is None


def numbered(folder, number):
    path = folder / f"file{number}.hdf"
    write_sds(path, {"number": np.full((3,), number, np.int32)}, {"name": f"file {number}"})
    return path


def test_one_thread_may_have_two_files_open(tmp_path):
    with hdf4.Hdf4(numbered(tmp_path, 1)) as one, hdf4.Hdf4(numbered(tmp_path, 2)) as two:
        assert set(one.dataset("number", np.int32, 1)) == {1}
        assert set(two.dataset("number", np.int32, 1)) == {2}
        assert one.attribute("name") == "file 1"
        with pytest.raises(InputError, match=r"file1\.hdf \[Height\]: is missing"):
            one.dataset("Height", np.int16, 2)
    # Closed in any order.
    one, two = hdf4.Hdf4(numbered(tmp_path, 1)), hdf4.Hdf4(numbered(tmp_path, 2))
    one.__exit__(None, None, None)
    assert set(two.dataset("number", np.int32, 1)) == {2}
    two.__exit__(None, None, None)


def test_threads_never_get_the_numbers_of_another_file(tmp_path):
    paths = {number: numbered(tmp_path, number) for number in range(8)}
    together = threading.Barrier(4)

    def read(worker):
        together.wait(60)
        for turn in range(20):
            number = (worker * 3 + turn) % 8
            with hdf4.Hdf4(paths[number]) as file:
                assert set(file.dataset("number", np.int32, 1)) == {number}
                assert file.attribute("name") == f"file {number}"
        return True

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(read, range(4)))


def test_a_mistake_of_ours_is_no_damage_of_the_file(granule, monkeypatch):
    def broken(*_):
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(hdf4, "_array", broken)
    with pytest.raises(RuntimeError, match="a mistake of ours"):
        cloudsat.read_granule(granule)
