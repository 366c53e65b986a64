"""Block means and back: against plain loops, with missing pixels and ragged edges."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nephoscope.grids.blocks import Blocks, enlarge, factor_for, pad_to


@pytest.mark.parametrize(
    ("shape", "side", "factor"),
    [((450, 480), 480, 1), ((512, 640), 160, 4), ((128, 160), 160, 1), ((2000, 1944), 480, 4),
     ((30, 40), 480, 1), ((900, 100), None, 1)],
)  # fmt: skip
def test_the_longer_side_comes_to_about_the_side_wanted(shape, side, factor):
    assert factor_for(shape, side) == factor


@given(
    rows=st.integers(1, 13),
    cols=st.integers(1, 13),
    factor=st.integers(1, 5),
    seed=st.integers(0, 99),
)
def test_means_are_those_of_a_loop(rows, cols, factor, seed):
    rng = np.random.default_rng(seed)
    image = rng.normal(size=(2, rows, cols)).astype(np.float32)
    image[:, rng.random((rows, cols)) < 0.3] = np.nan
    found = Blocks(factor, factor).mean(image)
    assert found.shape == (2, -(-rows // factor), -(-cols // factor))
    for index in np.ndindex(found.shape):
        channel, row, col = index
        block = image[channel, row * factor : (row + 1) * factor, col * factor :][:, :factor]
        if np.isnan(block).all():
            assert np.isnan(found[index])
        else:
            assert found[index] == pytest.approx(float(np.nanmean(block)), abs=1e-5)


def test_the_label_of_a_block_is_what_most_of_it_is():
    label = np.array(
        [[1, 1, 0, 0, -1, -1], [0, 1, 0, 1, -1, 1], [1, 0, -1, -1, 0, 0], [1, 0, -1, 1, 0, 0]],
        np.int8,
    )
    np.testing.assert_array_equal(Blocks(2, 2).label(label), [[1, 0, -1], [1, -1, 0]])
    np.testing.assert_array_equal(Blocks(1, 1).label(label), label)


@pytest.mark.parametrize("factor", [1, 2, 3, 4])
def test_a_plane_comes_back_as_it_was(factor):
    rows, cols = 7 * factor, 5 * factor
    plane = np.add.outer(np.arange(rows) * 2.0, np.arange(cols) * 3.0).astype(np.float32)
    back = enlarge(Blocks(factor, factor).mean(plane[None])[0], factor, (rows, cols))
    inner = np.s_[factor : rows - factor, factor : cols - factor]
    np.testing.assert_allclose(back[inner], plane[inner], rtol=1e-5)
    assert back.shape == plane.shape


def test_one_block_is_held_everywhere():
    found = enlarge(np.full((1, 1), 0.3, np.float32), 4, (3, 4))
    np.testing.assert_allclose(found, np.full((3, 4), 0.3), rtol=1e-6)


def test_padding_repeats_the_edge_or_fills():
    image = np.arange(6, dtype=np.float32).reshape(1, 2, 3)
    grown = pad_to(image, 4)
    assert grown.shape == (1, 4, 4)
    np.testing.assert_array_equal(grown[0, :2, :3], image[0])
    np.testing.assert_array_equal(grown[0, 2:, :3], np.repeat(image[0, 1:], 2, axis=0))
    assert (pad_to(image, 4, -1.0)[0, 2:] == -1).all()
    assert pad_to(image, 1).shape == image.shape
