"""Simulated maps on disk: both flavours, Ls tables, image lists and labels as in the archives."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import Literal

import h5py
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from nephoscope.errors import UsageError
from nephoscope.files import atomic_path, remove_stale_parts, write_text
from nephoscope.instruments.marci.grid import MARS
from nephoscope.simulate.fractal import FloatArray
from nephoscope.simulate.mars.atmosphere import CLOUD_OPTICAL_DEPTH
from nephoscope.simulate.mars.scene import observe
from nephoscope.simulate.mars.surface import draw_surface
from nephoscope.simulate.mars.swaths import SWATHS
from nephoscope.simulate.sidecar import write_sidecar

PHASE, SUBPHASE = "S", "S01"
"""S for simulated: no phase of the mission has this letter."""
MARS_YEAR, FIRST_LS, LS_PER_DAY = 28, 132.5, 0.45
# JPEG qualities that give the quantisation tables of the real files; chroma is halved (4:2:0).
RAW_QUALITY, LABEL_QUALITY = 85, 75
NOTE = "simulated, no observation: truth is where ice optical depth passes the threshold"
LABEL_FILL = -999.0

Flavour = Literal["raw", "label", "both"]
Pixels = NDArray[np.uint8]
Truth = NDArray[np.int8]


def simulate_maps(
    out: str | PathLike[str],
    scenes: int = 1,
    seed: int = 0,
    flavour: Flavour = "both",
    progress: Callable[[str], None] | None = None,
) -> list[Path]:
    """Write successive days of one planet in the formats of the real archives.

    `out/raw/S/S01` is the distribution tree (maps, `S01_ls.txt`, `list/`), `out/label/S01` the
    label layout (`mdgms/`, `cloudmask/` with the truth, `list_ls.txt`); `out/simulation.json`
    says how they were made. Days whose files are all there are not made again.

    Args:
        out: folder, made if need be.
        scenes: number of days.
        seed: the planet.
        flavour: "raw", "label" or "both".
        progress: called with the map id after each day.

    Returns:
        The maps, in order of days, the raw flavour first.

    Raises:
        UsageError: `out` holds another simulation, or `scenes` is below 1.
        OutputError: something cannot be written.
    """
    if scenes < 1:
        raise UsageError(f"{scenes} scenes: ask for at least 1")
    out = Path(out)
    write_sidecar(out, "mars", seed=seed, cloud_optical_depth=CLOUD_OPTICAL_DEPTH, note=NOTE)
    days = range(1, scenes + 1)
    _write_tables(out, scenes, flavour)
    surface: FloatArray | None = None
    for day in days:
        if not all(path.exists() for path in _files_of(out, day, flavour)):
            if surface is None:
                surface = draw_surface(np.random.default_rng(seed))
            _write_day(out, day, flavour, *observe(surface, seed, day))
        if progress is not None:
            progress(f"{SUBPHASE}_day{day:02d}")
    maps = [path for day in days for path in _files_of(out, day, flavour)]
    return sorted(
        (p for p in maps if p.suffix in {".jpg", ".jpeg"}), key=lambda p: p.suffix == ".jpeg"
    )


def write_label(path: str | PathLike[str], pixels: Pixels, truth: Truth) -> None:
    """Write a label NetCDF exactly as Wang & González Abad (2021) laid theirs out.

    NetCDF-4 classic model, dims x, y without variables of their own; longitude(x), latitude(y)
    from the south, cloudmask(y, x), all float32, zlib level 4: -999 invalid, 0 clear, else the
    "adjusted blue" DN of cloud (blue + 3, never below 51).

    Args:
        path: the final name.
        pixels: (y, x, channel) uint8, DN, row 0 = 90 N.
        truth: (y, x) int8, -1 unknown, 0 clear, 1 cloud, row 0 = 90 N.

    Raises:
        OutputError: the file cannot be written.
    """
    blue = np.maximum(pixels[..., 2].astype(np.float32) + 3, 51)
    mask = np.where(truth > 0, blue, np.where(truth == 0, 0, LABEL_FILL)).astype(np.float32)
    axes = {"x": ("longitude", MARS.longitude()), "y": ("latitude", MARS.latitude()[::-1])}
    with atomic_path(path) as part, h5py.File(part, "w", track_order=True) as file:
        file.attrs["_nc3_strict"] = np.int32(1)
        for name, (_, values) in axes.items():
            # The netCDF library knows a dimension without variable by this sentence.
            scale = file.create_dataset(name, values.shape, ">f4")
            scale.make_scale(
                f"This is a netCDF dimension but not a netCDF variable.{values.size:10d}"
            )
        for dimension, (name, values) in axes.items():
            _deflate(file, name, values.astype(np.float32)).dims[0].attach_scale(file[dimension])
        variable = _deflate(file, "cloudmask", mask[::-1], chunks=(601, 1200))
        variable.dims[0].attach_scale(file["y"])
        variable.dims[1].attach_scale(file["x"])


def _deflate(
    file: h5py.File, name: str, values: FloatArray, chunks: tuple[int, ...] | bool = True
) -> h5py.Dataset:
    return file.create_dataset(name, data=values, chunks=chunks, compression=4, shuffle=False)


def _files_of(out: Path, day: int, flavour: Flavour) -> list[Path]:
    raw, label = out / "raw" / PHASE / SUBPHASE, out / "label" / SUBPHASE
    files = []
    if flavour != "label":
        files += [
            raw / f"{SUBPHASE}_day{day:02d}_zequat.jpg",
            raw / "list" / f"{SUBPHASE}_day{day:02d}.list",
        ]
    if flavour != "raw":
        files += [
            label / "mdgms" / f"{SUBPHASE}day{day:02d}.jpeg",
            label / "cloudmask" / f"cloudmask_{SUBPHASE}day{day:02d}.ncdf",
        ]
    return files


def _write_day(out: Path, day: int, flavour: Flavour, pixels: Pixels, truth: Truth) -> None:
    for path in _files_of(out, day, flavour):
        remove_stale_parts(path.parent)
        if path.suffix == ".list":
            write_text(path, _image_ids(day))
        elif path.suffix == ".ncdf":
            write_label(path, pixels, truth)
        else:
            _write_jpeg(path, pixels)


def _write_jpeg(path: Path, pixels: Pixels) -> None:
    quality = RAW_QUALITY if path.suffix == ".jpg" else LABEL_QUALITY
    with atomic_path(path) as part:
        Image.fromarray(pixels).save(part, "JPEG", quality=quality, subsampling="4:2:0")


def _image_ids(day: int) -> str:
    first = 1000 + SWATHS * (day - 1)
    longitudes = [round(360 / SWATHS * swath) for swath in range(SWATHS)]
    return "".join(
        f"{SUBPHASE}_{first + swath:06d}_{first + swath:04d}_MA_00N{longitude:03d}W\n"
        for swath, longitude in enumerate(longitudes)
    )


def _write_tables(out: Path, scenes: int, flavour: Flavour) -> None:
    for wanted, table, joint in (
        ("raw", out / "raw" / PHASE / SUBPHASE / f"{SUBPHASE}_ls.txt", "_"),
        ("label", out / "label" / SUBPHASE / "list_ls.txt", ""),
    ):
        if flavour in {wanted, "both"}:
            # A later run with fewer scenes leaves the season of every map there is.
            earlier = (
                len(table.read_text(encoding="utf-8").split("\n")) - 1 if table.exists() else 0
            )
            seasons = (
                (day, FIRST_LS + LS_PER_DAY * (day - 1))
                for day in range(1, max(scenes, earlier) + 1)
            )
            rows = (
                f"{SUBPHASE}{joint}day{day:02d}      {MARS_YEAR}      {ls % 360:.3f}\n"
                for day, ls in seasons
            )
            write_text(table, "".join(rows))
