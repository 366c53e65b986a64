"""File of a scene, as found in a folder and not yet read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SceneFile:
    """One imager view on disk, as found below an input folder.

    Args:
        path: the file.
        id: its identity, the same in every naming flavour ("P01_day01").
        series: of which it is one, and with which it shares a background ("P01"); "" if none.
        order: rises with time within the series; 0 if the name does not say.
        relative: folder of the file relative to the input root; `.` for a single file.
    """

    path: Path
    id: str
    series: str = ""
    order: float = 0
    relative: Path = Path()
