"""Corners in a picture of SEVIRI, against a search through the places of all its pixels."""

import numpy as np
import pytest
import xarray as xr

from nephoscope.errors import InputError
from nephoscope.grids.geostationary import SEVIRI_0
from nephoscope.grids.wgs84 import distance

WINDOWS = {"Europe": (700, 1700, 40, 50), "Congo": (1800, 1900, 40, 50)}


def scene_of(window):
    grid = SEVIRI_0.window(*window)
    latitude, longitude = grid.places()
    attrs = {
        "sub_satellite_longitude": grid.longitude,
        "centre_row": grid.centre_row,
        "centre_col": grid.centre_col,
        "step": grid.step,
        "source_files": ["made"],
    }
    return xr.Dataset(
        {"latitude": (("y", "x"), latitude), "longitude": (("y", "x"), longitude)}, attrs=attrs
    )


@pytest.fixture(scope="module")
def corners():
    pytest.importorskip("satpy")
    from nephoscope.instruments.seviri import corners

    return corners


@pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)
def test_four_pixels_around_a_place_the_nearest_among_them(corners, window):
    scene, rng = scene_of(window), np.random.default_rng(2)
    north, east = scene["latitude"].values, scene["longitude"].values
    y, x = rng.integers(2, 38, 200), rng.integers(2, 48, 200)
    part = rng.random((2, 200))
    places = [
        (1 - part[0]) * ((1 - part[1]) * each[y, x] + part[1] * each[y, x + 1])
        + part[0] * ((1 - part[1]) * each[y + 1, x] + part[1] * each[y + 1, x + 1])
        for each in (north.astype(float), east.astype(float))
    ]
    found = corners(scene, *places)
    assert found.enclosed.all()
    for number, (lat, lon) in enumerate(zip(*places, strict=True)):
        nearest = np.unravel_index(distance(lat, lon, north, east).argmin(), north.shape)
        assert nearest in set(zip(found.row[number], found.col[number], strict=True))
    for each, place in zip((north, east), places, strict=True):
        back = (found.weight * each[found.row, found.col]).sum(axis=1)
        np.testing.assert_allclose(back, place, atol=2e-4)
    nw, _, _, se = (north[found.row, found.col].T, east[found.row, found.col].T)[0]
    assert (nw > se).all()


def test_off_the_disk_and_outside_of_the_window_nothing_encloses(corners):
    edge = scene_of((1800, 30, 40, 60))
    assert np.isnan(edge["latitude"].values).any()
    seen = np.isfinite(edge["latitude"].values)
    first = seen[20].argmax()
    lat, lon = (
        edge[name].values[20, first + 3].astype(float) for name in ("latitude", "longitude")
    )
    found = corners(edge, [lat, lat, 0.0, np.nan], [lon, lon - 12, 120.0, 0.0])
    assert found.enclosed.tolist() == [True, False, False, False]
    assert not corners(scene_of(WINDOWS["Europe"]), [0.0], [0.0]).enclosed.any()


def test_a_scene_that_was_cut_is_refused(corners):
    scene = scene_of(WINDOWS["Congo"])
    place = [[float(scene[name][20, 20])] for name in ("latitude", "longitude")]
    assert corners(scene, *place).enclosed.all()
    for other in (scene.isel(y=slice(3, None)), scene.isel(x=slice(None, None, -1))):
        with pytest.raises(InputError, match="cut or turned"):
            corners(other, *place)
