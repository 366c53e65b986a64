"""Builds of many half orbits: killed anywhere and run again they make the same samples."""

import os
import shutil
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
import xarray as xr

import half_orbits_factory as factory
from crew_items import Dying
from nephoscope.errors import UsageError
from nephoscope.files import Journal
from nephoscope.samples import resumable, sample_arrays, truth_arrays, writer
from nephoscope.workers.pool import WorkerDiedError

pytest.importorskip("pyhdf")
built, granules_of = factory.built, factory.granules_of


def same(first, second):
    xr.testing.assert_identical(first.load(), second.load())


@pytest.mark.slow
def test_any_number_of_workers_makes_the_same(half_orbits, cut_samples, tmp_path):
    same(built(half_orbits, tmp_path / "s.zarr", workers=2)[0], cut_samples)


@pytest.mark.slow
def test_workers_that_die_are_survived_and_the_picture_over_which_all_die_is_named(
    half_orbits, cut_samples, tmp_path
):
    deaths, picture = tmp_path / "deaths", granules_of(half_orbits).pairs[1].picture
    deaths.mkdir()
    through = partial(Dying, picture=picture.id, deaths=deaths)
    for number in range(3):
        (deaths / str(number)).touch()
    out = tmp_path / "s.zarr"
    with pytest.raises(WorkerDiedError, match=r"died over it, 3 times .*: run again") as told:
        built(half_orbits, out, workers=2, through=through)
    assert str(told.value).startswith(f"{picture.path}: ")
    (deaths / "once").touch()
    same(built(half_orbits, out, workers=2, through=through)[0], cut_samples)
    assert not list(deaths.iterdir())


def test_another_seed_makes_another_set(half_orbits, cut_samples, tmp_path):
    other = built(half_orbits, tmp_path / "s.zarr", seed=1, options={"--seed": 0})[0]
    assert other.attrs["samples_id"] != cut_samples.attrs["samples_id"]
    assert (other["origin"].values[0] != cut_samples["origin"].values[0]).any()


class Killed(BaseException):
    """Stands in for a kill: nothing catches it."""


KILLED_IN = {
    "journal": (Journal, "record"),
    "sample": (sample_arrays.SampleArrays, "append"),
    "truth": (truth_arrays.TruthArrays, "hashed"),
    "rest": (sample_arrays.SampleArrays, "finish"),
    "metadata": (writer, "consolidate"),
    "name": (resumable, "put_in_place"),
    "cleaning": (resumable.shutil, "rmtree"),
}


@pytest.mark.parametrize(
    ("place", "count", "after"),
    [
        ("journal", 1, True),
        ("journal", 3, False),
        ("journal", 4, True),
        ("sample", 1, False),
        ("sample", 5, True),
        ("truth", 4, True),
        ("rest", 1, True),
        ("metadata", 1, False),
        ("name", 1, False),
        ("name", 1, True),
        ("cleaning", 2, False),
    ],
)
def test_a_killed_build_goes_on_to_the_same(
    half_orbits, cut_samples, tmp_path, place, count, after
):
    owner, name = KILLED_IN[place]
    whole, calls = getattr(owner, name), []

    def killed(*args, **options):
        calls.append(name)
        if len(calls) == count and not after:
            raise Killed
        result = whole(*args, **options)
        if len(calls) == count:
            raise Killed
        return result

    out = tmp_path / "s.zarr"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, killed)
        with pytest.raises(Killed):
            built(half_orbits, out)
    same(built(half_orbits, out)[0], cut_samples)
    assert not out.with_name(".s.zarr.building").exists()


def test_what_a_killed_write_left_is_made_again(half_orbits, cut_samples, tmp_path):
    out, folder = tmp_path / "s.zarr", tmp_path / ".s.zarr.building"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resumable, "put_in_place", lambda *_: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            built(half_orbits, out)
    journal = folder / "journal.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    # The last half orbit was written, and its line only in part.
    journal.write_text("".join(lines[:4]) + lines[4][:50])
    chunk = max((folder / "store" / "image" / "c").iterdir(), key=lambda path: int(path.name))
    next(path for path in chunk.rglob("*") if path.is_file()).write_bytes(b"torn")
    same(built(half_orbits, out)[0], cut_samples)


@pytest.mark.slow
def test_a_build_killed_by_the_system_goes_on_to_the_same(half_orbits, cut_samples, tmp_path):
    out = tmp_path / "s.zarr"
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import half_orbits_factory as factory; "
        "from pathlib import Path; factory.built(Path(sys.argv[2]), Path(sys.argv[3]))"
    )
    arguments = [
        sys.executable,
        "-c",
        code,
        str(Path(__file__).parents[1]),
        str(half_orbits),
        str(out),
    ]
    journal = tmp_path / ".s.zarr.building" / "journal.jsonl"
    for lines in (1, 3, 4):
        process = subprocess.Popen(arguments)  # noqa: S603 - our own test
        while process.poll() is None and len(_lines(journal)) < lines:
            time.sleep(0.01)
        process.kill()
        process.wait()
    same(built(half_orbits, out)[0], cut_samples)


def _lines(path):
    return path.read_text().splitlines() if path.exists() else []


def test_other_options_or_files_do_not_go_on(half_orbits, tmp_path):
    out = tmp_path / "s.zarr"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resumable, "put_in_place", lambda *_: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            built(half_orbits, out)
    with pytest.raises(UsageError, match=r"--seed 0, now it is --seed 5"):
        built(half_orbits, out, options={"--seed": 5})
    fewer = granules_of(half_orbits)
    fewer.pairs.pop()
    with pytest.raises(UsageError, match=r"files of 3 half orbits.*files of 2 half orbits"):
        built(half_orbits, out, pairs=fewer)
    shutil.copytree(tmp_path / ".s.zarr.building" / "store", out)
    with pytest.raises(UsageError, match="holds samples"):
        built(half_orbits, out)


def test_what_the_journal_says_is_on_the_disk_before_it(half_orbits, tmp_path, monkeypatch):
    """A power loss keeps what was forced to disk, no more: files and their names in folders."""
    out = tmp_path / "s.zarr"
    store = tmp_path / ".s.zarr.building" / "store"
    forced, said = {}, []
    fsync, record = os.fsync, Journal.record

    def watched(descriptor):
        fsync(descriptor)
        facts = os.fstat(descriptor)
        forced[facts.st_ino] = facts.st_mtime_ns

    def recorded(journal, key, **facts):
        members = [store, *store.rglob("*")] if store.exists() else []
        states = [each.stat() for each in members]
        lacking = [
            each.relative_to(store).as_posix()
            for each, state in zip(members, states, strict=True)
            if forced.get(state.st_ino) != state.st_mtime_ns
        ]
        said.append((key, len(members), lacking if key != "complete" else []))
        record(journal, key, **facts)

    monkeypatch.setattr(os, "fsync", watched)
    monkeypatch.setattr(Journal, "record", recorded)
    built(half_orbits, out)
    assert [lacking for _, _, lacking in said] == [[]] * len(said)
    assert [key for key, _, _ in said][:2] == ["options", "channels"]
    assert said[2][1] > 20
