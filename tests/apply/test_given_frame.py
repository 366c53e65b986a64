"""In Python, what comes back of a frame is of the kind that went in."""

import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

import nephoscope
from nephoscope.errors import InputError, UsageError
from nephoscope.models import load_model

sys.path.insert(0, str(Path(__file__).parent))
from sky_runs import chain_of


def test_a_scene_becomes_a_dataset_with_the_numbers(small_zoo, frames, tmp_path):
    scene = nephoscope.open_scene(frames.cloudy(tmp_path / "a.fits"))
    expected, _ = chain_of().judge(scene)
    found = nephoscope.predict("sky", scene)
    np.testing.assert_array_equal(found.cloud_probability, expected.probability)
    np.testing.assert_array_equal(found.cloud_mask, expected.mask)
    assert found.attrs["state"] == "cloudy"
    assert found.attrs["cloud_fraction"] == expected.cloud_fraction
    assert found.attrs["blobs"] == len(expected.blobs)


def test_an_unknown_frame_is_nan_in_mask_and_probability(small_zoo, frames, tmp_path):
    scene = nephoscope.open_scene(frames.write(tmp_path / "a.fits", frames.counts()))
    found = nephoscope.predict("sky", scene)
    assert found.attrs["state"] == "unknown"
    assert np.isnan(found.cloud_mask).all()
    assert np.isnan(found.cloud_probability).all()


@pytest.mark.parametrize("model", ["sky", "sky-thermal"])
def test_an_image_becomes_probabilities(small_zoo, frames, model):
    image = frames.counts(3, 60.0)[None]
    found = nephoscope.predict(model, image, flavour="thermal")
    assert (found.shape, found.dtype) == (image.shape[1:], np.float32)
    assert ((found >= 0) & (found <= 1)).all()
    opened = nephoscope.predict(load_model("sky-thermal"), image)
    np.testing.assert_array_equal(found, opened)


def test_a_path_becomes_a_path(small_zoo, frames, tmp_path):
    path = frames.cloudy(tmp_path / "a.fits")
    found = nephoscope.predict("sky", path, output=tmp_path / "out")
    assert found == tmp_path / "out" / "a.fits"
    assert fits.getheader(found)["SKYSTATE"] == "cloudy"
    with pytest.raises(InputError, match="in the folder of the products"):
        nephoscope.predict("sky", path, output=tmp_path)


def test_another_number_of_channels_is_refused(small_zoo):
    with pytest.raises(UsageError, match="1 or 3 channels"):
        nephoscope.predict("sky", np.zeros((2, 64, 64)))


def test_one_channel_of_an_image_is_thermal_only_where_the_user_says_so(small_zoo, frames):
    image = frames.counts(3, 60.0)[None]
    assert np.isnan(nephoscope.predict("sky", image)).all()
    assert np.isnan(nephoscope.predict("sky", image / np.float32(16384))).all()
    assert np.isfinite(nephoscope.predict("sky", image, flavour="thermal")).all()
    with pytest.raises(UsageError, match="has 1 channels"):
        nephoscope.predict("sky", image, flavour="colour")


def test_the_flavour_of_a_scene_can_be_named(small_zoo, frames, tmp_path):
    scene = nephoscope.open_scene(frames.cloudy(tmp_path / "a.fits"))
    assert nephoscope.predict("sky", scene).attrs["state"] == "cloudy"
    assert nephoscope.predict("sky", scene, flavour="grey").attrs["state"] == "unknown"
