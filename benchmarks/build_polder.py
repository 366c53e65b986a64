"""Building of samples of half orbits: processor seconds of a sample, and where they go.

Samples of 100 x 100 pixels and 288 channels, from compressed files on the disk, one process. Rows
are inflated by threads, so processor seconds are those of all threads.

    nephoscope simulate polder -o RAW --scenes 4
    python -m benchmarks.build_polder RAW [--half-orbits 4] [--fields directional] [--codecs]
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import zarr
from zarr.codecs import BloscCodec, ZstdCodec

from nephoscope.folders import LeftOut
from nephoscope.instruments import find_all, instrument_named
from nephoscope.instruments.granules import Granule, Granules, pair_granules
from nephoscope.recipe import Recipe, validate_recipe
from nephoscope.samples import from_tracks
from nephoscope.samples.from_tracks import Asked, patches_of
from nephoscope.samples.resumable import write_granules
from nephoscope.samples.sample_arrays import SampleArrays

RECIPE: dict[str, Any] = {
    "name": "benchmark",
    "instrument": "polder",
    "task": "cloud_type",
    "inputs": {"features": ["r443_*"]},
    "network": {"name": "unet"},
}


def main() -> None:
    """Build, and print what it took."""
    options = _options()
    granules = _granules(options.raw, options.half_orbits)
    recipe = validate_recipe(RECIPE)
    cut = patches_of(instrument_named(recipe.instrument))
    asked = Asked(recipe.instrument, cut.checked_fields(options.fields))
    folder = Path(tempfile.mkdtemp())
    try:
        _build(granules, asked, recipe, folder / "s.zarr")
        if options.codecs:
            _codecs(folder / "s.zarr", folder)
    finally:
        shutil.rmtree(folder)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("raw", type=Path)
    parser.add_argument("--half-orbits", type=int, default=4)
    parser.add_argument("--fields", default="directional", help="a field scheme")
    parser.add_argument("--codecs", action="store_true", help="compare compressors of the images")
    return parser.parse_args()


def _granules(raw: Path, most: int) -> Granules:
    pictures = find_all([raw], "polder", LeftOut())
    start = time.process_time()
    found = pair_granules(pictures, [raw], timedelta(seconds=600))
    seconds = time.process_time() - start
    print(f"{len(found.pairs)} half orbits with tracks, paired in {seconds:.2f} s")  # noqa: T201
    return Granules(found.pairs[:most])


class Clock:
    """Processor seconds spent in some functions."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def of(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, its time counted."""

        def timed(*args: Any, **options: Any) -> Any:  # noqa: ANN401 - whatever it returns
            start = time.process_time()
            try:
                return function(*args, **options)
            finally:
                took = time.process_time() - start
                self.seconds[name] = self.seconds.get(name, 0.0) + took

        return timed


def _build(granules: Granules, asked: Asked, recipe: Recipe, out: Path) -> None:
    from nephoscope.instruments import cloudsat
    from nephoscope.instruments.polder import patches

    _warm(granules.pairs[0], asked)
    clock = Clock()
    for name, owner, function in (
        ("tracks read", cloudsat, "read"),
        ("views read", patches, "views_of"),
        ("patches chosen", from_tracks, "along_track"),
        ("pixels read", patches, "read_patches"),
        ("samples written", SampleArrays, "append"),
    ):
        setattr(owner, function, clock.of(name, getattr(owner, function)))
    wall, start = time.perf_counter(), time.process_time()
    write_granules(granules, out, recipe, asked, {})
    wall, took = time.perf_counter() - wall, time.process_time() - start
    store = xr.open_zarr(out, chunks=None, mask_and_scale=False)
    number, image = store.sizes["sample"], store["image"]
    stored = sum(path.stat().st_size for path in (out / "image").rglob("*") if path.is_file())
    print(f"{number} samples of {len(granules.pairs)} half orbits, {image.shape[1:]}")  # noqa: T201
    print(f"{number / took:.2f} samples a second and core; {wall:.1f} s by the clock")  # noqa: T201
    for name, seconds in clock.seconds.items():
        print(f"  {name}: {seconds / number * 1e3:.0f} ms a sample")  # noqa: T201
    rest = took - sum(clock.seconds.values())
    print(f"  all else: {rest / number * 1e3:.0f} ms a sample")  # noqa: T201
    before = image.dtype.itemsize * np.prod(image.shape[1:]) / 1e6
    print(f"{before:.2f} MB a sample, {stored / number / 1e6:.2f} MB on the disk")  # noqa: T201


def _warm(granule: Granule, asked: Asked) -> None:
    """Imports and the disk's cache are no part of it."""
    asked(granule)


def _codecs(store: Path, folder: Path) -> None:
    images = [np.asarray(image) for image in xr.open_zarr(
        store, chunks=None, mask_and_scale=False)["image"].values[:8]]  # fmt: skip
    codecs: dict[str, Any] = {"none": None, "zstd 1": ZstdCodec(level=1)}
    for name, level in (("lz4", 1), ("lz4", 5), ("zstd", 1), ("zstd", 3)):
        for shuffle in ("shuffle", "bitshuffle"):
            codec = BloscCodec(cname=name, clevel=level, shuffle=shuffle)
            codecs[f"{name} {level} {shuffle}"] = codec
    for name, codec in codecs.items():
        path = folder / "codec.zarr"
        shape = (len(images), *images[0].shape)
        array = zarr.create_array(
            path, shape=shape, chunks=(1, *shape[1:]), dtype="int16", compressors=codec,
            overwrite=True,
        )  # fmt: skip
        start = time.process_time()
        for number, image in enumerate(images):
            array[number] = image
        written = time.process_time()
        for number in range(len(images)):
            array[number]
        read = time.process_time() - written
        sizes = sum(each.stat().st_size for each in path.rglob("*") if each.is_file())
        milliseconds = [seconds / len(images) * 1e3 for seconds in (written - start, read)]
        print(  # noqa: T201
            f"{name}: {sizes / len(images) / 1e6:.2f} MB, written in {milliseconds[0]:.1f} ms, "
            f"read in {milliseconds[1]:.1f} ms"
        )


if __name__ == "__main__":
    main()
