"""Where products may lie: the files and stores below a folder, each once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from nephoscope.background import FILES as BACKGROUNDS
from nephoscope.errors import InputError
from nephoscope.folders import STORE, LeftOut, files_below
from nephoscope.products.frames import FRAMES_TABLE


def arrays_below(folder: Path, left_out: LeftOut | None = None) -> list[Path]:
    """NetCDF files, without backgrounds, and Zarr stores; what lies within a store is its own.

    Args:
        folder: is searched to any depth.
        left_out: told of what cannot be looked into.

    Returns:
        sorted by name. What is in them is not looked at.
    """
    return arrays_among(files_below(folder, LeftOut() if left_out is None else left_out))


def arrays_among(found: Iterable[Path]) -> list[Path]:
    """As `arrays_below`, of files that were found; those of a folder before those below it."""
    stores: set[Path] = set()
    files = []
    for file in found:
        if file.name == STORE and not stores & {*file.parents}:
            stores.add(file.parent)
        elif file.suffix == ".nc" and not file.match(BACKGROUNDS):
            files.append(file)
    within = (file for file in files if not stores & {*file.parents})
    return sorted([*within, *stores])


def no_product(place: Path) -> InputError:
    """That a place holds no product, and where those of frames are seen instead."""
    remedy = "products are files *.nc and stores *.zarr"
    if any(place.rglob(FRAMES_TABLE)):
        remedy = f"frames have their pictures beside them; {FRAMES_TABLE} is their table"
    return InputError(place, "holds no product", remedy=remedy)
