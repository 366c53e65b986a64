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
from nephoscope.products.cube import Cube
from nephoscope.products.shard import Shard

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


def test_a_block_that_raises_leaves_the_slot_as_it_was(made, tmp_path):
    path = tmp_path / "cube"
    shutil.copytree(made, path)
    before = files_below(path)
    cube = opened(path)

    def stop_halfway(number: int) -> None:
        with cube.slot(EPOCH + number * STEP) as slot:
            slot.put(packed(7).isel(y=slice(0, 10)))
            raise ZeroDivisionError

    for number in (2, 9):
        with pytest.raises(ZeroDivisionError):
            stop_halfway(number)
    assert files_below(path) == before


@pytest.mark.parametrize("moment", ["_write_chunks", "close"])
def test_a_full_disk_is_named_and_the_slot_can_be_made_later(tmp_path, monkeypatch, moment):
    def fill_disk(shard):
        raise OSError(28, "No space left on device")

    cube = opened(tmp_path / "cube")
    with monkeypatch.context() as patch:
        patch.setattr(Shard, moment, fill_disk)
        with pytest.raises(OutputError, match="could not be written: No space left"):
            write(cube, 1)
    assert not cube.done(EPOCH + STEP)
    assert not [name for name in files_below(tmp_path / "cube") if "/c.1" in name]
    write(cube, 1)
    assert files_below(tmp_path / "cube") == made_of(tmp_path / "other", [1])


@pytest.mark.parametrize("keep", [0, 10, 0.5, -1])
def test_a_truncated_shard_is_seen_and_made_again(made, tmp_path, keep):
    path = tmp_path / "cube"
    shutil.copytree(made, path)
    shard = path / "iwc" / "c.2.0.0.0"
    whole = shard.read_bytes()
    shard.write_bytes(whole[: int(len(whole) * keep) if keep == 0.5 else keep])
    cube = opened(path)
    assert not cube.done(EPOCH + 2 * STEP)
    assert cube.done(EPOCH + 3 * STEP)
    if keep:  # of an empty file zarr reads fill values
        with pytest.raises(ValueError, match="checksum"):
            xr.open_zarr(path, chunks=None)["iwc"][2].load()
    write(cube, 2)
    assert shard.read_bytes() == whole
    shard.unlink()
    assert not cube.done(EPOCH + 2 * STEP)


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


@pytest.mark.parametrize("action", ["new", "again", "fail"])
@pytest.mark.parametrize("stride", [13, pytest.param(1, marks=pytest.mark.slow)])
def test_killed_at_any_step_it_is_readable_and_ends_the_same(
    made, tmp_path, monkeypatch, action, stride
):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # slow, and seen by no process
    number = {"new": 6, "again": 2, "fail": 3}[action]

    def act(cube: Cube) -> None:
        if action == "fail":
            cube.fail(EPOCH + number * STEP)
        else:
            write(cube, number, height=21)

    shutil.copytree(made, tmp_path / "expected")
    act(opened(tmp_path / "expected"))
    expected = files_below(tmp_path / "expected")
    for steps in count(0, stride):
        path = tmp_path / f"{steps}"
        shutil.copytree(made, path)
        cube = opened(path)
        with monkeypatch.context() as patch:
            kill_after(patch, steps)
            try:
                act(cube)
            except Killed:
                pass
            else:
                break
        read = xr.open_zarr(path, chunks=None)
        for slot in np.flatnonzero(read["status"].values == 1):
            stored = read["iwc"][slot].values
            np.testing.assert_allclose(stored, numbers_of(int(slot))["iwc"], rtol=2**-8)
        act(opened(path))
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
