"""Record what the toolkit does today as what it shall go on doing.

    python tests/golden/record.py [CASE ...]

Record only what was changed on purpose, and say so in the commit.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("MPLBACKEND", "Agg")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from golden import inputs, session
from golden.machine import fingerprint
from golden.workshop import CASES, Workshop


def main(names: list[str]) -> None:
    """Run the cases and write down their facts."""
    unknown = set(names) - set(CASES)
    if unknown:
        sys.exit(f"no such case: {', '.join(sorted(unknown))}; there are {', '.join(CASES)}")
    with tempfile.TemporaryDirectory() as folder:
        machine = fingerprint(Path(folder))
    if names and session.recorded_machine() != machine:
        sys.exit("another machine than that of the references: record all, or there")
    session.write("machine", machine)
    session.write("inputs", inputs.pixels_sha256())
    with tempfile.TemporaryDirectory() as folder:
        shop = Workshop(Path(folder))
        for name in names or CASES:
            start = time.perf_counter()
            session.write(name, session.as_written(CASES[name](shop)))
            sys.stderr.write(f"{name}: {time.perf_counter() - start:.1f} s\n")


if __name__ == "__main__":
    main(sys.argv[1:])
