"""Sinks: where the products of a bulk run go, by their format."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from nephoscope.apply.jobs import FITS, Job
from nephoscope.apply.journal import latest_entries
from nephoscope.apply.run import Card, Made
from nephoscope.errors import shown
from nephoscope.files import JOURNAL, locked, sha256_of, sha256_of_files, short_name
from nephoscope.folders import STORE
from nephoscope.instruments.protocol import Layout
from nephoscope.instruments.scene_file import SceneFile, name_products, products_once
from nephoscope.products import cf
from nephoscope.products.fits import Plane, write_fits, write_frame_fits
from nephoscope.products.frames import (
    BLOB_COLUMNS,
    BLOBS_TABLE,
    FRAME_COLUMNS,
    FRAMES_TABLE,
    write_table,
)
from nephoscope.products.netcdf import write_netcdf
from nephoscope.products.zarr_store import write_zarr

Held = Callable[[Path], bool]
_TABLES_SECONDS = 20.0
_TABLES_SHARE = 50  # tables take no more than one in so many seconds


@dataclass
class NetcdfSink:
    """One CF NetCDF for each scene.

    Args:
        out: folder of the products.
        held: whether a file of a product is there, or where products go from here.
    """

    out: Path
    ending: str = ".nc"
    held: Held = field(default=Path.is_file, kw_only=True)

    def names(self, scenes: Sequence[SceneFile]) -> dict[Path, SceneFile]:
        """Each product, relative to `out`, and its scene."""
        return name_products(scenes, self.ending)

    def picture(self, target: Path) -> Path:
        """The quick-look beside a product."""
        return target.with_name(short_name(target.stem, ".png"))

    def write(self, job: Job, made: Made) -> dict[str, object]:
        """Write the product of a job.

        Raises:
            OutputError: it cannot be written.
        """
        write_netcdf(made.product, job.target, last=True)
        return {"sha256": sha256_of(job.target)}

    def files(self, job: Job, facts: Mapping[str, Any]) -> list[Path]:
        """What was written for a job, in the order in which it makes a product.

        Args:
            job: that was written.
            facts: what `write` returned.
        """
        del facts
        return [job.target]

    def done(self, job: Job) -> bool:
        """Whether product and quick-look are there."""
        return self.held(job.target) and (job.picture is None or self.held(job.picture))

    def place(self, job: Job, facts: Mapping[str, object]) -> tuple[str, str]:
        """Where the product of a job lies, and "": it is no slot."""
        del facts
        return shown(job.target), ""

    def update(self) -> None:
        """Nothing is made of several scenes."""

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class ZarrSink(NetcdfSink):
    """One Zarr store for each scene, of scenes that lie on no common grid.

    Args:
        out: folder of the products.
    """

    ending: str = ".zarr"

    def write(self, job: Job, made: Made) -> dict[str, object]:
        """Write the product of a job.

        Raises:
            OutputError: it cannot be written.
        """
        write_zarr(made.product, job.target)
        files = (path for path in job.target.rglob("*") if path.is_file())
        return {"sha256": sha256_of_files(files, job.target)}

    def files(self, job: Job, facts: Mapping[str, Any]) -> list[Path]:
        """The files of a store; what makes it one comes last."""
        del facts
        root = job.target / STORE
        found = {path for path in job.target.rglob("*") if path.is_file()} - {root}
        return [*sorted(found), root]

    def done(self, job: Job) -> bool:
        """Whether product and quick-look are there."""
        return self.held(job.target / STORE) and (job.picture is None or self.held(job.picture))


@dataclass
class LayoutSink(NetcdfSink):
    """Products in a layout that an instrument has beside the usual one.

    Args:
        out: folder of the products.
        layout: their names and form.
    """

    layout: Layout = field(kw_only=True)

    def names(self, scenes: Sequence[SceneFile]) -> dict[Path, SceneFile]:
        """Each product, relative to `out`, and its scene."""
        return products_once((self.layout.name(scene), scene) for scene in scenes)

    def picture(self, target: Path) -> Path:
        """The quick-look of a product."""
        return self.layout.picture(target)

    def write(self, job: Job, made: Made) -> dict[str, object]:
        """Write the product of a job, and what goes with it.

        Raises:
            InputError: the scene's file is gone.
            OutputError: something cannot be written.
        """
        self.layout.write(made.product, job.scene, job.target)
        return {"sha256": sha256_of(job.target)}


@dataclass
class FitsSink(NetcdfSink):
    """One FITS for each scene and, of frames that are judged, two tables of them all.

    Args:
        out: folder of the products.
        tables: whether `frames.csv` and `blobs.csv` are made of the journals' rows.
    """

    ending: str = FITS
    tables: bool = False
    _due: float = field(default_factory=lambda: time.monotonic() + _TABLES_SECONDS)

    def write(self, job: Job, made: Made) -> dict[str, object]:
        """Write the image, and mask and probability or the variables of another task.

        Raises:
            OutputError: they cannot be written.
        """
        image, pixels, product = made.scene["image"], made.scene["image"].values, made.product
        seen = pixels[0] if len(pixels) == 1 else pixels
        header, units = str(made.scene.attrs.get("header", "")), str(image.attrs["units"])
        if "cloud_mask" in product:
            mask, likely = product["cloud_mask"].values, product["cloud_probability"].values
            found = mask.view(np.int8), _unpacked(likely)
            quality = product.get("quality_flag") if "horizon" in product.attrs else None
            why = None if quality is None else quality.values
            write_frame_fits(job.target, seen, *found, header, made.cards, units, why)
        else:
            planes, numbers = _planes_of(product)
            write_fits(job.target, seen, planes, header, {**made.cards, **numbers}, units)
        return {"sha256": sha256_of(job.target)}

    def update(self) -> None:
        """Write the tables again now and then."""
        if self.tables and time.monotonic() > self._due:
            self._due = write_tables(self.out, self.held)

    def close(self) -> None:
        """Write the tables of all that is done."""
        if self.tables:
            write_tables(self.out, self.held)


def _planes_of(product: xr.Dataset) -> tuple[dict[str, Plane], dict[str, Card]]:
    """What a product of any task says, by HDU, and by keyword what it says of the whole scene."""
    planes, numbers = dict[str, Plane](), dict[str, Card]()
    rows = product["quality_flag"].dims
    for name, each in xr.decode_cf(product.drop_vars("quality_flag")).data_vars.items():
        about = str(each.attrs.get("long_name", name))
        if each.dims[-2:] == rows:
            values = np.ascontiguousarray(each.values, np.float32)
            planes[str(name).upper()] = Plane(values, str(each.attrs.get("units", "")), about)
        elif not each.ndim and np.isfinite(each.values):
            numbers[str(name).replace("_", "").upper()[:8]] = (float(each.values), about)
    return planes, numbers


def _unpacked(probability: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """A probability as it is published, float32 with NaN, of one that may be packed."""
    if probability.dtype == np.float32:
        return probability
    values = np.arange(256, dtype=np.float32) / np.float32(round(1 / cf.SCALE_FACTOR))
    values[cf.FILL] = np.nan
    return np.asarray(values[probability])


def write_tables(out: Path, held: Held = Path.is_file) -> float:
    """Write `frames.csv` and `blobs.csv` from the journals: all frames whose products are there.

    Parts that run at the same time take turns, each reading the journals when its turn has come:
    whichever writes last writes what all have done.

    Args:
        out: folder of the products.
        held: whether a product is there.

    Returns:
        when it is worth while to write them again, on the clock of `time.monotonic`.

    Raises:
        OutputError: they cannot be written.
    """
    begin = time.monotonic()
    with locked(out / f"{JOURNAL}.jsonl"):
        entries = _entries(out, held)
        write_table(out / FRAMES_TABLE, FRAME_COLUMNS, (entry["row"] for entry in entries))
        write_table(
            out / BLOBS_TABLE, BLOB_COLUMNS, (row for entry in entries for row in entry["blobs"])
        )
    end = time.monotonic()
    return end + max(_TABLES_SECONDS, _TABLES_SHARE * (end - begin))


def _entries(out: Path, held: Held) -> list[dict[str, Any]]:
    """What the journals say of each product that is there, sorted by file; the latest counts."""
    there = [
        entry
        for output, entry in latest_entries(out, ("row", "blobs")).items()
        if isinstance(entry.get("row"), dict)
        and isinstance(entry.get("blobs"), list)
        and held(out / output)
    ]
    return sorted(there, key=lambda entry: str(entry["row"]["file"]))
