"""The grid follows the official formula digit by digit; date line and poles close."""

from decimal import ROUND_HALF_UP, Decimal
from math import cos, radians, sin

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nephoscope.grids.sinusoidal import POLDER, Sinusoidal

latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180, exclude_max=True)


def official(lin: int, col: int) -> tuple[float, float, int]:
    """Appendix B of the format document, 1-based, in plain Python."""
    latitude = 90 - (lin - 0.5) / 18
    half = int(Decimal(3240 * sin(radians((lin - 0.5) / 18))).quantize(0, ROUND_HALF_UP))
    return latitude, 180 / half * (col - 3240.5), half


@pytest.mark.parametrize("lin", [1, 2, 17, 540, 1080, 1620, 1621, 2400, 3239, 3240])
def test_every_pixel_of_a_row_is_where_the_official_formula_has_it(lin):
    half = official(lin, 1)[2]
    cols = np.arange(3240 - half, 3240 + half)
    expected = [official(lin, col + 1)[:2] for col in cols]
    np.testing.assert_allclose(POLDER.to_latitude(lin - 1), expected[0][0], atol=1e-12)
    found = POLDER.to_longitude(lin - 1, cols)
    np.testing.assert_allclose(found, [lon for _, lon in expected], atol=1e-10)
    assert POLDER.first_col(lin - 1) == cols[0]
    np.testing.assert_allclose(POLDER.to_col(lin - 1, found), cols, atol=1e-6)
    rows, back = POLDER.to_pixel(90 - (lin - 0.5) / 18, found)
    np.testing.assert_array_equal(rows, lin - 1)
    np.testing.assert_array_equal(back, cols)


def test_the_row_length_is_rounded():
    rows = np.arange(3240)
    exact = 3240 * np.cos(np.radians(POLDER.to_latitude(rows)))
    half = POLDER.half_length(rows)
    assert np.abs(half - exact).max() <= 0.5
    assert (half[0], half[-1], half[1619], half[1620]) == (2, 2, 3240, 3240)
    np.testing.assert_array_equal(half, half[::-1])
    assert half[540 - 1] == official(540, 1)[2]


def test_the_level_2_grid_is_three_times_coarser():
    grid = Sinusoidal(1080)
    assert grid.shape == (1080, 2160)
    assert grid.to_latitude(0) == pytest.approx(90 - 1 / 12)


@given(latitude=latitudes, longitude=longitudes)
def test_a_place_lies_in_its_pixel(latitude, longitude):
    row, col = POLDER.to_pixel(latitude, longitude)
    assert POLDER.on_globe(row, col)
    assert abs(POLDER.to_latitude(row) - latitude) <= 1 / 36 + 1e-9
    away = (POLDER.to_longitude(row, col) - longitude + 180) % 360 - 180
    assert abs(away) <= 90 / POLDER.half_length(row) + 1e-9


@given(latitude=latitudes, longitude=longitudes, turns=st.integers(-2, 2))
def test_neighbours_are_pixels_whose_weights_sum_to_one(latitude, longitude, turns):
    rows, cols, weights = POLDER.neighbours(latitude, longitude)
    assert rows.shape == cols.shape == weights.shape == (4,)
    assert POLDER.on_globe(rows, cols).all()
    assert weights.sum() == pytest.approx(1)
    assert (weights >= -1e-9).all()
    turned = POLDER.neighbours(latitude, longitude + 360 * turns)
    value = np.sin(POLDER.to_latitude(rows))
    assert (turned[2] * np.sin(POLDER.to_latitude(turned[0]))).sum() == pytest.approx(
        (weights * value).sum(), abs=1e-6
    )


@given(latitude=st.floats(-89.9, 89.9), longitude=longitudes)
def test_interpolating_a_smooth_field_gives_the_field(latitude, longitude):
    # x of the unit sphere: smooth at the date line, and to first order at the poles.
    rows, cols, weights = POLDER.neighbours(latitude, longitude)
    lat, lon = POLDER.to_latitude(rows), POLDER.to_longitude(rows, cols)
    x = np.cos(np.radians(lat)) * np.cos(np.radians(lon))
    expected = cos(radians(latitude)) * cos(radians(longitude))
    assert abs((weights * x).sum() - expected) < 5e-4


@pytest.mark.parametrize("sign", [1, -1])
def test_at_the_pole_the_far_side_is_half_of_the_answer(sign):
    rows, cols, weights = POLDER.neighbours(sign * 90.0, 45.0)
    row = 0 if sign == 1 else 3239
    assert (rows == row).all()
    np.testing.assert_allclose(sorted(weights.round(9)), [0, 0, 0.5, 0.5], atol=1e-9)
    heavy = weights > 0.25
    places = sorted(POLDER.to_longitude(rows, cols)[heavy])
    assert places == [-135, 45]


def test_the_neighbour_beneath_may_be_several_columns_away():
    rows, cols, _ = POLDER.neighbours(POLDER.to_latitude(400.5), 170.0)
    assert set(rows) == {400, 401}
    assert cols[2] - cols[0] >= 2
    lon = POLDER.to_longitude(rows, cols)
    assert np.abs(lon - 170).max() < 180 / POLDER.half_length(400)


def test_across_the_date_line_both_ends_of_a_row_meet():
    _, cols, weights = POLDER.neighbours(POLDER.to_latitude(1000), 180.0)
    half = int(POLDER.half_length(1000))
    assert [int(col) for col in cols[:2]] == [3239 + half, 3240 - half] or [
        int(col) for col in cols[:2]
    ] == [3240 + half - 1, 3240 - half]
    np.testing.assert_allclose(weights[:2], 0.5)
