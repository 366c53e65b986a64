"""What one slot of a cube costs: seconds, memory, bytes; beside zarr's own writing.

python -m benchmarks.cube_write [--levels 40 --side 600]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.ndimage import gaussian_filter

from nephoscope.products.cube import Cube, open_cube
from nephoscope.products.pack import pack, unfilled

EPOCH = np.datetime64("2010-06-01T00:00", "s")
STEP = np.timedelta64(15, "m")
ATTRS: dict[str, Any] = {
    "units": "kg m-3",
    "scale_factor": 1e-7,
    "_FillValue": np.int16(-1),
    "valid_range": np.array([0, 32767], np.int16),
}
DIMS = ("altitude", "y", "x")
RUNS = 5


def main() -> None:
    """Print a row for each way, each measured in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--levels", type=int, default=40)
    parser.add_argument("--side", type=int, default=600)
    parser.add_argument("--measure", choices=WAYS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        found = measure(arguments.measure, arguments.levels, arguments.side)
        print(json.dumps(found))  # noqa: T201
        return
    for way in WAYS:
        command = [sys.executable, "-m", "benchmarks.cube_write", *sys.argv[1:], "--measure", way]
        run = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own
        found = json.loads(run.stdout)
        print(  # noqa: T201
            f"{way:>6}: {found['seconds']:.2f} s, {found['megabytes']:.0f} MB above the product, "
            f"file of {found['file'] / 1e6:.1f} MB"
        )


def make_ice(levels: int, rows: int, cols: int) -> npt.NDArray[np.float32]:
    """Ice of cloud-like texture, kg m-3; a quarter of the voxels hold some."""
    random = np.random.default_rng(0)
    shape = (levels, rows, cols)
    texture = sum(
        gaussian_filter(random.standard_normal(shape, np.float32), (size / 2, size, size))
        * size**1.5
        for size in (2, 6, 16)
    )
    texture /= texture.std()
    noise = 0.02 * random.standard_normal(shape, np.float32)
    ice = np.where(texture > 0.7, 10 ** (-5 + 1.2 * (texture - 0.7) + noise), 0)
    return ice.astype(np.float32)


def _as_slot(cube: Cube, time_: np.datetime64, product: xr.Dataset) -> None:
    cube.write(time_, product)


def _by_zarr(cube: Cube, time_: np.datetime64, product: xr.Dataset) -> None:
    import zarr

    array = zarr.open_array(cube.path / "iwc")
    number = cube.number(time_)
    array.resize((max(number + 1, array.shape[0]), *array.shape[1:]))
    array[number] = product["iwc"].values


WAYS: dict[str, Callable[[Cube, np.datetime64, xr.Dataset], None]] = {
    "cube": _as_slot,
    "zarr": _by_zarr,
}


def measure(way: str, levels: int, side: int) -> dict[str, float]:
    """Seconds, megabytes above the product and bytes of the file, of one way to write a slot."""
    product = xr.Dataset({"iwc": (DIMS, pack(make_ice(levels, side, side), "i2", ATTRS))})
    shape = (1, levels, side, side)
    template = xr.Dataset({"iwc": unfilled(("time", *DIMS), shape, "i2", ATTRS)})
    with tempfile.TemporaryDirectory() as folder:
        cube = open_cube(Path(folder) / "cube.zarr", template, EPOCH, 900)
        Path("/proc/self/clear_refs").write_text("5")  # peak counts from here
        before, taken = _status("VmRSS"), []
        for number in range(RUNS):
            start = time.perf_counter()
            WAYS[way](cube, EPOCH + number * STEP, product)
            taken.append(time.perf_counter() - start)
        size = (cube.path / "iwc" / "c.1.0.0.0").stat().st_size
    return {"seconds": min(taken), "megabytes": _status("VmHWM") - before, "file": size}


def _status(field: str) -> float:
    """Resident memory of this process, MB."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition(f"{field}:")[2].split()[0]) / 1024


if __name__ == "__main__":
    main()
