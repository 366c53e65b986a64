from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from nephoscope.simulate.earth.atmosphere import (
    ALTITUDE,
    EDGES,
    LAND,
    SEA,
    SNOW,
    THICKNESS,
    LocalGrid,
    Weather,
)
from nephoscope.simulate.earth.atmosphere.air import draw_air, tropopause
from nephoscope.simulate.earth.atmosphere.belts import Belts
from nephoscope.simulate.earth.atmosphere.layers.deep import spread_downwind
from nephoscope.simulate.earth.microphysics.saturation import over_water

NOON = np.datetime64("2010-07-15T12:00")
CIRRUS, ALTOSTRATUS, ALTOCUMULUS, STRATUS, STRATOCUMULUS, CUMULUS, NIMBOSTRATUS, DEEP = range(1, 9)


def each(regimes):
    return [day for days in regimes.values() for day in days]


def optical_depth(atmosphere):
    return (atmosphere.liquid_extinction + atmosphere.ice_extinction).sum(axis=0) * THICKNESS


def cover_of(regimes, name, kind):
    """Mean share of columns with a type."""
    return np.mean([(a.cloud_type == kind).any(axis=0).mean() for _, a in regimes[name]])


def tops_of(days, kind):
    """Upper edges (m) of the highest layer of a type in the columns that have it."""
    tops = []
    for _, atmosphere in days:
        there = atmosphere.cloud_type == kind
        found = there.any(axis=0)
        highest = len(ALTITUDE) - 1 - np.argmax(there[::-1], axis=0)
        tops.append(EDGES[highest + 1][found])
    return np.concatenate(tops)


def test_each_regime_is_cloudy_as_seen_from_space(regimes):
    covers = {
        name: np.mean([(optical_depth(a) > 0.05).mean() for _, a in days])
        for name, days in regimes.items()
    }
    assert all(0.35 < cover < 0.9 for cover in covers.values())
    assert 0.55 < np.mean(list(covers.values())) < 0.8


def test_types_stand_where_they_do_on_earth(regimes):
    """Signs of the zonal means of Sassen and Wang (2008)."""

    def cover(name, kind):
        return cover_of(regimes, name, kind)

    assert cover("tropics", DEEP) > 0.015 > 5 * cover("pole", DEEP)
    assert cover("tropics", CIRRUS) > 1.3 * cover("subtropics", CIRRUS)
    assert cover("subtropics", STRATOCUMULUS) > 1.5 * cover("tropics", STRATOCUMULUS)
    assert cover("mid-latitudes", NIMBOSTRATUS) > 3 * cover("subtropics", NIMBOSTRATUS)
    assert cover("mid-latitudes", ALTOSTRATUS) > 2 * cover("subtropics", ALTOSTRATUS)
    assert cover("pole", CUMULUS) < 0.3 * cover("tropics", CUMULUS)
    for kind in range(1, 9):
        assert max(cover(name, kind) for name in regimes) > 0.01


def test_tops_are_at_the_altitudes_of_their_types(regimes):
    every = each(regimes)
    assert np.quantile(tops_of(every, STRATUS), 0.9) < 2500
    assert 600 < np.median(tops_of(regimes["subtropics"], STRATOCUMULUS)) < 2200
    assert 1000 < np.median(tops_of(regimes["tropics"], CUMULUS)) < 4000
    assert 2500 < np.median(tops_of(every, ALTOCUMULUS)) < 7500
    assert 5000 < np.median(tops_of(every, ALTOSTRATUS)) < 11_500
    assert 12e3 < np.median(tops_of(regimes["tropics"], CIRRUS)) < 17e3
    assert 6e3 < np.median(tops_of(regimes["pole"], CIRRUS)) < 10e3


def test_deep_cores_reach_the_tropopause_and_hardly_more(regimes):
    tops = tops_of(regimes["tropics"], DEEP)
    height = float(tropopause(regimes["tropics"][0][0].air.temperature).mean())
    assert np.quantile(tops, 0.9) > height - 1500
    assert tops.max() < height + 2000


def test_cloud_water_has_a_type_and_only_cloud_water(regimes):
    for _, a in each(regimes):
        np.testing.assert_array_equal(a.cloud_type > 0, (a.lwc > 0) | (a.iwc > 0))
        np.testing.assert_array_equal(a.lwc > 0, a.liquid_extinction > 0)
        np.testing.assert_array_equal(a.iwc > 0, a.ice_extinction > 0)
        assert set(np.unique(a.cloud_type)) <= set(range(9))


def test_nothing_is_below_the_ground(regimes):
    for _, a in each(regimes):
        below = EDGES[1:, None, None] <= a.surface.altitude
        for name in ("lwc", "iwc", "rain", "cloud_type"):
            assert not getattr(a, name)[below].any()


def test_phase_follows_temperature(regimes):
    """Homogeneous freezing at -38 C, melting at 0 C."""
    for _, a in each(regimes):
        temperature = a.air.at(a.air.temperature, a.grid.places()[0])
        assert not a.lwc[temperature < 235.0].any()
        assert not a.iwc[temperature > 273.3].any()
    water = [(a.lwc[k] > 0).any() for _, a in each(regimes) for k in (10, 20)]
    assert any(water)


def test_sizes_and_contents_are_as_measured(regimes):
    ice, radius, droplets = [], [], []
    for _, a in each(regimes):
        there = a.iwc > 0
        ice.append(a.iwc[there])
        radius.append(1.5 * a.iwc[there] / (917 * a.ice_extinction[there]))
        there = a.lwc > 1e-5
        droplets.append(1.5 * a.lwc[there] / (1000 * a.liquid_extinction[there]))
    ice, radius, droplets = (np.concatenate(values) for values in (ice, radius, droplets))
    assert 3e-6 < np.median(ice) < 3e-5
    assert 1e-3 < ice.max() < 3e-2
    assert 4e-5 < np.median(radius) < 9e-5
    assert 6e-6 < radius.min()
    assert radius.max() < 1.6e-4
    assert 5e-6 < np.median(droplets) < 15e-6
    assert droplets.max() < 4e-5


def test_optical_depths_are_broad_and_many_cirrus_thin(regimes):
    thin = []
    for _, a in each(regimes):
        depth = np.where(a.cloud_type == CIRRUS, a.ice_extinction, 0).sum(axis=0) * THICKNESS
        thin.append(depth[depth > 0.003])
    cirrus = np.concatenate(thin)
    assert (cirrus < 0.3).mean() > 0.4
    assert (cirrus > 1).mean() > 0.05
    every = np.concatenate([optical_depth(a).ravel() for _, a in each(regimes)])
    spread = np.log(every[every > 0.01])
    assert 1.3 < spread.std() < 3


def test_clouds_lie_over_each_other(regimes):
    """High ice over low water in several percent of columns (Wang and Dessler 2006)."""
    low, high = ALTITUDE < 3000, ALTITUDE > 6000
    over = [
        ((a.cloud_type[low] > 0).any(axis=0) & (a.cloud_type[high] == CIRRUS).any(axis=0)).mean()
        for _, a in regimes["tropics"]
    ]
    assert np.mean(over) > 0.05


def test_rain_falls_from_thick_clouds(regimes):
    for _, a in regimes["tropics"] + regimes["mid-latitudes"]:
        wet = a.rain.max(axis=0) > 2e-5
        thick = np.isin(a.cloud_type, (STRATOCUMULUS, CUMULUS, NIMBOSTRATUS, DEEP)).any(axis=0)
        assert (thick | ~wet).all()
    assert 1e-4 < max(a.rain.max() for _, a in regimes["tropics"]) < 1e-2


def test_air_in_cloud_is_moister(regimes):
    for _, a in each(regimes):
        cloudy = optical_depth(a) > 10
        if 0.05 < cloudy.mean() < 0.95:
            assert a.moisture[cloudy].mean() > a.moisture[~cloudy].mean()
        assert 0.4 < a.moisture.min()
        assert a.moisture.max() < 1.6


def test_a_time_is_the_same_whatever_was_asked_before():
    grid, later = LocalGrid(52.0, 0.0, 40, 50, 6000.0), NOON + np.timedelta64(45, "m")
    one, other = Weather(grid, 9, NOON), Weather(grid, 9, NOON)
    one.at(NOON)
    first, second = one.at(later), other.at(later)
    for name in ("lwc", "iwc", "ice_extinction", "rain", "cloud_type", "moisture"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    np.testing.assert_array_equal(first.surface.temperature, second.surface.temperature)
    unlike = Weather(grid, 10, NOON).at(later)
    assert (unlike.cloud_type != first.cloud_type).mean() > 0.02


def test_clouds_move_with_the_wind_between_slots():
    weather = Weather(LocalGrid(-20.0, 0.0, 120, 120, 1500.0), 4, NOON)
    depths = []
    for minutes in (0, 15, 30):
        a = weather.at(NOON + np.timedelta64(minutes, "m"))
        low = a.liquid_extinction[ALTITUDE < 3000].sum(axis=0) * THICKNESS
        depths.append(np.log(0.3 + low))
    east, north = weather.winds.at(1000.0)
    right, up = (round(speed * 1800 / 1500) for speed in (east, north))
    assert right or up
    inside = (slice(25, -25), slice(25, -25))

    def likeness(moved):
        return np.corrcoef(moved[inside].ravel(), depths[2][inside].ravel())[0, 1]

    assert likeness(np.roll(depths[0], (-up, right), (0, 1))) > likeness(depths[0]) + 0.1
    # They grow and decay as well: half an hour changes more than a quarter.
    assert likeness(depths[1]) > likeness(depths[0])
    assert likeness(np.roll(depths[0], (-up, right), (0, 1))) < 0.99


def test_the_ground_has_its_kinds_and_heights(regimes):
    for _, a in each(regimes):
        surface = a.surface
        assert (surface.altitude[surface.kind == SEA] == 0).all()
        assert (surface.altitude[surface.kind == LAND] > 0).all()
        assert surface.altitude.max() < 6000
        assert (surface.vegetation[surface.kind == SEA] == 0).all()
        assert surface.vegetation.min() >= 0
        assert surface.vegetation.max() <= 1
        assert surface.wind.min() > 0
        assert (surface.temperature[surface.kind == SNOW] <= 273.16).all()
    assert np.mean([(a.surface.kind == SNOW).mean() for _, a in regimes["pole"]]) > 0.6
    assert not any((a.surface.kind == SNOW).any() for _, a in regimes["subtropics"])


def test_land_is_warm_after_noon_and_cool_at_night():
    weather = Weather(LocalGrid(25.0, 0.0, 60, 60, 20_000.0), 2, NOON)
    land = weather.ground.kind == LAND
    assert land.any()
    day, night = (
        weather.at(NOON + np.timedelta64(hours, "h")).surface.temperature for hours in (1, 13)
    )
    assert 8 < (day - night)[land].mean() < 35
    sea = weather.ground.kind == SEA
    if sea.any():
        assert np.abs(day - night)[sea].max() == pytest.approx(0, abs=0.1)


def test_a_cloud_cannot_stand_inside_a_mountain():
    """Grids of one column and clouds lower than peaks do not break anything."""
    for seed in range(6):
        a = Weather(LocalGrid(62.0, 0.0, 12, 12, 30_000.0), seed, NOON).at(NOON)
        assert np.isfinite(a.iwc).all()
        assert np.isfinite(a.liquid_extinction).all()


def test_the_sea_is_as_warm_as_the_ocean(regimes):
    """World Ocean Atlas in July: some 297 K at 20 S, 284 K at 52 N; ice and 271.4 K at 76 S."""
    for name, wanted, slack in (("subtropics", 297, 2.5), ("mid-latitudes", 284, 4)):
        means = [
            a.surface.temperature[a.surface.kind == SEA].mean()
            for _, a in regimes[name]
            if (a.surface.kind == SEA).any()
        ]
        assert np.mean(means) == pytest.approx(wanted, abs=slack)
    for _, a in regimes["pole"]:
        assert (a.surface.temperature[a.surface.kind == SEA] >= 271.39).all()


def test_anvils_are_carried_downwind_of_their_systems():
    plane = np.full((60, 60), -9, np.float32)
    plane[30, 30] = 0.4
    weather = Weather(LocalGrid(5.0, 0.0, 60, 60, 6000.0), 1, NOON)
    winds = replace(weather.winds, surface=(0.0, 0.0), aloft=(20.0, 0.0))
    situation = SimpleNamespace(grid=weather.grid, winds=winds)
    reach = spread_downwind(situation, plane.ravel()).reshape(plane.shape)
    rows, cols = np.nonzero(reach > 0)
    assert set(rows) == {30}
    assert cols.min() == 30
    # Carried by 14 m/s beyond the wind below for most of 1.6 h: some 80 km.
    assert 6 <= cols.max() - 30 <= 15


def test_air_is_never_more_than_saturated_over_water(regimes):
    wettest = []
    for _, a in each(regimes):
        latitude = a.grid.places()[0].ravel()
        temperature = a.air.at(a.air.temperature, latitude)
        vapour = a.air.at(a.air.vapour, latitude) * a.moisture.ravel()
        wettest.append((vapour * 461.5 * temperature / over_water(temperature)).max())
    assert max(wettest) <= 1
    # Where it is cloudiest it is close to it.
    assert max(wettest) > 0.97


def test_belts_of_a_part_are_those_of_the_whole():
    """A coarse map ends inside or outside of the columns: its belts are theirs all the same."""
    air = draw_air(np.random.default_rng(0), -5, 5, NOON)
    columns = np.linspace(-3, 3, 4001, dtype=np.float32)
    belts = Belts.of(air, columns)
    there = np.array([-4, -1.5, 0.0, 1.5, 4], np.float32)
    number = belts.numbers_of(there)
    assert number[[0, -1]].tolist() == [0, 511]
    nearest = [belts.number[np.abs(columns - one).argmin()] for one in there]
    assert np.abs(number - nearest).max() <= 1
    wanted = air.at(air.temperature[0], there[1:-1])
    np.testing.assert_allclose(belts.temperature[0, number[1:-1]], wanted, atol=0.02)
