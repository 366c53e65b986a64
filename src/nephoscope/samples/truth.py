"""Truth of a window: a label of each pixel, one label of all, or points within it.

`pixels` is (y, x) int8 and `frame` () int8, -1 unknown, 0 clear, 1 cloud; `points` are `Points`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Label = npt.NDArray[np.int8]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Points:
    """Truth at places of a picture, as a track gives it.

    Attributes:
        row: (point,) rows, whole at the middle of a pixel.
        col: (point,) columns.
        values: name of a variable → (point[, level]).
    """

    row: Floats
    col: Floats
    values: Mapping[str, npt.NDArray[np.generic]]

    def __len__(self) -> int:
        return len(self.row)

    def chosen(self, which: npt.NDArray[np.bool_] | slice) -> Points:
        """Some of the points."""
        values = {name: value[which] for name, value in self.values.items()}
        return Points(self.row[which], self.col[which], values)

    def inside(self, row: int, col: int, size: tuple[int, int], width: int | None) -> Points:
        """The points between the outermost pixels of a window, counted from its first one.

        Args:
            row: first row of the window.
            col: first column of the window.
            size: its rows and columns.
            width: columns after which the first follows the last; None where columns end.
        """
        rows, cols = self.row - row, self.col - col
        if width is not None:
            cols = np.mod(cols, width)
        within = (rows >= 0) & (rows <= size[0] - 1) & (cols >= 0) & (cols <= size[1] - 1)
        return replace(self, row=rows, col=cols).chosen(within)

    def seen(self, known: npt.NDArray[np.bool_]) -> Points:
        """The points in pixels that are known, (y, x).

        Half is always rounded up, so that a window says of a point what the whole picture does.
        """
        rows, cols = (np.floor(place + 0.5).astype(np.intp) for place in (self.row, self.col))
        return self.chosen(known[rows, cols % known.shape[1]])


LabelOrPoints = Label | Points


def flip_truth(truth: LabelOrPoints, axis: int, size: tuple[int, int]) -> LabelOrPoints:
    """The truth of a window of a size, mirrored along x (axis -1) or y (axis -2)."""
    if isinstance(truth, Points):
        name = ("row", "col")[axis]
        return replace(truth, **{name: size[axis] - 1 - getattr(truth, name)})
    return np.flip(truth, axis) if truth.ndim else truth


def turn_truth(truth: LabelOrPoints, quarters: int, side: int) -> LabelOrPoints:
    """The truth of a square window of a side, turned by quarters as `numpy.rot90` does it."""
    if isinstance(truth, Points):
        for _ in range(quarters % 4):
            truth = replace(truth, row=side - 1 - truth.col, col=truth.row)
        return truth
    return np.rot90(truth, quarters) if truth.ndim else truth


def gather(truths: Sequence[LabelOrPoints]) -> dict[str, npt.NDArray[np.generic]]:
    """The truth of a batch of windows.

    Returns:
        `label` (window, ...) int8; or of points `point` (point, 3) float32: number of the window,
        row and column, and each variable (point[, level]).
    """
    points = [each for each in truths if isinstance(each, Points)]
    if not points:
        return {"label": np.stack([np.asarray(truth) for truth in truths])}
    number = np.repeat(np.arange(len(points)), [len(each) for each in points])
    row, col = (np.concatenate([getattr(each, name) for each in points]) for name in ("row", "col"))
    values = {n: np.concatenate([each.values[n] for each in points]) for n in points[0].values}
    return {"point": np.stack([number, row, col], axis=1).astype(np.float32), **values}
