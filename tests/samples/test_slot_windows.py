"""Windows along a track and all over a picture."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nephoscope.samples.slot_windows import SlotChoice, all_over, along_pixels

SHAPE = 300, 200


@st.composite
def tracks(draw):
    """Pixels of a line from edge to edge, northwards or southwards, leaning either way."""
    lean, at = draw(st.floats(-0.4, 0.4)), draw(st.floats(70, 130))
    row = np.arange(0, SHAPE[0], 0.4)
    col = np.clip(at + lean * (row - 150) + 5 * np.sin(row / 60), 0, SHAPE[1] - 1)
    pixels = np.unique(np.stack([np.round(row), np.round(col)], axis=1), axis=0).astype(int)
    pixels = pixels[(pixels[:, 0] < SHAPE[0])]
    return pixels[:: draw(st.sampled_from([1, -1]))].T


def held(row, col, first, left, size):
    return (row >= first) & (row < first + size) & (col >= left) & (col < left + size)


@given(tracks(), st.sampled_from([8, 33, 64, 128]), st.floats(0, 0.9), st.integers(0, 99))
def test_every_pixel_is_held_and_neighbours_share_as_much_as_is_asked(track, size, overlap, seed):
    row, col = track
    choice = SlotChoice(size=size, overlap=overlap)
    found = along_pixels(row, col, SHAPE, choice, np.random.default_rng(seed))
    masks = [held(row, col, first, left, size) for first, left in found]
    assert np.any(masks, axis=0).all()
    for first, left in found:
        assert 0 <= first <= SHAPE[0] - size
        assert 0 <= left <= SHAPE[1] - size
    for one, two in pairwise(masks[:-1]):
        # What lies in a window may be more than what it was made for, by where it was shifted.
        assert (one & two).sum() >= np.floor(overlap * one.sum()) - 1 - size / 4


def test_a_fifth_is_shared_on_a_straight_track():
    row = np.arange(300)
    found = along_pixels(
        row, np.full(300, 100), SHAPE, SlotChoice(size=50), np.random.default_rng()
    )
    assert [first for first, _ in found] == [0, 40, 80, 120, 160, 200, 240, 250]


def test_a_track_keeps_its_distance_from_the_sides():
    row, rng = np.arange(300), np.random.default_rng(0)
    for padding in (0, 20, 31):
        choice = SlotChoice(size=64, padding=padding)
        for _, left in along_pixels(row, np.full(300, 100), SHAPE, choice, rng):
            assert padding <= 100 - left <= 63 - padding or padding == 31


def test_a_picture_smaller_than_a_window_has_none():
    rng = np.random.default_rng(0)
    assert along_pixels(np.arange(30), np.arange(30), (30, 30), SlotChoice(size=32), rng) == []
    assert all_over((30, 300), SlotChoice(size=32), rng) == []


def test_windows_all_over_share_no_pixel_and_fill_what_fits():
    seen = np.zeros(SHAPE, int)
    found = all_over(SHAPE, SlotChoice(size=64), np.random.default_rng(1))
    assert len(found) == (300 // 64) * (200 // 64)
    for first, left in found:
        seen[first : first + 64, left : left + 64] += 1
    assert seen.max() == 1
    assert seen.sum() == len(found) * 64 * 64
    few = all_over(SHAPE, SlotChoice(size=64, number=3), np.random.default_rng(1))
    assert len(few) == 3
    assert set(few) <= set(found)
