"""Inventory of a folder of raw files: by product and day, gaps, files that cannot be read."""

from __future__ import annotations

import re
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from nephoscope.archives.manifest import Manifest
from nephoscope.archives.part import parts_below
from nephoscope.errors import InputError
from nephoscope.folders import LeftOut, files_below

_DAYS = (
    (re.compile(r"(?<!\d)(\d{4})[-_](\d{2})[-_](\d{2})(?!\d)"), "%Y%m%d"),
    (re.compile(r"(?<!\d)(\d{4})(\d{2})(\d{2})(?:T?\d{4,6})?(?:\.\d+)?(?!\d)"), "%Y%m%d"),
    (re.compile(r"(?<!\d)(\d{4})(\d{3})(?:\d{6})?(?!\d)"), "%Y%j"),
)
"""How names of files and folders hold a day: 2008-06-03, 2008_06_03, 20080603120000, 2008155."""
_YEARS = range(1970, 2100)
_DATED = re.compile(r"[\d_\-]+")
_NUMBERS = re.compile(r"\d{2,}[\d.:T_-]*")
_HDF5, _HDF4, _ZIP, _JPEG = (
    b"\x89HDF\r\n\x1a\n",
    b"\x0e\x03\x13\x01",
    b"PK\x03\x04",
    b"\xff\xd8\xff",
)
_SIGNATURES = {
    ".h5": (_HDF5,), ".hdf5": (_HDF5,), ".hdf": (_HDF4, _HDF5), ".nc": (_HDF5, b"CDF", _HDF4),
    ".ncdf": (_HDF5, b"CDF", _HDF4), ".zip": (_ZIP,), ".jpg": (_JPEG,), ".jpeg": (_JPEG,),
    ".png": (b"\x89PNG",), ".fits": (b"SIMPLE",), ".nat": (b"FormatName",),
}  # fmt: skip
"""Ending → how a file of this kind begins."""


@dataclass
class Product:
    """Files of one product.

    Attributes:
        days: files of each day.
        undated: files whose names hold no day.
        size: bytes.
    """

    days: Counter[date] = field(default_factory=Counter)
    undated: int = 0
    size: int = 0

    @property
    def files(self) -> int:
        """Number of files."""
        return self.days.total() + self.undated

    def gaps(self) -> list[tuple[date, date]]:
        """First and last day of each run of days without a file, between the first and the last."""
        known = sorted(self.days)
        step = timedelta(days=1)
        return [
            (before + step, after - step)
            for before, after in pairwise(known)
            if after - before > step
        ]


@dataclass
class Inventory:
    """What a folder holds.

    Attributes:
        products: by name.
        failed: files that cannot be read, or are not as they were fetched.
        unfinished: parts of downloads.
    """

    products: dict[str, Product] = field(default_factory=lambda: defaultdict(Product))
    failed: list[InputError] = field(default_factory=list)
    unfinished: list[Path] = field(default_factory=list)


def inventory_of(folder: Path) -> Inventory:
    """Look through a folder of raw files.

    Raises:
        InputError: it is no folder.
    """
    if not folder.is_dir():
        raise InputError(folder, "is no folder")
    left_out, found = LeftOut(), Inventory(unfinished=parts_below(folder))
    manifest = Manifest(folder)
    fetched, stores = set(manifest), set[Path]()
    for path in files_below(folder, left_out):
        below = path.relative_to(folder)
        one = _store_of(below) or below
        try:
            size = path.stat().st_size
            product = found.products[product_of(one)]
            product.size += size
            if one not in stores:
                _count(product, day_of_name(one))
            if one != below:
                stores.add(one)
            problem = problem_of(path)
        except OSError as error:
            problem = f"cannot be read: {error.strerror}"
        if not problem and str(below) in fetched and not manifest.holds(str(below)):
            problem = "is not as it was fetched"
        if problem:
            found.failed.append(InputError(path, problem))
    found.failed += left_out.errors
    return found


def _store_of(path: Path) -> Path | None:
    """The Zarr store that a file is a piece of, if it is one: the store counts as one file."""
    return next((each for each in reversed(path.parents) if each.suffix == ".zarr"), None)


def product_of(path: Path) -> str:
    """The product that a file is of: its folders that are no dates, else its name without numbers.

    Args:
        path: below the folder that is looked through.
    """
    parts = [part for part in path.parts[:-1] if not _DATED.fullmatch(part)]
    return "/".join(parts) or _NUMBERS.sub("#", path.stem).rstrip("#_-.") + path.suffix


def day_of_name(path: Path) -> date | None:
    """The day that a file's name holds, else that of its folder; None if none does."""
    for part in reversed(path.parts):
        for pattern, form in _DAYS:
            for match in pattern.finditer(part):
                try:
                    day = datetime.strptime("".join(match.groups()), form).date()
                except ValueError:
                    continue
                if day.year in _YEARS:
                    return day
    return None


def problem_of(path: Path) -> str:
    """What is wrong with a file, as its first bytes and its own table of contents tell; "" if fine.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        begin = file.read(16)
    if not begin:
        return "is empty"
    wanted = _SIGNATURES.get(path.suffix.lower())
    if wanted is not None and not begin.startswith(wanted):
        return f"does not begin as a {path.suffix} file does"
    if begin.startswith(_HDF5):
        return _problem_of_hdf5(path)
    if begin.startswith(_ZIP) and not zipfile.is_zipfile(path):
        return "ends too early: its table of contents lacks"
    if begin.startswith(_JPEG):
        with path.open("rb") as file:
            file.seek(-min(4096, path.stat().st_size), 2)
            return "" if b"\xff\xd9" in file.read() else "ends too early: its end mark lacks"
    return ""


def _problem_of_hdf5(path: Path) -> str:
    import h5py

    try:
        with h5py.File(path, "r"):
            return ""
    except OSError as error:
        return "ends too early" if "truncated" in str(error) else "is no readable HDF5 file"


def _count(product: Product, day: date | None) -> None:
    if day is None:
        product.undated += 1
    else:
        product.days[day] += 1


def gap_text(gaps: Iterable[tuple[date, date]], most: int = 5) -> str:
    """Gaps as one line, the longest first."""
    ordered = sorted(gaps, key=lambda gap: gap[0] - gap[1])
    said = [f"{a}" if a == b else f"{a} to {b}" for a, b in ordered[:most]]
    more = f" and {len(ordered) - most} more" if len(ordered) > most else ""
    return ", ".join(said) + more
