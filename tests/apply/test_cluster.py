"""Bulk runs end with the same bytes whoever does them, and whoever dies meanwhile."""

import json
import os
import sys
import time
from pathlib import Path

import pytest
import xarray as xr

from nephoscope.errors import UsageError

sys.path.insert(0, str(Path(__file__).parent))
import tiny_maps as tiny
from tiny_runs import ALL, make_map, run

from tiny_cluster import Programs, kill, local_cluster

pytest.importorskip("distributed")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # of distributed's own, as it is closed
]


@pytest.fixture(scope="module")
def cluster():
    with local_cluster() as cluster:
        yield cluster


@pytest.fixture(autouse=True)
def same_date(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")


def bytes_of(out: Path) -> dict[str, bytes]:
    files = (path for path in sorted(out.rglob("*")) if path.is_file())
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in files
        if "journal" not in path.name and path.suffix != ".lock"
    }


def test_a_cluster_writes_what_one_process_writes(tree, tmp_path, cluster, monkeypatch):
    (tree / "P" / "P01" / "P01_day02.npy").write_bytes(b"")
    run(tree, tmp_path / "one")
    run(tree, tmp_path / "two", workers=2)
    monkeypatch.chdir(tmp_path)  # workers are elsewhere: relative names must do
    events = []
    summary = run(
        tree.relative_to(tmp_path),
        Path("cluster"),
        scheduler=cluster.scheduler_address,
        on_event=events.append,
    )
    assert (summary.done, len(summary.failed), summary.left) == (5, 1, 0)
    assert [event.number for event in events] == list(range(1, 7))
    assert "P01_day02.npy [image]: cannot be read" in summary.failed[0][1]
    assert bytes_of(tmp_path / "cluster") == bytes_of(tmp_path / "one")
    assert bytes_of(tmp_path / "two") == bytes_of(tmp_path / "one")
    assert {name for name in bytes_of(tmp_path / "one") if name.startswith("P/")} == {
        name for name in ALL if "P01_day02" not in name
    }
    again = run(tree, tmp_path / "cluster", scheduler=cluster.scheduler_address)
    assert (again.done, again.skipped, again.known) == (0, 5, 1)


def assert_same_products(one: Path, other: Path) -> None:
    """The same numbers and attributes; HDF5 lays out one file in some dozen a little otherwise."""
    names = [path.name for path in sorted(one.glob("*.nc"))]
    assert names == [path.name for path in sorted(other.glob("*.nc"))]
    for name in names:
        with xr.open_dataset(one / name) as first, xr.open_dataset(other / name) as second:
            xr.testing.assert_identical(first, second)


class Killer:
    """Kills workers, and then the scheduler, each time so many scenes have ended."""

    def __init__(self, programs, deaths, restarts, every=1):
        self.programs, self.every = programs, every
        self.workers = [programs.worker("--no-nanny") for _ in range(2)]
        self.left = ["worker"] * deaths
        for place in range(restarts):
            self.left.insert((place + 1) * len(self.left) // (restarts + 1), "scheduler")
        self.ended = 0

    def __call__(self, event):
        self.ended += 1
        if not self.left or self.ended % self.every:
            return
        if self.left.pop(0) == "worker":
            kill(self.workers.pop(0))
        else:
            for program in (self.scheduler, *self.workers):
                kill(program)
            self.workers.clear()
            self.scheduler = self.programs.scheduler()
        while len(self.workers) < 2:
            self.workers.append(self.programs.worker("--no-nanny"))


def test_a_run_survives_deaths_of_workers_and_of_the_scheduler(tmp_path):
    deaths, restarts = (int(n) for n in os.environ.get("NEPHOSCOPE_DEATHS", "3,1").split(","))
    maps = 2 * (deaths + restarts) + 4
    for number in range(maps):
        make_map(tmp_path / "raw" / f"P09_day{number:02d}.npy", number)
    run(tmp_path / "raw", tmp_path / "calm")
    (tmp_path / "programs").mkdir()
    programs = Programs(tmp_path / "programs")
    scheduler = programs.scheduler()
    try:
        killer = Killer(programs, deaths, restarts, every=2)
        killer.scheduler = scheduler
        summary = run(
            tmp_path / "raw",
            tmp_path / "stormy",
            scheduler=str(programs.file),
            on_event=killer,
            network=tiny.slow,
        )
    finally:
        programs.close()
    assert (summary.done, summary.failed, summary.left) == (maps, [], 0)
    assert not killer.left
    assert_same_products(tmp_path / "calm", tmp_path / "stormy")
    lines = (tmp_path / "stormy" / "predict-journal.jsonl").read_text().splitlines()
    assert len({json.loads(line)["key"] for line in lines}) == len(lines) == maps


def test_a_worker_that_does_not_share_the_folder_of_the_products_ends_the_run(
    tree, tmp_path, cluster, monkeypatch
):
    monkeypatch.setattr("nephoscope.workers.orders.write_text", lambda path, text: None)
    with pytest.raises(UsageError, match="cannot see the folder of the products"):
        run(tree, tmp_path / "out", scheduler=cluster.scheduler_address)


@pytest.mark.parametrize("scheduler", ["tcp://127.0.0.1:1", "nowhere/scheduler.json", "foo://a"])
def test_a_scheduler_that_is_not_there_is_told_in_seconds(tree, tmp_path, scheduler):
    start = time.monotonic()
    with pytest.raises(UsageError, match=f"--scheduler {scheduler}: .*there"):
        run(tree, tmp_path / "out", scheduler=scheduler)
    assert time.monotonic() - start < 60
    assert not (tmp_path / "out").exists()


def test_an_explained_failure_on_a_cluster_names_the_input(tree, tmp_path, cluster):
    bad = tree / "P" / "P02" / "P02_day01.npy"
    bad.write_bytes(b"")
    summary = run(tree / "P" / "P02", tmp_path / "out", scheduler=cluster.scheduler_address)
    assert summary.done == 1
    assert summary.failed[0][0] == bad
