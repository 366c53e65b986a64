"""Processors that are used: all that a process may use, or fewer where that is asked for."""

import os
import subprocess
import sys

import pytest

from nephoscope.workers import THREADS, cores, use_cores


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="the system tells no affinity")
@pytest.mark.parametrize(("said", "wanted"), [("1", 1), ("100000", None), ("0", None), ("x", None)])
def test_no_more_than_are_asked_for_and_there(said, wanted, monkeypatch):
    monkeypatch.setenv(THREADS, said)
    assert cores() == (wanted or len(os.sched_getaffinity(0)))


def test_processes_that_are_started_use_no_more(monkeypatch):
    for name in (THREADS, "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(name, "7")  # put back afterwards
    use_cores(1)
    say = "import os, nephoscope.workers as w; print(w.cores(), os.environ['OMP_NUM_THREADS'])"
    ran = subprocess.run([sys.executable, "-c", say], capture_output=True, text=True, check=True)  # noqa: S603
    assert ran.stdout.split() == ["1", "1"]
