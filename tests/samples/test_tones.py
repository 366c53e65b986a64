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


def test_haze_takes_all_colours_towards_one_light():
    settings = Augmentation(haze=0.6, **STILL)
    whole = view().image[:, 5:].astype(float)
    for seed in range(20):
        found = change_tone(view(), settings, np.random.default_rng(seed)).image[:, 5:]
        for before, after in zip(whole, found, strict=True):
            slope, at_black = np.polyfit(before.ravel(), after.ravel(), 1)
            assert np.ptp(after - slope * before - at_black) < 1e-2
            assert 0.4 - 1e-4 <= slope <= 1
            light = at_black / max(1 - slope, 1e-9) / 255
            assert slope > 0.999 or 0.6 - 1e-2 <= light <= 1.1 + 1e-2


def test_contrast_leaves_black_middle_and_white_where_they_are():
    settings = Augmentation(contrast=1.0, **STILL)
    image = np.repeat(np.array([1, 64, 127.5, 191, 255], np.float32)[None, None], 3, 0)
    nowhere = np.zeros(1), np.zeros(5)
    for seed in range(20):
        seen = View(image, np.ones((1, 5), bool), *nowhere)
        found = change_tone(seen, settings, np.random.default_rng(seed)).image[0, 0]
        np.testing.assert_allclose(found[[0, 2, 4]], image[0, 0, [0, 2, 4]], atol=1.0)
        assert found[1] <= 64
        assert found[3] >= 191


def test_coarse_colour_keeps_brightness_and_halves_the_pixels_of_colour():
    settings = Augmentation(colour_blur=1.0, **STILL)
    image = np.random.default_rng(1).integers(1, 256, (3, 9, 12)).astype(np.float32)
    image[:, 4, 4] = np.nan
    seen = View(image, ~np.isnan(image[0]), np.zeros(9), np.zeros(12))
    found = change_tone(seen, settings, np.random.default_rng(0)).image
    np.testing.assert_allclose(found.mean(0), image.mean(0), atol=1e-3)
    apart, before = found - found.mean(0), image - image.mean(0)
    np.testing.assert_allclose(apart[:, 0, 0], apart[:, 1, 1], atol=1e-3)
    np.testing.assert_allclose(apart[:, 2, 6], before[:, 2:4, 6:8].mean((1, 2)), atol=1e-3)
    three = before[:, 4:6, 4:6].reshape(3, 4)[:, 1:]  # one of the four is missing
    np.testing.assert_allclose(apart[:, 5, 5], three.mean(1), atol=1e-3)
