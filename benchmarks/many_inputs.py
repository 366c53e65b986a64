"""Ten thousand small inputs: what the journal costs, what a second run costs, and two journals.

`python -m benchmarks.many_inputs [--inputs 10000]` makes empty files, plans jobs of them, writes
the journal of a run in which nothing else is done, and resumes it; then writes as many entries to
SQLite (WAL, one commit each) for comparison. Nothing is predicted: what is measured is the loop.
"""

from __future__ import annotations

import argparse
import json
import resource
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from nephoscope.apply.jobs import Job, Options
from nephoscope.apply.journal import Summary
from nephoscope.apply.run import Made, Tell, run
from nephoscope.apply.sinks import NetcdfSink
from nephoscope.instruments import SceneFile

ENTRY = {"input": "raw/P01/P01_day01.jpg", "made_of": "ab" * 32, "size": 1234, "sha256": "cd" * 32}


class NothingMaker:
    """A maker that makes nothing: the loop alone is left."""

    instrument, options, in_order, key, default_workers = "skycam", Options(), False, "k", 1

    def open(self) -> None:
        """There is nothing to open."""

    def read(self, job: Job) -> xr.Dataset:
        """An empty scene."""
        return xr.Dataset()

    def make(self, job: Job, scene: xr.Dataset, tell: Tell | None = None) -> Made:
        """An empty product."""
        return Made(scene, scene)


class EmptySink(NetcdfSink):
    """Products without a byte."""

    def write(self, job: Job, made: Made) -> dict[str, object]:
        """Make the file."""
        job.target.touch()
        return {"sha256": "cd" * 32}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--inputs", type=int, default=10_000)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        jobs = planned(Path(folder), asked.inputs)
        first, memory = timed(jobs, Path(folder) / "out")
        second, _ = timed(jobs, Path(folder) / "out")
        report(f"loop and journal, each of {len(jobs)} inputs", 1e3 * first / len(jobs), "ms")
        report("memory that the run took more, in all", memory / 1024, "MB")
        report("resumed where all is done", second, "s")
        report("a line of JSON, flushed", lines(Path(folder), asked.inputs, False), "ms")
        report("a line of JSON, forced to disk", lines(Path(folder), 500, True), "ms")
        report("SQLite, WAL, a commit each", sqlite(Path(folder), asked.inputs, "NORMAL"), "ms")
        report("SQLite, WAL, forced to disk", sqlite(Path(folder), 500, "FULL"), "ms")


def planned(folder: Path, number: int) -> list[Job]:
    """Jobs of empty files."""
    (folder / "raw").mkdir()
    (folder / "out").mkdir()
    jobs = []
    for name in np.arange(number).astype("U"):
        path = folder / "raw" / f"f{name}.fits"
        path.touch()
        jobs.append(Job(SceneFile(path, path.stem), folder / "out" / f"f{name}.nc"))
    return jobs


def timed(jobs: Sequence[Job], out: Path) -> tuple[float, float]:
    """Seconds of a run, and kB by which this process grew meanwhile."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    summary: Summary = run(jobs, NothingMaker(), EmptySink(out))
    seconds = time.perf_counter() - start
    if summary.done + summary.skipped != len(jobs):
        raise SystemExit(f"not all were done: {summary}")
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before


def lines(folder: Path, number: int, forced: bool) -> float:
    """Milliseconds for each line."""
    import os

    start = time.perf_counter()
    with (folder / f"lines-{forced}").open("a") as file:
        for key in range(number):
            file.write(json.dumps({"key": str(key), **ENTRY}) + "\n")
            file.flush()
            if forced:
                os.fsync(file.fileno())
    return 1e3 * (time.perf_counter() - start) / number


def sqlite(folder: Path, number: int, synchronous: str) -> float:
    """Milliseconds for each row."""
    base = sqlite3.connect(folder / f"{synchronous}.sqlite", isolation_level=None)
    base.execute("PRAGMA journal_mode=WAL")
    base.execute(f"PRAGMA synchronous={synchronous}")
    base.execute("CREATE TABLE journal (key TEXT PRIMARY KEY, entry TEXT)")
    start = time.perf_counter()
    for key in range(number):
        base.execute("INSERT OR REPLACE INTO journal VALUES (?, ?)", (str(key), json.dumps(ENTRY)))
    base.close()
    return 1e3 * (time.perf_counter() - start) / number


def report(what: str, number: float, unit: str) -> None:
    """Print a line."""
    print(f"{what:45} {number:10.3f} {unit}")  # noqa: T201


if __name__ == "__main__":
    main()
