"""The geostationary grid: against PROJ, and both ways; angles against satpy's own orbit code."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nephoscope.grids.geostationary import (
    SEVIRI_0,
    STEP,
    Bounds,
    Geostationary,
)

RAPID, INDIAN_OCEAN = Geostationary(longitude=9.5), Geostationary(longitude=41.5)
GRIDS = [SEVIRI_0, RAPID, INDIAN_OCEAN, Geostationary(longitude=45.5)]


def proj_of(grid):
    pyproj = pytest.importorskip("pyproj")
    return pyproj.Proj(
        proj="geos", h=35785831.0, a=6378169.0, b=6356583.8, lon_0=grid.longitude, sweep="y"
    )


def pixel_by_proj(grid, latitude, longitude):
    x, y = proj_of(grid)(longitude, latitude)
    seen = np.isfinite(x)
    row = np.where(seen, grid.centre_row - np.where(seen, y, 0) / grid.step, np.nan)
    return row, np.where(seen, grid.centre_col + np.where(seen, x, 0) / grid.step, np.nan)


@pytest.mark.parametrize("grid", GRIDS, ids=lambda grid: f"{grid.longitude}")
def test_pixels_of_places_are_those_of_proj_to_a_millionth(grid):
    rng = np.random.default_rng(0)
    latitude, longitude = rng.uniform(-90, 90, 50_000), rng.uniform(-180, 180, 50_000)
    row, col = grid.to_pixel(latitude, longitude)
    expected = pixel_by_proj(grid, latitude, longitude)
    assert 0.3 < np.isfinite(row).mean() < 0.5  # a satellite sees about 42 % of the Earth
    np.testing.assert_array_equal(np.isnan(row), np.isnan(expected[0]))
    np.testing.assert_allclose(row, expected[0], atol=1e-6, rtol=0)
    np.testing.assert_allclose(col, expected[1], atol=1e-6, rtol=0)


@pytest.mark.parametrize("grid", GRIDS, ids=lambda grid: f"{grid.longitude}")
def test_places_of_pixels_are_those_of_proj(grid):
    row, col = np.meshgrid(np.arange(0, 3712, 29.0), np.arange(0, 3712, 29.0), indexing="ij")
    latitude, longitude = grid.to_place(row, col)
    there = proj_of(grid)(
        (col - grid.centre_col) * grid.step, (grid.centre_row - row) * grid.step, inverse=True
    )
    seen = np.isfinite(there[0])
    np.testing.assert_array_equal(np.isnan(latitude), ~seen)
    # A millionth of a pixel is 2.7e-8 degree at the centre; near the limb degrees run faster.
    np.testing.assert_allclose(latitude[seen], there[1][seen], atol=1e-7)
    np.testing.assert_allclose(longitude[seen], there[0][seen], atol=1e-7)


@given(
    row=st.floats(-0.5, 3711.5),
    col=st.floats(-0.5, 3711.5),
    grid=st.sampled_from(GRIDS),
)
def test_pixels_come_back_or_are_off_the_disk(row, col, grid):
    latitude, longitude = grid.to_place(row, col)
    if np.isnan(latitude):
        assert np.isnan(longitude)
        assert np.hypot(row - 1856, col - 1856) > 1800
        return
    back = grid.to_pixel(latitude, longitude)
    # At the very limb a hair of rounding puts the place behind the horizon.
    if np.hypot(row - 1856, col - 1856) < 1790:
        np.testing.assert_allclose(back, (row, col), atol=1e-6)


def test_the_satellite_stands_over_the_centre_and_the_poles_are_unseen():
    for grid in GRIDS:
        np.testing.assert_allclose(grid.to_place(1856, 1856), (0, grid.longitude), atol=1e-12)
        assert np.isnan(grid.to_pixel([90.0, -90.0], [0.0, 0.0])).all()
        assert np.isnan(grid.to_pixel(0.0, grid.longitude + 180)).all()
        assert np.isnan(grid.to_place([0, 0, 3711, 3711], [0, 3711, 0, 3711])).all()


def test_north_is_up_and_east_is_right():
    row, col = SEVIRI_0.to_pixel([50.0, -20.0], [10.0, -40.0])
    assert row[0] < 1856 < col[0]
    assert row[1] > 1856 > col[1]


@given(turns=st.integers(-3, 3), longitude=st.floats(-30, 110))
def test_a_whole_turn_changes_nothing(turns, longitude):
    here = INDIAN_OCEAN.to_pixel(10.0, longitude)
    there = INDIAN_OCEAN.to_pixel(10.0, longitude + 360 * turns)
    np.testing.assert_allclose(here, there, atol=1e-6)


def test_a_grid_over_the_date_line_gives_longitudes_of_both_signs():
    grid = Geostationary(longitude=179.0)
    longitude = grid.to_place(1856, [1800, 1856, 1900])[1]
    assert longitude[0] > 170
    np.testing.assert_allclose(longitude[1], 179)
    assert longitude[2] < -179
    np.testing.assert_allclose(grid.to_pixel(0.0, longitude)[1], [1800, 1856, 1900], atol=1e-6)


def test_a_window_shows_the_same_places():
    part = RAPID.window(700, 1500, 40, 50)
    assert part.shape == (40, 50)
    latitude, longitude = part.places()
    assert latitude.shape == longitude.shape == (40, 50)
    expected = RAPID.to_place(np.arange(700, 740)[:, None], np.arange(1500, 1550)[None])
    np.testing.assert_allclose(latitude, expected[0], atol=1e-5)
    np.testing.assert_allclose(longitude, expected[1], atol=1e-5)


def test_what_covers_a_box_holds_its_corners_and_no_more():
    box = Bounds(40.0, -5.0, 50.0, 15.0)
    top, left, rows, cols = SEVIRI_0.covering(box)
    row, col = SEVIRI_0.to_pixel([40, 40, 50, 50], [-5, 15, -5, 15])
    assert (row >= top).all()
    assert (row <= top + rows - 1).all()
    assert (col >= left).all()
    assert (col <= left + cols - 1).all()
    assert top == np.floor(SEVIRI_0.to_pixel(50.0, 0.0)[0]) or top <= row.min()
    assert SEVIRI_0.covering(Bounds(-10, 170, 10, -170)) is None
    assert Geostationary(longitude=180).covering(Bounds(-1, 179, 1, -179)) is not None


def test_a_track_of_37000_profiles_takes_at_most_ten_milliseconds():
    latitude = np.linspace(-80, 80, 37_000)
    longitude = np.linspace(30, -10, 37_000)
    SEVIRI_0.to_pixel(latitude, longitude)
    taken = []
    for _ in range(20):
        start = time.perf_counter()
        SEVIRI_0.to_pixel(latitude, longitude)
        taken.append(time.perf_counter() - start)
    assert min(taken) < 0.010


def test_angles_of_the_satellite_at_the_centre_and_by_hand():
    zenith, azimuth = SEVIRI_0.view_angles([0.0, 0.0, 0.0, 45.0], [0.0, 30.0, -30.0, 0.0])
    # On the equator: tan(zenith - longitude) follows from the triangle Earth, place, satellite.
    radius, axis = 6378169.0, 6378169.0 + 35785831.0
    half = np.deg2rad(30.0)
    by_hand = np.rad2deg(np.arctan2(axis * np.sin(half), axis * np.cos(half) - radius))
    np.testing.assert_allclose(zenith[:3], [0, by_hand, by_hand], atol=1e-9)
    np.testing.assert_allclose(azimuth[1:], [270, 90, 180], atol=1e-9)
    assert 51 < zenith[3] < 53  # 45 N is seen at 52 degrees


def test_angles_are_those_of_another_programme():
    orbital = pytest.importorskip("pyorbital.orbital")
    rng = np.random.default_rng(1)
    latitude, longitude = rng.uniform(-60, 60, 200), rng.uniform(-60, 60, 200)
    moment = np.datetime64("2010-10-11T14:00")
    for position in (None, (0.559, -0.349, 35783608.0)):
        zenith, azimuth = SEVIRI_0.view_angles(latitude, longitude, position)
        lon, lat, height = position or (0.0, 0.0, 35785831.0)
        azimuth_there, elevation = orbital.get_observer_look(
            lon, lat, height / 1000, moment, longitude, latitude, 0.0
        )
        np.testing.assert_allclose(zenith, 90 - elevation, atol=0.02)
        np.testing.assert_allclose((azimuth - azimuth_there + 180) % 360, 180, atol=0.05)


def test_the_pixel_is_three_kilometres():
    assert pytest.approx(3000.4033, abs=1e-4) == STEP


def test_what_is_high_is_seen_away_from_the_satellite_by_height_times_the_tangent():
    rng = np.random.default_rng(2)
    latitude, longitude = rng.uniform(-55, 55, 200), rng.uniform(-55, 55, 200)
    zenith, azimuth = SEVIRI_0.view_angles(latitude, longitude)
    row, col = SEVIRI_0.raised(latitude, longitude, 100.0)
    north, east = SEVIRI_0.to_place(row, col)
    up, right = (
        (north - latitude) * 111.2,
        (east - longitude) * 111.2 * np.cos(np.deg2rad(latitude)),
    )
    np.testing.assert_allclose(np.hypot(up, right), 0.1 * np.tan(np.deg2rad(zenith)), rtol=0.01)
    away = (np.rad2deg(np.arctan2(right, up)) - azimuth) % 360
    np.testing.assert_allclose(away, 180, atol=1.0)
    on_ground = SEVIRI_0.raised(latitude, longitude, 0.0)
    np.testing.assert_allclose(on_ground, SEVIRI_0.to_pixel(latitude, longitude), atol=1e-6)


def test_parallax_is_the_way_in_the_picture_of_a_kilometre():
    latitude, longitude = np.array([30.0, -30.0, 0.0, 0.0]), np.array([0.0, 0.0, 30.0, -30.0])
    by, towards = SEVIRI_0.parallax(latitude, longitude)
    np.testing.assert_allclose(towards, [0, 180, 90, 270], atol=1e-6)
    # Across the line of sight a kilometre is sin(zenith) long, and a pixel 3 km x distance/height.
    zenith, _ = SEVIRI_0.view_angles(latitude, longitude)
    half = np.deg2rad(30.0)
    away = np.sqrt(6378.169**2 + 42164.0**2 - 2 * 6378.169 * 42164.0 * np.cos(half))
    expected = np.sin(np.deg2rad(zenith)) / (3.0004033 * away / 35785.831)
    np.testing.assert_allclose(by, expected, rtol=0.01)


@pytest.mark.parametrize("turns", [0, 360])
def test_a_box_may_cross_the_date_line(turns):
    box = Bounds(-10.0, 170.0, 10.0, -170.0)
    east = np.array([175.0, -175.0, 0.0, 165.0, np.nan]) + turns
    np.testing.assert_array_equal(box.hold(np.zeros(5), east), [1, 1, 0, 0, 0])
    assert not box.hold(11.0, 175.0)
