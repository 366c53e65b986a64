"""Text files beside the maps: season tables (`*_ls.txt`) and lists of source images (`*.list`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from os import PathLike
from pathlib import Path
from typing import NamedTuple

from nephoscope.errors import InputError, shown
from nephoscope.instruments.marci.names import parse_map_id

_ROW = "NAME MARS_YEAR LS"


class Season(NamedTuple):
    """Mars year (as in the table) and solar longitude Ls, degrees 0..360."""

    mars_year: int
    solar_longitude: float


@dataclass
class _Table:
    """Rows of a table, and what is wrong with it."""

    seasons: dict[str, Season] = field(default_factory=dict)
    wrong: dict[str, InputError] = field(default_factory=dict)  # by map id
    nameless: list[InputError] = field(default_factory=list)  # rows of no map that can be told


def read_ls_table(path: str | PathLike[str]) -> dict[str, Season]:
    """Read a `<sub>_ls.txt` or `list_ls.txt`: name, Mars year, Ls in degrees on each line.

    Args:
        path: the table; empty lines, lines starting with # and headings above the first row are
            skipped.

    Returns:
        Season by map id ("P01_day01"), whichever flavour the names are in.

    Raises:
        InputError: the file is not text, a line has another form, or a map has two seasons.
    """
    table = _read_table(Path(path))
    for error in [*table.wrong.values(), *table.nameless]:
        raise error
    return table.seasons


def find_season(map_path: str | PathLike[str]) -> Season | None:
    """Season of a map, from the first table beside it or one folder up that has its row.

    Rows of other maps do not matter, whatever is wrong with them.

    Returns:
        None if the name holds no map id, no table is there, or none has the row.

    Raises:
        InputError: the map's own row is malformed, or it has none and a table cannot be read.
    """
    path = Path(map_path)
    name = parse_map_id(path)
    if name is None:
        return None
    unreadable: InputError | None = None
    for place in _tables_near(path, name.subphase):
        try:
            table = _table_now(place)
        except InputError as error:
            unreadable = error
            continue
        if name.map_id in table.wrong:
            wrong = table.wrong[name.map_id]
            problem = f"its row in {place.name}, {wrong.field}, {wrong.problem}"
            raise InputError(path, problem, field="solar_longitude", remedy="mend that line")
        if name.map_id in table.seasons:
            return table.seasons[name.map_id]
    if unreadable is not None:
        raise unreadable
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
    where = f"looked in {', '.join(map(shown, tables))}" if tables else "there is no table"
    for table in tables:
        where += "".join(f"; its {e.field} names no map" for e in _table_now(table).nameless[:1])
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


def _table_now(path: Path) -> _Table:
    try:
        stat = path.stat()
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    return _cached_table(path, (stat.st_mtime_ns, stat.st_size, stat.st_ino))


@lru_cache(maxsize=64)
def _cached_table(path: Path, _state: tuple[int, ...]) -> _Table:
    return _read_table(path)


def _read_table(path: Path) -> _Table:
    table = _Table()
    for number, line in enumerate(_text(path).splitlines(), 1):
        columns = line.split()
        if not columns or columns[0].startswith("#"):
            continue
        name = parse_map_id(columns[0])
        if name is None:
            is_heading = not table.seasons and not any(map(_is_number, columns[1:]))
            if not is_heading:
                table.nameless.append(_wrong(path, number, f"'{line.strip()}' is not '{_ROW}'"))
            continue
        season = _season(path, number, columns)
        if isinstance(season, InputError):
            table.wrong[name.map_id] = season
        elif table.seasons.setdefault(name.map_id, season) != season:
            table.wrong[name.map_id] = _wrong(path, number, f"gives {name.map_id} two seasons")
    return table


def _season(path: Path, number: int, columns: list[str]) -> Season | InputError:
    try:
        season = Season(int(columns[1]), float(columns[2]))
    except (ValueError, IndexError):
        return _wrong(path, number, f"'{' '.join(columns)}' is not '{_ROW}'")
    if not 0 <= season.solar_longitude <= 360:
        return _wrong(path, number, f"has Ls {season.solar_longitude}, not in 0..360")
    return season


def _wrong(path: Path, number: int, problem: str) -> InputError:
    return InputError(path, shown(problem), field=f"line {number}")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
        if b"\0" in content:
            raise InputError(path, "cannot be read as text: it holds bytes of value 0")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")  # of another age: names and numbers are the same
    except OSError as error:
        raise InputError(path, f"cannot be read as text: {error.strerror}") from error


def depends_on(path: str | PathLike[str]) -> list[Path]:
    """The Ls tables that may name a map: they too decide what its product says."""
    folder = Path(path).resolve().parent
    return [table for place in (folder, folder.parent) for table in sorted(place.glob("*_ls.txt"))]
