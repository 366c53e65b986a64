"""Products below a folder: how many, of which instrument and model, over what time; what is wrong.

Headers alone are read, and of very many products no more than a thousand, evenly taken.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from nephoscope.errors import InputError, shown
from nephoscope.folders import LeftOut, files_below
from nephoscope.products.cube import slots_made
from nephoscope.products.frames import FRAMES_TABLE, read_frames_csv
from nephoscope.products.frames import INSTRUMENT as FRAMES
from nephoscope.products.gathered import SEASON
from nephoscope.products.places import arrays_among
from nephoscope.products.series import UNREADABLE, first_time, stored_at

LOOKED_INTO = 1000
"""Products whose headers are read."""


@dataclass
class Below:
    """Products below a folder.

    Attributes:
        facts: instrument and model → how many there are, and over what time or season.
        problems: what cannot be read.
        drawable: a product of one picture, the first; None where there is none.
        moving: a cube of many slots, likewise.
        others: NetCDF files and Zarr stores that are no products.
    """

    facts: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    drawable: Path | None = None
    moving: Path | None = None
    others: list[Path] = field(default_factory=list)


@dataclass
class _Group:
    """Products of one instrument and model."""

    number: int = 0
    times: list[str] = field(default_factory=list)
    seasons: list[float] = field(default_factory=list)

    def line(self) -> str:
        """What is said of them."""
        said = f"{self.number} products"
        if self.times:
            said += f", {min(self.times)} to {max(self.times)}"
        if self.seasons:
            said += f", Ls {min(self.seasons):.1f} to {max(self.seasons):.1f} degrees"
        return said


def products_below(path: Path) -> Below:
    """What products a folder and its subfolders hold."""
    found, groups = Below(), defaultdict[str, _Group](_Group)
    files = list(files_below(path, LeftOut()))
    places = arrays_among(files)
    taken = places
    if len(places) > LOOKED_INTO:
        rows = np.linspace(0, len(places) - 1, LOOKED_INTO).astype(int)
        taken = [places[row] for row in rows]
        found.facts["looked into"] = f"{LOOKED_INTO} of {len(places)} files and stores"
    for place in taken:
        try:
            _add(place, found, groups)
        except UNREADABLE as error:
            problem = f"cannot be read: {str(error) or type(error).__name__}"
            found.problems.append(str(InputError(place, problem, remedy="make it again")))
    for table in sorted(file for file in files if file.name == FRAMES_TABLE):
        _add_frames(table, found, groups)
    found.facts |= {name: groups[name].line() for name in sorted(groups)}
    return found


def _add(place: Path, found: Below, groups: dict[str, _Group]) -> None:
    """Count what a file or store holds.

    Raises:
        OSError, KeyError, ValueError: it cannot be read.
    """
    with stored_at(place) as stored:
        if "quality_flag" not in stored.variables:
            found.others.append(place)
            return
        group = groups[_name(stored.attrs.get("instrument"), stored.attrs.get("model"))]
        if "status" in stored:
            found.moving = found.moving or place
            slots = slots_made(place)
            group.number += len(slots)
            ends: Iterable[np.datetime64] = (
                stored["time"].values[[slots[0], slots[-1]]] if slots else []
            )
            group.times += [str(each.astype("M8[s]")) for each in ends]
            return
        found.drawable = found.drawable or place
        group.number += 1
        if not np.isnat(time := first_time(stored)):
            group.times.append(str(time.astype("M8[s]")))
        elif SEASON in stored.variables:
            group.seasons.append(float(stored[SEASON].values))


def _add_frames(table: Path, found: Below, groups: dict[str, _Group]) -> None:
    """Count the frames of a table; those whose products are gone are named."""
    try:
        rows = read_frames_csv(table.parent)
    except InputError as error:
        found.problems.append(str(error))
        return
    group = groups[_name(FRAMES, None)]
    group.number += len(rows)
    group.times += [row["time"][:19] for row in rows if row.get("time")]  # no fractions
    gone = list(_gone(table.parent, rows))
    if gone:
        said = f"names {len(gone)} frames whose products are not there, e.g. {shown(gone[0])}"
        found.problems.append(f"{shown(table)}: {said}")


def _gone(folder: Path, rows: list[dict[str, str]]) -> Iterator[str]:
    """Frames without a product, whatever the format of the frame."""
    for row in rows:
        frame = folder / row["file"]
        names = (frame.name, f"{frame.name}.fits", f"{frame.stem}.fits", frame.stem)
        if not any((frame.parent / name).is_file() for name in names):
            yield row["file"]


def _name(instrument: object, model: object) -> str:
    return f"products of {instrument or 'an unnamed instrument'}" + (f", {model}" if model else "")
