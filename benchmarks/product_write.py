"""What writing one whole-map product costs, by library, chunks and zlib level.

Run: python benchmarks/product_write.py
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import h5netcdf
import netCDF4
import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.ndimage import gaussian_filter

from nephoscope.instruments import marci
from nephoscope.instruments.marci import write_legacy
from nephoscope.instruments.marci.grid import MARS
from nephoscope.products.netcdf import write_netcdf
from nephoscope.products.product import ProductFacts, make_product
from nephoscope.tasks.mask import TASK, MaskDecision

Arrays = dict[str, npt.NDArray[np.uint8]]
REPEATS = 5


def make_scene() -> tuple[npt.NDArray[np.float32], xr.Dataset]:
    """A probability of cloud-like texture down to the pixel, and its scene with gores."""
    random = np.random.default_rng(0)
    texture = sum(
        gaussian_filter(random.standard_normal(MARS.shape, np.float32), size, mode="wrap") * size
        for size in (4, 10, 30, 90)
    )
    probability = (1 / (1 + np.exp(-3 * (texture - 1)))).astype(np.float32)
    missing = np.zeros(MARS.shape, bool)
    missing[1500:] = True
    missing[:, 500:560] = True
    probability[missing] = np.nan
    image = np.where(missing, np.nan, np.float32(90))
    scene = xr.Dataset(
        {"image": (("channel", "y", "x"), np.stack([image] * 3))},
        coords={
            "channel": ["red", "green", "blue"],
            "latitude": ("y", MARS.latitude()),
            "longitude": ("x", MARS.longitude()),
            "solar_longitude": 132.5,
            "mars_year": 28,
        },
        attrs={"instrument": "marci", "source_files": ["none"], "id": "none"},
    )
    return probability, scene


def product_of(probability: npt.NDArray[np.float32], scene: xr.Dataset) -> xr.Dataset:
    """The product of a probability."""
    decision = MaskDecision(threshold=0.336)
    variables = TASK.variables({"cloud_probability": probability}, decision)
    return make_product(variables, scene, marci, ProductFacts("benchmark", "0" * 64))


def best(action: Callable[[], object]) -> float:
    """CPU seconds of the fastest of a few runs."""
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        action()
        times.append(time.process_time() - start)
    return min(times)


def write_with_netcdf4(path: Path, arrays: Arrays, chunks: tuple[int, int], level: int) -> None:
    """The arrays by netCDF4, without attributes."""
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("y", MARS.rows)
        file.createDimension("x", MARS.cols)
        for name, values in arrays.items():
            options = {"zlib": True, "complevel": level, "shuffle": False, "chunksizes": chunks}
            file.createVariable(name, "u1", ("y", "x"), **options)[:] = values


def write_with_h5netcdf(path: Path, arrays: Arrays, chunks: tuple[int, int], level: int) -> None:
    """The arrays by h5netcdf, without attributes."""
    with h5netcdf.File(path, "w") as file:
        file.dimensions = {"y": MARS.rows, "x": MARS.cols}
        for name, values in arrays.items():
            options = {"compression": "gzip", "compression_opts": level, "chunks": chunks}
            file.create_variable(name, ("y", "x"), "u1", **options)[...] = values


def say(*columns: object) -> None:
    """One row of the table."""
    sys.stdout.write(" | ".join(str(column) for column in columns) + "\n")


def main() -> None:
    """Print the table."""
    probability, scene = make_scene()
    product = product_of(probability, scene)
    names = ("cloud_probability", "cloud_mask", "quality_flag")
    arrays = {name: product[name].values for name in names}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.nc"
        say("writer", "chunks", "zlib", "CPU s", "MB")
        for writer in (write_with_netcdf4, write_with_h5netcdf):
            for chunks in (MARS.shape, (601, 1200), (181, 3600)):
                for level in (1, 2, 4):
                    seconds = best(lambda: writer(path, arrays, chunks, level))  # noqa: B023
                    size = path.stat().st_size / 1e6
                    say(writer.__name__, chunks, level, f"{seconds:.3f}", f"{size:.2f}")
        seconds = best(lambda: product_of(probability, scene))
        say("make_product", "", "", f"{seconds:.3f}", "")
        for write in (write_netcdf, write_legacy):
            seconds = best(lambda: write(product, path))  # noqa: B023
            say(write.__name__, "", "", f"{seconds:.3f}", f"{path.stat().st_size / 1e6:.2f}")


if __name__ == "__main__":
    main()
