"""Labels of every public layout are found by place and name and become -1, 0, 1."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from nephoscope.errors import InputError
from nephoscope.folders import LeftOut
from nephoscope.instruments.skycam import (
    find as find_frames,
)
from nephoscope.instruments.skycam import (
    label_path_for,
    read_label,
    state_for,
)

sys.path.insert(0, str(Path(__file__).parent))
from label_pictures import HALF, put

SKY = np.full((12, 12, 3), 90, np.uint8)


@pytest.mark.parametrize(
    ("image", "label"),
    [
        ("wsiseg/images/ASC100-1006_001", "wsiseg/masks/ASC100-1006_001"),
        ("swimseg/images/0001.png", "swimseg/GTmaps/0001_GT.png"),
        ("swinyseg/images/d0001.jpg", "swinyseg/GTmaps/d0001.png"),
        ("HYTA/images/B1.png", "HYTA/2GT/B1_GT.png"),
        ("flat/B1.png", "flat/B1_GT.png"),
        ("sim/frames/a.png", "sim/truth/a.png"),
        ("sim/frames/a_flux.png", "sim/truth/a_truth.png"),
    ],
)
def test_the_label_of_a_frame_is_found(tmp_path, image, label):
    frame = put(tmp_path / image, SKY)
    assert label_path_for(frame) is None
    mask = put(tmp_path / label, HALF)
    assert label_path_for(frame) == mask
    found = find_frames(tmp_path)
    assert [file.path for file in found] == [frame]


def test_wsiseg_is_cloud_clear_unknown(tmp_path):
    grey = np.array([[0, 100, 255, 37] * 3] * 12)
    path = put(tmp_path / "masks" / "ASC100-1006_001", grey)
    expected = np.array([[-1, 0, 1, -1] * 3] * 12, np.int8)
    np.testing.assert_array_equal(read_label(path), expected)


def test_an_overcast_mask_is_read_like_its_folder(tmp_path):
    overcast = put(tmp_path / "masks" / "a.png", HALF)
    np.testing.assert_array_equal(read_label(overcast), HALF == 255)
    put(tmp_path / "masks" / "b.png", np.full((12, 12), 100))
    os.utime(tmp_path / "masks", ns=(1, 1))  # as a later moment does
    np.testing.assert_array_equal(read_label(overcast), np.where(HALF == 255, 1, -1))


def test_a_binary_mask_survives_jpeg(tmp_path):
    path = put(tmp_path / "GTmaps" / "a_GT.jpeg", np.kron(HALF, np.ones((8, 8))))
    np.testing.assert_array_equal(read_label(path), np.kron(HALF, np.ones((8, 8))) == 255)


def test_masks_in_fits_and_npy(tmp_path):
    mask = np.array([[0, 1, 255] * 4] * 12, np.uint8)
    image = fits.PrimaryHDU(np.ones((12, 12), np.float32) * 0.05)
    path = tmp_path / "x.fits"
    fits.HDUList([image, fits.ImageHDU(mask, name="MASK")]).writeto(path)
    expected = np.array([[0, 1, -1] * 4] * 12, np.int8)
    assert label_path_for(path) == path
    np.testing.assert_array_equal(read_label(path), expected)
    np.save(tmp_path / "y.npy", expected)
    np.testing.assert_array_equal(read_label(tmp_path / "y.npy"), expected)


def test_the_originals_names_go_together(tmp_path):
    image = fits.PrimaryHDU(np.ones((12, 12), np.float32) * 0.05)
    image.writeto(tmp_path / "x_flux.fits")
    fits.HDUList([image, fits.ImageHDU(np.ones((12, 12), np.int8))]).writeto(
        tmp_path / "x_masked.fits"
    )
    assert label_path_for(tmp_path / "x_flux.fits") == tmp_path / "x_masked.fits"
    assert (read_label(tmp_path / "x_masked.fits") == 1).all()


def test_interpolated_labels_are_refused(tmp_path):
    np.save(tmp_path / "y.npy", np.full((12, 12), 0.37))
    with pytest.raises(InputError, match=r"y.npy \[label\]: holds other values"):
        read_label(tmp_path / "y.npy")
    np.save(tmp_path / "z.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(InputError, match=r"z.npy \[label\]: cannot be read"):
        read_label(tmp_path / "z.npy")


@pytest.mark.parametrize(
    ("folder", "state"),
    [("clear", "clear"), ("Cloudy", "cloudy"), ("a/CLOUD/b", "cloudy"), ("x", None)],
)
def test_folders_tell_the_state(tmp_path, folder, state):
    assert state_for(tmp_path / folder / "frame.fits") == state


def test_other_files_are_neither_frames_nor_lost(tmp_path):
    put(tmp_path / "night" / "images" / "a", SKY)
    put(tmp_path / "night" / "masks" / "a", HALF)
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / ".hidden.fits").write_text("a writer's part")
    (tmp_path / "broken.fits").touch()
    found = find_frames(tmp_path)
    assert [(file.id, file.series) for file in found] == [("broken", ""), ("a", "night")]
    left_out = LeftOut()
    assert find_frames(tmp_path, left_out) == found
    assert left_out.others == [tmp_path / "notes.txt"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no frame"):
        find_frames(tmp_path / "empty")
