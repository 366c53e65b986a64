"""Text files beside the maps: season tables (`*_ls.txt`) and lists of source images (`*.list`)."""

from __future__ import annotations

from functools import lru_cache
from os import PathLike
from pathlib import Path
from typing import NamedTuple

from nephoscope.errors import InputError
from nephoscope.instruments.marci.names import parse_map_id


class Season(NamedTuple):
    """Mars year (as in the table) and solar longitude Ls, degrees 0..360."""

    mars_year: int
    solar_longitude: float


def read_ls_table(path: str | PathLike[str]) -> dict[str, Season]:
    """Read a `<sub>_ls.txt` or `list_ls.txt`: name, Mars year, Ls in degrees on each line.

    Args:
        path: the table; empty lines and lines starting with # are skipped.

    Returns:
        Season by map id ("P01_day01"), whichever flavour the names are in.

    Raises:
        InputError: the file is not text, a line has another form, or a map has two seasons.
    """
    table: dict[str, Season] = {}
    for number, line in enumerate(_text(Path(path)).splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        map_id, season = _parse_row(Path(path), number, line)
        if table.setdefault(map_id, season) != season:
            raise InputError(path, f"{map_id} has two seasons", field=f"line {number}")
    return table


def find_season(map_path: str | PathLike[str]) -> Season | None:
    """Season of a map, from the first table beside it or one folder up that has its row.

    Returns:
        None if the name holds no map id, no table is there, or none has the row.

    Raises:
        InputError: a table is malformed.
    """
    path = Path(map_path)
    name = parse_map_id(path)
    if name is None:
        return None
    for table in _tables_near(path, name.subphase):
        season = _cached_table(table, table.stat().st_mtime_ns).get(name.map_id)
        if season is not None:
            return season
    return None


def season_of(map_path: str | PathLike[str]) -> Season:
    """Season of a map as by `find_season`, which must be known.

    Raises:
        InputError: no season is found; the message says where it was looked for.
    """
    path = Path(map_path)
    season = find_season(path)
    if season is not None:
        return season
    name = parse_map_id(path)
    if name is None:
        raise InputError(
            path,
            "the file name holds no map id, so its season cannot be looked up",
            field="solar_longitude",
            remedy="name it like P01_day01_zequat.jpg or P01day01.jpeg",
        )
    tables = _tables_near(path, name.subphase)
    where = f"looked in {', '.join(map(str, tables))}" if tables else "there is no table"
    raise InputError(
        path,
        f"no row for {name.map_id}: {where}",
        field="solar_longitude",
        remedy=f"add a line '{name.map_id} MARS_YEAR LS' to {name.subphase}_ls.txt beside the map",
    )


def read_image_ids(path: str | PathLike[str]) -> list[str]:
    """MARCI image ids that a map was made of: the lines of a `list/<map>.list` file."""
    return _text(Path(path)).split()


def image_ids_path_for(map_path: str | PathLike[str]) -> Path | None:
    """The `list/<sub>_day<NN>.list` that belongs to a map of the distribution tree, if any."""
    name = parse_map_id(map_path)
    if name is None:
        return None
    path = Path(map_path).parent / "list" / f"{name.map_id}.list"
    return path if path.is_file() else None


def _tables_near(map_path: Path, subphase: str) -> list[Path]:
    folder = map_path.absolute().parent
    first = {f"{subphase}_ls.txt": 0, "list_ls.txt": 1}
    return [
        table
        for place in (folder, folder.parent)
        for table in sorted(place.glob("*_ls.txt"), key=lambda t: (first.get(t.name, 2), t.name))
    ]


@lru_cache(maxsize=64)
def _cached_table(path: Path, _changed: int) -> dict[str, Season]:
    return read_ls_table(path)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(path, f"cannot be read as text: {error}") from error


def _parse_row(path: Path, number: int, line: str) -> tuple[str, Season]:
    where = f"line {number}"
    columns = line.split()
    name = parse_map_id(columns[0])
    if name is None or len(columns) < 3:
        raise InputError(path, f"'{line.strip()}' is not 'NAME MARS_YEAR LS'", field=where)
    try:
        season = Season(int(columns[1]), float(columns[2]))
    except ValueError as error:
        raise InputError(
            path, f"'{line.strip()}' is not 'NAME MARS_YEAR LS'", field=where
        ) from error
    if not 0 <= season.solar_longitude <= 360:
        raise InputError(path, f"Ls {season.solar_longitude} is not in 0..360", field=where)
    return name.map_id, season
