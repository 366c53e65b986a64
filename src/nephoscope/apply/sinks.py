"""Sinks: where the products of a bulk run go, by their format."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from nephoscope.apply.jobs import FITS, Job
from nephoscope.apply.journal import latest_entries
from nephoscope.apply.run import Made
from nephoscope.files import JOURNAL, copy_file, locked, short_name
from nephoscope.instruments.scene_file import SceneFile, name_products
from nephoscope.products import cf
from nephoscope.products.fits import write_frame_fits
from nephoscope.products.frames import write_blobs_csv, write_frames_csv
from nephoscope.products.netcdf import write_legacy, write_netcdf

FRAMES_TABLE, BLOBS_TABLE = "frames.csv", "blobs.csv"
_TABLES_SECONDS = 20.0
_TABLES_SHARE = 50  # tables take no more than one in so many seconds


@dataclass
class NetcdfSink:
    """One CF NetCDF for each scene.

    Args:
        out: folder of the products.
    """

    out: Path
    ending: str = ".nc"

    def names(self, scenes: Sequence[SceneFile]) -> dict[Path, SceneFile]:
        """Each product, relative to `out`, and its scene."""
        return name_products(scenes, self.ending)

    def picture(self, target: Path) -> Path:
        """The quick-look beside a product."""
        return target.with_name(short_name(target.stem, ".png"))

    def write(self, job: Job, made: Made) -> None:
        """Write the product of a job.

        Raises:
            OutputError: it cannot be written.
        """
        write_netcdf(made.product, job.target)

    def done(self, job: Job) -> bool:
        """Whether product and quick-look are there."""
        return job.target.is_file() and (job.picture is None or job.picture.is_file())

    def update(self) -> None:
        """Nothing is made of several scenes."""

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class LegacySink(NetcdfSink):
    """The tree and files of the original, with copies of the maps and their Ls tables."""

    ending: str = ".ncdf"

    def names(self, scenes: Sequence[SceneFile]) -> dict[Path, SceneFile]:
        """Each product, relative to `out`, and its scene."""
        return {
            Path(scene.series[:1], scene.series, "cloudmasks")
            / short_name(f"cloudmask_{scene.id}", self.ending): scene
            for scene in scenes
        }

    def picture(self, target: Path) -> Path:
        """The quick-look, in a folder beside that of the product."""
        return target.parent.parent / "pictures" / short_name(target.stem, ".png")

    def write(self, job: Job, made: Made) -> None:
        """Copy the inputs and write the product.

        Raises:
            InputError: the map is gone.
            OutputError: something cannot be written.
        """
        folder, source = job.target.parent.parent, job.scene.path
        copy_file(source, folder / "mdgms" / short_name(job.scene.id, ".jpg"))
        names = (f"{job.scene.series}_ls.txt", "list_ls.txt")
        here = source.absolute().parent
        tables = [place / name for place in (here, here.parent) for name in names]
        for table in [table for table in tables if table.is_file()][:1]:
            copy_file(table, folder / f"{job.scene.series}_ls.txt")
        write_legacy(made.product, job.target)


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

    def write(self, job: Job, made: Made) -> None:
        """Write image, mask and probability.

        Raises:
            OutputError: they cannot be written.
        """
        image, pixels = made.scene["image"], made.scene["image"].values
        mask, probability = (
            made.product[name].values for name in ("cloud_mask", "cloud_probability")
        )
        write_frame_fits(
            job.target,
            pixels[0] if len(pixels) == 1 else pixels,
            mask.view(np.int8),
            _unpacked(probability),
            str(made.scene.attrs.get("header", "")),
            made.cards,
            str(image.attrs["units"]),
        )

    def update(self) -> None:
        """Write the tables again now and then."""
        if self.tables and time.monotonic() > self._due:
            self._due = write_tables(self.out)

    def close(self) -> None:
        """Write the tables of all that is done."""
        if self.tables:
            write_tables(self.out)


def _unpacked(probability: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """A probability as it is published, float32 with NaN, of one that may be packed."""
    if probability.dtype == np.float32:
        return probability
    values = np.arange(256, dtype=np.float32) / np.float32(round(1 / cf.SCALE_FACTOR))
    values[cf.FILL] = np.nan
    return np.asarray(values[probability])


def write_tables(out: Path) -> float:
    """Write `frames.csv` and `blobs.csv` from the journals: all frames whose products are there.

    Parts that run at the same time take turns, each reading the journals when its turn has come:
    whichever writes last writes what all have done.

    Returns:
        when it is worth while to write them again, on the clock of `time.monotonic`.

    Raises:
        OutputError: they cannot be written.
    """
    begin = time.monotonic()
    with locked(out / f"{JOURNAL}.jsonl"):
        entries = _entries(out)
        write_frames_csv(out / FRAMES_TABLE, (entry["row"] for entry in entries))
        write_blobs_csv(out / BLOBS_TABLE, (row for entry in entries for row in entry["blobs"]))
    end = time.monotonic()
    return end + max(_TABLES_SECONDS, _TABLES_SHARE * (end - begin))


def _entries(out: Path) -> list[dict[str, Any]]:
    """What the journals say of each product that is there, sorted by file; the latest counts."""
    there = [
        entry
        for output, entry in latest_entries(out).items()
        if isinstance(entry.get("row"), dict)
        and isinstance(entry.get("blobs"), list)
        and (out / output).is_file()
    ]
    return sorted(there, key=lambda entry: str(entry["row"]["file"]))
