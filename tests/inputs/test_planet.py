"""Features: their values, and that zero with its flag means absent."""

import hashlib

import numpy as np
import pytest

from nephoscope.errors import UsageError
from nephoscope.inputs import CONTEXT, View, assemble
from nephoscope.inputs.planet import PLANET_FEATURES
from nephoscope.inputs.sky import SKY_FEATURES
from nephoscope.scene import known_of

LATITUDE = np.array([90.0, 0.0, -45.0])
LONGITUDE = np.array([-180.0, 0.0, 90.0, 30.0])
OF_COLOURS = tuple(n for n in (*PLANET_FEATURES, *SKY_FEATURES) if not n.startswith("counts_"))


@pytest.fixture
def image():
    image = np.random.default_rng(0).integers(1, 256, (3, 3, 4), dtype=np.uint8)
    image[:, 1, 2] = 0
    return image


def view_of(image, *rest, **more):
    return View(image, known_of(image), *rest, **more)


def only(name, view):
    return assemble(view, (name,))[0]


def test_colours_and_their_ratio(image):
    view = view_of(image, LATITUDE, LONGITUDE)
    red, blue = image[0].astype(float), image[2].astype(float)
    known = np.ones((3, 4), bool)
    known[1, 2] = False
    np.testing.assert_allclose(only("blue", view), np.where(known, (blue - 90) / 30, 0), atol=1e-6)
    ratio = np.minimum(blue / np.maximum(red, 1), 4)
    expected = np.where(known, (ratio - 0.8) / 0.3, 0)
    np.testing.assert_allclose(only("blue_red_ratio", view), expected, atol=1e-5)
    np.testing.assert_array_equal(only("known", view), known)


def test_coordinates_and_their_withholding(image):
    view = view_of(image, LATITUDE, LONGITUDE)
    np.testing.assert_allclose(only("latitude", view)[:, 0], [1, 0, -0.5])
    np.testing.assert_allclose(only("sine_longitude", view)[0], [0, 0, 1, 0.5], atol=1e-6)
    np.testing.assert_allclose(only("cosine_longitude", view)[0, :3], [-1, 1, 0], atol=1e-6)
    withheld = view_of(image, LATITUDE, LONGITUDE, position=False)
    assert not only("sine_longitude", withheld).any()
    assert not only("cosine_longitude", withheld).any()


def test_background_and_its_absence(image):
    background = np.stack([np.full((3, 4), 120.0), np.full((3, 4), 0.5)]).astype(np.float32)
    view = view_of(image, LATITUDE, LONGITUDE, background)
    np.testing.assert_allclose(only("background_blue", view), 1.0)
    np.testing.assert_allclose(only("background_blue_red_ratio", view), -1.0, atol=1e-6)
    assert only("background_known", view).all()
    for name in ("background_blue", "background_blue_red_ratio", "background_known"):
        assert not only(name, view_of(image, LATITUDE, LONGITUDE)).any()


def test_byte_and_float_images_give_the_same_features(image):
    as_float = np.where(image.any(axis=0), image.astype(np.float32), np.float32(np.nan))
    names = OF_COLOURS
    byte = assemble(view_of(image, LATITUDE, LONGITUDE), names)
    assert np.isfinite(byte).all()
    np.testing.assert_allclose(
        assemble(view_of(as_float, LATITUDE, LONGITUDE), names), byte, atol=1e-6
    )


def test_an_unknown_feature_is_named(image):
    with pytest.raises(UsageError, match="no feature 'humidity'"):
        assemble(view_of(image, LATITUDE, LONGITUDE), ("humidity",))


def test_context_is_computed_where_networks_read_it():
    image = np.random.default_rng(3).integers(0, 255, (3, 16, 20), dtype=np.uint8)
    latitude, longitude = np.linspace(8, -8, 16), np.linspace(0, 19, 20)
    limit = np.random.default_rng(4).uniform(5, 120, (2, 16, 20)).astype(np.float32)
    view = view_of(image, latitude, longitude, limit=limit)
    names = ("blue", "known", "latitude", "sine_longitude", "limit", "limit_certainty")
    full, thin = assemble(view, names), assemble(view, names, sparse=names[2:])
    np.testing.assert_array_equal(thin[:2], full[:2])
    np.testing.assert_array_equal(thin[2:][:, *CONTEXT], full[2:][:, *CONTEXT])
    assert np.count_nonzero(thin[2]) == 4 * 5


def test_channels_are_found_by_name_in_any_order(image):
    names = OF_COLOURS
    background = np.random.default_rng(5).uniform(0.2, 120, (2, 3, 4)).astype(np.float32)
    limit = np.random.default_rng(6).uniform(5, 120, (2, 3, 4)).astype(np.float32)
    straight = assemble(view_of(image, LATITUDE, LONGITUDE, background, limit=limit), names)
    extra = np.zeros((1, 3, 4), np.uint8)
    turned = view_of(
        np.concatenate([image[[2, 0]], extra, image[1:2]]), LATITUDE, LONGITUDE, background[::-1],
        limit=limit, channels=("blue", "red", "uv", "green"),
        statistics=("blue_red_ratio", "blue"),
    )  # fmt: skip
    np.testing.assert_allclose(assemble(turned, names), straight, atol=1e-6)


def test_the_limit_is_of_the_channel_that_the_recipe_says(image):
    limit = np.stack([np.full((3, 4), 100.0), np.full((3, 4), 8.0)]).astype(np.float32)
    view = view_of(image, LATITUDE, LONGITUDE, limit=limit, limit_channel="green")
    known = image.any(axis=0)
    expected = np.where(known, (image[1].astype(float) - 100) / 10, 0)
    np.testing.assert_allclose(only("limit_excess", view), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "view"),
    [
        ("blue", {"channels": ("red", "green", "uv")}),
        ("blue", {"channels": ("red", "blue")}),
        ("brightness", {"channels": ("red", "blue", "uv")}),
        ("counts_robust", {}),
        ("background_blue", {"statistics": ("red", "blue_red_ratio")}),
    ],
)
def test_what_is_not_there_is_an_error_and_no_other_channel(image, name, view):
    background = np.ones((2, 3, 4), np.float32)
    with pytest.raises(UsageError, match=r"channel"):
        only(name, view_of(image, LATITUDE, LONGITUDE, background, **view))


ROUNDED = (
    "red", "green", "blue", "blue_red_ratio", "limit_excess", "known", "background_blue",
    "background_blue_red_ratio", "background_known", "limit", "limit_certainty",
    "blue_red_difference", "saturation", "brightness",
)  # fmt: skip
"""Made by + - * / and roots alone, which any machine rounds alike."""


@pytest.mark.parametrize(
    ("as_floats", "sha256"),
    [
        (False, "9f28249ba08972483a81cd234b152ad81b70f3f7ba9287334dfeb50f7d34f424"),
        (True, "98830507170e0db398ea4e81c74b0a9791fa154a4ad2aea6d23f144e9e543c70"),
    ],
)
def test_features_are_to_the_bit_those_that_the_shipped_models_learned_from(as_floats, sha256):
    rng = np.random.default_rng(974)
    image = rng.integers(0, 256, (3, 40, 52), dtype=np.uint8)
    image[:, rng.integers(0, 4, (40, 52)) == 0] = 0
    if as_floats:
        image = np.where(image.any(axis=0), image + np.float32(0.25), np.float32(np.nan))
        image[1, 7:9] = np.nan
    background, limit = (
        (rng.integers(low, 1000, (2, 40, 52)) / 8).astype(np.float32) for low in (1, 40)
    )
    view = view_of(image, np.zeros(40), np.zeros(52), background, limit=limit)
    assert hashlib.sha256(assemble(view, ROUNDED).tobytes()).hexdigest() == sha256
