"""What this machine still has to give: processors and memory."""

from __future__ import annotations

import os
from pathlib import Path

THREADS = "NEPHOSCOPE_THREADS"
"""Variable that limits the processors that are used; processes that are started inherit it."""
_LIBRARIES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""What numerical libraries ask when they are loaded."""


def cores() -> int:
    """Processors this process may use."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    wanted = os.environ.get(THREADS, "")
    return min(there or 1, int(wanted) if wanted.isdigit() and int(wanted) else there or 1)


def use_cores(number: int) -> None:
    """Use no more than so many processors from now on, here and in processes that are started."""
    os.environ |= dict.fromkeys((THREADS, *_LIBRARIES), str(number))


def spare_memory() -> int:
    """Bytes of memory that programs could still be given; 0 where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        found = next(line for line in lines if line.startswith("MemAvailable:"))
        return int(found.split()[1]) * 1024
    except (OSError, StopIteration, ValueError):
        return 0
