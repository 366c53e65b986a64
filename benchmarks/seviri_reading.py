"""What a region of a full SEVIRI native file costs: seconds, and memory above the imports.

python -m benchmarks.seviri_reading [FILE] [--runs N]
Without FILE a full disk of 11 channels (197 MB) is written first.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

LIMIT_SECONDS, LIMIT_MB = 1.5, 300.0
WINDOW = (1600, 1600, 512, 512)
START = np.datetime64("2010-06-11T12:00")


def main() -> None:
    """Print seconds and megabytes; exit code 1 if either is above its limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(_measure(Path(arguments.file), arguments.runs)))  # noqa: T201
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(arguments.file) if arguments.file else write_disk(Path(folder))
        command = [sys.executable, "-m", "benchmarks.seviri_reading", str(file), "--measure"]
        command += ["--runs", str(arguments.runs)]
        # A process of its own: peak memory is that of reading, not of writing.
        run = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own
    found = json.loads(run.stdout)
    print(  # noqa: T201
        f"512 x 512 x 11: {found['seconds']:.2f} s (first {found['first']:.2f}), "
        f"{found['megabytes']:.0f} MB above the imports; "
        f"limits {LIMIT_SECONDS} s, {LIMIT_MB:.0f} MB"
    )
    print(f"37,000 places of a track to pixels: {_pixels_of_track() * 1000:.1f} ms; limit 10 ms")  # noqa: T201
    if found["first"] > LIMIT_SECONDS or found["megabytes"] > LIMIT_MB:
        raise SystemExit(1)


def write_disk(folder: Path) -> Path:
    """A full disk of 11 channels whose values differ from pixel to pixel."""
    from nephoscope.grids.geostationary import DISK
    from nephoscope.instruments.seviri import CHANNELS, SOLAR
    from nephoscope.simulate.earth.seviri import write_native

    ramp = np.linspace(0, 1, DISK, dtype=np.float32)
    field = (ramp[:, None] + ramp[None]) / 2
    image = np.empty((len(CHANNELS), DISK, DISK), np.float32)
    for plane, name in zip(image, CHANNELS, strict=True):
        plane[:] = field * 80 if name in SOLAR else 210 + field * 50
    return write_native(folder, image, CHANNELS, START)


def _measure(file: Path, runs: int) -> dict[str, float]:
    import satpy.readers.core.seviri
    import satpy.readers.seviri_l1b_native_hdr  # noqa: F401 - the imports that do not count

    from nephoscope.instruments.seviri import read as read_slot

    before = _peak()
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        scene = read_slot(file, window=WINDOW)
        taken.append(time.perf_counter() - start)
        del scene
    return {"seconds": min(taken), "first": taken[0], "megabytes": _peak() - before}


def _pixels_of_track() -> float:
    """Seconds to find the pixels of an orbit's profiles, median of 9."""
    from nephoscope.grids.geostationary import SEVIRI_0

    latitude, longitude = np.random.default_rng(0).uniform(-30, 30, (2, 37_000))
    taken = []
    for _ in range(9):
        start = time.perf_counter()
        SEVIRI_0.to_pixel(latitude, longitude)
        taken.append(time.perf_counter() - start)
    return float(np.median(taken))


def _peak() -> float:
    """Largest resident size so far, MB; getrusage would count the parent before the exec."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    main()
