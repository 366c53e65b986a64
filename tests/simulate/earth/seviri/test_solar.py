"""Solar channels: night, bright and dark clouds, shadows, glint; layers that lose no light."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("satpy")

from nephoscope.instruments.seviri import SOLAR
from nephoscope.simulate.earth.atmosphere import LAND
from nephoscope.simulate.earth.optics.rayleigh import optical_depth
from nephoscope.simulate.earth.seviri.lines import Lines, line_times
from nephoscope.simulate.earth.seviri.solar import pressure_at, sunlit
from nephoscope.sun import solar_angles


def cos_sun(scene, start):
    time = line_times(scene.window, start)[scene.window.rows // 2]
    return float(np.cos(np.deg2rad(solar_angles(*scene.window.to_place(4, 4), time)[0])))


def test_nothing_is_reflected_at_night(tropics):
    scene = tropics.with_cloud("water", 900, 1100, 30, 10)
    assert [scene.seen()[name] for name in SOLAR] == [0, 0, 0]


def test_a_dark_sea_leaves_the_air_alone(tropics):
    """Rayleigh of VIS006 by hand: P depth / (4 mu mu0), with the Sun 45 degrees from the zenith."""
    start = np.datetime64("2010-03-21T08:50")
    scene = tropics.without_gas(pressure=None).with_ground(wind=1.0)
    mu = cos_sun(scene, start)
    own = 0.75 * (1 + mu**2) * float(optical_depth(0.639)) / (4 * mu) * 100 * mu
    assert scene.seen(start)["VIS006"] == pytest.approx(own, abs=0.35)


def test_thick_clouds_are_bright_and_ice_is_dark_at_1_6_micrometres(tropics, noon):
    water = tropics.with_cloud("water", 900, 2100, 60, 10).seen(noon)
    ice = tropics.with_cloud("ice", 8000, 12_000, 60, 30).seen(noon)
    for seen in (water, ice):
        assert 72 < seen["VIS006"] < 100
        assert 72 < seen["VIS008"] < 105
    assert 40 < water["IR_016"] < 70
    assert 15 < ice["IR_016"] < 35


def test_reflectance_is_not_divided_by_the_cosine_of_the_sun(tropics, noon):
    scene = tropics.without_gas().with_cloud("water", 900, 2100, 400, 10)
    early = np.datetime64("2010-03-21T07:50")
    share = cos_sun(scene, early) / cos_sun(scene, noon)
    assert share == pytest.approx(0.5, abs=0.1)
    ratio = scene.seen(early)["VIS006"] / scene.seen(noon)["VIS006"]
    assert ratio == pytest.approx(share, rel=0.1)


def test_cloud_over_a_white_ground_loses_no_light(tropics, noon):
    """Without absorption, a Lambertian ground of albedo 1 below any cloud stays as bright."""
    from nephoscope.simulate.earth.seviri.solar import Light, _below

    lines = Lines.of(tropics.air, tropics.window, slice(0, 2), np.datetime64("2010-03-21T08:00"))
    white = np.ones_like(lines.latitude)
    for depth in (0.1, 3, 40):
        cosines = lines.cos_sun, lines.cos_view
        light = _below(depth * white, 0.85 * white, white, cosines, Light(white, white))
        np.testing.assert_allclose(light.albedo, 1, atol=1e-3)
        # In one direction it may differ from the mean over directions.
        np.testing.assert_allclose(light.reflected, 1, atol=0.12)


def test_the_sea_mirrors_the_sun_where_it_should(tropics, noon):
    """With Sun and satellite overhead at noon the sea shines; three hours before it is dark."""
    calm = tropics.with_ground(wind=4.0)
    morning = np.datetime64("2010-03-21T08:50")
    assert calm.seen(noon)["VIS008"] > 12 > 4 > calm.seen(morning)["VIS008"]


@pytest.mark.parametrize("hour", [9, 15])
def test_towers_throw_shadows_away_from_the_sun(aside, hour):
    start = np.datetime64(f"2010-03-21T{hour:02d}:00")
    grid = aside.grid
    tower = np.zeros(grid.shape, bool)
    middle = grid.rows // 2, grid.cols // 2
    tower[middle[0] - 3 : middle[0] + 4, middle[1] - 3 : middle[1] + 4] = True
    land = aside.with_ground(kind=LAND, vegetation=0.0)
    change = (
        land.with_cloud("ice", 8000, 12_000, 40, 30, np.nonzero(tower)).image(start)[0]
        - land.image(start)[0]
    )
    cols = np.arange(change.shape[1])
    dark, bright = np.minimum(change, 0), np.maximum(change, 0)
    assert dark.min() < -4
    centres = [float((part * cols).sum() / part.sum()) for part in (dark, bright)]
    # In the morning the Sun is in the east, and the shadow west of the tower.
    assert np.sign(centres[0] - centres[1]) == (-1 if hour == 9 else 1)


def test_shadows_let_scattered_light_through_and_are_deeper_where_droplets_absorb():
    depth = np.array([0, 0.01, 2, 10], np.float32)
    low, high = (np.full(4, cosine, np.float32) for cosine in (0.3, 1.0))
    seen = sunlit("VIS006", depth, high)
    assert seen[0] == 1
    # Eddington's transmittance of a layer without absorption, Sun in the zenith, delta-scaled.
    asymmetry, thick = 0.861, 10 * 1.05
    wanted = 5 / 3 - np.exp(-(1 - asymmetry**2) * thick) / 3
    assert seen[3] == pytest.approx(wanted / (4 / 3 + (1 - asymmetry) * thick), rel=1e-3)
    for name in ("VIS006", "IR_039"):
        # More than the direct beam alone, and less the lower the Sun.
        for cosines in (low, high):
            assert (sunlit(name, depth, cosines)[1:] > np.exp(-1.3 * depth / cosines)[1:]).all()
        assert (sunlit(name, depth, low)[1:] < sunlit(name, depth, high)[1:]).all()
    # Droplets of 10 um absorb one photon in ten that they meet at 3.9 um.
    dark = sunlit("IR_039", depth, high)
    assert (dark[2:] < seen[2:]).all()
    assert dark[1] == pytest.approx(1, abs=0.01)


def test_pressure_is_that_of_the_air_between_its_levels_and_at_the_sea(tropics):
    air = tropics.air.air
    there = np.array([0.0, 90.0, 210.0, 5250.0, 16_650.0], np.float32)
    found = pressure_at(air, 0.0, there)
    # Pressure at the sea and at the levels about it: tropical, 1013 hPa, scale height 8.8 km.
    assert found[0] == pytest.approx(101_300, rel=2e-3)
    column = air.at(air.pressure, 0.0)
    np.testing.assert_allclose(found[1], column[0], rtol=1e-5)
    np.testing.assert_allclose(found[2], np.sqrt(column[0] * column[1]), rtol=1e-5)
    np.testing.assert_allclose(found[3], np.sqrt(column[21] * column[22]), rtol=1e-5)
    # 100 hPa is near the tropical tropopause; 8 km of scale height would say 126.
    assert found[4] == pytest.approx(10_000, rel=0.03)
