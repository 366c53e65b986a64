"""Tiles: the weights add up to one everywhere, so blending changes nothing that agrees."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nephoscope.apply.tiles import Blend, add_tile, cut, lay_tiles, plan_axis
from nephoscope.errors import UsageError

AXES = st.tuples(
    st.integers(1, 700),  # extent
    st.integers(3, 20).map(lambda n: n * 32),  # tile
    st.integers(0, 40),  # overlap
)


@given(AXES, st.integers(0, 50))
def test_weights_of_all_tiles_add_up_to_one(axis, first):
    extent, tile, overlap = axis
    plan = plan_axis(first, first + extent, tile, overlap, 32)
    total = np.zeros(first + extent + 2 * plan.size)
    for start, weights in zip(plan.starts, plan.weights, strict=True):
        total[plan.size + start : 2 * plan.size + start] += weights
    covered = total[plan.size + first : plan.size + first + extent]
    np.testing.assert_allclose(covered, 1, atol=1e-5)
    assert plan.size % 32 == 0
    assert plan.size <= tile
    assert not any(start % 32 for start in plan.starts)


@given(AXES)
def test_weights_add_up_to_one_around_the_planet(axis):
    extent, tile, overlap = axis
    period = extent + 2 * tile
    plan = plan_axis(0, period, tile, overlap, 32, period=period)
    total = np.zeros(period)
    for start, weights in zip(plan.starts, plan.weights, strict=True):
        np.add.at(total, np.arange(start, start + plan.size) % period, weights)
    np.testing.assert_allclose(total, 1, atol=1e-5)


@given(st.integers(1, 700), st.integers(41, 90), st.integers(0, 20), st.integers(-20, 50))
def test_tiles_that_do_not_blend_say_each_pixel_once(extent, tile, margin, first):
    plan = plan_axis(first, first + extent, tile, 2 * margin, 1, blend=False)
    said = [
        pixel
        for start, weights in zip(plan.starts, plan.weights, strict=True)
        for pixel in start + np.flatnonzero(weights)
    ]
    assert len(said) == len(set(said))
    assert set(range(first + margin, first + extent - margin)) <= set(said)
    assert set(np.unique(plan.weights)) <= {0.0, 1.0}
    assert all(weights[:margin].max(initial=0) == 0 for weights in plan.weights)


def test_an_overlap_that_cannot_be_halved_is_refused():
    with pytest.raises(UsageError, match="an overlap of 32 has no halves that are multiples of 32"):
        plan_axis(0, 100, 96, 32, 32, blend=False)


@given(AXES)
def test_what_is_left_out_of_a_tile_counts_for_nothing(axis):
    extent, size, overlap = axis
    rows = plan_axis(0, extent, size, overlap, 32)
    for line in lay_tiles(rows, rows, None):
        for tile in line:
            weights = np.outer(tile.row_weights, tile.col_weights)
            weights[tile.weighty] = 0
            assert weights.max() <= 1e-5


@pytest.mark.parametrize(("first", "stop"), [(0, 70), (3, 150), (10, 30)])
def test_cutting_and_adding_gives_the_scene_back(first, stop):
    rng = np.random.default_rng(0)
    scene = rng.random((150, 400), dtype=np.float32)
    rows = plan_axis(first, stop, 64, 16, 32)
    cols = plan_axis(0, 400, 96, 16, 32, period=400)
    total = np.zeros_like(scene)
    for line in lay_tiles(rows, cols, 400):
        for tile in line:
            add_tile(total, cut(scene, tile), tile)
    np.testing.assert_allclose(total[first:stop], scene[first:stop], atol=1e-5)


@given(AXES, st.integers(0, 64))
def test_a_scene_that_begins_later_has_its_tiles_in_the_same_phase(axis, first):
    extent, tile, overlap = axis
    starts = plan_axis(first, first + extent, tile, overlap, 32).starts
    assert starts[0] <= first < starts[0] + 32


def test_a_tile_over_the_edge_is_filled():
    rows = plan_axis(0, 20, 64, 16, 32)
    cols = plan_axis(0, 64, 64, 0, 32)
    tile = next(iter(lay_tiles(rows, cols, 64)))[0]
    part = cut(np.ones((3, 20, 64), np.uint8), tile)
    assert part.shape == (3, 64, 64)
    assert part.sum() == 3 * 20 * 64


def test_an_overlap_as_large_as_the_tile_is_refused():
    with pytest.raises(ValueError, match="overlap 64"):
        plan_axis(0, 200, 64, 64, 32)


@pytest.mark.parametrize(("first", "stop"), [(0, 150), (3, 150), (10, 30), (70, 71)])
@pytest.mark.parametrize("lead", [(), (3,)])
def test_bands_are_to_the_bit_what_all_tiles_add_up_to(first, stop, lead):
    rng = np.random.default_rng(first)
    rows = plan_axis(first, stop, 64, 16, 8)
    cols = plan_axis(0, 100, 48, 16, 8, period=100)
    total = np.zeros((*lead, 150, 100), np.float32)
    blend, found, line = Blend(slice(first, stop), 100), [], first
    for tile in [tile for each in lay_tiles(rows, cols, 100) for tile in each]:
        values = rng.random((*lead, rows.size, cols.size), dtype=np.float32)
        add_tile(total, values, tile)
        if tile.rows[0] > line:
            line = int(tile.rows[0])
            found.append(blend.finished(line))
        blend.add({"x": values}, tile)
    found.append(blend.finished(stop))
    assert [band[0].start for band in found] == [first, *(band[0].stop for band in found[:-1])]
    whole = np.concatenate([band["x"] for _, band in found], axis=-2)
    np.testing.assert_array_equal(whole, total[..., first:stop, :])
