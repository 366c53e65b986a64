"""Placing of a scene on its planet: turned north up and eastwards; where tiles may begin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nephoscope.grids.spacing import Spacing, spacing_of

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.floating]
NORTH, WEST = 90.0, -180.0  # where rows and columns are counted from


@dataclass(frozen=True)
class Placing:
    """A scene's axes after its rows were turned to run southwards and its columns eastwards.

    Attributes:
        latitude: (y,) degrees, falling.
        longitude: (x,) degrees, rising.
        flip: whether rows and whether columns were reversed.
        shift: columns by which a scene that goes round was rolled.
        wraps: whether the first column follows the last.
        start: number of the first row and column, counted from the pole and from 180 W.
    """

    latitude: Floats
    longitude: Floats
    flip: tuple[bool, bool] = (False, False)
    shift: int = 0
    wraps: bool = False
    start: tuple[int, int] = (0, 0)

    @property
    def turns(self) -> bool:
        """Whether rows or columns of the scene lie otherwise."""
        return any(self.flip) or self.shift > 0

    def turn(self, array: Array) -> Array:
        """(…, y, x) as the scene has it → north up and eastwards; a view where nothing rolls."""
        if not self.turns:
            return array
        array = array[..., :: -1 if self.flip[0] else 1, :: -1 if self.flip[1] else 1]
        return np.roll(array, -self.shift, axis=-1) if self.shift else array

    def turn_back(self, array: Array) -> Array:
        """The reverse of `turn`."""
        array = np.roll(array, self.shift, axis=-1) if self.shift else array
        return array[..., :: -1 if self.flip[0] else 1, :: -1 if self.flip[1] else 1]

    def rows_back(self, rows: slice) -> slice:
        """Rows as the scene has them of rows counted from the north."""
        if not self.flip[0]:
            return rows
        height = self.latitude.size
        return slice(height - rows.stop, height - rows.start)

    def latitude_at(self, rows: npt.NDArray[np.intp]) -> Floats:
        """Latitudes of rows, carried on in a straight line beyond the scene."""
        step = self.latitude[1] - self.latitude[0] if self.latitude.size > 1 else 0.0
        return np.asarray(self.latitude[0] + step * rows)

    def longitude_at(self, cols: npt.NDArray[np.intp]) -> Floats:
        """Longitudes of columns, carried on in a straight line beyond the scene."""
        if cols[0] >= 0 and cols[-1] < self.longitude.size:
            return self.longitude[cols]
        step = self.longitude[1] - self.longitude[0]
        return np.asarray(self.longitude[0] + step * cols)


ASIDE = Placing(np.zeros(0), np.zeros(0))
"""Of a scene whose pixels have places of their own: it stays as it lies."""


def place(latitude: Floats, longitude: Floats) -> Placing:
    """Find how a scene of a plate carrée grid lies.

    Args:
        latitude: (y,) degrees, rising or falling.
        longitude: (x,) degrees, rising or falling, of any turn; all zero with the latitudes where
            a frame has no places.

    Raises:
        UsageError: they are not evenly spaced, or not degrees.
    """
    if not latitude.any() and not longitude.any():
        return Placing(latitude, longitude)
    rows, cols = axes_of(latitude, longitude)
    flip = rows.step > 0, cols.step < 0
    latitude, longitude = (
        axis[::-1] if turned else axis
        for axis, turned in zip((latitude, longitude), flip, strict=True)
    )
    step, shift = abs(cols.step), 0
    if cols.goes_round:
        from_west = np.mod(longitude - WEST + step / 2, 360.0)
        shift = int(from_west.argmin())
        longitude = np.roll(longitude, -shift)
    if not (longitude[1:] > longitude[:-1]).all():
        # Within -180..180 as far as they go; beyond where they pass 180.
        longitude = WEST + np.mod(longitude[0] - WEST, 360.0) + step * np.arange(longitude.size)
    start = (
        round((NORTH - float(latitude[0])) / abs(rows.step)),
        round(float(np.mod(longitude[0] - WEST, 360.0)) / step) if not cols.goes_round else 0,
    )
    return Placing(latitude, longitude, flip, shift, cols.goes_round, start)


def axes_of(latitude: Floats, longitude: Floats) -> tuple[Spacing, Spacing]:
    """The spacing of a scene's rows and columns.

    Raises:
        UsageError: they are not evenly spaced, or not degrees.
    """
    return spacing_of(latitude), spacing_of(longitude, around=True)
