"""Some profiles of a file are read as they are in the whole of it."""

import numpy as np
import pytest
import xarray as xr

pytest.importorskip("netCDF4")
pytest.importorskip("satpy")

import slots_factory as factory
from nephoscope.instruments.dardar import read as read_track
from nephoscope.instruments.dardar import read_places


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return factory.write_pair(tmp_path_factory.mktemp("pair"))[1]


def test_a_part_is_that_of_the_whole(path):
    whole = read_track(path)
    part = read_track(path, profiles=(37, 102))
    xr.testing.assert_identical(part, whole.isel(profile=slice(37, 102)))


def test_a_part_that_says_nothing_is_no_damage(path, tmp_path):
    import netCDF4

    with netCDF4.Dataset(path, "a") as file:
        for name in ("iwc", "icnc_5um", "icnc_100um", "reffcli", "ta"):
            file[name][:20] = np.nan
    assert np.isnan(read_track(path, profiles=(0, 20))["iwc"]).all()


def test_places_are_those_of_the_track(path):
    places, whole = read_places(path), read_track(path)
    for name in ("time", "latitude", "longitude"):
        np.testing.assert_array_equal(places[name], whole[name])
