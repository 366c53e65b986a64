"""Lines of sight: parallax by hand, on a grid whose distances are checked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nephoscope.simulate.earth.atmosphere.grid import RADIUS, LocalGrid
from nephoscope.simulate.earth.sight import Sight


def arc(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Haversine distance, m."""
    a, b, c, d = np.deg2rad([lat, lon, other_lat, other_lon])
    half = np.sin((c - a) / 2) ** 2 + np.cos(a) * np.cos(c) * np.sin((d - b) / 2) ** 2
    return float(2 * RADIUS * np.arcsin(np.sqrt(half)))


@given(
    lat=st.floats(-85, 85), lon=st.floats(-180, 180), row=st.floats(0, 399), col=st.floats(0, 399)
)
def test_places_and_indices_are_inverse(lat: float, lon: float, row: float, col: float) -> None:
    grid = LocalGrid(lat, lon, 400, 400, 3000.0)
    back = grid.to_index(*grid.to_place(row, col))
    assert np.allclose(back, (row, col), atol=1e-6)


@pytest.mark.parametrize("centre", [(0.0, 0.0), (52.0, 179.9), (-80.0, 10.0)])
def test_columns_near_the_centre_are_as_wide_as_said(centre: tuple[float, float]) -> None:
    grid = LocalGrid(*centre, 101, 101, 1500.0)
    here = [float(one) for one in grid.to_place(50, 50)]
    assert here == pytest.approx(centre)
    for there in ((50, 51), (49, 50)):
        place = [float(one) for one in grid.to_place(*there)]
        assert arc(*here, *place) == pytest.approx(1500, rel=1e-4)


def test_columns_have_equal_areas_far_from_the_centre() -> None:
    grid = LocalGrid(40.0, 0.0, 1001, 1001, 3000.0)
    lat, lon = grid.to_place([500, 501, 500], [980, 980, 981])
    down = np.array([(lat[1] - lat[0]), (lon[1] - lon[0]) * np.cos(np.deg2rad(lat[0]))])
    right = np.array([(lat[2] - lat[0]), (lon[2] - lon[0]) * np.cos(np.deg2rad(lat[0]))])
    area = abs(down[0] * right[1] - down[1] * right[0]) * np.deg2rad(RADIUS) ** 2
    assert area == pytest.approx(3000.0**2, rel=2e-3)


def test_a_covering_grid_holds_every_place_and_its_margin() -> None:
    lat, lon = np.array([[10.0, 12.0], [np.nan, -3.0]]), np.array([[179.0, -178.0], [0.0, 178.0]])
    grid = LocalGrid.covering(lat, lon, 3000.0, margin=30_000.0)
    row, col = grid.to_index(lat[np.isfinite(lat)], lon[np.isfinite(lat)])
    assert min(row.min(), col.min()) >= 9
    assert row.max() <= grid.rows - 10
    assert col.max() <= grid.cols - 10
    assert grid.cols < 220  # across the date line, not around the Earth


@pytest.mark.parametrize(
    ("azimuth", "rows", "cols"), [(0, -1, 0), (90, 0, 1), (225, 0.707, -0.707)]
)
def test_parallax_by_hand(azimuth: float, rows: float, cols: float) -> None:
    """At 45 degrees a cloud at 12 km is seen 12 km beyond: 8 columns of 1.5 km."""
    grid = LocalGrid(20.0, 30.0, 201, 201, 1500.0)
    sight = Sight.towards(grid, 20.0, 30.0, 45.0, azimuth)
    row, col = divmod(int(sight.at(12_000.0)), 201)
    assert (row, col) == (100 + round(8 * rows), 100 + round(8 * cols))
    assert float(sight.slant) == pytest.approx(2**0.5)
    assert int(sight.at(0.0)) == 100 * 201 + 100


def test_lines_that_leave_the_grid_meet_its_edge() -> None:
    grid = LocalGrid(0.0, 0.0, 11, 11, 1500.0)
    sight = Sight.towards(grid, 0.0, 0.0, 80.0, 90.0)
    assert int(sight.at(20_000.0)) == 5 * 11 + 10
