"""DARDAR ice clouds from radar and lidar: DARDAR-Nice v1 and v2, DARDAR-CLOUD v3, NetCDF.

Sources: Sourdeval et al. 2018, doi 10.5194/acp-18-14327-2018 (Nice); Delanoë & Hogan 2010,
doi 10.1029/2009JD012346, and Cazenave et al. 2019, doi 10.5194/amt-12-2819-2019 (CLOUD).
"""

from __future__ import annotations

from os import PathLike

from nephoscope.folders import LeftOut
from nephoscope.instruments.dardar.reading import read, read_places, recognises
from nephoscope.instruments.finding import track_files
from nephoscope.instruments.scene_file import SceneFile

__all__ = ["find", "read", "read_places", "recognises"]


def find(path: str | PathLike[str], left_out: LeftOut | None = None) -> list[SceneFile]:
    """Every file of ice clouds in a file, folder or tree; see `scene_files`."""
    return track_files(path, recognises, "file of DARDAR", left_out)
