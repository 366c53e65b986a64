"""File of a scene, as found in a folder and not yet read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SceneFile:
    """One imager view on disk, as found below an input folder.

    Args:
        path: the file.
        map_id: its identity, the same in every naming flavour ("P01_day01").
        subphase: the group it belongs to ("P01"); "" if the name does not say.
        day: number of the day within the group; 0 if the name does not say.
        relative: folder of the file relative to the input root; `.` for a single file.
    """

    path: Path
    map_id: str
    subphase: str
    day: int
    relative: Path = Path()
