"""Names of ICARE's CALTRACK files: half orbit of CALIPSO, and whether of day or night."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from os import PathLike
from pathlib import Path

# CALTRACK-5km_PAR-RB2_V1-00_2008-01-01T01-30-23ZD.hdf
_NAME = re.compile(
    r"^CALTRACK-(?P<sampling>[\w.]+?)_(?P<product>[\w-]+)_V(?P<version>\d+-\d+)"
    r"_(?P<start>\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2})Z(?P<mark>[DN])\.hdf$"
)
_TIME = "%Y-%m-%dT%H-%M-%S"
_HALVES = {"D": "day", "N": "night"}


@dataclass(frozen=True)
class CalipsoHalf:
    """Half orbit of CALIPSO, from the name of a CALTRACK file.

    Args:
        product: what was put on CALIPSO's track ("PAR-RB2", "CS-2B-CLDCLASS").
        start: of CALIPSO's half orbit, UTC.
        half: "day" or "night" side of the Earth (the mark ZD or ZN).
        version: of the format ("1-00").
        sampling: "5km", "333m".
    """

    product: str
    start: datetime
    half: str
    version: str = "1-00"
    sampling: str = "5km"

    @property
    def file_name(self) -> str:
        """The file's name in the archive."""
        mark = self.half[0].upper()
        return (
            f"CALTRACK-{self.sampling}_{self.product}_V{self.version}"
            f"_{self.start.strftime(_TIME)}Z{mark}.hdf"
        )


def parse_caltrack_name(name: str | PathLike[str]) -> CalipsoHalf | None:
    """Read a file's name; None if it is not of the archive's form."""
    match = _NAME.match(Path(name).name)
    if match is None:
        return None
    try:
        start = datetime.strptime(match["start"], _TIME)  # UTC, unmarked as in the name
    except ValueError:
        return None
    half = _HALVES[match["mark"]]
    return CalipsoHalf(match["product"], start, half, match["version"], match["sampling"])


def marks_of(path: Path) -> dict[str, str]:
    """Attributes of a Track that a CALTRACK file's name gives; none for other names."""
    found = parse_caltrack_name(path)
    if found is None:
        return {}
    return {"half_orbit": found.half, "half_orbit_start": found.start.isoformat()}
