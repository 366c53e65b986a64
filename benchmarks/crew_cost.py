"""What it costs to have work done by others: tasks of a second by processes and by a Dask cluster.

    python -m benchmarks.crew_cost [--tasks 60] [--seconds 1] [--workers 2]

Tasks wait, so that the wall time beyond theirs is the crew's own, start and end of the crew apart;
each gives back a profile of 4 kB. The cluster is one of Dask on this machine, of processes.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from distributed import LocalCluster

from nephoscope.reports.markdown import table_of
from nephoscope.workers.crew import Call, Crew, crew_of


def task(seconds: float, number: int) -> npt.NDArray[np.float64]:
    """Wait, and make something small."""
    time.sleep(seconds)
    return np.full(512, number, np.float64)


def cost(crew: Crew, tasks: int, seconds: float, workers: int, room: Path) -> float:
    """Seconds that a task takes beyond its own, of tasks after those that started the workers."""
    call = Call(partial(task, seconds))
    items = range(tasks + 2 * workers)
    ends = []
    for number, found in crew.results(call, items, room, "numbers"):
        if isinstance(found, Exception) or found[0] != number:
            raise SystemExit(f"task {number} came back wrong: {found}")
        ends.append(time.perf_counter())
    return (ends[-1] - ends[2 * workers - 1]) * workers / tasks - seconds


def main() -> None:
    """Measure each crew and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tasks", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    root = str(Path(__file__).parents[1])  # workers import this module
    os.environ["PYTHONPATH"] = os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])
    with (
        tempfile.TemporaryDirectory() as room,
        LocalCluster(n_workers=asked.workers, threads_per_worker=1, dashboard_address=None) as dask,
    ):
        crews = {
            "this process": (1, crew_of(1)),
            "processes": (asked.workers, crew_of(asked.workers)),
            "Dask": (asked.workers, crew_of(None, dask.scheduler_address)),
        }
        rows = []
        for name, (workers, crew) in crews.items():
            more = cost(crew, asked.tasks, asked.seconds, workers, Path(room))
            share = 100 * more / asked.seconds
            rows.append([name, str(workers), f"{1e3 * more:.1f} ms", f"{share:.1f} %"])
        head = ["crew", "workers", "a task takes more", f"of {asked.seconds:g} s"]
        sys.stdout.write(table_of(head, rows) + "\n")


if __name__ == "__main__":
    main()
