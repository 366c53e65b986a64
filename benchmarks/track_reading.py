"""What reading one orbit of each profiler costs, on files of real size made here.

Run: python -m benchmarks.track_reading
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from nephoscope.instruments import cloudsat, dardar
from nephoscope.levels import average_layers, regrid
from nephoscope.simulate.earth import profilers

PROFILES, BINS, GATES = 37_081, 125, 436
REPEATS = 5


def best(action: Callable[[], object]) -> float:
    """Wall seconds of the fastest of a few runs, the cache warm."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def write_files(folder: Path) -> dict[str, Path]:
    """A granule and a DARDAR-Nice orbit: blocks of cloud in clear air."""
    rng = np.random.default_rng(0)
    latitude = 81 * np.sin(np.linspace(0, 2 * np.pi, PROFILES))
    longitude = (np.linspace(0, 334, PROFILES) + 180) % 360 - 180
    moment = np.datetime64("2008-06-01T00:00", "ns")
    place = latitude, longitude, moment + np.arange(PROFILES) * np.timedelta64(160, "ms")
    coarse = rng.integers(0, 9, (PROFILES // 100 + 1, BINS // 25)) * (rng.random(5) < 0.4)
    kinds = np.repeat(np.repeat(coarse, 100, 0), 25, 1)[:PROFILES].astype(np.int8)
    height = 25000 + rng.uniform(-200, 200, PROFILES)[:, None] - 239.8 * np.arange(BINS)
    paths = {"cldclass": folder / "2B-CLDCLASS.hdf", "nice": folder / "DARNI.nc"}
    profilers.write_granule(paths["cldclass"], *place, height, cloudsat.encode(kinds))
    ice = np.repeat((kinds > 0) * rng.random(kinds.shape).astype(np.float32), 4, axis=1)
    ice = ice[:, :GATES].astype(np.float32)
    fields = dict.fromkeys(("iwc", "icnc_5um", "icnc_100um", "reffcli", "ta"), ice)
    profilers.write_nice(paths["nice"], *place, 25080 - 60.0 * np.arange(GATES), fields)
    return paths


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        paths = write_files(Path(folder))
        start = time.perf_counter()
        granule = cloudsat.read(paths["cldclass"])
        first = time.perf_counter() - start
        nice = dardar.read(paths["nice"])
        rows = {
            "2B-CLDCLASS granule, the first (starts the library's process)": first,
            "2B-CLDCLASS granule": best(lambda: cloudsat.read(paths["cldclass"])),
            "regridded to 99 altitudes": best(
                lambda: regrid(granule, 24000 - 240.0 * np.arange(99))
            ),
            "DARDAR-Nice orbit": best(lambda: dardar.read(paths["nice"])),
            "averaged to 64 layers of 240 m": best(lambda: average_layers(nice, 240, 1650, 17010)),
        }
        for name, seconds in rows.items():
            sys.stdout.write(f"{name} | {seconds:.3f} s\n")


if __name__ == "__main__":
    main()
