"""Cost of `predict` on slots of SEVIRI: seconds and bytes of a slot, and peak memory.

    python benchmarks/seviri_speed.py MODEL SLOT.nat [--rows 1792 --cols 1920 --slots 4]

A slot of the size asked for is the picture given, repeated over the disk; each slot is
a file of its own. Seconds are those of the second slot to the last (of one slot: of all that is
done once libraries are loaded), reading and writing beside the network, as `predict` works; those
of the processors, of all slots, tell the same on a busy machine. The peak is that of a fresh
process, with all of its libraries; the ratio of bytes is to the same variables as float32.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

SIDE = 3712


def main() -> None:
    """Measure and print a table."""
    words = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    words.add_argument("model")
    words.add_argument("slot", type=Path)
    words.add_argument("--rows", type=int, default=1792)
    words.add_argument("--cols", type=int, default=1920)
    words.add_argument("--slots", type=int, nargs="+", default=[2, 4])
    words.add_argument("--format", choices=("zarr", "netcdf"), default="zarr")
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "raw"
        paths = write_slots(asked.slot, raw, asked.rows, asked.cols, max(asked.slots))
        _say("| slots | s a slot | CPU s a slot | peak, MiB | MiB a slot | times smaller |")
        _say("|---|---|---|---|---|---|")
        for count in asked.slots:
            out = Path(folder) / f"out{count}"
            found = _in_process(asked.model, paths[:count], out, asked.format)
            _say(
                f"| {count} | {found['seconds']:.1f} | {found['cpu']:.1f} | {found['peak']:.0f} "
                f"| {found['bytes'] / 2**20:.1f} | {found['plain'] / found['bytes']:.1f} |"
            )


def _say(line: str) -> None:
    print(line)  # noqa: T201


def write_slots(slot: Path, raw: Path, rows: int, cols: int, count: int) -> list[Path]:
    """Pictures of a size, 15 minutes apart, each a little shifted, of one that is repeated."""
    import nephoscope
    from nephoscope.instruments.seviri import CHANNELS
    from nephoscope.simulate.earth.seviri import write_native

    image = nephoscope.open_scene(slot)["image"].values
    # Mirrored, so that there are no edges; night is filled for the writer.
    image = np.concatenate([image, image[:, ::-1]], axis=1)
    image = np.concatenate([image, image[:, :, ::-1]], axis=2)
    repeats = (1, -(-rows // image.shape[1]), -(-cols // image.shape[2]))
    whole = np.tile(image, repeats)[:, :rows, :cols]
    start, paths = np.datetime64("2010-06-11T12:00"), []
    for number in range(count):
        shifted = np.roll(whole, 16 * number, axis=2)
        moment = start + number * np.timedelta64(15, "m")
        first = {"first_row": (SIDE - rows) // 2, "first_col": (SIDE - cols) // 8 * 4}
        raw.mkdir(exist_ok=True)
        paths.append(write_native(raw, shifted, CHANNELS, moment, **first))
    return paths


def _in_process(model: str, paths: list[Path], out: Path, form: str) -> dict[str, float]:
    """Measured in a process of its own, so that the peak is its own."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(measured, model, paths, out, form).result()


def measured(model: str, paths: list[Path], out: Path, form: str) -> dict[str, float]:
    """Seconds and bytes of a slot, and the peak of this process, MiB."""
    from nephoscope.apply.bulk import maker_of, predict_many
    from nephoscope.apply.jobs import Options

    moments: list[float] = []
    start, cpu = time.perf_counter(), time.process_time()
    source = Path(model) if Path(model).exists() else model
    maker = maker_of(source, Options(picture=False, format=form))
    predict_many(paths, out, maker, on_event=lambda event: moments.append(time.perf_counter()))
    cpu = time.process_time() - cpu
    if len(moments) == 1:
        moments.insert(0, start)
    written = [path for path in out.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in written)
    return {
        "seconds": (moments[-1] - moments[0]) / max(len(moments) - 1, 1),
        "cpu": cpu / len(paths),
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "bytes": size / len(paths),
        "plain": _plain(out, form),
    }


def _plain(out: Path, form: str) -> float:
    """Bytes of what stands in a slot if every number were a float32."""
    import xarray as xr

    if form == "netcdf":
        first = next(out.rglob("*.nc"))
        with xr.open_dataset(first) as product:
            sizes = {name: each.size for name, each in product.data_vars.items()}
    else:
        store = next(out.glob("cube_*.zarr"))
        with xr.open_zarr(store, chunks=None) as product:
            sizes = {n: v.size / len(v) for n, v in product.data_vars.items() if v.ndim > 2}
    return 4.0 * sum(sizes.values())


if __name__ == "__main__":
    main()
