"""A cube ends the same after failures, damage, kills at any step, and beside other processes."""

import importlib.util
import io
import os
import pickle
import shutil
import subprocess
import sys
import threading
from itertools import count
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from nephoscope.errors import OutputError
from nephoscope.files import write_bytes
from nephoscope.products import cube as cube_module

_spec = importlib.util.spec_from_file_location(
    "cube_factory", Path(__file__).parents[1] / "cube_factory.py"
)
factory = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(factory)
EPOCH = factory.EPOCH
STEP = factory.STEP
files_below = factory.files_below
made_of = factory.made_of
numbers_of = factory.numbers_of
opened = factory.opened
packed = factory.packed
write = factory.write


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A cube of the slots 0, 2 and 3; not to be written to."""
    path = tmp_path_factory.mktemp("with a space") / "a cube.zarr"
    made_of(path, [0, 2, 3])
    return path


@pytest.mark.parametrize("files", range(4))
def test_a_full_disk_is_named_and_the_slot_can_be_made_later(tmp_path, monkeypatch, files):
    left = [files]

    def fill_disk(path, content):
        left[0] -= 1
        if left[0] < 0:
            path = tmp_path / "file" / "below"
        write_bytes(path, content)

    (tmp_path / "file").touch()
    cube = opened(tmp_path / "cube")
    with monkeypatch.context() as patch:
        patch.setattr(cube_module, "write_bytes", fill_disk)
        with pytest.raises(OutputError, match="could not be written"):
            write(cube, 1)
    assert not cube.done(EPOCH + STEP)
    np.testing.assert_array_equal(xr.open_zarr(tmp_path / "cube", chunks=None)["status"], 0)
    write(cube, 1)
    assert files_below(tmp_path / "cube") == made_of(tmp_path / "other", [1])


def test_a_lost_shard_is_seen_and_made_again(made, tmp_path):
    path = tmp_path / "cube"
    shutil.copytree(made, path)
    (path / "iwc" / "c.2.0.0.0").unlink()
    cube = opened(path)
    assert not cube.done(EPOCH + 2 * STEP)
    assert cube.done(EPOCH + 3 * STEP)
    write(cube, 2)
    assert files_below(path) == files_below(made)


class Killed(BaseException):
    """The process is no more: whatever it tries to do with files raises this."""


def kill_after(monkeypatch, steps: int) -> None:
    """From the given call on that touches files, in this thread, all raise."""
    left = [steps]

    def until_dead(function):
        def call(*args, **kwargs):
            if threading.current_thread() is threading.main_thread():
                if left[0] == 0:
                    raise Killed
                left[0] -= 1
            return function(*args, **kwargs)

        return call

    for name in ("replace", "rename", "unlink", "mkdir", "fsync"):
        monkeypatch.setattr(os, name, until_dead(getattr(os, name)))
    monkeypatch.setattr(io, "open", until_dead(io.open))
    monkeypatch.setattr(os, "getpid", lambda: 2**30)  # of no process


@pytest.mark.parametrize("number", [6, 2])
@pytest.mark.parametrize("stride", [13, pytest.param(1, marks=pytest.mark.slow)])
def test_killed_at_any_step_it_is_readable_and_ends_the_same(
    made, tmp_path, monkeypatch, number, stride
):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # slow, and seen by no process
    shutil.copytree(made, tmp_path / "expected")
    write(opened(tmp_path / "expected"), number)
    expected = files_below(tmp_path / "expected")
    for steps in count(0, stride):
        path = tmp_path / f"{steps}"
        shutil.copytree(made, path)
        cube = opened(path)
        with monkeypatch.context() as patch:
            kill_after(patch, steps)
            try:
                write(cube, number)
            except Killed:
                pass
            else:
                break
        read = xr.open_zarr(path, chunks=None)
        for slot in np.flatnonzero(read["status"].values == 1):
            stored = read["iwc"][slot].values
            np.testing.assert_allclose(stored, numbers_of(int(slot))["iwc"], rtol=2**-8)
        write(opened(path), number)
        assert files_below(path) == expected, steps
    assert steps > stride


@pytest.mark.slow
def test_two_processes_grow_it_at_once_and_one_is_killed(tmp_path):
    cube = opened(tmp_path / "cube")
    assert not cube.done(EPOCH)
    (tmp_path / "cube.pickle").write_bytes(pickle.dumps(cube))
    command = [sys.executable, factory.__file__, str(tmp_path / "cube.pickle")]
    odd, even = (
        subprocess.Popen([*command, *map(str, slots)])  # noqa: S603 - this file
        for slots in (range(1, 16, 2), range(14, -1, -2))
    )
    while not (tmp_path / "cube" / "status" / "c.5").exists():
        assert odd.poll() in (None, 0)
    odd.kill()
    odd.wait()
    assert even.wait() == 0
    again = opened(tmp_path / "cube")
    for number in range(16):
        if not again.done(EPOCH + number * STEP):
            assert number % 2
            write(again, number)
    assert files_below(tmp_path / "cube") == made_of(tmp_path / "other", list(range(16)))


@pytest.mark.slow
def test_two_processes_that_make_it_at_once_make_one(tmp_path):
    command = [sys.executable, factory.__file__, str(tmp_path / "cube")]
    writers = [subprocess.Popen([*command, number]) for number in "03"]  # noqa: S603 - this file
    assert [writer.wait() for writer in writers] == [0, 0]
    assert files_below(tmp_path / "cube") == made_of(tmp_path / "other", [0, 3])
