"""What workers gain, and what all but the network costs: `predict` on one core, two, four ...

    python -m benchmarks.scaling MODEL INPUTS [--workers 1 2] [--repeats 2]

A run with so many workers is held to as many cores, each worker with one thread, in processes of
its own. Half of the inputs are run as well, so that what starting takes is left out. Then one run
within this process, on one core, in which the processor time of the network alone is counted, and
that of reading, making and writing: what is beyond these is the loop's own (threads that hand
scenes on, journal, sums of what was written), what is between the two is the work on each input
beside the network: reading, features, blending, packing, the picture, compression.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

QUIETLY = ("--threads", "1", "-q")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("inputs", type=Path, help="folder of scenes, six or more")
    parser.add_argument("--names", default="*", help="which files of it, also in its folders")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--repeats", type=int, default=2)
    given = parser.parse_args()
    paths = sorted(path for path in given.inputs.rglob(given.names) if path.is_file())
    if len(paths) < 6:
        raise SystemExit(f"{given.inputs}: {len(paths)} files; give six or more")
    rows: list[list[str]] = []
    first = 0.0
    for workers in given.workers:
        least = min(each_takes(given.model, paths, workers) for _ in range(given.repeats))
        first = first or least * given.workers[0]
        rows.append([str(workers), f"{1 / least:.2f}", f"{first / least:.2f}"])
    whole, stages, network = shares(given.model, paths)
    from nephoscope.reports.markdown import table_of  # imports numpy: see `shares`

    print(table_of(("workers, a core each", "inputs a second", "times one"), rows))  # noqa: T201
    more = f"{whole / network - 1:.0%} more than the network alone"
    print(f"\n{whole:.3f} s of processor an input, {network:.3f} s of them the network: {more}")  # noqa: T201
    loop = f"{whole / stages - 1:.1%} more than they"
    print(f"{stages:.3f} s are reading, making and writing; with the loop it is {loop}")  # noqa: T201


def each_takes(model: str, paths: list[Path], workers: int) -> float:
    """Wall seconds that an input takes in a run of `workers`, start and end left out."""
    half = len(paths) // 2
    return (_run(model, paths, workers) - _run(model, paths[:half], workers)) / (len(paths) - half)


def _run(model: str, paths: list[Path], workers: int) -> float:
    cores = sorted(os.sched_getaffinity(0))[:workers]
    if len(cores) < workers:
        raise SystemExit(f"{workers} workers want as many cores; there are {len(cores)}")
    with tempfile.TemporaryDirectory() as out:
        words = [sys.executable, "-m", "nephoscope", "predict", model, *map(str, paths), "-o", out]
        start = time.perf_counter()
        subprocess.run(  # noqa: S603
            [*words, "--workers", str(workers), *QUIETLY],
            check=True,
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
        )
        return time.perf_counter() - start


def shares(model: str, paths: list[Path]) -> tuple[float, float, float]:
    """Processor seconds of an input on one core: all, those of its stages, those of the network.

    The first to import numpy, whose own threads would turn on other cores.
    """
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
    from nephoscope.apply import network, run
    from nephoscope.cli import app

    stages, taken = Taken(), Taken()
    rooms: tuple[Any, Any] = network, run
    opened, work_of = network.open_engine, run.Work
    rooms[0].open_engine = lambda model: _Timed(opened(model), taken, ("run",))
    rooms[1].Work = lambda maker, sink, draw: _Timed(
        work_of(cast("Any", _Timed(maker, stages, ("read", "make"))), sink, draw),
        stages,
        ("write",),
    )
    spent: list[tuple[float, float, float]] = []
    few = len(paths) // 4
    try:
        with tempfile.TemporaryDirectory() as folder:
            for number, some in enumerate((paths[:1], paths[:few], paths)):
                stages.seconds = taken.seconds = 0.0
                start, out = time.process_time(), f"{folder}/{number}"
                words = ["predict", model, *map(str, some), "-o", out, "--workers", "1", *QUIETLY]
                app(words, standalone_mode=False)
                spent.append((time.process_time() - start, stages.seconds, taken.seconds))
    finally:
        rooms[0].open_engine, rooms[1].Work = opened, work_of
    # Each run opens the model; the first imports as well.
    whole, stages_alone, network_alone = (
        (all_ - some) / (len(paths) - few) for some, all_ in zip(*spent[1:], strict=True)
    )
    return whole, stages_alone, network_alone


class Taken:
    """Processor seconds, added by any thread."""

    def __init__(self) -> None:
        self.seconds, self._lock = 0.0, threading.Lock()

    def add(self, seconds: float) -> None:
        """Add some."""
        with self._lock:
            self.seconds += seconds


class _Timed:
    """Something of which some methods add to what is taken."""

    def __init__(self, whole: object, taken: Taken, names: tuple[str, ...]) -> None:
        self._whole, self._taken, self._names = whole, taken, names

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as of what it stands for
        found = getattr(self._whole, name)
        return self._timing(found) if name in self._names else found

    def _timing(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any) -> Any:  # noqa: ANN401 - as of what it stands for
            start = time.thread_time()
            try:
                return work(*arguments)
            finally:
                self._taken.add(time.thread_time() - start)

        return timed


if __name__ == "__main__":
    main()
