"""A whole half orbit to its product: seconds and memory, file to file, with `nephoscope predict`.

    python -m benchmarks.polder_speed [--model MODEL] [--rows 3120] [--format netcdf] [--folder DIR]

The half orbit is simulated, 400 rows of full width, whose rows are repeated to the length asked
for; all fields of the archive are in the file. Without a model one of first weights is made of the
recipe `polder`: how good it is does not matter here. The run is a process of its own, so that its
peak memory is its own. Processor time says what it costs where other programs share the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

SOURCE, FIRST, WIDTH = 400, 60, 260
"""Rows that are simulated, the first row of the grid that is filled, and pixels across."""


def main() -> None:
    """Make file and model if need be, run, print."""
    options = _options()
    if options.run:
        _predict(options)
        return
    with tempfile.TemporaryDirectory() as folder:
        options.folder = options.folder or Path(folder)
        options.folder.mkdir(parents=True, exist_ok=True)
        options.file = options.file or make_half_orbit(options.folder, options.rows)
        options.model = options.model or str(make_model(options.folder / "model", options.recipe))
        _tell(_run(options))


def measured(folder: Path) -> dict[str, float]:
    """What a whole half orbit takes the shipped model; it is made in the folder."""
    file = make_half_orbit(folder, rows=3120)
    named = {"file": file, "model": "polder", "format": "netcdf", "folder": folder}
    return _run(argparse.Namespace(**named))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--file", type=Path, help="a half orbit that is there already")
    parser.add_argument("--model", help="a shipped name or a folder")
    parser.add_argument("--recipe", default="polder", help="of the model that is made")
    parser.add_argument("--rows", type=int, default=3120, help="of the half orbit that is made")
    parser.add_argument("--format", default="netcdf", choices=["netcdf", "zarr"])
    parser.add_argument("--folder", type=Path, help="keep half orbit, model and product here")
    parser.add_argument("--run", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def make_half_orbit(folder: Path, rows: int) -> Path:
    """A file of the archive's form whose rows are those of a simulated stretch, again and again."""
    import h5py

    from nephoscope.instruments.polder import FIELDS, SCHEMES, along, parse_name, read
    from nephoscope.simulate.earth.polder import simulate_half_orbits, write_half_orbit

    (simulated,) = simulate_half_orbits(folder / "simulated", 1, seed=5, rows=SOURCE)
    scene = read(simulated, SCHEMES["all"])
    names = scene["field"].values
    values = {str(name): scene["image"].values[names == name] for name in dict.fromkeys(names)}
    values = {
        name: cube[..., :WIDTH] if FIELDS[name].directional else cube[0, :, :WIDTH]
        for name, cube in values.items()
        if name not in {"Latitude", "Longitude"}
    }
    path = folder / parse_name(simulated).file_name
    window = along((FIRST, FIRST + scene.sizes["y"]), 0.0, values["phis"].shape[-1])
    write_half_orbit(path, values, window)
    with h5py.File(path, "r+") as file:
        for field in FIELDS.values():
            dataset = file[f"{field.groups[0]}/{field.name}"]
            rest = (0,) * (dataset.ndim - 1)
            held = [
                dataset.id.read_direct_chunk((FIRST + row, *rest))[1]
                for row in range(scene.sizes["y"])
            ]
            for row in range(len(held), rows):
                dataset.id.write_direct_chunk((FIRST + row, *rest), held[row % len(held)])
    return path


def make_model(folder: Path, recipe_name: str) -> Path:
    """A model of a recipe with first weights."""
    from benchmarks.untrained import untrained
    from nephoscope.recipe import load_recipe

    if folder.is_dir():
        return folder
    recipe = load_recipe(recipe_name)
    levels = recipe.truth.levels
    altitude = np.arange(125) * -240.0 if levels is None else levels.centres()
    return untrained(folder, recipe, altitude.tolist()).folder


def _run(options: argparse.Namespace) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.polder_speed", "--run", "--file", options.file]
    command += ["--model", options.model, "--format", options.format, "--folder", options.folder]
    # The command is this file, and nothing in it comes from outside.
    done = subprocess.run(  # noqa: S603
        [str(word) for word in command], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _tell(found: dict[str, float]) -> None:
    cores = len(os.sched_getaffinity(0))
    print(  # noqa: T201
        f"{found['rows']} x {found['columns']} pixels, {found['levels']} levels: "
        f"{found['seconds']:.0f} s ({found['processor']:.0f} s of processors, of which there are "
        f"{cores}), at most {found['gigabytes']:.2f} GB; product {found['megabytes']:.0f} MB"
    )


def _predict(options: argparse.Namespace) -> None:
    """In a process of its own: predict, and say what it took."""
    import xarray as xr

    from nephoscope.apply.bulk import maker_of, predict_many
    from nephoscope.apply.jobs import Options

    out = options.folder / f"products-{time.time_ns()}"
    began, used = time.monotonic(), time.process_time()
    maker = maker_of(options.model, Options(picture=False, format=options.format))
    summary = predict_many([options.file], out, maker)
    seconds, processor = time.monotonic() - began, time.process_time() - used
    if summary.failed:
        raise SystemExit(str(summary.failed))
    (product,) = out.glob("*.nc" if options.format == "netcdf" else "*.zarr")
    files = [product] if product.is_file() else [*product.rglob("*")]
    opened = xr.open_dataset(product) if product.is_file() else xr.open_zarr(product)
    with opened:
        sizes = dict(opened.sizes)
    said = {
        "rows": sizes["y"],
        "columns": sizes["x"],
        "levels": sizes.get("level", 1),
        "seconds": seconds,
        "processor": processor,
        "gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "megabytes": sum(file.stat().st_size for file in files if file.is_file()) / 1e6,
    }
    print(json.dumps(said))  # noqa: T201 - read by the parent


if __name__ == "__main__":
    main()
