"""The A-Train's orbit against what is known of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nephoscope.errors import UsageError
from nephoscope.simulate.earth.atrain import PERIOD, Revolution
from nephoscope.sun import sun_position

DATE = np.datetime64("2008-06-03")


@given(latitude=st.floats(-80, 80), longitude=st.floats(-179, 179), northwards=st.booleans())
def test_it_passes_over_the_place_asked_for(
    latitude: float, longitude: float, northwards: bool
) -> None:
    orbit = Revolution.over(latitude, longitude, DATE, northwards)
    found = orbit.place(orbit.time_at(latitude, northwards))
    assert found[0] == pytest.approx(latitude, abs=2e-3)
    assert (found[1] - longitude + 180) % 360 - 180 == pytest.approx(0, abs=0.02)
    assert orbit.node_time.astype("datetime64[D]") == DATE


@pytest.mark.parametrize("northwards", [True, False])
@pytest.mark.parametrize("longitude", [-170.0, -20.0, 3.0, 140.0])
def test_local_solar_time_at_the_equator(longitude: float, northwards: bool) -> None:
    """13:30 and 01:30 by the mean Sun; the true Sun is within 17 minutes of it."""
    orbit = Revolution.over(0.0, longitude, DATE, northwards)
    _, overhead = sun_position(orbit.time_at(0.0, northwards))
    hour = 12 + float((longitude - overhead + 180) % 360 - 180) / 15
    assert hour % 24 == pytest.approx(13.5 if northwards else 1.5, abs=17 / 60)


def test_the_next_node_lies_24_7_degrees_west() -> None:
    """360 * 98.88 min / 24 h: the spacing of successive tracks."""
    orbit = Revolution.over(0.0, 10.0, DATE)
    turn = np.timedelta64(round(PERIOD * 1000), "ms")
    latitude, longitude = orbit.place(orbit.node_time + turn)
    assert latitude == pytest.approx(0, abs=1e-3)
    assert longitude == pytest.approx(10 - 24.72, abs=0.01)


def test_speed_over_ground_is_near_7_km_a_second() -> None:
    """Ground speed of CloudSat: about 7 km/s (Stephens et al. 2008)."""
    orbit = Revolution.over(30.0, 0.0, DATE)
    time = orbit.time_at(30.0) + np.array([0, 1000], "timedelta64[ms]")
    (south, north), (west, east) = orbit.place(time)
    far = np.hypot(north - south, (east - west) * np.cos(np.deg2rad(30))) * 111.2
    assert far == pytest.approx(6.8, abs=0.3)


def test_poles_are_never_reached() -> None:
    with pytest.raises(UsageError, match="never flies over latitude 84"):
        Revolution.over(84.0, 0.0, DATE)
