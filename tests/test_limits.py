"""Limits of brightness learned from labels, against labels made with a known limit."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from nephoscope.background import grid_of, read_background, write_background
from nephoscope.errors import UsageError
from nephoscope.grids.cells import interpolate_cells
from nephoscope.inputs import View, assemble
from nephoscope.limits import Limits, as_dataset, evidence, learn_limits, limits_from
from nephoscope.recipe import Limit

SETTINGS = Limit(cell=4, smoothing=0.5)
SHAPE = (48, 96)


def _true_limit():
    limit = np.full(SHAPE, 92.0)
    limit[:, 48:] = 112.0
    return limit


def _sample(number, limit=None):
    rng = np.random.default_rng(number)
    limit = _true_limit() if limit is None else limit
    # Smooth at the scale of a few pixels, as maps are, so that the noise is what the labels add.
    field = gaussian_filter(rng.standard_normal(SHAPE), 3, mode=("nearest", "wrap"))
    brightness = np.clip(100 + 15 * field / field.std(), 60, 150).astype(np.uint8)
    seen = brightness + rng.normal(0, 2, SHAPE)
    return brightness, (seen > limit).astype(np.int8)


def test_finds_the_limit_that_made_the_labels():
    limits, _ = learn_limits(_sample, 12, SETTINGS)
    inner = limits[0][:, 2:10], limits[0][:, 14:22]
    assert abs(np.median(inner[0]) - 92) < 1
    assert abs(np.median(inner[1]) - 112) < 1
    assert np.abs(inner[0] - 92).max() < 8
    assert np.median(limits[1]) < 4  # narrow where much was seen near the limit


def test_a_sample_does_not_see_its_own_label():
    other = np.full(SHAPE, 140.0)

    def read(number):
        return _sample(number, other if number == 3 else None)

    def changed(number):
        brightness, label = read(number)
        return (brightness, 1 - label) if number == 3 else (brightness, label)

    _, first = learn_limits(read, 6, SETTINGS)
    _, second = learn_limits(changed, 6, SETTINGS)
    np.testing.assert_allclose(first[3], second[3], atol=1e-3)
    assert np.abs(first[0] - second[0]).max() > 1  # while the others do


def test_without_equals_learning_from_the_others():
    _, without = learn_limits(_sample, 4, SETTINGS)
    total = sum(evidence(*_sample(number), SETTINGS) for number in (0, 1, 3))
    np.testing.assert_allclose(without[2], limits_from(total, SETTINGS), atol=1e-3)


def test_nothing_labelled_leaves_the_whole_range():
    brightness, _ = _sample(0)
    nothing = evidence(brightness, np.full(SHAPE, -1, np.int8), SETTINGS)
    assert not nothing.any()
    mean, spread = limits_from(nothing, SETTINGS)
    first, last, step = SETTINGS.levels
    levels = np.arange(first, last + step, step)
    np.testing.assert_allclose(mean, levels.mean(), atol=1e-3)
    np.testing.assert_allclose(spread, levels.std(), rtol=1e-4)


def test_missing_pixels_say_nothing():
    brightness, label = _sample(0)
    hidden = brightness.copy()
    hidden[:, :48] = 0
    found = evidence(hidden, label, SETTINGS)
    assert not found[:, :12].any()
    assert found[:, 13:].any()


def test_beside_a_gore_the_limit_is_no_darker():
    brightness, label = np.full(SHAPE, 120, np.uint8), np.ones(SHAPE, np.int8)
    label[:, ::2] = 0  # at 120 DN half is cloud: the limit is there, gore or not
    gore = brightness.copy()
    gore[:, 40:44] = 0
    whole, beside = (
        limits_from(evidence(b, label, SETTINGS), SETTINGS) for b in (brightness, gore)
    )
    known = np.r_[0:10, 11:24]
    np.testing.assert_allclose(beside[0][:, known], whole[0][:, known], atol=0.05)


def test_limits_say_where_they_lie():
    latitude, longitude = np.linspace(47, -47, 48), 3.75 * np.arange(96)
    found = as_dataset(np.zeros((2, 12, 24), np.float32), SETTINGS, latitude, longitude)
    grid = grid_of(found, latitude[:5], longitude[:7])
    np.testing.assert_allclose(grid.latitude.place(latitude), np.arange(48), atol=1e-5)
    np.testing.assert_allclose(grid.longitude.place_around(longitude + 360), np.arange(96))
    assert grid.longitude.goes_round


def test_limits_of_a_place_are_made_once_while_there_is_room(monkeypatch):
    latitude, longitude = np.linspace(47, -47, 48), 3.75 * np.arange(96)
    cells = np.random.default_rng(0).random((2, 12, 24), np.float32)
    grid = grid_of(as_dataset(cells, SETTINGS, latitude, longitude), latitude, longitude)
    limits = Limits(cells, grid)
    first = limits.at(latitude[:9], longitude[3:20])
    np.testing.assert_array_equal(first, grid.sample(cells, latitude[:9], longitude[3:20]))
    assert limits.at(latitude[:9], longitude[3:20]) is first
    monkeypatch.setattr("nephoscope.limits._KEPT", first.size)
    other = limits.at(latitude[9:12], longitude[3:20])
    np.testing.assert_array_equal(other, grid.sample(cells, latitude[9:12], longitude[3:20]))
    assert limits.at(latitude[9:12], longitude[3:20]) is not other


def test_one_sample_is_too_few():
    with pytest.raises(UsageError, match="two samples"):
        learn_limits(_sample, 1, SETTINGS)


def test_file_comes_back_as_it_was(tmp_path):
    limits, _ = learn_limits(_sample, 3, SETTINGS)
    found = as_dataset(limits, SETTINGS, np.linspace(47, -47, 48), 3.75 * np.arange(96))
    write_background(found, tmp_path / "limits.nc")
    again = read_background(tmp_path / "limits.nc")
    np.testing.assert_array_equal(again["background_limit"], found["background_limit"])
    np.testing.assert_allclose(found["background_limit"], limits[0], atol=1 / 32)


def test_cells_are_met_at_their_centres_and_wrap():
    cells = np.arange(24, dtype=np.float32).reshape(1, 4, 6)
    rows, cols = np.array([1.5, 5.5]), np.array([1.5, 21.5, 25.5])  # centres, and one turn on
    np.testing.assert_allclose(
        interpolate_cells(cells, 4, rows, cols, 24)[0], [[0, 5, 0], [6, 11, 6]], atol=1e-5
    )


def test_features_are_withheld_with_the_position():
    image = np.full((3, 4, 4), 120, np.uint8)
    limit = np.stack([np.full((4, 4), 100.0), np.full((4, 4), 8.0)]).astype(np.float32)
    names = ("limit_excess", "limit", "limit_certainty")
    latitude, longitude = np.zeros(4), np.zeros(4)
    seen = np.ones((4, 4), bool)
    known = assemble(View(image, seen, latitude, longitude, limit=limit), names)
    np.testing.assert_allclose(known[:, 0, 0], [20 / np.hypot(8, 6), 0.25, 4 / 11], rtol=1e-6)
    assert not assemble(
        View(image, seen, latitude, longitude, position=False, limit=limit), names
    ).any()
    assert not assemble(View(image, seen, latitude, longitude), names).any()
