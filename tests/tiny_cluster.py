"""Scheduler and workers of Dask for tests, as separate programs or as a LocalCluster."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
STAND_INS = HERE / "apply"
SOURCE = HERE.parent / "src"
# Workers find the stand-ins of these tests by name.
ENVIRONMENT = os.environ | {
    "PYTHONPATH": os.pathsep.join(
        [str(HERE), str(STAND_INS), str(SOURCE), os.environ.get("PYTHONPATH", "")]
    ),
    "PYTHONWARNINGS": "ignore",
    "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "60s",
}


@contextmanager
def local_cluster(workers=2):
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        protocol="tcp://",
        env={"PYTHONPATH": ENVIRONMENT["PYTHONPATH"], "PYTHONWARNINGS": "ignore"},
        silence_logs=50,
    ) as cluster:
        yield cluster


class Programs:
    """A scheduler and workers, each a program of its own; `words` are options of all."""

    def __init__(self, folder: Path, *words):
        self.folder, self.words = folder, words
        self.file = folder / "scheduler.json"
        self.port = None
        self.programs = []

    def scheduler(self):
        self.file.unlink(missing_ok=True)
        words = ["scheduler", "--scheduler-file", self.file, "--host", "127.0.0.1"]
        words += ["--port", self.port or 0, "--no-dashboard", "--no-show", *self.words]
        program = self._start(words)
        deadline = time.monotonic() + 120
        while not self.file.is_file() and time.monotonic() < deadline:
            time.sleep(0.1)
        import json

        self.address = json.loads(self.file.read_text())["address"]
        self.port = int(self.address.rpartition(":")[2])
        return program

    def worker(self, *words):
        options = ["--nthreads", 1, "--no-dashboard", "--local-directory", self.folder, *words]
        return self._start(["worker", "--scheduler-file", self.file, *options, *self.words])

    def _start(self, words):
        with (self.folder / f"log-{len(self.programs)}").open("wb") as log:
            program = subprocess.Popen(  # noqa: S603 - our own
                [sys.executable, "-m", "dask", *map(str, words)],
                env=ENVIRONMENT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.programs.append(program)
        return program

    def close(self):
        for program in self.programs:
            kill(program)


def kill(program):
    """End a program and those that it started, with no time to tidy up."""
    import signal

    try:
        os.killpg(program.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    program.wait()
