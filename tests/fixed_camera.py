"""Frames of a camera that stands still: clouds drift, a mast, a tree and a dome do not."""

import numpy as np
from astropy.io import fits
from PIL import Image

from nephoscope.simulate.fractal import fractal

ROWS, COLS = 96, 128
BLUE, WHITE = np.array([70.0, 110, 190]), np.array([225.0, 228, 232])
TAU2 = {"CAMERA": "FLIR TAU2", "IMTYPE": "IR"}


def fixed_parts(rows=ROWS, cols=COLS, seed=3):
    """(y, x) bool of mast, tree and dome, and (y, x, channel) their colours, DN."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:rows, :cols]
    mast = (abs(x - 0.7 * cols) < 2) & (y > 0.5 * rows)
    tree = np.hypot(y - rows, x - 0.2 * cols) < 0.35 * rows
    dome = y > 0.88 * rows
    colour = np.full((rows, cols, 3), 120.0) + rng.normal(0, 4, (rows, cols, 1))
    colour[tree] = 40 + rng.uniform(0, 60, (int(tree.sum()), 1))
    colour[mast] = 190, 170, 120
    return mast | tree | dome, colour


def cloud_of(seed, rows=ROWS, cols=COLS):
    """(y, x) bool, where cloud is in a frame: from little to much of it."""
    rng = np.random.default_rng(seed)
    return fractal(rng, (rows, cols), 1.8) > rng.uniform(-1, 1.5)


def picture(seed, rows=ROWS, cols=COLS):
    """(y, x, channel) uint8, the sky behind the fixed parts under the light of the moment."""
    rng = np.random.default_rng((seed, 1))
    fixed, colour = fixed_parts(rows, cols)
    soft = 12 * fractal(rng, (rows, cols), 1.6)[..., None]
    sky = np.where(cloud_of(seed, rows, cols)[..., None], WHITE + soft, BLUE)
    seen = np.where(fixed[..., None], colour, sky) * rng.uniform(0.7, 1.1)
    return np.clip(seen + rng.normal(0, 2, seen.shape), 0, 255).astype(np.uint8)


def write_pictures(folder, number, rows=ROWS, cols=COLS):
    """PNG frames `frame00.png` and so on in a new folder."""
    folder.mkdir(parents=True)
    paths = [folder / f"frame{index:02d}.png" for index in range(number)]
    for index, path in enumerate(paths):
        Image.fromarray(picture(index, rows, cols)).save(path)
    return paths


def counts(seed, rows=128, cols=160, cloud=0.0):
    """(y, x) int16 of a thermal camera, clear but for cloud, and (y, x) bool, its warm mast."""
    rng = np.random.default_rng((seed, 2))
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : cols * 1j]
    pattern = np.random.default_rng(9).normal(0, 2, (1, cols))
    mast = (abs(x - 0.4) < 0.06) & (y > -0.2)
    sky = 650 + 8 * x - 5 * y + pattern + rng.normal(0, 3, (rows, cols))
    sky += cloud * fractal(rng, (rows, cols), 1.8)
    return np.where(mast, 950 + rng.normal(0, 3, sky.shape), sky).round().astype(np.int16), mast


def write_counts(folder, number, cloud=0.0):
    """FITS frames of the thermal camera, whose temperatures drift."""
    folder.mkdir(parents=True)
    paths = [folder / f"frame{index:02d}.fits" for index in range(number)]
    for index, path in enumerate(paths):
        warm = {"FPA-TEMP": 5 + 0.1 * index, "SHU-TEMP": 5 + 0.1 * index, "AMB-TEMP": 5 + index % 3}
        header = fits.Header(TAU2 | warm)
        fits.PrimaryHDU(counts(index, cloud=cloud)[0], header).writeto(path)
    return paths
