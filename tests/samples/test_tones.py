"""Colours of another camera: no number above white, no pixel lost, deeper and paler, as told."""

import numpy as np
import pytest

from nephoscope.inputs import View
from nephoscope.recipe import Augmentation
from nephoscope.samples.augment import augment, change_tone

STILL = {"flip_x": False, "drop_background": 0.0, "drop_position": 0.0}


def view():
    image = np.random.default_rng(0).integers(1, 256, (3, 30, 40)).astype(np.uint8)
    image[:, :5] = 0
    nowhere = np.zeros(30), np.zeros(40)
    return View(image, image.any(axis=0), *nowhere)


def colour_of(image):
    return np.nanmean(np.abs(image - image.mean(axis=0)))


@pytest.mark.parametrize("seed", range(4))
def test_colours_stay_within_what_a_camera_has_and_missing_stays_missing(seed):
    settings = Augmentation(
        gamma=0.4, desaturate=0.3, saturate=0.5, exposure=0.8, colour_jitter=0.3, **STILL
    )
    changed, _ = augment(view(), np.zeros((30, 40), np.int8), settings, np.random.default_rng(seed))
    assert np.isnan(changed.image[:, :5]).all()
    seen = changed.image[:, 5:]
    assert (seen >= 1).all()
    assert (seen <= 255).all()


def test_exposure_multiplies_all_colours_alike():
    settings = Augmentation(exposure=0.5, **STILL)
    draws = [np.random.default_rng(seed) for seed in range(40)]
    whole = view().image[:, 5:].astype(float)
    found = [change_tone(view(), settings, rng).image[:, 5:] / whole for rng in draws]
    gains = [gain.mean() for gain in found]
    assert all(np.ptp(gain) < 1e-3 for gain in found)
    assert np.exp(-0.5) <= min(gains) < 0.8
    assert 1.3 < max(gains) <= np.exp(0.5)


def test_pictures_become_deeper_and_paler():
    settings = Augmentation(saturate=0.4, desaturate=0.4, **STILL)
    whole = view().image[:, 5:].astype(float)
    shares = [
        colour_of(change_tone(view(), settings, np.random.default_rng(seed)).image[:, 5:])
        / colour_of(whole)
        for seed in range(40)
    ]
    assert min(shares) < 0.75
    assert max(shares) > 1.25
    assert 0.6 - 1e-3 <= min(shares)
    assert max(shares) <= 1.4 + 1e-3
