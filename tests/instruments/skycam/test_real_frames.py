"""The shared real frames read with the values that astropy and Pillow find in them."""

import numpy as np
import pytest
from astropy.io import fits
from PIL import Image

from nephoscope.instruments import find_scenes, recognise
from nephoscope.instruments.skycam import label_path_for, read_label
from nephoscope.instruments.skycam import read as read_frame


@pytest.fixture(scope="module")
def sky(real_data):
    folder = real_data / "sky"
    if not folder.is_dir():
        pytest.skip(f"{folder} is no folder")
    return folder


@pytest.mark.parametrize("name", ["clear_sky_sample.fits", "cloud_sky_sample.fits"])
def test_raw_frames(sky, name):
    path = sky / "raw" / name
    scene = read_frame(path, (512, 640))
    np.testing.assert_array_equal(scene["image"].values[0], fits.getdata(path))
    assert scene.attrs["fpa_temperature"] == fits.getheader(path)["FPA-TEMP"]
    assert scene.attrs["saturated"] == 0


def test_every_folder_is_recognised(sky):
    counts = {"raw": 2, "night": 4, "lwir": 290, "wsiseg": 240}
    for name, count in counts.items():
        assert recognise(sky / name) == "skycam"
        assert len(find_scenes(sky / name, "skycam")) >= count


def test_night_frames_have_a_circle_or_are_whole(sky):
    for path in sorted((sky / "night").glob("*.bz2")):
        scene = read_frame(path)
        image = scene["image"].values[0]
        known = np.isfinite(image)
        np.testing.assert_array_equal(image[known], fits.getdata(path)[known])
        assert known[400:600, 600:800].all()
        assert known.mean() > 0.4


def test_the_circle_of_wsiseg_keeps_every_labelled_pixel_but_a_few(sky):
    lost = labelled = 0
    for path in sorted((sky / "wsiseg" / "images").iterdir())[::12]:
        scene = read_frame(path)
        label = read_label(label_path_for(path))
        pixels = np.moveaxis(np.asarray(Image.open(path)), 2, 0)
        known = np.isfinite(scene["image"].values)
        np.testing.assert_array_equal(scene["image"].values[known], pixels[known])
        assert "circle" in scene.attrs
        assert 0.2 < scene.attrs["missing_share"] < 0.35
        lost += (~known[0] & (label >= 0)).sum()
        labelled += (label >= 0).sum()
    assert lost / labelled < 5e-4
