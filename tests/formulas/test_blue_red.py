"""Formulas of colour pictures: against their definition, and on pictures with people's labels."""

import numpy as np
import pytest
from benchmarks.sky_domains import FORMULA_NAMES, read_labelled, score_formulas
from hypothesis import given
from hypothesis import strategies as st

from nephoscope.formulas import blue_red, blue_red_hybrid


def picture(*columns, rows=6):
    """(channel, y, x): columns of red, green, blue."""
    return np.repeat(np.array(columns, np.float32).T[:, None], rows, axis=1)


def least_cross_entropy(values):
    """The cut of least cross entropy by its definition, values counted from the smallest one."""
    values = np.sort(values - values.min())
    sums = np.cumsum(values)
    best, cut = np.inf, 0.0
    for place in range(1, values.size):
        if values[place] == values[place - 1]:
            continue
        low, high = sums[place - 1], sums[-1] - sums[place - 1]
        below, above = low / place, high / (values.size - place)
        entropy = -(low * np.log(below) if below > 0 else 0) - high * np.log(above)
        if entropy < best:
            best, cut = entropy, (values[place] + values[place - 1]) / 2
    return cut


def test_cloud_is_where_blue_is_hardly_more_than_red():
    # (b - r) / (b + r): 0.5, 0.15 less a little, 0.15 more a little, -0.2, none
    image = picture((50, 80, 150), (85, 90, 114.9), (85, 90, 115.1), (120, 100, 80), (0, 9, 0))
    found = blue_red(image)
    np.testing.assert_array_equal(found.mask[0], [0, 1, 0, 1, -1])
    assert found.threshold == 0.15
    np.testing.assert_array_equal(blue_red(image, threshold=0.6).mask[0], [1, 1, 1, 1, -1])


def test_missing_pixels_are_unknown_and_a_black_picture_is():
    image = picture((50, 80, 150), (90, 90, 90))
    image[:, 0] = np.nan
    for formula in (blue_red, blue_red_hybrid):
        assert (formula(image).mask[0] == -1).all()
        assert (formula(image).mask[1:] >= 0).all()
        nothing = formula(np.zeros((3, 4, 4), np.float32))
        assert (nothing.mask == -1).all()
        assert "black" in nothing.note


def test_a_picture_of_one_kind_gets_the_fixed_threshold_and_another_its_own():
    grey, blue = picture((100, 100, 104), (100, 100, 105)), picture((60, 80, 140), (60, 80, 141))
    assert blue_red_hybrid(grey).threshold == blue_red_hybrid(blue).threshold == 0.25
    assert (blue_red_hybrid(grey).mask == 1).all()
    assert (blue_red_hybrid(blue).mask == 0).all()
    # Haze: both are bluish, and 0.15 lies above both.
    hazy = picture((100, 100, 105), (100, 100, 106), (100, 110, 130), (100, 110, 131))
    np.testing.assert_array_equal(blue_red_hybrid(hazy).mask[0], [1, 1, 0, 0])
    assert (blue_red(hazy).mask == 1).all()


@given(st.integers(0, 10**6))
def test_its_own_threshold_is_that_of_least_cross_entropy(seed):
    rng = np.random.default_rng(seed)
    ratio = np.concatenate(
        [rng.normal(0.05, 0.02, 300), rng.normal(rng.uniform(0.3, 0.5), 0.03, 400)]
    )
    blue = 100 * (1 + ratio)
    image = np.stack([200 - blue, blue * 0, blue])[:, None].astype(np.float32)
    seen = ((image[2] - image[0]) / (image[0] + image[2])).astype(np.float64)
    by_definition = seen.min() + least_cross_entropy(seen.ravel())
    differ = (seen < by_definition) != (blue_red_hybrid(image).mask == 1)
    assert differ.mean() < 0.005


@given(st.integers(0, 10**6), st.floats(0.5, 3.0))
def test_exposure_changes_nothing(seed, gain):
    image = np.random.default_rng(seed).uniform(60, 250, (3, 12, 15)).astype(np.float32)
    for formula in (blue_red, blue_red_hybrid):
        same = formula(image * np.float32(gain)).mask == formula(image).mask
        assert same.mean() > 0.99  # a pixel at the threshold may fall to either side


def test_the_noise_of_what_is_dark_does_not_choose_the_threshold():
    rng = np.random.default_rng(3)
    sky = picture(
        *[(60, 80, 120 + n) for n in range(20)], *[(150, 150, 152 + n) for n in range(20)]
    )
    dark = rng.integers(0, 15, (3, 30, 40)).astype(np.float32)
    alone, rimmed = (blue_red_hybrid(np.concatenate(part, axis=1)) for part in ([sky], [sky, dark]))
    assert alone.threshold == rimmed.threshold
    np.testing.assert_array_equal(rimmed.mask[:6], np.repeat([[0, 1]], 6, 0).repeat(20, 1))


def test_on_pictures_of_other_cameras(real_data):
    folder = real_data / "sky" / "hyta" / "images"
    if not folder.is_dir():
        pytest.skip("no pictures of other cameras")
    found = score_formulas(read_labelled(folder))
    assert set(FORMULA_NAMES) <= set(found)
    expected = {"blue-red": (0.913, 0.824, 0.904), "blue-red-hybrid": (0.912, 0.816, 0.900)}
    for name, numbers in expected.items():
        row = found[name]
        assert (row["f1"], row["mean_iou"], row["accuracy"]) == pytest.approx(numbers, abs=0.002)
