"""What radar and lidar see of clouds made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from nephoscope.instruments.cloudsat import cloud_type
from nephoscope.simulate.earth.atmosphere.state import ALTITUDE, LEVELS, THICKNESS
from nephoscope.simulate.earth.microphysics import ice_number
from nephoscope.simulate.earth.profilers.columns import Columns
from nephoscope.simulate.earth.profilers.lidar import DAY, ICE_RATIO, detected
from nephoscope.simulate.earth.profilers.products import (
    GATES,
    cloud_classes,
    cloud_layers,
    retrieved_ice,
)
from nephoscope.simulate.earth.profilers.radar import LIQUID_ABSORPTION, echo, gas_attenuation

CUBES = ("lwc", "iwc", "liquid_extinction", "ice_extinction", "rain")
START = np.datetime64("2008-06-03T13:30", "ns")


def clear(profiles: int = 200, **changes: object) -> Columns:
    """Clear columns over the sea by day, 6.5 K/km from 290 K."""
    shape = (profiles, LEVELS)
    made: dict[str, object] = {
        "latitude": np.linspace(10, 12, profiles),
        "longitude": np.linspace(0, -0.5, profiles),
        "time": START + np.arange(profiles) * np.timedelta64(160, "ms"),
        "daylight": np.ones(profiles, bool),
        "kind": np.zeros(profiles, np.uint8),
        "ground": np.zeros(profiles, np.float32),
        "temperature": np.tile(290 - 0.0065 * ALTITUDE, (profiles, 1)).astype(np.float32),
        "pressure": np.tile(101_325 * np.exp(-ALTITUDE / 7_500), (profiles, 1)).astype(np.float32),
        "vapour": np.zeros(shape, np.float32),
        "cloud_type": np.zeros(shape, np.int8),
    }
    made |= {name: np.zeros(shape, np.float32) for name in CUBES}
    return Columns(**(made | changes))  # type: ignore[arg-type]


def layer(low: float, high: float) -> np.ndarray:
    """Which levels lie between two altitudes, m."""
    return (low < ALTITUDE) & (high > ALTITUDE)


def ice_cloud(low: float, high: float, iwc: float, extinction: float, kind: int) -> Columns:
    """The same ice from `low` to `high` in every column."""
    columns, inside = clear(), layer(low, high)
    columns.iwc[:, inside], columns.ice_extinction[:, inside] = iwc, extinction
    columns.cloud_type[:, inside] = kind
    return columns


def water_cloud(low: float, high: float, lwc: float, extinction: float, kind: int) -> Columns:
    """The same droplets from `low` to `high` in every column."""
    columns, inside = clear(), layer(low, high)
    columns.lwc[:, inside], columns.liquid_extinction[:, inside] = lwc, extinction
    columns.cloud_type[:, inside] = kind
    return columns


THIN = ice_cloud(10_000, 11_000, 5e-7, 6e-5, kind=1)
THICK = ice_cloud(5_000, 11_000, 3e-4, 5e-3, kind=8)


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def test_thin_cirrus_is_seen_by_the_lidar_alone() -> None:
    inside = layer(10_000, 11_000)
    assert not np.isfinite(echo(THIN, rng())).any()
    assert detected(THIN)[:, inside].all()
    _, codes = cloud_classes(THIN, echo(THIN, rng()))
    assert not cloud_type(codes).any()
    assert (retrieved_ice(THIN, rng())["iwc"] > 0).any(axis=1).all()


def test_the_lidar_is_lost_at_an_optical_depth_of_three_and_the_radar_is_not() -> None:
    inside = layer(5_000, 11_000)
    above = np.cumsum(inside[::-1] * 5e-3 * THICKNESS)[::-1] - 5e-3 * THICKNESS
    assert (detected(THICK) == (inside & (above < 3))).all()
    assert np.isfinite(echo(THICK, rng())[:, inside]).all()
    found = retrieved_ice(THICK, rng())["iwc"]
    assert (found[:, (GATES > 5_200) & (GATES < 10_800)] > 0).all()


def test_the_least_cirrus_a_lidar_sees_by_day() -> None:
    least = ICE_RATIO * DAY
    for factor, seen in ((0.98, False), (1.02, True)):
        columns = ice_cloud(10_000, 10_200, 1e-7, factor * least, kind=1)
        assert detected(columns).any() == seen


def test_fog_is_hidden_by_the_echo_of_the_ground() -> None:
    low = water_cloud(0, 700, 3e-4, 0.05, kind=4)
    low.rain[:, layer(0, 700)] = 2e-5  # drizzle: a strong echo
    assert not np.isfinite(echo(low, rng())).any()
    high_ground = water_cloud(2_000, 2_700, 3e-4, 0.05, kind=4)
    high_ground.rain[:, layer(2_000, 2_700)] = 2e-5
    assert np.isfinite(echo(high_ground, rng())).any()
    high_ground.ground[:] = 2_000
    assert not np.isfinite(echo(high_ground, rng())).any()


def test_liquid_above_weakens_the_echo_of_ice_below() -> None:
    """1 g m-3 over 960 m: twice 4.9 dB/km."""
    bare = ice_cloud(5_000, 7_000, 3e-4, 5e-3, kind=7)
    covered = ice_cloud(5_000, 7_000, 3e-4, 5e-3, kind=7)
    inside = layer(9_330 - 1, 10_290 + 1)
    assert inside.sum() == 4
    covered.lwc[:, inside], covered.liquid_extinction[:, inside] = 1e-3, 0.1
    deep = layer(5_500, 6_500)
    lost = echo(bare, rng())[:, deep] - echo(covered, rng())[:, deep]
    assert lost == pytest.approx(2 * LIQUID_ABSORPTION * 0.96, abs=0.01)


def test_retrieved_ice_is_right_on_average_and_agrees_with_itself() -> None:
    fields = retrieved_ice(THICK, rng())
    inside = fields["iwc"] > 0
    iwc, radius = fields["iwc"][inside], fields["reffcli"][inside]
    number = fields["icnc_5um"][inside]
    assert iwc.mean() == pytest.approx(3e-4, rel=0.1)
    assert iwc.std() > 3e-5
    truth = float(ice_number(np.float32([3e-4]), np.float32([5e-3]), 5e-6)[0])
    assert np.median(number) == pytest.approx(truth, rel=0.15)
    extinction = 1.5 * iwc / (917 * radius)
    assert number == pytest.approx(ice_number(iwc, extinction, 5e-6), rel=0.02)
    assert (fields["icnc_100um"][inside] < number).all()


def test_below_the_ground_there_is_no_ice_and_the_mask_says_why() -> None:
    columns = clear(ground=np.full(200, 1_500, np.float32))
    fields = retrieved_ice(columns, rng())
    assert (fields["clm"][:, GATES <= 1_440] == -1).all()
    assert (fields["clm"][:, GATES > 1_500] == 0).all()
    assert (fields["iwc"] == 0).all()  # so that a column can be summed


def test_vapour_weakens_the_echo_as_the_recommendation_says() -> None:
    """ITU-R P.676, figure 5: 7.5 g m-3 at 15 degrees C and 1013 hPa, 0.4 dB/km in all at 94 GHz."""
    one = [np.float32([value]) for value in (288, 101_300, 7.5e-3)]
    assert gas_attenuation(*one)[0] == pytest.approx(0.4, abs=0.05)
    dry = gas_attenuation(one[0], one[1], np.float32([0]))[0]
    assert 0.02 < dry < 0.05
    wet = ice_cloud(5_000, 7_000, 3e-4, 5e-3, kind=7)
    wet.vapour[:, layer(9_330 - 1, 10_290 + 1)] = 1e-3
    bare = ice_cloud(5_000, 7_000, 3e-4, 5e-3, kind=7)
    deep = layer(5_500, 6_500)
    assert (echo(wet, rng())[:, deep] < echo(bare, rng())[:, deep]).all()


def test_layers_hold_what_either_sees() -> None:
    both = ice_cloud(10_000, 11_000, 5e-7, 6e-5, kind=1)
    low = layer(5_000, 7_000)
    both.iwc[:, low], both.ice_extinction[:, low] = 3e-4, 5e-3
    both.cloud_type[:, low] = 2
    base, top, kinds, phase = cloud_layers(both, echo(both, rng()))
    assert (kinds[:, :2] == (2, 1)).all()
    assert np.isnan(base[:, 2:]).all()
    assert base[0, 0] == pytest.approx(5_000, abs=240)
    assert top[0, 1] == pytest.approx(11_000, abs=240)
    assert (phase[:, :2] == 1).all()


def test_classes_lie_at_the_altitude_of_the_cloud() -> None:
    height, codes = cloud_classes(THICK, echo(THICK, rng()))
    found = cloud_type(codes) == 8
    assert height[found].min() == pytest.approx(5_000, abs=485)
    assert height[found].max() == pytest.approx(11_000, abs=485)
    assert (np.diff(height, axis=1) == -240).all()
    assert np.ptp(height[:, 0]) > 0  # bins drift along the orbit


def test_rain_below_its_cloud_has_the_type_of_the_cloud() -> None:
    columns = water_cloud(2_000, 4_000, 5e-4, 0.05, kind=7)
    columns.rain[:, layer(0, 3_000)] = 1e-4
    height, codes = cloud_classes(columns, echo(columns, rng()))
    wet = (height > 1_200) & (height < 1_900)
    assert (cloud_type(codes)[wet] == 7).all()
    assert ALTITUDE[0] == 90
