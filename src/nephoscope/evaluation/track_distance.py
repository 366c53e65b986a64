"""Distance of every pixel of a scene from a profiler's track across it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nephoscope.grids.corners import Corners

EDGES = (0, 3, 10, 20, 30, 60, 90, 133)
"""Of bins of distance, pixels; the first is the track. The swath ends at 132."""


_DIGITS = 6
"""Of a pixel: what is left beyond is noise of the weights."""


def distance_from_track(corners: Corners, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Columns between each pixel and the track: (y, x); NaN in rows that it does not cross.

    Args:
        corners: of the track's profiles among the pixels of the scene.
        shape: rows and columns of the scene.
    """
    inside = corners.enclosed
    weight = corners.weight[inside]
    row, col = ((places[inside] * weight).sum(axis=1) for places in (corners.row, corners.col))
    if not row.size:
        return np.full(shape, np.nan)
    order = np.argsort(row, kind="stable")
    row, col = row[order], col[order]
    lines = np.arange(shape[0], dtype=np.float64)
    # A row's middle may lie a little before the first profile, or behind the last.
    along = np.interp(lines, row, col)
    along[(lines < row[0] - 0.5) | (lines > row[-1] + 0.5)] = np.nan
    return np.asarray(np.abs(np.arange(shape[1]) - along[:, None]).round(_DIGITS))


def distance_bin(distance: NDArray[np.float64]) -> NDArray[np.int64]:
    """Lower edge of the bin of each distance, any shape; -1 where it is not known or beyond all."""
    edges = np.array(EDGES)
    known = np.isfinite(distance) & (distance < edges[-1])
    place = np.searchsorted(edges, np.where(known, distance, 0), side="right") - 1
    return np.where(known, edges[place], -1).astype(np.int64)


def bin_name(lower: int) -> str:
    """A bin of distance in words: "10 to 20"."""
    return f"{lower} to {EDGES[EDGES.index(lower) + 1] - (lower == EDGES[-2])}"
