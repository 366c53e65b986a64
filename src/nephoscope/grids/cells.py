"""Cells of a few pixels each, and their values at any latitude and longitude."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nephoscope.grids.spacing import Spacing

FloatArray = npt.NDArray[np.float32]
Floats = npt.NDArray[np.floating]


@dataclass(frozen=True)
class CellGrid:
    """Grid of cells, counted on pixels from the first row and column on.

    Attributes:
        latitude: of the pixels' rows.
        longitude: of the pixels' columns.
        cell: side of a cell, pixels; the last cells may be cut short.
    """

    latitude: Spacing
    longitude: Spacing
    cell: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the pixels."""
        return self.latitude.size, self.longitude.size

    def covers(self, latitude: Floats, longitude: Floats) -> bool:
        """Whether all of a scene, (y,) and (x,) degrees, lies on the pixels."""
        rows = self.latitude.place(latitude)
        if not _within(rows, self.latitude.size):
            return False
        cols = self.longitude.place_around(longitude)
        return self.longitude.goes_round or _within(cols, self.longitude.size)

    def sample(
        self, cells: FloatArray, latitude: Floats, longitude: Floats, out: FloatArray | None = None
    ) -> FloatArray:
        """Bilinear values of (statistic, cell row, cell column) at (y,) and (x,) degrees."""
        rows, cols = self.latitude.place(latitude), self.longitude.place_around(longitude)
        width = self.longitude.size if self.longitude.goes_round else None
        return interpolate_cells(cells, self.cell, rows, cols, width, out)


def _within(places: Floats, size: int) -> bool:
    return bool((places >= -0.5).all() and (places <= size - 0.5).all())


def cell_centres(degrees: Floats, cell: int) -> Floats:
    """The mean of each cell's pixels along one axis."""
    starts = np.arange(0, degrees.size, cell)
    return np.asarray(np.add.reduceat(degrees, starts) / np.diff([*starts, degrees.size]))


def spacing_of_centres(centres: Floats, cell: int, size: int) -> Spacing | None:
    """The pixels' spacing along an axis, from the first two centres; None where there is one."""
    if centres.size < 2:
        return None
    first, second = cell, min(2 * cell, size) - cell
    step = float(centres[1] - centres[0]) / ((first + second) / 2)
    step = float(f"{step:.9g}")  # 0.1, not 0.09999999999999787
    return Spacing(round(float(centres[0]) - step * (first - 1) / 2, 9), step, size)


def interpolate_cells(
    cells: FloatArray,
    cell: int,
    rows: npt.NDArray[np.number],
    cols: npt.NDArray[np.number],
    width: int | None,
    out: FloatArray | None = None,
) -> FloatArray:
    """Bilinear values of pixels between the centres of cells, clamped in y and wrapping in x.

    Args:
        cells: (statistic, cell row, cell column) float32 without NaN.
        cell: side of a cell, pixels.
        rows: (y,) rows of the pixels, whole or not; may lie beyond the first or last.
        cols: (x,) columns of the pixels, whole or not.
        width: columns after which the first follows the last; None where columns end.
        out: (statistic, y, x) float32 to write into; made when not given.
    """
    if out is None:
        out = np.empty((len(cells), rows.size, cols.size), np.float32)
    above, below, weight = _between(rows, cell, cells.shape[1])
    if width is None:
        left, right, share = _between(cols, cell, cells.shape[2])
    else:
        left, right, share = _around(cols, cell, cells.shape[2], width)
    for values, target in zip(cells, out, strict=True):
        wide = values[:, left] * (1 - share) + values[:, right] * share
        np.multiply(wide[above], (1 - weight)[:, None], out=target)
        target += wide[below] * weight[:, None]
    return out


Neighbours = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], FloatArray]


def _between(pixels: npt.NDArray[np.number], cell: int, cells: int) -> Neighbours:
    """For each pixel the cells before and after it, and the weight of the one after."""
    place = (pixels + 0.5) / cell - 0.5
    before = np.floor(place).astype(np.intp)
    weight = (place - before).astype(np.float32)
    return np.clip(before, 0, cells - 1), np.clip(before + 1, 0, cells - 1), weight


def _around(pixels: npt.NDArray[np.number], cell: int, cells: int, width: int) -> Neighbours:
    """As `_between`, where the first cell follows the last, which may be cut short."""
    pixels = np.mod(pixels, width)
    place = (pixels + 0.5) / cell - 0.5
    cut = width % cell
    if cut:
        # The centres of the last cell, and of the first one turn on, are nearer than a cell.
        last, short, turn = cells - 1, (cell + cut) / 2, (cells - 1) * cell + (cut - 1) / 2
        beside, across = pixels - (turn - short), np.mod(pixels - turn, width)
        place = np.where((beside > 0) & (beside < short), last - 1 + beside / short, place)
        place = np.where(across < short, last + across / short, place)
    before = np.floor(place).astype(np.intp)
    weight = (place - before).astype(np.float32)
    return before % cells, (before + 1) % cells, weight
