"""Thermal channels: limits by hand, textbook temperatures, and what tells clouds apart."""

from __future__ import annotations

import numpy as np
import pytest

from nephoscope.grids.geostationary import EQUATORIAL_RADIUS, HEIGHT, POLAR_RADIUS, SEVIRI_0
from nephoscope.instruments.seviri import THERMAL
from nephoscope.instruments.seviri.channels import SATELLITES
from nephoscope.simulate.earth.atmosphere import LAND
from nephoscope.simulate.earth.optics.scattering import absorption_ratio
from nephoscope.simulate.earth.seviri import picture
from nephoscope.simulate.earth.seviri.planck import Planck

METEOSAT_9 = next(number for number, name in SATELLITES.items() if name == "Meteosat-9")

# Clear tropical ocean at 300 K seen from above, K: typical of Meteosat (Schmetz et al. 2002,
# section 4, and the climate of its clear-sky radiances).
TEXTBOOK = {
    "IR_039": 294, "WV_062": 239, "WV_073": 257.5, "IR_087": 292.5, "IR_097": 270, "IR_108": 294.5,
    "IR_120": 292.5, "IR_134": 272,
}  # fmt: skip


def test_a_clear_tropical_sea_has_textbook_temperatures(tropics):
    seen = tropics.seen()
    for channel, expected in TEXTBOOK.items():
        assert seen[channel] == pytest.approx(expected, abs=3), channel


@pytest.mark.parametrize("channel", ["WV_062", "IR_087", "IR_108", "IR_134"])
def test_a_grey_slab_follows_beer_and_lambert(tropics, channel, monkeypatch):
    """A slab that only absorbs; what scattering adds is tested against photons."""
    monkeypatch.setattr(picture, "not_emitted", lambda *_: np.float32(0))
    depth, radius, height = 1.2, 25.0, 10_170.0
    scene = tropics.without_gas().with_cloud("ice", height, height, depth, radius)
    planck = Planck.of(channel, METEOSAT_9)
    clear = planck.radiance(tropics.without_gas().seen()[channel])
    passed = np.exp(-depth * float(absorption_ratio(channel, "ice", radius)))
    cold = planck.radiance(tropics.temperature(height))
    expected = planck.temperature(clear * passed + cold * (1 - passed))
    assert scene.seen()[channel] == pytest.approx(float(expected), abs=0.1)


def test_a_black_ground_without_air_has_its_own_temperature(tropics):
    seen = tropics.without_gas().seen()
    # The sea is grey by 1 to 2.5 %, which is 0.6 K at 11 um.
    assert seen["IR_108"] == pytest.approx(299.3, abs=0.15)


@pytest.mark.parametrize("channel", ["IR_087", "IR_108", "IR_120"])
def test_a_black_cloud_has_the_temperature_of_its_top(tropics, channel):
    scene = tropics.with_cloud("ice", 3000, 12_090, 2000, 30)
    assert scene.seen()[channel] == pytest.approx(tropics.temperature(12_090), abs=0.6)


def test_deep_convection_is_cold_in_all_channels(tropics):
    seen = tropics.with_cloud("ice", 4000, 15_000, 600, 30).seen()
    for channel in THERMAL:
        assert 195 < seen[channel] < 216, channel


def test_water_vapour_channels_see_high_and_windows_see_down(tropics):
    """A cloud at 5 km is hidden from WV_062 and not from WV_073; one at 1 km from both."""
    clear = tropics.seen()
    low = tropics.with_cloud("water", 900, 1100, 30, 10).seen()
    middle = tropics.with_cloud("water", 5000, 5200, 30, 8).seen()
    high = tropics.with_cloud("ice", 10_000, 10_400, 30, 30).seen()

    def change(scene, channel):
        return clear[channel] - scene[channel]

    assert abs(change(low, "WV_062")) < 0.02
    assert abs(change(low, "WV_073")) < 0.3
    assert change(low, "IR_108") > 3
    assert change(middle, "WV_062") < 0.7
    assert change(middle, "WV_073") > 2
    assert change(high, "WV_062") > 3


def test_thin_cirrus_splits_the_window(tropics):
    clear = tropics.seen()
    thin = tropics.with_cloud("ice", 11_000, 11_500, 1.0, 12).seen()
    thick = tropics.with_cloud("ice", 11_000, 13_000, 60, 12).seen()

    def split(seen, one="IR_108", other="IR_120"):
        return seen[one] - seen[other]

    assert split(thin) > split(clear) + 1
    assert abs(split(thick)) < 1
    # Ice absorbs less at 8.7 than at 10.8 um, so more of the warm ground is seen.
    assert split(thin, "IR_087", "IR_108") > split(clear, "IR_087", "IR_108") + 1
    # Water cloud does the opposite of what ice does at 8.7 um.
    fog = tropics.with_cloud("water", 1500, 1700, 4.0, 8).seen()
    assert split(fog, "IR_087", "IR_108") < 0


def test_small_crystals_split_the_window_more(tropics):
    fine, coarse = (
        tropics.with_cloud("ice", 11_000, 11_500, 1.5, radius).seen() for radius in (8, 60)
    )
    assert fine["IR_108"] - fine["IR_120"] > coarse["IR_108"] - coarse["IR_120"] + 2


def test_fog_is_colder_at_3_9_micrometres_by_night_and_warmer_by_day(tropics, noon):
    scene = tropics.with_cloud("water", 300, 500, 20, 8)
    night, day = scene.seen(), scene.seen(noon)
    assert 2 < night["IR_108"] - night["IR_039"] < 9
    assert 10 < day["IR_039"] - night["IR_039"] < 45
    assert day["IR_108"] == pytest.approx(night["IR_108"], abs=0.01)


def test_gases_below_the_ground_do_not_absorb(tropics):
    plain = tropics.with_ground(kind=LAND, vegetation=1, temperature=285).seen()
    plateau = tropics.with_ground(kind=LAND, vegetation=1, temperature=285, altitude=4000).seen()
    bare = tropics.without_gas().with_ground(kind=LAND, vegetation=1, temperature=285).seen()
    assert abs(plateau["IR_120"] - bare["IR_120"]) < 0.8 < plain["IR_120"] - bare["IR_120"] + 10
    assert abs(plateau["IR_120"] - bare["IR_120"]) < abs(plain["IR_120"] - bare["IR_120"]) / 2


def test_deserts_are_grey_at_8_7_micrometres(tropics):
    desert = tropics.without_gas().with_ground(kind=LAND, vegetation=0, temperature=315).seen()
    assert 5 < desert["IR_108"] - desert["IR_087"] < 12


def scanning_pixel(latitude, longitude, height):
    """Where a place above the ellipsoid appears, in geocentric vectors by hand."""
    lat, lon = np.deg2rad([latitude, longitude])
    squash = (POLAR_RADIUS / EQUATORIAL_RADIUS) ** 2
    curve = EQUATORIAL_RADIUS / np.sqrt(1 - (1 - squash) * np.sin(lat) ** 2)
    x, y = ((curve + height) * np.cos(lat) * f(lon) for f in (np.cos, np.sin))
    z = (curve * squash + height) * np.sin(lat)
    away = EQUATORIAL_RADIUS + HEIGHT - x
    scale = HEIGHT / SEVIRI_0.step
    up = np.arctan(z / np.hypot(away, y)) * scale
    return SEVIRI_0.centre_row - up, SEVIRI_0.centre_col + np.arctan(y / away) * scale


def test_a_tower_appears_beyond_its_foot(aside):
    """At 30 N, 20 E a top at 12 km is moved north and east, by 4 pixels altogether."""
    grid = aside.grid
    foot = [float(one) for one in grid.to_place(grid.rows // 2, grid.cols // 2)]
    spot = np.zeros(grid.shape, bool)
    spot[grid.rows // 2 - 1 : grid.rows // 2 + 2, grid.cols // 2 - 1 : grid.cols // 2 + 2] = True
    scene = aside.with_cloud("ice", 12_000, 12_000, 50, 30, np.nonzero(spot))
    image = aside.image() - scene.image()
    weight = image[8]  # IR_108
    rows, cols = np.mgrid[: weight.shape[0], : weight.shape[1]]
    seen = [float((weight * one).sum() / weight.sum()) for one in (rows, cols)]
    window = aside.window
    first = SEVIRI_0.centre_row - window.centre_row, SEVIRI_0.centre_col - window.centre_col
    expected = np.subtract(scanning_pixel(*foot, 12_000.0), first)
    assert seen == pytest.approx(list(expected), abs=0.3)
    at_sea = np.subtract(scanning_pixel(*foot, 0.0), first)
    assert at_sea[0] - seen[0] > 1.5
    assert seen[1] - at_sea[1] > 1
