"""The quality flag: why a pixel has no prediction, and which predictions to trust less."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from nephoscope.products import cf

BoolArray = npt.NDArray[np.bool_]

# A JPEG block is 8 pixels wide: black from a gore rings that far into the data.
NEAR_PIXELS = 8
# Swath gores take up to 17 % of a whole map (measured on 25 maps of sub-phase P01); a map that
# lacks swaths lacks more than a third.
PARTIAL_SHARE = 0.25


def quality_flag(
    missing: BoolArray,
    *,
    outside: BoolArray | None = None,
    blank: BoolArray | None = None,
    background: bool = True,
    other_grid: bool = False,
    other_season: bool = False,
    wraps: bool = True,
) -> npt.NDArray[np.uint8]:
    """Combine what is known about every pixel into the bits of `cf.QUALITY_FLAGS`.

    Args:
        missing: (y, x) bool, the map has no data there.
        outside: broadcastable to (y, x) bool, beyond bounds of the instrument.
        blank: broadcastable to (y, x) bool, no prediction was asked for there.
        background: whether the network knew what clear looks like.
        other_grid: whether the scene's grid is unlike what the model learned on.
        other_season: whether the scene is of a season that the model did not learn.
        wraps: whether the first column is the neighbour of the last.

    Returns:
        (y, x) uint8.
    """
    flag = np.where(near(missing, NEAR_PIXELS, wraps), cf.NEAR_MISSING_DATA, np.uint8(0))
    flag[missing] = cf.MISSING
    if outside is not None:
        flag |= outside * cf.OUTSIDE
    if blank is not None:
        flag |= blank * cf.NOT_REQUESTED
    if missing_share(missing, outside) > PARTIAL_SHARE:
        flag |= cf.PARTIAL
    if not background:
        flag |= cf.BACKGROUND_ABSENT
    if other_grid:
        flag |= cf.OTHER_GRID
    if other_season:
        flag |= cf.OTHER_SEASON
    return flag


def own_quality_flag(
    missing: BoolArray,
    own: Mapping[str, BoolArray],
    *,
    blank: BoolArray | None = None,
    background: bool = True,
    other_grid: bool = False,
) -> npt.NDArray[np.uint16]:
    """Combine what is known about every pixel with the bits that are an instrument's own.

    Args:
        missing: (y, x) bool, nothing is said there.
        own: name of a bit → (y, x) bool, in order.
        blank: as for `quality_flag`.
        background: as for `quality_flag`.
        other_grid: as for `quality_flag`.

    Returns:
        (y, x) uint16.
    """
    everywhere = (0 if background else cf.BACKGROUND_ABSENT) | (cf.OTHER_GRID if other_grid else 0)
    flag = np.full(missing.shape, everywhere, np.uint16)
    flag[missing] |= cf.MISSING
    if blank is not None:
        flag |= blank * np.uint16(cf.NOT_REQUESTED)
    for number, where in enumerate(own.values()):
        flag |= where * np.uint16(cf.FIRST_OF_OWN << number)
    return flag


def missing_share(missing: BoolArray, outside: BoolArray | None = None) -> float:
    """The share (0..1) of the pixels of `missing` (y, x) that lack data, where not `outside`."""
    if outside is None:
        return float(missing.mean())
    inside = np.broadcast_to(~outside, missing.shape)
    return int(np.count_nonzero(missing & inside)) / max(int(np.count_nonzero(inside)), 1)


def near(where: BoolArray, pixels: int, wraps: bool) -> BoolArray:
    """Grow `where` (y, x) by a square of `pixels` on each side; x wraps if `wraps`."""
    for axis in (0, 1):
        where = _grow(where, pixels, axis, wraps and axis == 1)
    return where


def _grow(where: BoolArray, pixels: int, axis: int, wraps: bool) -> BoolArray:
    """Grow along one axis, doubling the reach with every pass."""
    width = [(0, 0), (0, 0)]
    width[axis] = (pixels, pixels)
    grown = np.pad(where, width, mode="wrap" if wraps else "constant")
    reach, window = 1, 2 * pixels + 1
    while reach < window:
        step = min(reach, window - reach)
        head = (slice(None),) * axis + (slice(None, -step),)
        tail = (slice(None),) * axis + (slice(step, None),)
        grown = grown[head] | grown[tail]
        reach += step
    return grown
