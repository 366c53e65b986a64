"""What PARASOL measures of slabs and towers."""

from __future__ import annotations

import dataclasses

import hand_made
import numpy as np
import pytest

from nephoscope.instruments.polder.windows import Window
from nephoscope.simulate.earth.atmosphere import LAND, LocalGrid
from nephoscope.simulate.earth.polder import noise
from nephoscope.simulate.earth.polder.geometry import HALF_WIDTH, views_of
from nephoscope.simulate.earth.polder.picture import observe

WIDTH = 41


@pytest.fixture(scope="module")
def near(revolution, views):
    """Views of some rows around the middle of the swath."""
    origin = views.window.origin + HALF_WIDTH - WIDTH // 2
    return views_of(revolution, Window(views.window.first_row, origin, WIDTH))


@pytest.fixture(scope="module")
def grid(near):
    return LocalGrid.covering(near.latitude, near.longitude, 3000.0, 60_000.0)


def without_noise(monkeypatch):
    monkeypatch.setattr("nephoscope.simulate.earth.polder.picture.add_noise", lambda *_: None)


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    without_noise(monkeypatch)


def seen(air, views):
    return observe(air, views, np.random.default_rng(0))


def middle(fields, name, view=0):
    return float(fields[name][view, 10, WIDTH // 2])


def steepest(views):
    """The view that looks down most steeply at the middle."""
    return int(np.nanargmin(views.thetav[:, 10, WIDTH // 2]))


def test_clear_ocean_is_dark_and_blue_away_from_the_glint(near, grid):
    fields = seen(hand_made.atmosphere(grid), near)
    blue, green, red, infrared = (
        middle(fields, name) for name in ("I443NP", "I565NP", "I670P", "I865P")
    )
    assert 0.1 < blue < 0.3
    assert blue > 2 * green > 3 * red
    assert red > infrared
    assert infrared < 0.03
    assert set(np.unique(fields["land_sea_flag"])) == {0.0}
    assert (fields["cloud_indicator"] != 100).all()


def test_thick_cloud_is_white(near, grid):
    fields = seen(hand_made.atmosphere(grid, liquid=[(1000, 2000, 30.0)]), near)
    view = steepest(near)
    sun = np.cos(np.deg2rad(middle(fields, "thetas", view)))
    reflectances = [middle(fields, name, view) / sun for name in ("I490P", "I670P", "I865P")]
    assert 0.65 < min(reflectances)
    assert max(reflectances) < 0.85
    assert max(reflectances) - min(reflectances) < 0.06
    assert (fields["cloud_indicator"] == 100).all()


def ratio(air, views):
    fields = seen(air, views)
    return middle(fields, "I763NP", steepest(views)) / middle(fields, "I765NP", steepest(views))


def test_oxygen_ratio_rises_with_the_cloud_and_is_mixed_for_broken_cloud(near, grid):
    ratios = [
        ratio(hand_made.atmosphere(grid, liquid=[(top - 240, top, 20.0)]), near)
        for top in (1000, 4000, 8000, 12_000)
    ]
    assert np.all(np.diff(ratios) > 0.03)
    assert 0.6 < ratios[0] < 0.7  # airmass of about 2
    bright = hand_made.surface(grid, LAND)
    whole, none = (
        ratio(hand_made.atmosphere(grid, ice=[(10_000, 10_500, depth)], ground=bright), near)
        for depth in (20.0, 0.0)
    )
    rows = np.arange(grid.rows)[:, None] + np.zeros(grid.shape)
    striped = np.where(rows % 2 == 0, 20.0, 0.0)
    broken = ratio(hand_made.atmosphere(grid, ice=[(10_000, 10_500, striped)], ground=bright), near)
    assert none + 0.02 < broken < whole - 0.02


def test_vapour_band_brightens_with_height(near, grid):
    low, high = (
        middle(fields, "I910NP") / middle(fields, "I865P")
        for fields in (
            seen(hand_made.atmosphere(grid, liquid=[(top - 500, top, 20.0)]), near)
            for top in (1500, 6000)
        )
    )
    assert low < high - 0.05 < 1


def test_cloud_bow_is_polarised_and_ice_is_not(near, grid):
    angle = scattering_angle(near)
    water, ice = (
        seen(hand_made.atmosphere(grid, **{kind: [(5000, 6000, 20.0)]}), near)
        for kind in ("liquid", "ice")
    )
    bow = np.abs(angle - 141) < 2
    assert bow.any()
    wet, frozen = (np.hypot(one["Q865P"], one["U865P"])[bow].mean() for one in (water, ice))
    assert 0.02 < wet < 0.08
    assert frozen < 0.5 * wet
    beside = np.abs(angle - 120) < 3
    assert np.hypot(water["Q865P"], water["U865P"])[beside].mean() < 0.4 * wet


def scattering_angle(views):
    sun, view, turn = (np.deg2rad(one) for one in (views.thetas, views.thetav, views.phi))
    cosine = -np.cos(sun) * np.cos(view) - np.sin(sun) * np.sin(view) * np.cos(turn)
    return np.rad2deg(np.arccos(cosine))


def test_tower_is_seen_beyond_its_foot_by_its_parallax(near, grid):
    """12 km high at 45 degrees stands 12 km, two pixels, away from the satellite."""
    lat, lon = (float(one[10, WIDTH // 2]) for one in (near.latitude, near.longitude))
    row, col = (round(float(one)) for one in grid.to_index(lat, lon))
    depth = np.zeros(grid.shape)
    depth[row - 1 : row + 2, col - 1 : col + 2] = 50.0
    air = hand_made.atmosphere(grid, ice=[(11_800, 12_200, depth)])
    fields = seen(air, near)
    thetav = near.thetav[:, 10, WIDTH // 2]
    for view in (0, steepest(near), int(np.isfinite(near.thetav).sum(axis=0).min()) - 1):
        plane = np.nan_to_num(fields["I865P"][view])
        bright = plane * (plane > 0.3 * plane.max())
        rows = np.indices(plane.shape)[0]
        south = (bright * rows).sum() / bright.sum() - 10
        away = 12.0 * np.tan(np.deg2rad(thetav[view])) / 6.18
        azimuth = np.deg2rad(near.azimuth[view, 10, WIDTH // 2])
        assert south == pytest.approx(away * np.cos(azimuth), abs=0.7), view


def test_tower_throws_a_shadow_away_from_the_sun(near, grid):
    """A Sun at 60 degrees: the shadow of 16 km is 28 km long."""
    near = dataclasses.replace(near, thetas=np.where(np.isfinite(near.thetas), 60, near.thetas))
    lat, lon = (float(one[10, WIDTH // 2]) for one in (near.latitude, near.longitude))
    row, col = (round(float(one)) for one in grid.to_index(lat, lon))
    depth = np.zeros(grid.shape)
    depth[row - 2 : row + 3, col - 2 : col + 3] = 50.0
    ground = hand_made.surface(grid, LAND, vegetation=0.5)
    view = steepest(near)
    clear, shaded = (
        seen(hand_made.atmosphere(grid, ice=[(15_800, 16_200, one)], ground=ground), near)["I865P"][
            view
        ]
        for one in (0.0, depth)
    )
    lost = np.maximum(clear - shaded, 0)
    assert lost.max() > 0.3 * clear.max()
    rows, cols = np.indices(lost.shape)
    south, east = ((lost * index).sum() / lost.sum() for index in (rows - 10, cols - WIDTH // 2))
    length = 16.0 * np.tan(np.deg2rad(near.thetas[view, 10, WIDTH // 2])) / 6.18
    azimuth = np.deg2rad(near.phis[view, 10, WIDTH // 2])
    assert south == pytest.approx(length * np.cos(azimuth), abs=0.5)
    assert east == pytest.approx(-length * np.sin(azimuth), abs=0.5)


def test_air_polarises_across_the_scattering_plane(near, grid):
    """At 490 nm over a dark sea, Q and U point as Rayleigh's law says."""
    from nephoscope.simulate.earth.polder.stokes import rotation

    fields = seen(hand_made.atmosphere(grid, ground=hand_made.surface(grid, wind=2.0)), near)
    angle = scattering_angle(near)
    there = angle < np.nanmin(angle) + 5
    q, u = rotation(near.thetas, near.thetav, near.phi)
    polarised = np.hypot(fields["Q490P"], fields["U490P"])[there]
    assert (polarised / fields["I490P"][there]).mean() > 0.25
    along = (fields["Q490P"] * q + fields["U490P"] * u)[there]
    assert along == pytest.approx(polarised, rel=1e-3)  # positive: across, not along


def test_mixed_pixels_and_mountains_are_flagged(near, grid):
    ground = hand_made.surface(grid)
    ground.kind[: grid.rows // 2] = LAND
    ground.altitude[: grid.rows // 2] = 1500
    fields = seen(hand_made.atmosphere(grid, ground=ground), near)
    assert set(np.unique(fields["land_sea_flag"])) >= {0.0, 100.0}
    assert fields["surface_altitude"].max() == pytest.approx(1500)
    # Less air absorbs less.
    oxygen = fields["I763NP"][0] / fields["I765NP"][0]
    assert oxygen[0].mean() > oxygen[-1].mean()


def test_noise_is_as_large_as_said_and_follows_the_seed():
    def noisy(seed):
        fields = {
            name: np.full((2, 200, 200), level, np.float32)
            for name, level in (("I865P", 0.5), ("Q865P", 0.02), ("U865P", 0.0))
        }
        noise.add_noise(np.random.default_rng(seed), fields)
        return fields

    first = noisy(1)
    assert first["I865P"].std() == pytest.approx(noise.FLOOR + 0.5 * noise.SHARE, rel=0.05)
    assert abs(first["I865P"].mean() / 0.5 - 1) < 4 * noise.CALIBRATION
    gain = first["I865P"].mean() / 0.5
    assert first["Q865P"].mean() == pytest.approx(0.02 * gain, abs=1e-4)
    assert np.array_equal(first["U865P"], noisy(1)["U865P"])
    assert not np.array_equal(first["I865P"], noisy(2)["I865P"])
