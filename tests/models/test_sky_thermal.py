"""The shipped thermal model on simulated frames of cameras that it has never seen."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nephoscope.apply.network import Predictor
from nephoscope.formulas import minmax, otsu, zscale_log_otsu
from nephoscope.grids.blocks import Blocks
from nephoscope.models import load_model
from nephoscope.models.lookup import zoo
from nephoscope.simulate.sky import simulate_frame

pytestmark = pytest.mark.skipif(
    not (zoo() / "sky-thermal").is_dir(), reason="no model `sky-thermal` is shipped"
)
FRAMES, SEED = 60, 77_000


def frames(number, seed=SEED):
    for index in range(number):
        frame = simulate_frame(seed, index)
        image = Blocks(4, 4).mean(frame.adu[None].astype(np.float32))[0]
        yield image, Blocks(4, 4).label(frame.mask.astype(np.int8))


@pytest.fixture(scope="module")
def predictor():
    return Predictor(load_model("sky-thermal"), workers=1)


def predict(predictor, image):
    return predictor.predict_image(image[None], np.zeros(len(image)), np.zeros(image.shape[1]))


def mean_iou(said, true):
    """Mean of the intersections over unions of cloud and of sky, over all pixels of all frames."""
    return np.mean([(a & b).sum() / (a | b).sum() for a, b in ((said, true), (~said, ~true))])


def test_cloud_is_found_far_better_than_by_any_formula(predictor):
    pairs = list(frames(FRAMES))
    true = np.stack([label for _, label in pairs]) == 1
    threshold = predictor.model.threshold
    own = np.stack([predict(predictor, image) for image, _ in pairs]) >= threshold
    assert mean_iou(own, true) >= 0.85
    for formula in (otsu, minmax, zscale_log_otsu):
        said = np.stack([formula(image).mask for image, _ in pairs]) == 1
        assert mean_iou(own, true) > mean_iou(said, true) + 0.2


@settings(max_examples=25, deadline=None)
@example(scale=0.05, offset=4054.0, index=14)  # counts rounded to a hundredth move the edge
@given(scale=st.floats(0.05, 20), offset=st.floats(-5000, 20_000), index=st.integers(0, FRAMES - 1))
def test_scale_and_offset_of_the_camera_decide_nothing(predictor, scale, offset, index):
    frame = simulate_frame(SEED, index)
    image = Blocks(4, 4).mean(frame.adu[None].astype(np.float32))[0]
    moved = (scale * image.astype(np.float64) + offset).astype(np.float32)
    before, after = predict(predictor, image), predict(predictor, moved)
    # float32 counts on a large offset are coarse: what is left is their rounding.
    assert np.abs(after - before).max() < 0.05
    rounded = predict(predictor, ((moved.astype(np.float64) - offset) / scale).astype(np.float32))
    threshold = predictor.model.threshold
    assert ((after >= threshold) == (rounded >= threshold)).mean() > 0.995


def test_missing_pixels_are_missing_and_a_flat_frame_is_no_failure(predictor):
    image, _ = next(frames(1))
    image[:20] = np.nan
    found = predict(predictor, image)
    assert np.isnan(found[:20]).all()
    assert np.isfinite(found[20:]).all()
    assert np.isfinite(predict(predictor, np.full((128, 160), 700, np.float32))).all()


def test_a_raw_frame_gives_a_mask_of_its_own_size(predictor):
    frame = simulate_frame(SEED, 1)
    found = predict(predictor, frame.adu.astype(np.float32))
    assert found.shape == frame.adu.shape
    assert 0 <= found.min() <= found.max() <= 1
