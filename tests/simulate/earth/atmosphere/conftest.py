import numpy as np
import pytest

from nephoscope.simulate.earth.atmosphere import LocalGrid, Weather

NOON = np.datetime64("2010-07-15T12:00")
REGIMES = {"tropics": 6.0, "subtropics": -20.0, "mid-latitudes": 52.0, "pole": -76.0}


@pytest.fixture(scope="session")
def regimes():
    """Some days of each regime on small, coarse grids: name -> [(weather, atmosphere)]."""
    days = {}
    for name, latitude in REGIMES.items():
        days[name] = []
        for seed in range(5):
            weather = Weather(LocalGrid(latitude, 10.0, 64, 64, 9000.0), seed, NOON)
            days[name].append((weather, weather.at(NOON)))
    return days
