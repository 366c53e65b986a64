"""Codings of labels: recognised, or refused; none becomes one class without a word."""

import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from PIL import Image

from nephoscope.errors import InputError
from nephoscope.instruments.skycam import labels as labels_module
from nephoscope.instruments.skycam import read_label

sys.path.insert(0, str(Path(__file__).parent))
from label_pictures import HALF, put


def deep(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels, np.uint16)).save(path)
    return path


def of_values(*values):
    """(12, 12) of the values in bands."""
    return np.repeat([np.resize(values, 12)], 12, 0)


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        ([0, 255], [0, 1]),
        ([0, 1], [0, 1]),
        ([0, 1, 255], [0, 1, -1]),
        ([0, 100, 255], [-1, 0, 1]),
        ([100, 255], [0, 1]),
        ([0], [0]),
        ([255], [1]),
        ([1], [1]),
    ],
)
def test_a_coding_is_recognised(tmp_path, values, classes):
    path = put(tmp_path / "GTmaps" / "a_GT.png", of_values(*values))
    np.testing.assert_array_equal(read_label(path), of_values(*classes))


@pytest.mark.parametrize(
    "values",
    [[0, 2], [0, 128], [1, 2], [0, 1, 2], [0, 128, 255], [0, 100], [100], [1, 255], [0, 254],
     [2], [0, 3, 255], [0, 64, 128, 255]],
)  # fmt: skip
def test_another_coding_is_refused(tmp_path, values):
    path = put(tmp_path / "GTmaps" / "a_GT.png", of_values(*values))
    with pytest.raises(InputError, match=r"a_GT.png \[label\]: holds .*of no coding") as caught:
        read_label(path)
    assert "save 0 clear and 255 cloud" in caught.value.remedy


def test_a_mask_of_classes_that_went_through_jpeg_is_refused(tmp_path):
    path = put(tmp_path / "GTmaps" / "a_GT.jpg", np.kron(HALF > 0, np.ones((8, 8))))
    with pytest.raises(InputError, match="of no coding known"):
        read_label(path)


def test_soft_edges_are_cut_at_half(tmp_path):
    wide = np.kron(HALF, np.ones((16, 16)))
    soft = Image.fromarray(wide.astype(np.uint8)).resize((200, 190), Image.Resampling.BICUBIC)
    path = put(tmp_path / "GTmaps" / "a_GT.png", soft)
    np.testing.assert_array_equal(read_label(path), np.asarray(soft) >= 128)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.parametrize("bits", [1, 2, 4])
@pytest.mark.parametrize("classes", [True, False])
def test_masks_of_few_bits(tmp_path, bits, classes):
    number = (HALF > 0) * (1 if classes else 2**bits - 1)
    digits = number[..., None] >> np.arange(bits)[::-1] & 1
    packed = np.packbits(digits.astype(np.uint8).reshape(12, -1), axis=1)
    lines = np.concatenate([np.zeros((12, 1), np.uint8), packed], 1).tobytes()
    header = struct.pack(">IIBBBBB", 12, 12, bits, 0, 0, 0, 0)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(lines)), chunk(b"IEND", b"")]
    (tmp_path / "a_GT.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    np.testing.assert_array_equal(read_label(tmp_path / "a_GT.png"), HALF > 0)


@pytest.mark.parametrize("colours", ["grey", "turned", "red", "many"])
def test_masks_with_a_palette(tmp_path, colours):
    palette = {"grey": [0, 0, 0, 255, 255, 255], "turned": [255, 255, 255, 0, 0, 0],
               "red": [0, 0, 0, 128, 0, 0], "many": [0, 0, 255, 255, 0, 0]}[colours]  # fmt: skip
    picture = Image.fromarray((HALF > 0).astype(np.uint8))
    picture.putpalette(palette)
    picture.save(tmp_path / "a_GT.png")
    with Image.open(tmp_path / "a_GT.png") as saved:
        assert saved.mode == "P"
    expected = HALF == 0 if colours == "turned" else HALF > 0
    np.testing.assert_array_equal(read_label(tmp_path / "a_GT.png"), expected)


def test_masks_in_colour(tmp_path):
    red = np.dstack([HALF, HALF * 0, HALF * 0])
    np.testing.assert_array_equal(read_label(put(tmp_path / "a.png", red)), HALF > 0)
    both = np.dstack([HALF, HALF * 0, 255 - HALF])
    with pytest.raises(InputError, match="has several colours"):
        read_label(put(tmp_path / "b.png", both))


@pytest.mark.parametrize("white", [1, 255, 65535])
def test_masks_of_16_bits(tmp_path, white):
    path = deep(tmp_path / "a_GT.png", (HALF > 0) * white)
    np.testing.assert_array_equal(read_label(path), HALF > 0)
    with pytest.raises(InputError, match="16 bits that are no brightness"):
        read_label(deep(tmp_path / "b_GT.png", (HALF > 0) * 1000))


def test_what_is_transparent_is_unknown(tmp_path):
    alpha = np.full((12, 12), 255)
    alpha[:3] = 0
    path = put(tmp_path / "a.png", np.dstack([HALF, HALF, HALF, alpha]))
    np.testing.assert_array_equal(read_label(path), np.where(alpha > 0, HALF > 0, -1))


def test_one_value_and_transparency_is_read_as_the_labels_beside_it(tmp_path):
    alpha = np.full((12, 12), 255)
    alpha[:3] = 0
    full = np.full((12, 12), 255)
    path = put(tmp_path / "masks" / "a.png", np.dstack([full, full, full, alpha]))
    with pytest.raises(InputError, match="the other class, or unknown"):
        read_label(path)
    labels_module._beside.cache_clear()
    put(tmp_path / "masks" / "b.png", np.dstack([HALF, HALF, HALF, alpha]))
    np.testing.assert_array_equal(read_label(path), np.where(alpha > 0, 1, -1))


def test_a_white_that_could_be_cloud_or_unknown_is_refused_in_fits_and_npy(tmp_path):
    np.save(tmp_path / "y.npy", HALF.astype(np.uint8))
    with pytest.raises(InputError, match="holds 255 and no 1"):
        read_label(tmp_path / "y.npy")
    np.save(tmp_path / "y.npy", HALF > 0)
    np.testing.assert_array_equal(read_label(tmp_path / "y.npy"), HALF > 0)
    unit = fits.ImageHDU(HALF.astype(np.uint8), name="MASK")
    path = tmp_path / "x.fits"
    fits.HDUList([fits.PrimaryHDU(), unit]).writeto(path)
    with pytest.raises(InputError, match="holds 255 and no 1"):
        read_label(path)
    unit.header.comments["EXTNAME"] = "0 clear, 1 cloud, 255 unknown"
    fits.HDUList([fits.PrimaryHDU(), unit]).writeto(path, overwrite=True)
    np.testing.assert_array_equal(read_label(path), np.where(HALF > 0, -1, 0))


def test_an_array_that_holds_no_numbers_is_refused(tmp_path):
    np.save(tmp_path / "z.npy", np.full((12, 12), 1j))
    with pytest.raises(InputError, match="holds no numbers"):
        read_label(tmp_path / "z.npy")
