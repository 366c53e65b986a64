"""Truth of a window: a label of each pixel, one label of all, or points within it.

`pixels` is (y, x) int8 and `frame` () int8, -1 unknown, 0 clear, 1 cloud; `points` are `Points`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from nephoscope.grids.corners import Corners

Label = npt.NDArray[np.int8]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Points:
    """Truth at places of a picture, as a track gives it.

    Attributes:
        row: (point,) rows, whole at the middle of a pixel.
        col: (point,) columns.
        values: name of a variable → (point[, level]).
        corners: the four pixels around each and their weights; None: those of its row and column.
    """

    row: Floats
    col: Floats
    values: Mapping[str, npt.NDArray[np.generic]]
    corners: Corners | None = None

    def __len__(self) -> int:
        return len(self.row)

    def chosen(self, which: npt.NDArray[np.bool_] | slice) -> Points:
        """Some of the points."""
        values = {name: value[which] for name, value in self.values.items()}
        corners = self.corners and Corners(
            self.corners.row[which], self.corners.col[which], self.corners.weight[which]
        )
        return Points(self.row[which], self.col[which], values, corners)

    def moved(self, place: Callable[[Any, Any], tuple[Any, Any]]) -> Points:
        """The points with their corners at other places.

        Args:
            place: row and column before → after.
        """
        row, col = place(self.row, self.col)
        corners = self.corners
        if corners is not None:
            rows, cols = place(corners.row, corners.col)
            corners = Corners(rows, cols, corners.weight)
        return Points(row, col, self.values, corners)

    def inside(self, row: int, col: int, size: tuple[int, int], width: int | None) -> Points:
        """The points between the outermost pixels of a window, counted from its first one.

        Args:
            row: first row of the window.
            col: first column of the window.
            size: its rows and columns.
            width: columns after which the first follows the last; None where columns end.
        """

        def place(rows: Any, cols: Any) -> tuple[Any, Any]:  # noqa: ANN401 - of points or corners
            return rows - row, cols - col if width is None else np.mod(cols - col, width)

        found = self.moved(place)
        within = _within(found.row, found.col, size)
        corners = found.corners
        if corners is not None:
            outside = ~_within(corners.row, corners.col, size)
            within &= ~(outside & (corners.weight != 0)).any(axis=1)
            within &= np.isfinite(corners.weight).all(axis=1)
            # A corner that counts nothing may lie outside; it must be a pixel all the same.
            pixels = corners.row.clip(0, size[0] - 1), corners.col.clip(0, size[1] - 1)
            found = replace(found, corners=Corners(*pixels, corners.weight))
        return found.chosen(within)

    def seen(self, known: npt.NDArray[np.bool_]) -> Points:
        """The points in pixels that are known, (y, x).

        Half is always rounded up, so that a window says of a point what the whole picture does.
        """
        rows, cols = (np.floor(place + 0.5).astype(np.intp) for place in (self.row, self.col))
        return self.chosen(known[rows, cols % known.shape[1]])


def joined(blocks: Sequence[Points]) -> Points:
    """Points one after the other; all have the same variables. None at all have none."""
    if len(blocks) == 1:
        return blocks[0]
    if not blocks:
        return Points(np.zeros(0), np.zeros(0), {})
    row, col = (np.concatenate([getattr(each, name) for each in blocks]) for name in ("row", "col"))
    values = {n: np.concatenate([each.values[n] for each in blocks]) for n in blocks[0].values}
    cornered = [each.corners for each in blocks if each.corners is not None]
    if not cornered:
        return Points(row, col, values)
    parts = (
        np.concatenate([getattr(each, name) for each in cornered])
        for name in ("row", "col", "weight")
    )
    return Points(row, col, values, Corners(*parts))


def _within(row: Any, col: Any, size: tuple[int, int]) -> npt.NDArray[np.bool_]:  # noqa: ANN401
    inside = (row >= 0) & (row <= size[0] - 1) & (col >= 0) & (col <= size[1] - 1)
    return np.asarray(inside, np.bool_)


LabelOrPoints = Label | Points


def flip_truth(truth: LabelOrPoints, axis: int, size: tuple[int, int]) -> LabelOrPoints:
    """The truth of a window of a size, mirrored along x (axis -1) or y (axis -2)."""
    if not isinstance(truth, Points):
        return np.flip(truth, axis) if truth.ndim else truth
    last = size[axis] - 1
    if axis == -1:
        return truth.moved(lambda row, col: (row, last - col))
    return truth.moved(lambda row, col: (last - row, col))


def turn_truth(truth: LabelOrPoints, quarters: int, side: int) -> LabelOrPoints:
    """The truth of a square window of a side, turned by quarters as `numpy.rot90` does it."""
    if not isinstance(truth, Points):
        return np.rot90(truth, quarters) if truth.ndim else truth
    for _ in range(quarters % 4):
        truth = truth.moved(lambda row, col: (side - 1 - col, row))
    return truth


def gather(truths: Sequence[LabelOrPoints]) -> dict[str, npt.NDArray[np.generic]]:
    """The truth of a batch of windows.

    Returns:
        `label` (window, ...) int8; or of points `point` (point, 3) float32: number of the window,
        row and column, and each variable (point[, level]). Where points have corners, these are
        `corner` (point, 4, 3) int64, number of the window, row and column, and `weight` (point, 4)
        float32.
    """
    points = [each for each in truths if isinstance(each, Points)]
    if not points:
        return {"label": np.stack([np.asarray(truth) for truth in truths])}
    whole = joined(points)
    number = np.repeat(np.arange(len(points)), [len(each) for each in points])
    place = np.stack([number, whole.row, whole.col], axis=1).astype(np.float32)
    found = {"point": place, **whole.values}
    if whole.corners is not None:
        numbers = np.broadcast_to(number[:, None], whole.corners.row.shape)
        corner = np.stack([numbers, whole.corners.row, whole.corners.col], axis=-1)
        found |= {"corner": corner, "weight": whole.corners.weight.astype(np.float32)}
    return found
