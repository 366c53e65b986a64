"""Air of Mars: dust and water-ice clouds of several kinds, as optical depths and as light."""

from __future__ import annotations

import numpy as np

from nephoscope.instruments.marci.grid import MARS
from nephoscope.simulate.fractal import AnyFloats, FloatArray, bump, enlarge, fractal, sigmoid
from nephoscope.simulate.mars.surface import COARSE, latitudes

CLOUD_OPTICAL_DEPTH = 0.2
"""Optical depth of water ice above which the truth says cloud."""

# DN (red, green, blue) of an optically thick layer in a map's stretch. Dust is bright in red and,
# where thick, in blue too; ice is bluish white north of 25 S and whiter where the sun is low.
DUST = (275.0, 186.0, 138.0)
LOW_SUN_HAZE = (262.0, 232.0, 190.0)
ICE = (150.0, 136.0, 215.0)
ICE_LOW_SUN = (192.0, 182.0, 215.0)

# Volcanoes with clouds of their own in northern summer, latitude and longitude east, degrees:
# Olympus, Arsia, Pavonis, Ascraeus, Elysium (IAU gazetteer of planetary nomenclature).
VOLCANOES = ((18.6, -133.8), (-8.3, -120.1), (1.5, -112.9), (11.9, -104.1), (25.0, 147.2))


def draw_dust(rng: np.random.Generator) -> FloatArray:
    """Optical depth of dust: a thin haze, and storms that rival clouds in blue: (y, x) float32."""
    veil = fractal(rng, COARSE.shape, 2.0, 2.0)
    storms = fractal(rng, COARSE.shape, 2.2, 1.6, smallest=3, largest=350)
    plumes = fractal(rng, COARSE.shape, 1.5, 2.0, smallest=2, largest=200)
    front = 0.9 * storms + 0.4 * plumes + 0.3 * bump(latitudes(), -33, 14)
    depth = 0.03 * np.maximum(veil + 1, 0) + 1.5 * np.tanh(0.9 * np.maximum(front - 0.2, 0)) ** 1.3
    return enlarge(np.asarray(depth * sigmoid((66 - latitudes()) / 2), np.float32), MARS.shape)


def draw_low_sun_haze(rng: np.random.Generator) -> FloatArray:
    """Optical depth of the cream-coloured haze towards the southern terminator: (y, x) float32."""
    patches = fractal(rng, COARSE.shape, 1.6, 2.0, smallest=2)
    depth = sigmoid((-47 - latitudes()) / 1.8) * np.maximum(1 + 0.5 * patches, 0)
    return enlarge(np.asarray(1.5 * depth, np.float32), MARS.shape)


def draw_ice(rng: np.random.Generator) -> FloatArray:
    """Optical depth of water-ice clouds of all kinds together: (y, x) float32."""
    depth = _belt(rng) + _hoods(rng)
    _add_orographic(rng, depth)
    _add_lee_waves(rng, depth)
    return np.maximum(enlarge(depth, MARS.shape), 0)


def add_layer(image: FloatArray, depth: FloatArray, colour: tuple[FloatArray | float, ...]) -> None:
    """Add a scattering layer to an image, in place.

    Each channel becomes I exp(-tau) + C (1 - exp(-tau)): the ground is dimmed and the layer's own
    light C added, the single-scattering form for a thin layer that saturates for a thick one
    (e.g. Petty, A First Course in Atmospheric Radiation, 2nd ed., chapter 11).

    Args:
        image: (channel, y, x) float32, DN.
        depth: (y, x) float32 optical depth along the slant path.
        colour: C per channel, DN, a number or (y, 1) float32.
    """
    cover = -np.expm1(-depth)
    for plane, light in zip(image, colour, strict=True):
        plane += (np.asarray(light, np.float32) - plane) * cover


def ice_colour() -> tuple[FloatArray, ...]:
    """Light of thick ice, per channel (y, 1) float32, DN: whiter in the south, with a low sun."""
    low_sun = sigmoid((-27 - MARS.latitude().astype(np.float32)[:, None]) / 4)
    return tuple(
        np.asarray(high + (low - high) * low_sun, np.float32)
        for high, low in zip(ICE, ICE_LOW_SUN, strict=True)
    )


def _belt(rng: np.random.Generator) -> FloatArray:
    """The aphelion belt, 10 S to 30 N, patchy (Wolff et al. 1999, doi 10.1029/98JE01967)."""
    deck = fractal(rng, COARSE.shape, 1.9, 1.6, largest=250)
    wisps = fractal(rng, COARSE.shape, 1.5, 2.2, smallest=1.5, largest=150)
    season = bump(latitudes(), 9, 25) + 0.4 * bump(latitudes(), 45, 15)
    return _above(0.75 * deck + 0.5 * wisps + 1.4 * season, 1.8)


def _hoods(rng: np.random.Generator) -> FloatArray:
    """Edges of the polar hoods: arcs near 60 N, a broken band south of 35 S."""
    arcs = fractal(rng, COARSE.shape, 1.7, 4.0, smallest=1.5, largest=150)
    band = fractal(rng, COARSE.shape, 1.6, 2.5, smallest=1.5, largest=150)
    north = _above(arcs + 1.1 * bump(latitudes(), 64, 9), 2.0)
    south = _above(band + 1.4 * sigmoid((-38 - latitudes()) / 3), 1.5)
    return np.asarray(north + 1.2 * south, np.float32)


def _add_orographic(rng: np.random.Generator, depth: FloatArray) -> None:
    """Clouds on the western flanks of the volcanoes, with a plume downwind, in place."""
    texture = fractal(rng, (200, 250), 1.5)
    y = np.arange(-100, 100, dtype=np.float32)[:, None]
    x = np.arange(-150, 100, dtype=np.float32)[None, :]
    for latitude, longitude in VOLCANOES:
        size, plume = rng.uniform(12, 25), rng.uniform(1.5, 3)
        away = np.hypot(y / size, np.where(x < 0, x / (size * plume), x / size))
        cloud = np.exp(-(away**2)) * (1 + 0.35 * np.roll(texture, int(rng.integers(250)), 1))
        caldera = bump(np.hypot(x, y), 0, 0.25 * size)
        row, col = int(COARSE.to_row(latitude)), int(COARSE.to_col(longitude))
        window = depth[row - 100 : row + 100, col - 150 : col + 100]
        window += np.float32(rng.uniform(0.6, 1.5)) * np.maximum(cloud - 0.15 - 0.8 * caldera, 0)


def _add_lee_waves(rng: np.random.Generator, depth: FloatArray, trains: int = 7) -> None:
    """Trains of parallel cloud bands in the lee of relief, in place."""
    y = np.arange(-75, 75, dtype=np.float32)[:, None]
    x = np.arange(-125, 125, dtype=np.float32)[None, :]
    for _ in range(trains):
        angle, wavelength = rng.uniform(-0.9, 0.9), rng.uniform(11, 22)
        along = x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle))
        across = y * np.float32(np.cos(angle)) - x * np.float32(np.sin(angle))
        train = bump(along, 0, rng.uniform(30, 55)) * bump(across, 0, rng.uniform(15, 30))
        phase = (2 * np.pi / wavelength) * (along + 0.003 * across**2)
        row, col = int(rng.uniform(200, 620)), int(rng.uniform(130, 1670))
        window = depth[row - 75 : row + 75, col - 125 : col + 125]
        window += np.float32(rng.uniform(0.4, 0.8)) * train * (0.55 + 0.45 * np.sin(phase))


def _above(field: AnyFloats, floor: float) -> FloatArray:
    # Steep edges (power 0.7) and, where the deck is deep, thick middles (power 2).
    above = np.maximum(field - floor, 0)
    return np.asarray(0.32 * above ** np.float32(0.7) + 0.1 * above**2, np.float32)
