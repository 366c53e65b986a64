"""Warped crops: where every pixel comes from, labels and images together, missing pixels."""

from dataclasses import replace

import numpy as np
import pytest

from nephoscope.inputs.sky import pixel_noise
from nephoscope.recipe import Warp
from nephoscope.samples.part import Part
from nephoscope.samples.warp import draw_map, lost_noise, places, warp_image, warped_crop
from nephoscope.scene import known_of
from nephoscope.simulate.fractal import fractal

ROWS, COLS = 40, 50


def part():
    """Red is its row, green its column; the label is the parity of blocks of four."""
    row, col = np.mgrid[:ROWS, :COLS]
    image = np.stack([row + 1, col + 1, row * 0 + 7]).astype(np.uint8)[None]
    return Part(
        image=image,
        known=np.ones((1, ROWS, COLS), bool),
        label=((row // 4 + col // 4) % 2).astype(np.int8)[None],
        indices=(0,),
        latitude=np.zeros(ROWS),
        longitude=np.zeros(COLS),
        background=None,
        channels=("red", "green", "blue"),
        statistics=(),
        ids=("only",),
        rows=(0, ROWS - 1),
        unit="frame",
        wraps=False,
        placed=False,
    )


def test_without_change_the_middle_is_cut_out():
    still = Warp(share=1, rotation=0, shear=0, zoom=(1, 1), shift=0)
    view, label = warped_crop(part(), (20, 30), still, np.random.default_rng(0))
    np.testing.assert_allclose(view.image, part().image[0, :, 10:30, 10:40], atol=1e-3)
    np.testing.assert_array_equal(label, part().label[0, 10:30, 10:40])


@pytest.mark.parametrize("seed", range(8))
def test_image_and_label_come_from_the_same_place(seed):
    whole = part()
    settings = Warp(share=1, rotation=180, shear=0.2, zoom=(0.7, 2.5), shift=0.1)
    matrix, centre = draw_map((ROWS, COLS), settings, np.random.default_rng(seed + 100))
    rows, cols = places((16, 16), matrix, centre)
    inside = (rows > 1) & (rows < ROWS - 2) & (cols > 1) & (cols < COLS - 2)
    image = warp_image(whole.image[0], known_of(whole.image[0]), rows, cols)
    np.testing.assert_allclose(image[0][inside], rows[inside] + 1, atol=1e-2)
    np.testing.assert_allclose(image[1][inside], cols[inside] + 1, atol=1e-2)
    view, label = warped_crop(whole, (16, 16), settings, np.random.default_rng(seed))
    row, col = (np.rint(view.image[n]).astype(int) - 1 for n in (0, 1))
    # A pixel well inside a block of four has that block's label.
    sure = (np.abs(row % 4 - 1.5) < 1) & (np.abs(col % 4 - 1.5) < 1)
    edge = 2
    sure &= (row > edge) & (row < ROWS - edge) & (col > edge) & (col < COLS - edge)
    np.testing.assert_array_equal(label[sure], ((row // 4 + col // 4) % 2)[sure])
    assert set(np.unique(label)) <= {0, 1}


def test_a_zoom_and_a_quarter_turn_are_what_they_say():
    rows, cols = places((3, 3), np.array([[0.0, -0.5], [0.5, 0.0]]), np.array([10.0, 20.0]))
    np.testing.assert_allclose(rows, 10 + np.array([[0.5, 0, -0.5]] * 3))
    np.testing.assert_allclose(cols, 20 + np.array([[-0.5] * 3, [0] * 3, [0.5] * 3]))


def test_beyond_the_edge_the_frame_is_reflected():
    rows, cols = places((2 * ROWS, COLS), np.eye(2), np.array([(ROWS - 1) / 2, (COLS - 1) / 2]))
    image = warp_image(part().image[0], known_of(part().image[0]), rows, cols)
    top = ROWS // 2
    np.testing.assert_allclose(image[0, :top], image[0, top : 2 * top][::-1], atol=1e-3)


def test_missing_pixels_stay_missing_and_do_not_bleed():
    image = np.full((1, ROWS, COLS), 100.0, np.float32)
    image[:, :, :20] = np.nan
    rows, cols = places((20, 30), np.eye(2) * 0.9, np.array([20.0, 22.0]))
    found = warp_image(image, known_of(image), rows, cols)
    known = np.isfinite(found[0])
    np.testing.assert_allclose(found[0][known], 100, atol=1e-3)
    np.testing.assert_array_equal(known, cols >= 19.5)


@pytest.mark.parametrize("zoom", [0.7, 1.7, 4.0])
@pytest.mark.parametrize("gain", [1.0, 8.0])
def test_a_warped_frame_of_counts_is_as_noisy_as_it_was(zoom, gain):
    rng = np.random.default_rng(3)
    smooth = 60 * fractal(rng, (128, 160), 2.2)
    counts = gain * (700 + smooth + rng.normal(0, 2, (128, 160))).astype(np.float32)
    whole = replace(
        part(),
        image=counts[None, None],
        known=np.ones((1, 128, 160), bool),
        label=np.zeros((1, 128, 160), np.int8),
        channels=("adu",),
        latitude=np.zeros(128),
        longitude=np.zeros(160),
        rows=(0, 127),
    )
    settings = Warp(share=1, rotation=45, shear=0, zoom=(zoom, zoom), shift=0)
    view, _ = warped_crop(whole, (128, 160), settings, rng)
    assert pixel_noise(counts) == pytest.approx(2 * gain, rel=0.05)
    assert pixel_noise(view.image[0]) == pytest.approx(2 * gain, rel=0.1)


def test_the_noise_that_is_given_back_stays_off_colour_and_missing_pixels():
    counts = np.random.default_rng(0).normal(700, 5, (60, 70)).astype(np.float32)
    counts[:, :30] = np.nan
    given = lost_noise(counts, counts, np.random.default_rng(1))
    assert not given.any()
    still = Warp(share=1, rotation=0, shear=0, zoom=(1, 1), shift=0)
    image = counts[None, None, :ROWS, :COLS]
    whole = replace(part(), image=image, known=np.isfinite(image[:, 0]))
    view, _ = warped_crop(whole, (ROWS, COLS), still, np.random.default_rng(0))
    assert np.isnan(view.image[0, :, :29]).all()
    assert np.isfinite(view.image[0, :, 31:]).all()
