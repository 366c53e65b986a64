"""Image circle of a whole-sky lens: where the sky is, and how far from the zenith."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from nephoscope.instruments.skycam.pictures import grey

HORIZON = 90.0  # zenith angle at the edge of the circle, degrees
_MARGIN = 1.03  # a fitted circle is off by a hundredth or two: nothing of the sky may be lost
_STRIP = 2**21  # pixels that are worked on at once
_COARSE = 120  # pixels along the shorter side on which the circle is looked for
_CORNER = 0.06  # share of each side that a corner patch takes
_DARK = 0.25  # corners are below this share of the brightness of the middle
_LEVEL = 0.12  # lit is above this share: under thick cloud the edge of the sky is dim
_FIT = 0.9  # least overlap (intersection over union) of the lit region and the ellipse
_SIZE = 0.35, 0.95  # an image circle takes at least and at most these shares of the frame
_OFF_CENTRE = 0.2  # at most this share of a side lies between its centre and the frame's


@dataclass(frozen=True)
class Circle:
    """An ellipse along the axes: a circle, or one in a picture that was squeezed.

    Args:
        row, col: centre, pixels.
        radius_y, radius_x: semi-axes, pixels.
    """

    row: float
    col: float
    radius_y: float
    radius_x: float

    def zenith_angle(self, shape: tuple[int, int]) -> NDArray[np.float32]:
        """Zenith angle of each pixel for an equidistant lens that points up.

        Args:
            shape: rows and columns.

        Returns:
            (y, x) float32, degrees: 0 at the centre, 90 at the edge, above 90 outside.
        """
        rows = ((np.arange(shape[0], dtype=np.float32) - self.row) / self.radius_y)[:, None]
        cols = ((np.arange(shape[1], dtype=np.float32) - self.col) / self.radius_x)[None, :]
        angle = rows**2 + cols**2
        np.sqrt(angle, out=angle)
        angle *= np.float32(HORIZON)
        return np.asarray(angle, np.float32)

    def inside(self, shape: tuple[int, int]) -> NDArray[np.bool_]:
        """(y, x) bool, what is surely within the circle."""
        return np.asarray(self.zenith_angle(shape) < (2 - _MARGIN) * HORIZON)


def find_circle(image: NDArray[np.float32], black: float = math.inf) -> Circle | None:
    """Image circle of a whole-sky frame, from its dark corners and elliptic bright region.

    Args:
        image: (y, x) or (channel, y, x) of red, green and blue, float32, any unit, NaN where
            missing.
        black: the corners must be darker than this, in the unit of `image`.

    Returns:
        the circle; None for a frame without dark corners or with a bright region that is no
        ellipse: a picture of a part of the sky.
    """
    step = max(min(image.shape[-2:]) // _COARSE, 1)
    coarse = _reduced(image, step)
    lit = _lit_region(ndimage.median_filter(coarse, 3), black)
    if lit is None:
        return None
    ellipse = _ellipse(lit)
    inside = ellipse.zenith_angle((lit.shape[0], lit.shape[1])) <= HORIZON
    overlap = (lit & inside).sum() / (lit | inside).sum()
    if overlap < _FIT or not _SIZE[0] <= inside.mean() <= _SIZE[1]:
        return None
    off = max(abs(ellipse.row / lit.shape[0] - 0.5), abs(ellipse.col / lit.shape[1] - 0.5))
    if off > _OFF_CENTRE:
        return None
    centre = (step - 1) / 2
    return Circle(
        ellipse.row * step + centre,
        ellipse.col * step + centre,
        ellipse.radius_y * step,
        ellipse.radius_x * step,
    )


def white_surround(image: NDArray[np.float32], white: float) -> NDArray[np.bool_]:
    """Where a picture is white around a round sky, as one is that was saved without transparency.

    Args:
        image: (channel, y, x) float32.
        white: every channel of the surround is at least this, in the unit of `image`.

    Returns:
        (y, x) bool; nowhere, unless all corners are white and what is not white is a circle.
    """
    rows, cols = image.shape[1:]
    high, wide = max(round(rows * _CORNER), 1), max(round(cols * _CORNER), 1)
    nowhere = np.zeros((rows, cols), np.bool_)
    if any((image[:, y, x] < white).any() for y in _ends(high) for x in _ends(wide)):
        return nowhere
    parts, _ = ndimage.label((image >= white).all(0))
    outside = np.isin(parts, [parts[y, x] for y in (0, -1) for x in (0, -1)])
    return nowhere if find_circle((~outside).astype(np.float32)) is None else outside


def blank_outside(image: NDArray[np.float32], circle: Circle) -> None:
    """Make what lies outside of the circle missing, in place.

    Args:
        image: (channel, y, x) float32.
        circle: where the sky is.
    """
    for rows in _strips(image.shape[-2:], 1):
        strip = image[:, rows]
        moved = replace(circle, row=circle.row - rows.start)
        outside = moved.zenith_angle((strip.shape[1], strip.shape[2])) > _MARGIN * HORIZON
        strip[:, outside] = np.nan


def _reduced(image: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    """(y, x) float32, mean brightness of blocks of `step` x `step` pixels."""
    high, wide = (side // step for side in image.shape[-2:])
    parts = []
    for rows in _strips((high * step, wide * step), step):
        strip = image[..., rows, : wide * step]
        bright = strip if strip.ndim == 2 else grey(strip)
        bright = np.nan_to_num(bright, nan=0.0)
        parts.append(bright.reshape(len(bright) // step, step, wide, step).mean((1, 3)))
    return np.concatenate(parts)


def _strips(shape: tuple[int, ...], step: int) -> Iterator[slice]:
    """Rows in strips of whole blocks: a frame of 61 megapixels never stands in memory twice."""
    high = max(_STRIP // max(shape[1], 1) // step, 1) * step
    for first in range(0, shape[0], high):
        yield slice(first, min(first + high, shape[0]))


def _lit_region(coarse: NDArray[np.float32], black: float) -> NDArray[np.bool_] | None:
    """(y, x) bool of the bright region with its holes filled; None if the corners are not dark."""
    rows, cols = coarse.shape
    high, wide = max(round(rows * _CORNER), 1), max(round(cols * _CORNER), 1)
    corners = [coarse[y, x].mean() for y in _ends(high) for x in _ends(wide)]
    inner = coarse[rows // 4 : rows - rows // 4, cols // 4 : cols - cols // 4]
    middle = float(np.median(inner))
    floor = float(np.percentile(coarse, 1))
    # The brightest corner decides, but one corner may catch stray light.
    dark = float(sorted(corners)[-2])
    if dark >= black or middle - floor <= 0 or dark - floor > _DARK * (middle - floor):
        return None
    lit, count = ndimage.label(coarse > dark + _LEVEL * (middle - dark))
    if not count:
        return None
    sizes = np.bincount(lit.ravel())[1:]
    return np.asarray(ndimage.binary_fill_holes(lit == 1 + int(sizes.argmax())))


def _ends(size: int) -> tuple[slice, slice]:
    return slice(None, size), slice(-size, None)


def _ellipse(lit: NDArray[np.bool_]) -> Circle:
    """The ellipse with the centre and second moments of a region: an axis is twice the spread."""
    rows, cols = np.nonzero(lit)
    axes = (2 * math.sqrt(values.var() + 1 / 12) for values in (rows, cols))
    return Circle(float(rows.mean()), float(cols.mean()), *axes)
