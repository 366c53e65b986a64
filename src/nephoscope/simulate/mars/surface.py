"""Ground of Mars: bright deserts, dark maria, rough highlands, the northern cap."""

from __future__ import annotations

import numpy as np

from nephoscope.grids.plate_carree import PlateCarree
from nephoscope.instruments.marci.grid import MARS
from nephoscope.simulate.fractal import FloatArray, bump, enlarge, fractal, sigmoid

COARSE = PlateCarree(rows=901, cols=1800, step=0.2)
"""Where smooth fields are drawn before they are enlarged to the map's grid."""

# Clear-sky DN (red, green, blue) of a map's stretch: medians over real maps of Ls 132-140.
# Blue hardly tells dark from bright ground: dust absorbs it (Bell et al. 2009,
# doi 10.1029/2008JE003315).
DESERT = (116.0, 80.0, 68.0)
MARIA = (47.0, 55.0, 66.0)
HIGHLAND_RIM = (70.0, 34.0, 14.0)
NORTHERN_PLAIN = (98.0, 76.0, 71.0)
CAP = (290.0, 262.0, 300.0)  # beyond 255: saturated in most maps
CAP_RIM = (58.0, 62.0, 82.0)


def draw_surface(rng: np.random.Generator) -> FloatArray:
    """Draw the ground of one planet, the same on all its days.

    Returns:
        (channel, y, x) float32, DN, 3 x 1801 x 3600, as seen at the centre of a swath in clear air.
    """
    bright = _albedo(rng)
    tint = fractal(rng, COARSE.shape, 1.6, 1.5)
    surface = np.stack(
        [
            dark + (light - dark) * bright + np.float32(cast) * tint
            for dark, light, cast in zip(MARIA, DESERT, (4, 2, 4), strict=True)
        ]
    )
    _add_rims(rng, surface)
    _add_cap(rng, surface)
    return _with_detail(rng, surface)


def _albedo(rng: np.random.Generator) -> FloatArray:
    """Share of bright dust on the ground, 0 (maria) to 1 (desert): (y, x) float32."""
    large = fractal(rng, COARSE.shape, 2.4, 1.6, smallest=3, largest=400)
    shore = fractal(rng, COARSE.shape, 1.5, 1.6, largest=150)
    # Maria gather in the south and in a belt of the northern plains, as on Mars.
    wanted = 1.0 - 0.75 * bump(latitudes(), -28, 18) - 0.7 * bump(latitudes(), 60, 12)
    bright = sigmoid(5 * (0.8 * large + 0.45 * shore + wanted))
    return np.asarray(bright * (1 + 0.09 * shore), np.float32)


def _add_rims(rng: np.random.Generator, surface: FloatArray) -> None:
    """Bright orange crater rims and ridges of the southern highlands."""
    rough = fractal(rng, COARSE.shape, 1.3, smallest=2.5)
    where = fractal(rng, COARSE.shape, 2.0)
    ridges = bump(rough, 0, 0.13) * bump(latitudes(), -18, 17) * sigmoid(2.5 * where)
    for plane, rim in zip(surface, HIGHLAND_RIM, strict=True):
        plane += np.float32(0.8 * rim) * ridges


def _add_cap(rng: np.random.Generator, surface: FloatArray) -> None:
    """The residual cap with its dark rim of dunes and outlying frost."""
    streaks = fractal(rng, COARSE.shape, 1.7, 8.0, largest=100)
    latitude = latitudes()
    rim = sigmoid((latitude - 77.0 + 2.0 * streaks) / 0.8)
    ice = sigmoid((latitude - 82.5 + 2.2 * streaks) / 0.25)
    ice = np.maximum(ice, bump(latitude, 76.5, 1.6) * sigmoid(9 * (streaks - 1.4)))
    plain = np.float32(0.6) * bump(latitude, 68, 8)
    for plane, flat, dune, white in zip(surface, NORTHERN_PLAIN, CAP_RIM, CAP, strict=True):
        for colour, cover in ((flat, plain), (dune, rim), (white, ice)):
            plane += (np.float32(colour) - plane) * cover


def _with_detail(rng: np.random.Generator, surface: FloatArray) -> FloatArray:
    rough = fractal(rng, MARS.shape, 0.9, smallest=1.0)
    return np.stack(
        [
            enlarge(plane, MARS.shape) + np.float32(share) * rough
            for plane, share in zip(surface, (4.5, 3.0, 2.0), strict=True)
        ]
    )


def latitudes() -> FloatArray:
    """Latitude of the coarse rows: (y, 1) float32, degrees north."""
    return COARSE.latitude().astype(np.float32)[:, None]
