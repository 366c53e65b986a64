import numpy as np
import pytest

from nephoscope.simulate.earth.atmosphere import ALTITUDE, THICKNESS
from nephoscope.simulate.earth.atmosphere.air import draw_air, tropopause, warmth_of_season

JULY, JANUARY = np.datetime64("2010-07-17T12:00"), np.datetime64("2010-01-15T12:00")


def standard(south, north, time=JULY):
    """The standard atmospheres without weather."""
    return draw_air(np.random.default_rng(0), south, north, time, anomaly=0.0)


# Pressure (hPa) at 5, 10 and 15 km in tables 1a and 1e of Anderson et al. (1986).
@pytest.mark.parametrize(
    ("latitude", "time", "pressures"),
    [(0, JULY, (559, 286, 132)), (60, JANUARY, (515.8, 241.8, 110.3))],
)
def test_hydrostatic_pressure_is_that_of_the_tables(latitude, time, pressures):
    air = standard(latitude, latitude, time)
    there = np.exp(np.interp((5e3, 10e3, 15e3), ALTITUDE, np.log(air.pressure[:, 0] / 100)))
    assert there == pytest.approx(pressures, rel=0.01)


def test_drawn_air_is_in_hydrostatic_balance():
    """dp / dz = -g p / (R T) with the temperature of moist air."""
    air = draw_air(np.random.default_rng(3), -60, 60, JANUARY)
    density_of_vapour = air.vapour * 461.5 * air.temperature
    virtual = air.temperature / (1 - 0.378 * density_of_vapour / air.pressure)
    slope = np.diff(np.log(air.pressure), axis=0) / THICKNESS
    wanted = -9.80665 / 287.05 * (1 / virtual[1:] + 1 / virtual[:-1]) / 2
    np.testing.assert_allclose(slope, wanted, rtol=2e-3)


# Columns of AFGL's atmospheres: water (kg m-2) and ozone (Dobson units), as LOWTRAN 7 gives them.
@pytest.mark.parametrize(
    ("latitude", "time", "water", "ozone"),
    [(0, JULY, 41.2, 277), (45, JULY, 29.3, 332), (45, JANUARY, 8.5, 377), (60, JANUARY, 4.2, 376)],
)
def test_columns_of_water_and_ozone(latitude, time, water, ozone):
    air = standard(latitude, latitude, time)
    assert air.vapour[:, 0].sum() * THICKNESS == pytest.approx(water, rel=0.04)
    total = air.ozone[:, 0].sum() * THICKNESS + air.column_above[0]
    assert total / 2.1415e-5 == pytest.approx(ozone, rel=0.03)


def test_the_tropopause_falls_from_tropics_to_pole():
    air = standard(-5, 80, JANUARY)
    heights = np.interp((0, 45, 70), air.latitude, tropopause(air.temperature))
    assert 16e3 < heights[0] < 17.5e3
    assert 9e3 < heights[1] < 12e3
    assert 8e3 < heights[2] < 10e3


def test_seasons_are_opposite_in_the_hemispheres():
    assert warmth_of_season(JULY) == pytest.approx(1, abs=0.01)
    for time, warmer in ((JULY, 1), (JANUARY, -1)):
        air = standard(-60, 60, time)
        assert np.sign(air.temperature[0, -1] - air.temperature[0, 0]) == warmer


def test_anomalies_are_small_and_reproducible():
    usual = standard(0, 60)
    one, again = (draw_air(np.random.default_rng(7), 0, 60, JULY) for _ in range(2))
    np.testing.assert_array_equal(one.temperature, again.temperature)
    difference = np.abs(one.temperature - usual.temperature)
    assert 0.2 < difference.max() < 10
    assert (one.vapour > 0).all()
