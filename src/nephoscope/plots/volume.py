"""A patch in three dimensions: its picture as the floor, the track, and the clouds above it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d.art3d import Poly3DCollection  # type: ignore[import-untyped]

from nephoscope.plots.cloud_types import TYPE_COLOURS, TYPE_NAMES, key_of
from nephoscope.plots.curtain import HIGHEST
from nephoscope.track import height_bounds

Reals = npt.NDArray[np.floating]

TRACK_COLOUR = "#00c853"
_FLOOR = 130  # squares along a side of the floor; of more pixels some are drawn
_GAP = 3.0  # steps of the track; profiles farther apart are not joined


def plot_volume(
    picture: Reals,
    row: Reals,
    col: Reals,
    cloud_type: npt.NDArray[np.integer],
    height: Reals,
    title: str = "",
    pixel: float = 1.0,
) -> Figure:
    """Draw cloud columns above a track over a picture; heights are stretched, as clouds are flat.

    Args:
        picture: (y, x, 3) 0..1, the floor.
        row: (point,) fractional row of each profile, in the order of the track.
        col: (point,) fractional column.
        cloud_type: (point, level) 0..8, -1 unknown, which is not drawn.
        height: (level,) m of the centre of each level, the highest first; or (point, level).
        title: of the picture.
        pixel: side of a pixel, km.

    Returns:
        A Figure, seen from the south-east (the lower right corner of the picture) and above.
    """
    figure = Figure(figsize=(10, 7), dpi=100)
    FigureCanvasAgg(figure)
    axes: Any = figure.add_axes((-0.03, 0.0, 0.88, 0.98), projection="3d", computed_zorder=False)
    rows, cols = picture.shape[:2]
    step = -(-max(rows, cols) // _FLOOR)
    across = np.append(np.arange(0, cols, step), cols) * pixel
    north = (rows - np.append(np.arange(0, rows, step), rows)) * pixel
    x, y = np.meshgrid(across, north)
    axes.plot_surface(x, y, np.zeros_like(x), facecolors=picture[::step, ::step], rstride=1,
                      cstride=1, shade=False, antialiased=False, linewidth=0, zorder=0)  # fmt: skip
    along = np.stack([(col + 0.5) * pixel, (rows - row - 0.5) * pixel], axis=-1)
    axes.plot(*along.T, np.zeros(len(along)), color=TRACK_COLOUR, linewidth=2.5, zorder=1)
    walls, colours = walls_of(along, cloud_type, height)
    axes.add_collection3d(Poly3DCollection(walls, facecolors=colours, linewidths=0, zorder=2))
    axes.set(xlim=(0, cols * pixel), ylim=(0, rows * pixel), zlim=(0, HIGHEST),
             xlabel="km east", ylabel="km north", zlabel="altitude (km)")  # fmt: skip
    axes.set_box_aspect((cols, rows, 0.5 * max(rows, cols)), zoom=1.0)
    axes.view_init(elev=30, azim=-40)  # tracks run north and south: their walls are seen broadside
    figure.suptitle(title, fontsize=11)
    seen = [number for number in range(1, len(TYPE_NAMES)) if (cloud_type == number).any()]
    entries = [key_of([], "type")[number] for number in seen]
    track = axes.plot([], [], color=TRACK_COLOUR, linewidth=2.5, label="track of the profiler")
    figure.legend(
        handles=[*track, *entries],
        loc="upper right",
        bbox_to_anchor=(1, 0.9),
        frameon=False,
        fontsize=9,
    )
    return figure


def walls_of(
    along: Reals, cloud_type: npt.NDArray[np.integer], height: Reals
) -> tuple[Reals, list[str]]:
    """Upright rectangles of cloud above a track, one for each run of a type in a profile.

    Args:
        along: (point, 2) km east and north of each profile.
        cloud_type: (point, level) 0..8, -1 unknown.
        height: (level,) or (point, level) m, the highest first.

    Returns:
        (wall, corner, xyz) km, and the colour of each.
    """
    begin, end = _ends(along)
    walls, colours = [], []
    for point, kinds in enumerate(cloud_type):
        bounds = height_bounds(height if height.ndim == 1 else height[point]) / 1000
        changes = np.flatnonzero(np.diff(kinds)) + 1
        for first, last in pairwise([0, *changes.tolist(), len(kinds)]):
            if kinds[first] > 0:
                top, bottom = bounds[first, 1], max(bounds[last - 1, 0], 0.0)
                walls.append([[*begin[point], bottom], [*end[point], bottom],
                              [*end[point], top], [*begin[point], top]])  # fmt: skip
                colours.append(TYPE_COLOURS[kinds[first]])
    return np.array(walls).reshape(-1, 4, 3), colours


def _ends(along: Reals) -> tuple[Reals, Reals]:
    """(point, 2) where the wall of each profile begins and ends: half-way to its neighbours."""
    if len(along) < 2:
        half = np.array([[0.5, 0.0]])
        return along - half, along + half
    step = np.diff(along, axis=0)
    length = np.hypot(*step.T)
    usual = np.median(length)
    joined = (length <= _GAP * max(usual, 1e-9))[:, None]
    toward = np.where(joined, step / 2, step / np.maximum(length, 1e-9)[:, None] * usual / 2)
    begin = along - np.concatenate([toward[:1], toward])
    end = along + np.concatenate([toward, toward[-1:]])
    return begin, end
