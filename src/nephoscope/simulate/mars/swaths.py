"""Swaths of the camera: 13 a sol, with seams, limb, gores, terminator and polar night."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nephoscope.instruments.marci.grid import MARS
from nephoscope.simulate.fractal import AnyFloats, FloatArray

SWATHS = 13
WIDTH = MARS.cols / SWATHS
BORDER_WEST, BORDER_EAST = 4, 3
# Columns by which the channels' edges are out of register: red begins and ends further west.
FRINGE = (-4, 0, 3)
# Rows of the southern end: where the terminator's teeth begin, and where night is complete.
TOOTH_ROW, NIGHT_ROW = 1300, 1480
LIMB = 62.0  # emission angle at a swath's edges, degrees
MINNAERT = (0.93, 0.90, 0.83)  # exponent k per channel
_STEPS = 256  # positions in a swath for which the limb is tabulated


@dataclass(frozen=True)
class Swaths:
    """Position of each pixel in the day's swaths.

    Args:
        position: (y, x) float32, 0 at the western edge of its swath, 1 at the eastern.
        number: (y, x) int16, number of the swath, 0..SWATHS-1.
    """

    position: FloatArray
    number: NDArray[np.int16]


def lay_swaths(rng: np.random.Generator) -> Swaths:
    """Lay the swaths of one day: seams are tilted, curved and kinked in the south."""
    row = np.arange(MARS.rows, dtype=np.float32)[:, None]
    col = np.arange(MARS.cols, dtype=np.float32)[None, :]
    tilt = 70 * (row - 300) / 1000 + 25 * np.sin(row / 420)
    kink = -1.1 * np.maximum(row - 1240, 0) * (row < TOOTH_ROW) - 66 * (row >= TOOTH_ROW)
    across = (col - tilt - kink - np.float32(rng.uniform(0, WIDTH))) / np.float32(WIDTH)
    number = np.floor(across)
    return Swaths(np.asarray(across - number, np.float32), np.asarray(number % SWATHS, np.int16))


def illuminate(rng: np.random.Generator, image: FloatArray, swaths: Swaths) -> None:
    """Brighten limbs, set each swath's level and dim the low sun, in place.

    Minnaert's law I = I0 mu0^k mu^(k-1) (Minnaert 1941) with k < 1 brightens the slant view of a
    swath's edges; haze makes blue brighten most. `image` is (channel, y, x) float32, DN.
    """
    centres = (np.arange(_STEPS) + 0.5) / _STEPS
    emission = np.cos(np.deg2rad(LIMB) * np.abs(2 * centres - 1))
    step = swaths.number * np.int16(_STEPS) + (swaths.position * _STEPS).astype(np.int16)
    latitude = MARS.latitude().astype(np.float32)[:, None]
    sun = np.cos(np.deg2rad(np.clip(latitude - 18, -88, 88)))
    low_sun = np.where(latitude < -25, (sun / 0.73) ** 0.25, 1).astype(np.float32)
    common = 1 + 0.03 * rng.standard_normal(SWATHS)
    for plane, minnaert in zip(image, MINNAERT, strict=True):
        level = common + 0.012 * rng.standard_normal(SWATHS)
        gain = level[:, None] * (emission ** (minnaert - 1) * 0.955)[None, :]
        plane *= gain.astype(np.float32).ravel()[step]
        plane *= low_sun


def black_out(rng: np.random.Generator, image: FloatArray, swaths: Swaths) -> None:
    """Set pixels that the camera did not see to 0, in place; channels end at different columns."""
    unseen = _gores(rng, swaths) | _dropouts(rng)
    for plane, shift in zip(image, FRINGE, strict=True):
        plane[np.roll(unseen, shift, axis=1)] = 0
    night, red_only = _night(swaths)
    image[:, night] = 0
    image[1:, red_only] = 0
    image[0, red_only] = 254
    image[:, :, :BORDER_WEST] = 0
    image[:, :, -BORDER_EAST:] = 0


def _gores(rng: np.random.Generator, swaths: Swaths) -> NDArray[np.bool_]:
    """Lenses between swaths: slivers at some seams, and wide ones where an orbit was lost."""
    row = np.arange(MARS.rows, dtype=np.float32)[:, None]
    unseen = np.zeros(MARS.shape, bool)
    for swath in rng.choice(SWATHS, int(rng.integers(0, 3)), replace=False):
        _open_lens(unseen, swaths, int(swath), (row - rng.uniform(330, 400)) / 1150, 0.8)
    for swath in rng.choice(SWATHS, int(rng.integers(1, 6)), replace=False):
        top, length = rng.uniform(600, 900), rng.uniform(150, 350)
        _open_lens(unseen, swaths, int(swath), (row - top) / length, rng.uniform(0.03, 0.1))
    return unseen


def _open_lens(
    unseen: NDArray[np.bool_], swaths: Swaths, swath: int, along: AnyFloats, width: float
) -> None:
    """Open a lens at the western seam of a swath; `along` (y, 1) is 0..1 from tip to tip."""
    # A wide lens runs into the night: its lower tip is cut off there.
    reach = np.clip(along, 0, 1) if width > 0.5 else 4 * np.clip(along * (1 - along), 0, 0.25)
    reach = np.float32(width) * np.sqrt(reach)
    unseen |= (swaths.number == swath) & (swaths.position < reach)
    west = (swaths.number == (swath - 1) % SWATHS) & (swaths.position > 1 - 0.3 * reach)
    unseen |= west & (reach > 0)


def _dropouts(rng: np.random.Generator) -> NDArray[np.bool_]:
    """Lost packets: a block with straight edges on some days."""
    unseen = np.zeros(MARS.shape, bool)
    if rng.random() < 0.4:
        row, col = int(rng.uniform(300, 900)), int(rng.uniform(100, 3300))
        unseen[row : row + int(rng.uniform(80, 300)), col : col + int(rng.uniform(60, 160))] = True
    return unseen


def _night(swaths: Swaths) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Polar night, with a tooth per swath, and the wedges that only the red channel saw."""
    row = np.arange(MARS.rows, dtype=np.float32)[:, None]
    end = NIGHT_ROW - (NIGHT_ROW - TOOTH_ROW) * np.clip(swaths.position, 0, 1) ** 2
    wedge = (row > NIGHT_ROW - 90 + 300 * swaths.position) & (swaths.position < 0.3)
    return np.asarray(row > end), np.asarray(wedge & (row <= end))
