"""What it costs to read a JPEG so that damage is named, as a share of reading it.

python -m benchmarks.jpeg_checks MAP_OR_PICTURE... [--runs N]
Each file is read `--runs` times; the least processor time counts. "Pillow" is the same file decoded
by Pillow, which drops all warnings; "checks" is what is done besides decoding once.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from nephoscope.instruments.jpeg import read_jpeg
from nephoscope.instruments.jpeg.decoder import decode
from nephoscope.instruments.jpeg.structure import parse
from nephoscope.instruments.marci import read as read_map
from nephoscope.instruments.marci import recognises as is_map
from nephoscope.instruments.skycam.frames import read as read_frame

LIMIT = 0.10


def main() -> None:
    """Print milliseconds of each file; exit code 1 if a tenth more than Pillow without checks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--runs", type=int, default=15)
    arguments = parser.parse_args()
    worst = max(_measure(file, arguments.runs) for file in arguments.files)
    if worst > LIMIT:
        raise SystemExit(1)


def _measure(file: Path, runs: int) -> float:
    content = file.read_bytes()
    structure = parse(content)
    whole: Callable[[], object] = (
        (lambda: read_map(file, require_season=False))
        if is_map(file)
        else (lambda: read_frame(file))
    )
    jobs: list[Callable[[], object]] = [
        whole,
        lambda: read_jpeg(file, content),
        lambda: decode(content, structure),
        lambda: np.asarray(Image.open(io.BytesIO(content))),
    ]
    taken = np.full(len(jobs), np.inf)
    for _ in range(runs):  # in turn, so that a busy moment hits all alike
        for place, job in enumerate(jobs):
            start = time.process_time()
            job()
            taken[place] = min(taken[place], time.process_time() - start)
    total, checked, decoded, pillow = taken * 1000
    before = total - checked + pillow
    print(  # noqa: T201
        f"{file.name}: reading {total:.1f} ms, with Pillow and no checks {before:.1f} "
        f"({100 * (total / before - 1):+.0f} %); decoding {decoded:.1f}, Pillow {pillow:.1f}, "
        f"checks {checked - decoded:.1f} ms: {100 * (checked - decoded) / total:.0f} % of reading"
    )
    return float(total / before - 1)


if __name__ == "__main__":
    main()
