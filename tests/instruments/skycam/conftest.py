import numpy as np
import pytest
from astropy.io import fits

from nephoscope.instruments.skycam import labels

TAU2 = {
    "CAMERA": "FLIR TAU2",
    "FOCAL": 60,
    "APERTURE": 1.25,
    "PXSIZE": 17,
    "IMTYPE": "IR",
    "LATOBS": 43.6,
    "LONGOBS": 3.8,
    "DATE-OBS": "2023-01-24T20:18:53.809658",
    "SHU-TEMP": 4.32,
    "FPA-TEMP": 5.3,
    "IN-TEMP": 8.44,
    "BB-TEMP": 4.32,
    "AMB-TEMP": -4.77,
    "GAIN": "high",
}


@pytest.fixture
def counts():
    """Counts of one Tau2 frame, (512, 640) int16."""
    return np.random.default_rng(3).integers(600, 900, (512, 640)).astype(np.int16)


@pytest.fixture
def tau2(tmp_path, counts):
    """A raw Tau2 frame on disk."""
    path = tmp_path / "2023_01_24_20_18_53_809658_flux.fits"
    fits.PrimaryHDU(counts, fits.Header(TAU2)).writeto(path)
    return path


def whole_sky(rows=225, cols=240, radius=100, grain=0.0, seed=0):
    """A colour whole-sky picture, (y, x, channel) uint8: blue sky, a white cloud, black border."""
    y, x = np.mgrid[:rows, :cols]
    rng = np.random.default_rng(seed)
    rgb = np.zeros((rows, cols, 3))
    rgb[...] = (70, 110, 190)
    rgb[(y - rows * 0.4) ** 2 + (x - cols * 0.45) ** 2 < 30**2] = 235
    rgb += rng.normal(0, grain + 2, rgb.shape)
    rgb[np.hypot(y - (rows - 1) / 2, x - (cols - 1) / 2) > radius] = 3
    return np.clip(rgb, 0, 255).astype(np.uint8)


@pytest.fixture(autouse=True)
def _no_remembered_labels():
    labels._beside.cache_clear()
