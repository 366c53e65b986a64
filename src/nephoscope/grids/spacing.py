"""Evenly spaced latitudes and longitudes: which number of row or column a degree has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nephoscope.errors import UsageError

Floats = npt.NDArray[np.floating]
# Degrees are decimal fractions; what is left beyond this digit of a row is binary noise.
_DIGITS = 6
_UNEVEN = 0.02  # of a step; degrees in float32 are within it


@dataclass(frozen=True)
class Spacing:
    """Degrees along an axis of pixels: `first + step * number`.

    Attributes:
        first: of pixel 0.
        step: from a pixel to the next, never 0; negative where degrees fall.
        size: number of pixels.
    """

    first: float
    step: float
    size: int

    @property
    def goes_round(self) -> bool:
        """Whether the pixels span 360 degrees, so that the first follows the last."""
        return self.size > 1 and abs(abs(self.step) * self.size - 360.0) < abs(self.step) / 2

    def place(self, degrees: Floats) -> npt.NDArray[np.float64]:
        """Fractional number of pixel of latitudes, same shape."""
        return np.asarray(np.round((np.asarray(degrees, float) - self.first) / self.step, _DIGITS))

    def place_around(self, degrees: Floats) -> npt.NDArray[np.float64]:
        """Fractional number of pixel of longitudes, of any turn, same shape.

        Within 0..size where pixels go round; else below 0 or above it beside what is nearer.
        """
        places, turn = self.place(degrees), 360.0 / abs(self.step)
        if self.goes_round:
            return np.asarray(np.mod(places, self.size))
        before = (turn - self.size) / 2
        return np.asarray(np.mod(places + before, turn) - before)


def spacing_of(degrees: Floats, around: bool = False) -> Spacing:
    """The spacing of (pixel,) degrees.

    Args:
        degrees: at least two.
        around: they are longitudes, which may pass from 359.9 to 0 or from 179.9 to -180.

    Raises:
        UsageError: they are not evenly spaced, or not degrees.
    """
    values, name = (
        np.asarray(degrees, float),
        f"the scene's {'longitude' if around else 'latitude'}",
    )
    if values.ndim != 1 or values.size < 2:
        problem = f"has shape {values.shape}: two values or more on one axis are wanted"
        raise UsageError(f"{name} {problem}")
    if not np.isfinite(values).all():
        raise UsageError(f"{name} holds values that are no number")
    if np.abs(values).max() > (360.0 if around else 90.0):
        raise UsageError(f"{name} reaches {values[np.abs(values).argmax()]:g}: beyond any degree")
    steps = np.diff(values)
    if around:
        steps = np.mod(steps + 180.0, 360.0) - 180.0
    step = float(np.median(steps))
    if not step or np.abs(steps - step).max() > _UNEVEN * abs(step):
        raise UsageError(f"{name} is not evenly spaced: a plate carrée grid is wanted")
    return Spacing(float(values[0]), step, values.size)
