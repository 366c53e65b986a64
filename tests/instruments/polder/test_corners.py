"""Corners in a Scene of POLDER are the nearest pixels in each direction, by distance on Earth."""

import numpy as np
import pytest
import xarray as xr

from nephoscope.errors import InputError
from nephoscope.grids.sinusoidal import POLDER
from nephoscope.grids.wgs84 import distance
from nephoscope.instruments.polder import along, box, corners

PLACES = {
    "middle": along((1000, 1030), 20.0, 40),
    "equator": along((1610, 1640), -100.0, 40),
    "date line": along((900, 930), 179.97, 40),
    "north": along((200, 230), -60.0, 40),
    "south and date line": along((3000, 3030), -179.9, 40),
}


def scene_of(window):
    columns, on_globe = window.columns()
    rows = window.rows
    return xr.Dataset(
        coords={
            "row": ("y", rows),
            "column": (("y", "x"), np.where(on_globe, columns, -1).astype(np.int32)),
            "latitude": (("y", "x"), np.repeat(POLDER.to_latitude(rows)[:, None], window.width, 1)),
            "longitude": (("y", "x"), POLDER.to_longitude(rows[:, None], columns)),
        }
    )


def inner_places(scene, number=300, margin=4):
    """Places around pixels that are not near the edge of the scene."""
    rng = np.random.default_rng(5)
    y = rng.integers(margin, scene.sizes["y"] - margin, number)
    x = rng.integers(margin, scene.sizes["x"] - margin, number)
    north = scene["latitude"].values[y, x] + rng.uniform(-0.5, 0.5, number) / 18
    return north, scene["longitude"].values[y, x] + rng.uniform(-0.5, 0.5, number) / 18


def nearest_of_each_quadrant(scene, north, east):
    """(4, 2) row and column of the nearest pixel NW, NE, SW, SE, by distance to all pixels."""
    lat, lon = scene["latitude"].values, scene["longitude"].values
    away, turned = distance(north, east, lat, lon), (lon - east + 180) % 360 - 180
    quadrants = [(lat > north) & (turned < 0), (lat > north) & (turned > 0)]
    quadrants += [(lat < north) & (turned < 0), (lat < north) & (turned > 0)]
    nearest = [np.where(inside, away, np.inf).argmin() for inside in quadrants]
    return np.stack(np.unravel_index(nearest, lat.shape), axis=1)


@pytest.mark.parametrize("place", PLACES)
def test_the_nearest_pixel_of_each_quadrant(place):
    scene = scene_of(PLACES[place])
    north, east = inner_places(scene)
    found = corners(scene, north, east)
    assert found.enclosed.all()
    wrong = 0
    for number in range(len(north)):
        wanted = nearest_of_each_quadrant(scene, north[number], east[number])
        ours = np.stack([found.row[number], found.col[number]], axis=1)
        wrong += not np.array_equal(ours, wanted)
    # Of another row only where a pixel there is nearer than the one next to the place: a pixel is
    # a little wider than high, and the rows are not aligned.
    assert wrong <= 0.01 * len(north)


def test_a_scene_that_was_cut_and_one_turned_round():
    scene = scene_of(PLACES["date line"])
    north, east = inner_places(scene, margin=12)
    whole = corners(scene, north, east)
    cut = corners(scene.isel(y=slice(5, None), x=slice(3, 36)), north, east)
    np.testing.assert_array_equal(cut.row, whole.row - 5)
    np.testing.assert_array_equal(cut.col, whole.col - 3)
    upside_down = corners(scene.isel(y=slice(None, None, -1)), north, east)
    np.testing.assert_array_equal(upside_down.row, 29 - whole.row)
    for other in (scene.isel(x=slice(None, None, -1)), scene.isel(x=slice(None, None, 2))):
        assert not corners(other, north, east).enclosed.any()


def test_outside_of_the_window_no_pixel_encloses():
    scene = scene_of(along((1000, 1003), 20.0, 3))
    north, east = (scene[name].values for name in ("latitude", "longitude"))
    step = np.diff(east[1])[0]
    found = corners(scene, [north[1, 1]] * 4, east[1, 1] + step * np.array([0.3, -0.3, 1.3, -1.3]))
    assert found.enclosed[0]
    assert not found.enclosed[2:].any()
    assert not corners(scene, [north[0, 1] + 0.01], [east[0, 1]]).enclosed.any()
    assert (found.row[2:] == -1).all()


def test_around_the_pole_all_but_the_seam_is_enclosed():
    scene = scene_of(along((0, 40), 0.0, 200))
    east = np.arange(-180, 180, 0.7)
    for row in (3.5, 20.4):
        found = corners(scene, np.full(east.shape, POLDER.to_latitude(row)), east)
        assert found.enclosed.mean() > 0.9
        beside = np.diff(found.col[found.enclosed].reshape(-1, 2), axis=1)
        assert (beside == 1).all()
        weighted = (found.weight * found.row).sum(axis=1)[found.enclosed]
        np.testing.assert_allclose(weighted, row, atol=1e-8)


def test_pixels_off_the_globe_enclose_nothing():
    scene = scene_of(box((100, 104), (2700, 2960)))
    first = POLDER.first_col(101)
    lat = POLDER.to_latitude(101.5)
    beyond = POLDER.to_longitude(101, first + np.array([-0.4, 3.5]))
    assert corners(scene, [lat, lat], beyond).enclosed.tolist() == [False, True]


def test_a_scene_without_its_columns_is_refused():
    scene = scene_of(PLACES["middle"])
    with pytest.raises(InputError, match="column"):
        corners(scene.drop_vars("column"), [0.0], [0.0])
