"""A thermal frame unlike those of the training is unknown; the real and simulated ones are not."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

import nephoscope
from nephoscope.apply.classify import FrameClassifier
from nephoscope.inputs.texture import NAMES
from nephoscope.models import load_model
from nephoscope.models.thermal_guard import learn_thermal_guard, strangeness
from nephoscope.simulate.sky import simulate_frame
from nephoscope.tasks.sky_state import CameraTemperatures

WARM = CameraTemperatures(5.3, 5.1, 5.0)
SHAPE = (512, 640)


@pytest.fixture(scope="module")
def model():
    return FrameClassifier(load_model("sky-state"))


def noise(sigma, seed=0):
    return np.rint(6000 + np.random.default_rng(seed).normal(0, sigma, SHAPE))


def text():
    image = Image.new("L", SHAPE[::-1], 100)
    for line in range(16):
        words = "the quick brown fox jumps over " * 2
        ImageDraw.Draw(image).text((5, 32 * line), words, 255, ImageFont.load_default(24))
    return np.asarray(image, float)


def sun():
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    return noise(3) + 4000 * np.exp(-((x - 300) ** 2 + (y - 200) ** 2) / 400)


def stars():
    rng = np.random.default_rng(1)
    return noise(3) + (rng.random(SHAPE) < 0.003) * rng.exponential(300, SHAPE)


WRONG = {"text": text, "noisy text": lambda: 5 * text() + noise(3), "the sun": sun, "stars": stars,
         "random numbers": lambda: np.random.default_rng(2).integers(0, 16384, SHAPE),
         "loud noise": lambda: noise(300), "constant": lambda: np.full(SHAPE, 650.0),
         "half dead": lambda: np.where(np.arange(640) < 320, 0, noise(3)),
         "checkerboard": lambda: 600 + 100 * (np.indices(SHAPE).sum(axis=0) // 40 % 2)}  # fmt: skip


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_no_thermal_sky_is_unknown_with_the_reason(model, kind):
    verdict = model.judge(WRONG[kind](), WARM)
    assert verdict.state == "unknown"
    assert np.isnan(verdict.p_cloudy)
    assert "training" in verdict.note or "no picture" in verdict.note


@pytest.mark.parametrize("index", range(4))
@pytest.mark.parametrize("scale", [np.exp(-2), 1.0, np.exp(2)])
def test_frames_of_any_camera_are_judged_as_before(model, index, scale):
    """Scale and offset of the counts change nothing: neither the answer nor the doubt."""
    counts = simulate_frame(12, index).adu.astype(float)
    inside = model.judge(counts * scale - 3000, WARM)
    assert "training" not in inside.note
    assert inside.p_cloudy == pytest.approx(model.probability(counts), abs=2e-3)


def test_real_frames_are_judged(model, real_data):
    frames = sorted((real_data / "sky" / "lwir").glob("*.fits"))[::12]
    frames += sorted((real_data / "sky" / "raw").glob("*.fits"))
    assert len(frames) > 20
    notes = {
        path.name: model.judge(nephoscope.open_scene(path)["image"].values[0], WARM).note
        for path in frames
    }
    assert {name: note for name, note in notes.items() if "training" in note} == {}


def test_spans_are_those_of_the_frames():
    rng = np.random.default_rng(3)
    clear = [rng.normal(700, sigma, (128, 160)).astype(np.float32) for sigma in (1.0, 2.0)]
    features = np.zeros((3, 22), np.float32)
    features[1, 4] = 5.0
    scaling = dict.fromkeys(NAMES, (0.0, 2.0))
    guard = learn_thermal_guard(clear, features, scaling)
    spans = guard.spans
    assert spans["noise"].seen == (pytest.approx(1, abs=0.05), pytest.approx(2, abs=0.1))
    assert spans["noise"].accepted[1] == pytest.approx(8 * spans["noise"].seen[1], rel=1e-3)
    assert spans["texture"].seen == (0, 2.5)
    assert spans["texture"].accepted == (0, 3.25)
    assert strangeness(features[1], scaling) == (2.5, "rough_16")
    assert guard.doubt_of_clear(clear[0]) is None
    assert "a noise of" in guard.doubt_of_clear(clear[0] * 20)


@pytest.mark.parametrize("level", [0.0, 650.0])
def test_a_named_mask_model_knows_nothing_of_a_constant_frame(level):
    found = nephoscope.predict("sky-thermal", np.full((1, 256, 320), level, np.float32))
    assert np.isnan(found).all()
