"""Patches of a PARASOL file: seconds to read 100 x 100 pixels of 18 fields in 16 views.

    python -m benchmarks.polder_reading [--file FILE.h5] [--rows 200] [--repeats 7]

The file is made when none is named: a swath of full width on the whole grid, compressed row by
row. The same pixels are read by plain HDF5 slices for comparison. The first reading warms the
cache and is left out. Processor time says what it costs where other programs share the machine.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np

from nephoscope.grids.sinusoidal import POLDER
from nephoscope.instruments.polder import FIELDS, SCHEMES, HalfOrbit, along, patch
from nephoscope.instruments.polder import read as read_half_orbit
from nephoscope.simulate.earth.polder import write_half_orbit

SWATH = 380
"""Pixels across the swath: about 2,400 km."""
FIRST_ROW, LONGITUDE, VIEWS = 1000, 20.0, 14
SIZE = 100


def main() -> None:
    """Make the file if need be, read, print."""
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        path = options.file or _make(Path(folder), options.rows, options.level)
        for name, way in zip(
            ("nephoscope", "HDF5 slices"), ways_of(path, options.rows), strict=True
        ):
            _tell(name, way, options.repeats)


def both_ways(folder: Path, rows: int = 200, level: int = 6) -> tuple[Callable[[], object], ...]:
    """Reading of a patch of a file that is made in a folder, ours and by plain HDF5 slices."""
    return ways_of(_make(folder, rows, level), rows)


def ways_of(path: Path, rows: int) -> tuple[Callable[[], object], ...]:
    """Reading of a patch in the middle of a file of so many rows, ours and by plain HDF5 slices."""
    place = float(POLDER.to_latitude(FIRST_ROW + rows // 2)), LONGITUDE
    window = patch(*place, size=SIZE)
    return (
        lambda: read_half_orbit(path, "directional", window),
        lambda: _slices(path, window.rows, window.columns()[0]),
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--file", type=Path, help="a real or made file")
    parser.add_argument("--rows", type=int, default=200, help="rows of the file that is made")
    parser.add_argument("--level", type=int, default=6, help="of its compression")
    parser.add_argument("--repeats", type=int, default=7)
    return parser.parse_args()


def _make(folder: Path, rows: int, level: int) -> Path:
    """A file whose counts compress about as badly as noisy clouds do."""
    rng = np.random.default_rng(1)
    window = along((FIRST_ROW, FIRST_ROW + rows), LONGITUDE, SWATH)
    shape = (16, *window.shape)
    cloud = rng.uniform(0.05, 0.9, (1, *window.shape))
    values = {}
    for name in SCHEMES["directional"]:
        mean = cloud if name[0] == "I" else 0.0 if name[0] in "QU" else 40.0
        values[name] = mean + rng.normal(0, 0.01 if FIELDS[name].scale == 1e-4 else 2.0, shape)
        values[name][VIEWS:] = np.nan
    path = folder / HalfOrbit(80, 176, datetime(2008, 6, 3, 1, 34, 54)).file_name
    start = time.perf_counter()
    write_half_orbit(path, values, window, level=level)
    seconds, size = time.perf_counter() - start, path.stat().st_size / 1e6
    _line(f"made {rows} rows x {SWATH} columns: {size:.1f} MB in {seconds:.1f} s")
    return path


def _slices(path: Path, rows: np.ndarray, columns: np.ndarray) -> int:
    """The same counts by h5py alone, undecoded."""
    import h5py

    with h5py.File(path) as file:
        group = file["Data_Directional_Fields"]
        west, east = columns.min(), columns.max() + 1
        return sum(
            group[name][rows[0] : rows[-1] + 1, west:east].size for name in SCHEMES["directional"]
        )


def _tell(name: str, work: Callable[[], object], repeats: int) -> None:
    work()
    seconds, processor = [], []
    for _ in range(repeats):
        begin, used = time.perf_counter(), time.process_time()
        work()
        seconds.append(time.perf_counter() - begin)
        processor.append(time.process_time() - used)
    _line(
        f"{name:12} {statistics.median(seconds):.2f} s median, {min(seconds):.2f} s best, "
        f"{statistics.median(processor):.2f} s of processor; load {os.getloadavg()[0]:.1f} "
        f"on {os.cpu_count()} processors"
    )


def _line(text: str) -> None:
    print(text)  # noqa: T201 - a script


if __name__ == "__main__":
    main()
