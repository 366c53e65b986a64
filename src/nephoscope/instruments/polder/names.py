"""Names of PARASOL level-1B files, and where they lie in folders."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path

from nephoscope.folders import LeftOut, files_below
from nephoscope.instruments.finding import scene_files
from nephoscope.instruments.scene_file import SceneFile

PRODUCT = "POLDER3_L1B-BG1"
SUFFIX = ".h5"
_SIGNATURE = b"\x89HDF\r\n\x1a\n"  # HDF5 file format specification 3.0, section II.A

# POLDER3_L1B-BG1-080176M_2008-06-03T01-34-54_V1-01.h5: cycle 080, orbit 176 of the cycle.
_NAME = re.compile(
    r"^POLDER3_L1B-BG1-(?P<cycle>\d{3})(?P<orbit>\d{3})(?P<mark>[A-Z])"
    r"_(?P<start>\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2})_V(?P<version>\d+-\d+)\.h5$"
)
_TIME = "%Y-%m-%dT%H-%M-%S"


@dataclass(frozen=True)
class HalfOrbit:
    """Half orbit, from the name of its file.

    Args:
        cycle: number of the orbit cycle.
        orbit: number of the orbit in the cycle.
        start: of the acquisition, UTC.
        version: of the format ("1-01").
    """

    cycle: int
    orbit: int
    start: datetime
    version: str = "1-01"

    @property
    def file_name(self) -> str:
        """The file's name in the archive."""
        number = f"{self.cycle:03d}{self.orbit:03d}M"
        return f"{PRODUCT}-{number}_{self.start.strftime(_TIME)}_V{self.version}{SUFFIX}"

    @property
    def id(self) -> str:
        """Identity: number of the half orbit and start."""
        return self.file_name.removeprefix(f"{PRODUCT}-").rpartition("_V")[0]

    @property
    def folder(self) -> Path:
        """Folder of its day below the archive's product folder: 2008/2008_06_03."""
        return Path(f"{self.start:%Y}") / f"{self.start:%Y_%m_%d}"


def parse_name(name: str | PathLike[str]) -> HalfOrbit | None:
    """Read a file's name; None if it is not of the archive's form."""
    match = _NAME.match(Path(name).name)
    if match is None:
        return None
    try:
        start = datetime.strptime(match["start"], _TIME)  # UTC, unmarked as in the name
    except ValueError:
        return None
    return HalfOrbit(int(match["cycle"]), int(match["orbit"]), start, match["version"])


def recognises(path: str | PathLike[str]) -> bool:
    """Whether a file, or any file in a folder, is of this instrument.

    A file is by its name, or if it is HDF5 and holds the group of directional fields with the
    first radiance.
    """
    path = Path(path)
    if path.is_dir():
        return any(parse_name(file) for file in files_below(path, LeftOut()))
    return path.is_file() and (parse_name(path) is not None or _holds_views(path))


def find(path: str | PathLike[str], left_out: LeftOut | None = None) -> list[SceneFile]:
    """Every file of the archive's name below a folder, sorted, or the one file given.

    Args:
        path: the file or folder.
        left_out: collects what cannot be read; without it the first of these is raised.

    Raises:
        InputError: the path does not exist or holds none.
    """
    remedy = f"{PRODUCT}-*{SUFFIX}"
    noun = "PARASOL level-1B file"
    return scene_files(path, _is_named, _scene_file, noun, left_out, remedy)


def _is_named(file: Path) -> bool:
    return parse_name(file) is not None


def _scene_file(file: Path, root: Path) -> SceneFile:
    name = parse_name(file)
    group = f"{name.start:%Y_%m_%d}" if name else ""
    order = name.start.replace(tzinfo=UTC).timestamp() if name else 0
    relative = file.parent.relative_to(root)
    return SceneFile(file, name.id if name else file.stem, group, order, relative)


def _holds_views(path: Path) -> bool:
    import h5py

    try:
        with path.open("rb") as file:
            if file.read(len(_SIGNATURE)) != _SIGNATURE:
                return False
        with h5py.File(path) as file:
            return "Data_Directional_Fields/I443NP" in file
    except (OSError, RuntimeError, KeyError):
        return False
