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


def test_a_scene_without_its_grid_is_refused(corners):
    scene = scene_of(WINDOWS["Congo"])
    del scene.attrs["step"]
    with pytest.raises(InputError, match="step"):
        corners(scene, [0.0], [0.0])


def test_a_track_is_matched_line_by_line(corners):
    from nephoscope import collocate

    scene = scene_of(WINDOWS["Congo"])
    shape = scene["latitude"].shape
    lines = np.datetime64("2008-06-01T12:05", "ns") + np.arange(40) * np.timedelta64(250, "ms")
    scene = scene.assign(
        image=(("channel", "y", "x"), np.ones((1, *shape), np.float32)),
        known=(("y", "x"), np.isfinite(scene["latitude"].values)),
    ).assign_coords(channel=["IR_108"], time=("y", lines))
    scene.attrs |= {"instrument": "seviri", "missing_share": 0.0}
    y = np.arange(3, 36, 3)
    pixels = y, 2 * y // 3 + 5
    places = [scene[name].values[pixels].astype(float) for name in ("latitude", "longitude")]
    time = np.datetime64("2008-06-01T12:07:05", "ns") + y * np.timedelta64(1, "s")
    track = xr.Dataset(
        {"iwc": (("profile", "level"), np.zeros((len(y), 1), np.float32))},
        coords={
            "time": ("profile", time),
            "latitude": ("profile", places[0]),
            "longitude": ("profile", places[1]),
            "height": (("profile", "level"), np.full((len(y), 1), 1000.0)),
        },
        attrs={"instrument": "dardar", "product": "made", "source_files": ["made"]},
    )
    pairs = collocate(track, scene)
    assert pairs.sizes["point"] == len(y)
    np.testing.assert_allclose(pairs["row"], y, atol=1e-3)
    np.testing.assert_allclose(pairs["col"], pixels[1], atol=1e-3)
    np.testing.assert_allclose(pairs["time_offset"], 125 + 0.75 * y, atol=0.26)
    assert pairs["distance"].max() < 0.01
    assert collocate(track, scene, max_time_offset=130).sizes["point"] < len(y)
