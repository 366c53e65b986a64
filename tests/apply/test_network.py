"""Prediction over a scene: seamless, wrapping, bounded, and never an answer where no data is."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from nephoscope.apply import network
from nephoscope.apply.network import Predictor
from nephoscope.recipe import load_recipe
from nephoscope.tasks.mask import MaskDecision

WORDS = ["inputs.features=[blue, known, latitude]"]
RECIPE = load_recipe("mars", [*WORDS, "apply.tile=[96, 128]", "apply.overlap=32"])
LATITUDE = np.linspace(10, -10, 201)
LONGITUDE = -180 + 0.9 * np.arange(400)


@dataclass
class FakeModel:
    recipe: object = RECIPE
    decision: MaskDecision = field(default_factory=MaskDecision)
    divisor: int = 32
    limits: object = None


class LocalEngine:
    """A 'network' that sees 9 x 9 pixels: the mean of blue, pads with zeros as networks do."""

    def run(self, inputs, wanted=None):
        from scipy.ndimage import uniform_filter

        blue = uniform_filter(inputs[0, 0], 9, mode="constant")
        return blue[None, None].astype(np.float32)


class FailingEngine:
    def run(self, inputs, wanted=None):
        raise MemoryError("no memory for a tile")


@pytest.fixture
def predictor(monkeypatch):
    def make(engine, workers):
        monkeypatch.setattr(network, "open_engine", lambda *_: engine)
        return Predictor(FakeModel(), workers=workers)

    return make


@pytest.fixture(scope="module")
def image():
    rng = np.random.default_rng(1)
    image = rng.integers(40, 200, (3, 201, 400), dtype=np.uint8)
    image[:, 160:] = 0
    image[:, 50:70, 100:130] = 0
    return image


def expected(image):
    """The same filter over the whole scene at once, wrapped in longitude."""
    from scipy.ndimage import uniform_filter

    known = image.any(axis=0)
    blue = np.where(known, (image[2].astype(np.float32) - 90) / 30, 0)
    mean = uniform_filter(blue, 9, mode=("constant", "wrap"))
    return np.where(known, 1 / (1 + np.exp(-mean)), np.nan)


@pytest.mark.parametrize("workers", [1, 3])
def test_no_seam_is_left_anywhere(predictor, image, workers):
    found = predictor(LocalEngine(), workers).predict_image(image, LATITUDE, LONGITUDE)
    np.testing.assert_allclose(found, expected(image), atol=2e-5)


class InnerEngine(LocalEngine):
    """The same, which says nothing of the four pixels at each edge of a tile."""

    def run(self, inputs, wanted=None):
        return super().run(inputs)[..., 4:-4, 4:-4]


@pytest.mark.parametrize("engine", [LocalEngine(), InnerEngine()])
@pytest.mark.parametrize("tile", [[96, 128], [21, 50], [300, 500]])
def test_what_is_left_out_at_the_edges_of_tiles_is_said_by_others(monkeypatch, image, engine, tile):
    monkeypatch.setattr(network, "open_engine", lambda *_: engine)
    words = [*WORDS, f"apply.tile={tile}", "apply.overlap=8", "apply.blend=false"]
    found = Predictor(FakeModel(load_recipe("mars", words), divisor=1), workers=2).predict_image(
        image, LATITUDE, LONGITUDE
    )
    # Not blended, so to the last digit whatever the tiles.
    np.testing.assert_allclose(found, expected(image), atol=2e-6)


def test_turning_the_planet_turns_the_answer(predictor, image):
    at_work = predictor(LocalEngine(), 2)
    here = at_work.predict_image(image, LATITUDE, LONGITUDE)
    turned = at_work.predict_image(np.roll(image, 137, axis=2), LATITUDE, LONGITUDE)
    np.testing.assert_allclose(np.roll(here, 137, axis=1), turned, atol=2e-5)


def test_float_and_byte_images_agree(predictor, image):
    at_work = predictor(LocalEngine(), 1)
    as_float = np.where(image.any(axis=0), image.astype(np.float32), np.float32(np.nan))
    np.testing.assert_allclose(
        at_work.predict_image(as_float, LATITUDE, LONGITUDE),
        at_work.predict_image(image, LATITUDE, LONGITUDE),
        atol=1e-6,
    )


def test_a_scene_without_data_has_no_answer(predictor):
    empty = np.zeros((3, 201, 400), np.uint8)
    found = predictor(LocalEngine(), 1).predict_image(empty, LATITUDE, LONGITUDE)
    assert np.isnan(found).all()


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_in_a_thread_is_raised(predictor, image, workers):
    with pytest.raises(MemoryError, match="no memory for a tile"):
        predictor(FailingEngine(), workers).predict_image(image, LATITUDE, LONGITUDE)
