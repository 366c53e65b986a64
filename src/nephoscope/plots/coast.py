"""Coastlines of the Earth: where cartopy is installed and has fetched them; we fetch nothing."""

from __future__ import annotations

import logging
import struct
import warnings
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nephoscope.extras import is_there

Reals = npt.NDArray[np.floating]

logger = logging.getLogger(__name__)

_FINEST_FIRST = ("50m", "110m")  # one to 50 and to 110 millions; 10m shows no more on a quick-look


def coastline() -> Reals | None:
    """Lines of Natural Earth, or None where this machine has none.

    Returns:
        (point, 2) longitude and latitude, degrees; a row of NaN behind each line.
    """
    if not is_there("cartopy"):
        return None
    from cartopy import config

    below = "shapefiles/natural_earth/physical/ne_{}_coastline.shp"
    folders = [Path(config[name]) for name in ("pre_existing_data_dir", "data_dir")]
    paths = [folder / below.format(scale) for scale in _FINEST_FIRST for folder in folders]
    return next((_read(path) for path in paths if path.is_file()), None)


@cache
def _read(path: Path) -> Reals | None:
    import shapefile  # comes with cartopy

    try:
        with warnings.catch_warnings(action="error"), shapefile.Reader(shp=path) as file:
            lines = [
                line
                for shape in file.iterShapes()
                for line in np.split(np.array(shape.points), shape.parts[1:])
            ]
    except (OSError, ValueError, struct.error, shapefile.ShapefileException, Warning) as error:
        logger.warning("no coastlines: %s: %s", path, error)
        return None
    gap = np.full((1, 2), np.nan)
    return np.concatenate([part for line in lines for part in (line[:, :2], gap)])
