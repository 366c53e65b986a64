"""From where PARASOL looks: heights and angles by hand."""

from __future__ import annotations

import numpy as np
import pytest

from nephoscope.simulate.earth.atmosphere.grid import RADIUS
from nephoscope.simulate.earth.atrain import HEIGHT, Revolution
from nephoscope.simulate.earth.polder.geometry import (
    HALF_FIELD,
    HALF_WIDTH,
    INTERVAL,
    height_at,
    swath_window,
    views_of,
)

MIDDLE = 10


def test_views_come_in_order_and_turn_from_ahead_to_behind(views):
    count = np.isfinite(views.thetav).sum(axis=0)
    assert count.max() <= 16
    gaps = np.diff(np.isfinite(views.thetav).astype(int), axis=0)
    assert not (gaps > 0).any()  # what is missing are the last ones
    under = views.azimuth[:, MIDDLE, HALF_WIDTH]
    # An ascending satellite comes from the south-south-east and leaves to the north-north-west.
    assert under[0] == pytest.approx(168, abs=2)
    assert under[count[MIDDLE, HALF_WIDTH] - 1] == pytest.approx(348, abs=2)


def test_number_of_views_below_the_track(views):
    """The field of view over the ground, by the triangle Earth's centre - satellite - pixel."""
    reach = np.deg2rad(HALF_FIELD[0])
    height = height_at(np.deg2rad(20))
    zenith = np.arcsin((1 + height / RADIUS) * np.sin(reach))
    length = 2 * (zenith - reach) * RADIUS
    speed = 2 * np.pi * RADIUS / (16 * 86400 / 233)
    assert np.isfinite(views.thetav[:, MIDDLE, HALF_WIDTH]).sum() == pytest.approx(
        length / speed / INTERVAL, abs=1
    )
    assert np.nanmax(views.thetav[:, :, HALF_WIDTH]) < np.rad2deg(zenith) + 0.2


@pytest.fixture(scope="module")
def counts():
    """Number of views of each pixel at 40 degrees south, where the satellite is high."""
    revolution = Revolution.over(-40.0, 30.0, np.datetime64("2008-12-03"))
    return np.isfinite(views_of(revolution, swath_window(revolution, (2320, 2360))).thetav).sum(
        axis=0
    )


def test_all_16_views_are_reached_at_the_sides_and_14_or_15_below_the_track(counts):
    below = counts[:, HALF_WIDTH - 10 : HALF_WIDTH + 11]
    assert set(np.unique(below)) == {14, 15}
    assert 0.35 < (below == 15).mean() < 0.75
    assert 0.02 < (counts == 16).mean() < 0.2


def test_height_above_the_ground_is_that_of_the_frozen_orbit():
    """705 km on average; highest in the south, lowest at the equator."""
    latitudes = np.arcsin(np.linspace(-0.99, 0.99, 101))
    heights = np.array([height_at(one) for one in latitudes])
    assert heights.mean() == pytest.approx(HEIGHT, abs=2000)
    equator, north, south = (height_at(np.deg2rad(one)) for one in (0, 80, -80))
    assert south - north == pytest.approx(2 * 0.0012 * 7_076_000 * np.sin(np.deg2rad(80)), abs=100)
    # The poles are 21.4 km nearer to the centre.
    assert (south + north) / 2 - equator == pytest.approx(21_385 * 0.97, abs=100)


def test_zenith_angle_at_the_corner_of_the_detector(views):
    """51 degrees one way and 43 the other make 57 from the vertical, 69 at the ground."""
    tangents = np.tan(np.deg2rad(HALF_FIELD))
    corner = np.arctan(np.hypot(*tangents))
    height = height_at(np.deg2rad(20))
    zenith = np.rad2deg(np.arcsin((1 + height / RADIUS) * np.sin(corner)))
    assert np.nanmax(views.thetav) == pytest.approx(zenith, abs=0.5)
    assert np.isnan(views.thetav[:, MIDDLE, [0, -1]]).all()  # the window holds the whole swath


def test_swath_of_all_views_is_1400_km_wide(views):
    often = (np.isfinite(views.thetav).sum(axis=0) >= 13)[MIDDLE]
    assert 1300 < often.sum() * 6.18 < 1600


def test_sun_moves_by_a_quarter_of_a_degree_each_minute(views):
    sun = views.thetas[:, MIDDLE, HALF_WIDTH]
    sun = sun[np.isfinite(sun)]
    assert np.all(np.abs(np.diff(sun)) <= INTERVAL / 240 + 0.001)
    assert 15 < sun[0] < 25  # 13:30 local time in June at 20 north


def test_relative_azimuth_is_that_of_the_sun_less_that_of_the_satellite(views):
    there = np.isfinite(views.phi)
    assert (views.phi[there] >= 0).all()
    assert (views.phi[there] < 360).all()
    turned = np.cos(np.deg2rad(views.phi)) - np.cos(np.deg2rad(views.phis - views.azimuth))
    assert np.nanmax(np.abs(turned)) < 1e-4
