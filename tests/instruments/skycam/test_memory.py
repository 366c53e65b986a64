"""Frames are worked on in strips: the same numbers, and memory for little more than the frame."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from nephoscope.grids import blocks
from nephoscope.instruments.skycam import circle
from nephoscope.instruments.skycam import read as read_frame
from nephoscope.products import fits as product

MEASURE = """
import resource, sys
import numpy as np
import nephoscope.instruments.skycam.mat
from nephoscope.grids.blocks import Blocks, enlarge
from nephoscope.instruments.skycam import read as read_frame
from nephoscope.plots.overlay import overlay
from nephoscope.products.fits import write_frame_fits
from nephoscope.products.frames import frame_result
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
scene = read_frame(sys.argv[1])
image = scene["image"].values
likely = enlarge(np.nan_to_num(Blocks(8, 8).mean(image)[0]) / 256, 8, image.shape[1:])
mask = (likely > 0.4).astype(np.int8)
result = frame_result(scene, mask, likely, "cloudy", 0.9)
overlay(scene, result)
write_frame_fits(sys.argv[2], image, mask, likely)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
scale = 1 if sys.platform == "darwin" else 1024
print((after - before) * scale / image.nbytes)
"""


@pytest.fixture
def large(tmp_path):
    """A whole-sky picture of 12 megapixels."""
    rows, cols = np.ogrid[:3000, :4000]
    inside = np.hypot(rows - 1500, cols - 2000) < 1450
    pixels = np.full((3000, 4000, 3), 4, np.uint8)
    pixels[inside] = 90, 120, 190
    pixels[::7, ::5] //= 2
    Image.fromarray(pixels).save(tmp_path / "x.jpg", quality=90)
    return tmp_path / "x.jpg"


def test_strips_change_no_number(large, monkeypatch):
    whole = read_frame(large)
    small = blocks.Blocks(8, 8).mean(whole["image"].values)
    wide = blocks.enlarge(small[0], 8, (3000, 4000))
    for module in (circle, blocks):
        monkeypatch.setattr(module, "_STRIP", 100_000)
    strips = read_frame(large)
    assert strips.attrs == whole.attrs
    np.testing.assert_array_equal(strips["image"].values, whole["image"].values)
    np.testing.assert_array_equal(blocks.Blocks(8, 8).mean(strips["image"].values), small)
    np.testing.assert_array_equal(blocks.enlarge(small[0], 8, (3000, 4000)), wide)


def test_a_product_written_in_pieces_is_the_same_file(tmp_path, monkeypatch):
    image = np.random.default_rng(0).normal(size=(3, 50, 41)).astype(np.float32)
    mask = np.zeros((50, 41), np.int8)
    product.write_frame_fits(tmp_path / "a.fits", image, mask, image[0])
    monkeypatch.setattr(product, "_PIECE", 500)
    product.write_frame_fits(tmp_path / "b.fits", image, mask, image[0])
    assert (tmp_path / "a.fits").read_bytes() == (tmp_path / "b.fits").read_bytes()


@pytest.mark.slow
def test_a_frame_takes_little_more_memory_than_itself(large, tmp_path):
    pytest.importorskip("resource", reason="only POSIX systems say how much memory was taken")
    command = [sys.executable, "-c", MEASURE, str(large), str(tmp_path / "x.fits")]
    taken = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - our own script
    assert float(taken) < 3.2
