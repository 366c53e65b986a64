from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nephoscope.grids.plate_carree import PlateCarree
from nephoscope.instruments.marci.grid import MARS


def test_every_row_and_column_of_the_mars_grid_is_the_nearest_double_to_the_decimal_degrees():
    # Independent computation in exact decimal arithmetic.
    latitudes = [float(Decimal(90) - Decimal(row) / 10) for row in range(1801)]
    longitudes = [float(Decimal(-180) + Decimal(col) / 10) for col in range(3600)]
    np.testing.assert_array_equal(MARS.latitude(), latitudes)
    np.testing.assert_array_equal(MARS.longitude(), longitudes)


def test_degrees_go_back_to_exactly_the_same_pixels():
    np.testing.assert_array_equal(MARS.to_row(MARS.latitude()), np.arange(1801))
    np.testing.assert_array_equal(MARS.to_col(MARS.longitude()), np.arange(3600))


@given(row=st.floats(-0.5, 1800.5), col=st.floats(0, 3599.99))
def test_fractional_pixels_come_back(row, col):
    assert abs(MARS.to_row(MARS.to_latitude(row)) - row) < 1e-7
    assert abs(MARS.to_col(MARS.to_longitude(col)) - col) < 1e-7


@given(longitude=st.floats(-1000, 1000), turns=st.integers(-3, 3))
def test_columns_do_not_depend_on_whole_turns(longitude, turns):
    first, second = MARS.to_col(longitude), MARS.to_col(longitude + 360 * turns)
    assert 0 <= first < 3600
    distance = abs(first - second)
    assert min(distance, 3600 - distance) < 1e-6


def test_a_hair_west_of_the_seam_wraps_into_the_grid():
    assert MARS.to_col(-180 - 1e-12) == 0
    assert MARS.to_col(180) == 0
    assert MARS.to_col(-180.1) == 3599


def test_another_grid_has_its_own_origin_and_step():
    grid = PlateCarree(rows=4, cols=8, north=67.5, west=0.0, step=45.0)
    assert grid.shape == (4, 8)
    np.testing.assert_array_equal(grid.latitude(), [67.5, 22.5, -22.5, -67.5])
    assert grid.to_col(-45.0) == 7


def test_the_poles_are_the_first_and_last_row_at_any_longitude():
    np.testing.assert_array_equal(MARS.to_row([90.0, -90.0]), [0, 1800])
    np.testing.assert_array_equal(MARS.to_latitude([0, 1800]), [90, -90])
    # What lies beyond falls outside the grid, and is not folded back into it.
    assert MARS.to_row(90.1) < 0
    assert MARS.to_row(-90.1) > 1800


def test_a_track_over_the_date_line_goes_on_from_the_last_column_to_the_first():
    np.testing.assert_array_equal(
        MARS.to_col([179.8, 179.9, 180.0, -180.0, -179.9, 540.0]), [3598, 3599, 0, 0, 1, 0]
    )
    assert np.isnan(MARS.to_col(np.nan))
    assert np.isnan(MARS.to_row(np.nan))
