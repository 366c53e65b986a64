"""Truth of profiles: what a column of cloud types says of cloud, its top, its base and its layers.

Levels are highest first; -1 is unknown, 0 clear, 1..8 a type of `nephoscope.track.CLOUD_TYPES`.
Missing is not clear: where an unknown level could change the answer, the answer is unknown.

| asked | said | unknown where |
|---|---|---|
| column | cloudy if any known level is cloud | no level is known cloud, and one is unknown |
| top | the highest cloud | a level above it is unknown; a clear column counts as above |
| base | the lowest cloud | a level below it is unknown, or there is no cloud |
| layers | runs of cloud | any level is unknown |

Levels below the ground are clear in files of the radar, so that they make nothing unknown.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

UNKNOWN = -1
Types = npt.NDArray[np.integer[Any]]
Places = npt.NDArray[np.int64]


def columns_of(types: Types) -> npt.NDArray[np.int8]:
    """Columns with cloud.

    Args:
        types: (level, item) -1 unknown, 0 clear, 1..8.

    Returns:
        (item,) int8: 1 cloudy, 0 clear, -1 unknown.
    """
    cloudy, unknown = (types > 0).any(axis=0), (types < 0).any(axis=0)
    return np.where(cloudy, 1, np.where(unknown, UNKNOWN, 0)).astype(np.int8)


def tops_of(types: Types) -> Places:
    """Level of the highest cloud of each column.

    Args:
        types: (level, item), as of `columns_of`.

    Returns:
        (item,) int64: 0 is the highest level, as many as there are levels says clear, -1 unknown.
    """
    said = np.concatenate([types != 0, np.ones_like(types[:1], np.bool_)])
    first = said.argmax(axis=0)
    clear = len(types)
    there = np.take_along_axis(types, np.minimum(first, clear - 1)[None], axis=0)[0]
    return np.where((first < clear) & (there < 0), UNKNOWN, first)


def bases_of(types: Types) -> Places:
    """Level of the lowest cloud of each column.

    Args:
        types: (level, item), as of `columns_of`.

    Returns:
        (item,) int64: 0 is the highest level; -1 unknown, or no cloud.
    """
    above = tops_of(types[::-1])
    cloudy = (above >= 0) & (above < len(types))
    return np.where(cloudy, len(types) - 1 - above, UNKNOWN)


def layers_of(types: Types) -> Places:
    """Number of cloud layers of each column.

    A clear gap of one level parts no layers: it is below what the radar resolves, 485 m in steps of
    240 m (Stephens et al. 2008, doi 10.1029/2008JD009982).

    Args:
        types: (level, item), as of `columns_of`.

    Returns:
        (item,) int64, -1 unknown.
    """
    cloud = without_gaps((types > 0).astype(np.int8))
    number = (np.diff(cloud, axis=0, prepend=np.int8(0)) > 0).sum(axis=0)
    return np.where((types < 0).any(axis=0), UNKNOWN, number)


def without_gaps(levels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Levels (level, item), where one that is below both its neighbours is raised to the lower."""
    filled = levels.copy()
    np.maximum(filled[1:-1], np.minimum(levels[:-2], levels[2:]), out=filled[1:-1])
    return filled
