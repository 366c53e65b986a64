"""The Sun against astropy's ephemeris."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nephoscope.sun import solar_angles, sun_position


@pytest.mark.parametrize("year", [2006, 2010, 2019, 2026])
def test_declination_and_longitude_are_those_of_the_ephemeris(year):
    import erfa
    from astropy.coordinates import get_sun
    from astropy.time import Time

    times = np.datetime64(f"{year}-01-01T00:00", "ns") + np.arange(0, 365, 13) * np.timedelta64(
        93_600_123, "ms"
    )
    # TT and UT1 are made here from UTC (TT - UTC was 65.2 s in 2006 and 69.2 s in 2017; UT1 - UTC
    # is below 0.9 s, or 0.004 degree): astropy's tables of leap seconds and of the Earth's
    # rotation run out some day, and then it fails.
    days = (times - np.datetime64("2000-01-01T12:00", "ns")) / np.timedelta64(1, "D")
    sun = get_sun(Time(2_451_545.0, days + 67 / 86_400, format="jd", scale="tt"))
    sidereal = np.rad2deg(erfa.gmst06(2_451_545.0, days, 2_451_545.0, days + 67 / 86_400))
    latitude, longitude = sun_position(times)
    # get_sun is of the epoch's own equator but for precession since J2000: 0.005 degree a year.
    drift = 0.02 + 0.006 * (year - 2000)
    np.testing.assert_allclose(latitude, sun.dec.deg, atol=drift)
    difference = longitude - (sun.ra.deg - sidereal)
    np.testing.assert_allclose((difference + 180) % 360 - 180, 0, atol=2.5 * drift)


def test_angles_are_those_of_pyorbital():
    astronomy = pytest.importorskip("pyorbital.astronomy")
    rng = np.random.default_rng(3)
    latitude, longitude = rng.uniform(-80, 80, 500), rng.uniform(-180, 180, 500)
    moment = np.datetime64("2010-10-11T14:07:30", "ns")
    zenith, azimuth = solar_angles(latitude, longitude, moment)
    elevation, azimuth_there = astronomy.get_alt_az(moment, longitude, latitude)
    np.testing.assert_allclose(90 - zenith, np.rad2deg(elevation), atol=0.02)
    low = zenith > 5
    np.testing.assert_allclose(
        (azimuth - np.rad2deg(azimuth_there) + 180)[low] % 360, 180, atol=0.2
    )


@given(st.floats(-89, 89), st.floats(-180, 180), st.integers(0, 365 * 24 * 60))
def test_the_sun_is_overhead_where_it_says_and_opposite_is_midnight(latitude, longitude, minute):
    time = np.datetime64("2012-01-01", "ns") + np.timedelta64(minute, "m")
    lat, lon = sun_position(time)
    assert abs(lat) < 23.5
    assert solar_angles(lat, lon, time)[0] < 1e-5
    assert solar_angles(-lat, lon + 180, time)[0] == pytest.approx(180, abs=1e-5)
    zenith, azimuth = solar_angles(latitude, longitude, time)
    assert 0 <= zenith <= 180
    assert 0 <= azimuth <= 360


def test_unknown_time_or_place_is_unknown():
    assert np.isnan(solar_angles(0.0, 0.0, np.datetime64("NaT"))).all()
    assert np.isnan(solar_angles(np.nan, 0.0, np.datetime64("2010-01-01"))).all()
