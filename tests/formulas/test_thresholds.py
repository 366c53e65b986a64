"""Formulas against independent computation, and against every published mask."""

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st

from nephoscope.formulas import minmax, otsu, zscale_log_otsu
from nephoscope.instruments.skycam import read as read_frame
from nephoscope.instruments.skycam import read_label


def test_every_published_mask_is_reproduced_pixel_for_pixel(real_data):
    paths = sorted((real_data / "sky" / "lwir").glob("*.fits"))
    if not paths:
        pytest.skip("no published thermal frames")
    wrong = {}
    for path in paths:
        image = read_frame(path)["image"].values[0]
        result = zscale_log_otsu(image)
        differs = int((result.mask != read_label(path)).sum())
        if differs:
            wrong[path.name] = differs
        assert image[result.mask == 1].min() > result.threshold - 1e-3
        assert image[result.mask == 0].max() < result.threshold + 1e-3
    assert wrong == {}
    assert len(paths) == 290


def slow_otsu(values, bins=256):
    """The cut of greatest variance between the classes, by its definition."""
    counts, edges = np.histogram(values, bins)
    centres = (edges[:-1] + edges[1:]) / 2
    best, cut = -1.0, centres[0]
    for place in range(1, bins):
        low, high = counts[:place].sum(), counts[place:].sum()
        if low and high:
            means = [np.average(centres[part], weights=counts[part]) for part in
                     (slice(None, place), slice(place, None))]  # fmt: skip
            between = float(low * high) * (means[0] - means[1]) ** 2
            if between > best * (1 + 1e-12):
                best, cut = between, centres[place - 1]
    return cut


def two_levels(seed):
    rng = np.random.default_rng(seed)
    image = rng.normal(700, 10, (40, 50))
    image[:15] += rng.uniform(60, 200)
    return image.astype(np.float32)


@given(st.integers(0, 10**6))
def test_otsu_is_the_cut_of_greatest_variance_between_the_classes(seed):
    image = two_levels(seed)
    result = otsu(image)
    assert result.threshold == pytest.approx(slow_otsu(image.astype(float)), abs=1e-9)
    np.testing.assert_array_equal(result.mask, image.astype(float) > result.threshold)


@given(st.integers(0, 10**6), st.floats(0.1, 0.9))
def test_minmax_is_a_share_of_the_range(seed, share):
    image = two_levels(seed)
    result = minmax(image, share)
    low, high = float(image.min()), float(image.max())
    assert result.threshold == pytest.approx(low + share * (high - low))
    expected = (image.astype(float) - low) / (high - low) > share
    np.testing.assert_array_equal(result.mask, expected)


@given(st.integers(0, 10**6))
def test_contrast_and_a_matter_and_are_told(seed):
    image = two_levels(seed)
    result = zscale_log_otsu(image, contrast=0.25, a=100)
    assert result.parameters == {"contrast": 0.25, "a": 100}
    assert result.stretched.min() >= 0
    assert result.stretched.max() <= 1


@pytest.mark.parametrize("formula", [zscale_log_otsu, otsu, minmax])
def test_missing_is_unknown_and_does_not_count(formula):
    image = two_levels(1)
    whole = formula(image)
    torn = np.concatenate([image, np.full((3, 50), np.nan, np.float32)])
    result = formula(torn)
    assert (result.mask[-3:] == -1).all()
    assert result.threshold == pytest.approx(whole.threshold)
    np.testing.assert_array_equal(result.mask[:-3], whole.mask)


@pytest.mark.parametrize("formula", [zscale_log_otsu, otsu, minmax])
@pytest.mark.parametrize("value", [700.0, np.nan])
def test_a_frame_of_one_value_is_unknown_and_says_so(formula, value):
    result = formula(np.full((20, 20), value, np.float32))
    assert (result.mask == -1).all()
    assert "same value" in result.note


def test_the_stored_scale_does_not_matter(tmp_path):
    image = np.round(two_levels(4))
    raw, scaled = tmp_path / "raw.fits", tmp_path / "scaled.fits"
    fits.PrimaryHDU(image.astype(np.int16)).writeto(raw)
    fits.PrimaryHDU((image / 16384).astype(np.float32)).writeto(scaled)
    masks = [zscale_log_otsu(read_frame(path)["image"].values[0]).mask for path in (raw, scaled)]
    np.testing.assert_array_equal(*masks)
