"""Features of a colour picture beside itself: what another camera leaves as it is, and numbers."""

import numpy as np
import pytest
from skimage.filters import threshold_otsu

from nephoscope.inputs import View, assemble
from nephoscope.inputs.two_colours import LEAST_HALF, TWO_COLOUR_FEATURES, kinds_of
from nephoscope.scene import known_of

PLACES = ["blue_place", "blue_side", "green_place", "light_place"]


def sky(seed=0, shape=(60, 80)):
    """Blue with white patches, (channel, y, x) float32 DN, well within 0..255."""
    rng = np.random.default_rng(seed)
    cloud = np.repeat(np.repeat(rng.random((6, 8)) < 0.4, 10, 0), 10, 1)
    blue, white = np.array([60, 90, 140.0]), np.array([130, 132, 136.0])
    image = np.where(cloud, white[:, None, None], blue[:, None, None])
    image = image * np.exp(rng.normal(0, 0.05, shape)) + rng.normal(0, 1.5, (3, *shape))
    return image.astype(np.float32), cloud


def features(image, names):
    nowhere = np.zeros(image.shape[1]), np.zeros(image.shape[2])
    return assemble(View(image, known_of(image), *nowhere), names)


@pytest.mark.parametrize(
    ("gains", "power"), [((1.2, 1.0, 0.85), 1.0), ((0.8, 0.9, 1.1), 0.8), ((0.7, 0.7, 0.7), 1.15)]
)
def test_white_balance_exposure_and_curve_leave_a_pixel_where_it_lies(gains, power):
    image, _ = sky()
    other = 255 * (image / 255) ** power * np.array(gains, np.float32)[:, None, None]
    assert other.max() < 255
    before, after = features(image, PLACES), features(other, PLACES)
    np.testing.assert_allclose(after[:3], before[:3], atol=0.03)
    # The brightness is of the mean colour, which gains of one colour change unevenly.
    np.testing.assert_allclose(after[3], before[3], atol=0.12)


def test_cloud_lies_at_minus_one_and_clear_sky_at_one():
    image, cloud = sky()
    place = features(image, ["blue_place"])[0]
    assert place[cloud].mean() == pytest.approx(-1, abs=0.05)
    assert place[~cloud].mean() == pytest.approx(1, abs=0.05)
    side = features(image, ["blue_side"])[0]
    np.testing.assert_allclose(side, np.tanh(2 * place), atol=1e-6)


def test_the_two_kinds_are_those_of_otsu():
    image, _ = sky(3)
    ratio = np.log(image[2] / image[0])
    cut = threshold_otsu(ratio)
    low, high = ratio[ratio <= cut].mean(), ratio[ratio > cut].mean()
    kinds = kinds_of(image, np.ones(ratio.shape, bool))
    assert kinds.middle == pytest.approx((low + high) / 2, abs=0.01)
    assert kinds.half == pytest.approx((high - low) / 2, abs=0.01)
    assert kinds.share == pytest.approx((ratio > cut).mean(), abs=0.01)
    between = kinds.share * (1 - kinds.share) * (high - low) ** 2 / ratio.var()
    assert kinds.between == pytest.approx(between, abs=0.03)
    grey = image.mean(axis=0)
    assert kinds.light == pytest.approx(np.median(np.log(grey)), abs=0.01)


def test_a_picture_of_one_colour_and_an_empty_one_have_numbers():
    for image in (np.full((3, 40, 40), 128, np.uint8), np.zeros((3, 40, 40), np.uint8)):
        found = features(image, list(TWO_COLOUR_FEATURES))
        assert np.isfinite(found).all()
        assert kinds_of(image, image.any(axis=0)).half == LEAST_HALF


def test_what_is_missing_or_black_does_not_choose():
    image, _ = sky()
    holed = image.copy()
    holed[:, 10:20, 10:30] = np.nan
    holed[:, 40:, 50:] = 2.0  # beyond the horizon
    found = features(holed, ["blue_place"])[0]
    assert (found[10:20, 10:30] == 0).all()
    kept = np.ones(found.shape, bool)
    kept[10:20, 10:30] = kept[40:, 50:] = False
    np.testing.assert_allclose(found[kept], features(image, ["blue_place"])[0][kept], atol=0.1)
