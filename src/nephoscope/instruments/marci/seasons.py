"""Seasons of a training: whether a map is of one, so that what was learned of places holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from nephoscope.errors import InputError, UsageError
from nephoscope.folders import LeftOut
from nephoscope.instruments.marci.tables import find_season
from nephoscope.instruments.scene_file import SceneFile

Floats = npt.NDArray[np.float64]

SEASON = ("mars_year", "solar_longitude")
"""Columns of a map that its season is told by."""
UNDATED = "maps whose Ls no table tells, so that --ls cannot choose them"
"""What `wanted` calls maps that it leaves out."""
REACH = 6.0
"""Degrees of Ls, before and after a map of the training, within which a map is of its season.

As many as the training of the shipped model spans: over these days the limits of brightness were
seen to stay as they are.
"""


def out_of_season(scene: xr.Dataset, learned: Mapping[str, Sequence[float]]) -> str:
    """Why a map is of no season that was learned; "" where it is of one.

    Args:
        scene: the map, with `mars_year` and `solar_longitude` where they are known.
        learned: these columns of the maps of a training, one number for each.
    """
    year, ls = (_number(scene, name) for name in SEASON)
    if not np.isfinite([year, ls]).all():
        return "the season of the map is not known"
    years, longitudes = (np.asarray(learned[name], np.float64) for name in SEASON)
    apart = np.abs((longitudes - ls + 180) % 360 - 180)
    # Tables give three decimals.
    if ((years == year) & (apart <= REACH + 5e-4)).any():
        return ""
    return (
        f"the map is of Mars year {year:g}, Ls {ls:g}; "
        f"learned were {_told(years, longitudes)}, and {REACH:g} degrees around"
    )


def wanted(
    scenes: Sequence[SceneFile], options: Mapping[str, Any], left_out: LeftOut
) -> list[SceneFile]:
    """The maps to predict: those of a season, where one is asked for.

    Args:
        scenes: what `find` found, of any number of places.
        options: `ls`: first Ls and the one behind the last, degrees 0..360; the span goes over 360
            where the first is the greater.
        left_out: told of maps whose Ls is not known, or whose table cannot be read.

    Raises:
        UsageError: no map is of the season.
    """
    if "ls" not in options:
        return list(scenes)
    first, behind = options["ls"]
    width, taken = (behind - first) % 360 or 360.0, []
    for scene in scenes:
        try:
            season = find_season(scene.path)
        except InputError as error:
            left_out.errors.append(error)
            continue
        if season is None:
            left_out.add(UNDATED, scene.path)
        elif (season.solar_longitude - first) % 360 < width:
            taken.append(scene)
    if scenes and not taken:
        raise UsageError(f"--ls {first:g},{behind:g}: none of {len(scenes)} maps is of this season")
    return taken


def _number(scene: xr.Dataset, name: str) -> float:
    """A scalar of the scene; NaN where there is none, or where it stands for unknown."""
    # What is no number at all is refused where the product gets its season.
    if name not in scene.variables or scene[name].size != 1 or scene[name].dtype.kind not in "iuf":
        return np.nan
    value = float(scene[name].item())
    return np.nan if name == "mars_year" and value <= 0 else value


def _told(years: Floats, longitudes: Floats) -> str:
    """Mars years, and of each the least and greatest Ls."""
    spans = []
    for year in np.unique(years):
        of_year = longitudes[years == year]
        spans.append(f"Mars year {year:g}, Ls {of_year.min():g} to {of_year.max():g}")
    return ", ".join(spans) or "none"
