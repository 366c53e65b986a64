"""Simulated map of one day: ground, air and camera put together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nephoscope.instruments.marci.grid import MARS
from nephoscope.simulate.fractal import FloatArray
from nephoscope.simulate.mars.atmosphere import (
    CLOUD_OPTICAL_DEPTH,
    DUST,
    LOW_SUN_HAZE,
    add_layer,
    draw_dust,
    draw_ice,
    draw_low_sun_haze,
    ice_colour,
)
from nephoscope.simulate.mars.swaths import black_out, illuminate, lay_swaths

# The rows and columns in which real labels of sub-phase P01 are valid.
LABEL_ROWS, LABEL_COLS = slice(189, 1336), slice(4, 3597)
UNKNOWN = -1


def observe(surface: FloatArray, seed: int, day: int) -> tuple[NDArray[np.uint8], NDArray[np.int8]]:
    """Map of one day of a planet, and its truth.

    Args:
        surface: the ground, (channel, y, x) float32, DN, the same on all days.
        seed: the planet.
        day: 1, 2, ...; air and swaths are drawn anew each day.

    Returns:
        The map, (y, x, channel) uint8 DN, and the truth, (y, x) int8 as a label: -1 unknown
        (unseen, or outside the box of real labels), 0 clear, 1 cloud; row 0 = 90 N.
    """
    rng = np.random.default_rng((seed, day))
    image = surface.copy()
    add_layer(image, draw_dust(rng), DUST)
    add_layer(image, draw_low_sun_haze(rng), LOW_SUN_HAZE)
    ice = draw_ice(rng)
    add_layer(image, ice, ice_colour())
    swaths = lay_swaths(rng)
    illuminate(rng, image, swaths)
    image += rng.standard_normal(MARS.shape, np.float32)
    np.clip(image, 1, 255, out=image)
    black_out(rng, image, swaths)
    return _as_pixels(image), _truth(ice, image)


def _as_pixels(image: FloatArray) -> NDArray[np.uint8]:
    return np.ascontiguousarray(np.rint(image).astype(np.uint8).transpose(1, 2, 0))


def _truth(ice: FloatArray, image: FloatArray) -> NDArray[np.int8]:
    truth = np.full(MARS.shape, UNKNOWN, np.int8)
    box = LABEL_ROWS, LABEL_COLS
    seen = (image[(slice(None), *box)] > 0).all(axis=0)
    truth[box] = np.where(seen, ice[box] > CLOUD_OPTICAL_DEPTH, UNKNOWN)
    return truth
