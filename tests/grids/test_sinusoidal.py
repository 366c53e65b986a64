"""The grid follows the official formula digit by digit."""

from decimal import ROUND_HALF_UP, Decimal
from math import radians, sin

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
