"""Our matching beside the algorithm of A-Train Cloud Segmentation: the same where that is right."""

import numpy as np
import pytest
from benchmarks.collocation import make_scene, make_track, same_pixels, scene_of
from benchmarks.original_polder import match, vincenty

from nephoscope import collocate
from nephoscope.grids.wgs84 import distance
from nephoscope.instruments.polder import along
from nephoscope.simulate.earth.atrain import Revolution

NODE_TIME = np.datetime64("2008-06-03T02:00:00", "ms")
HAIR = 0.05  # km


@pytest.fixture(scope="module", params=[10.0, 178.0], ids=["by land", "over the date line"])
def matched(request):
    """Every third profile of a granule, its scene, and what the original makes of them."""
    revolution = Revolution(NODE_TIME, request.param)
    track = make_track(revolution).isel(profile=slice(None, None, 3))
    scene = make_scene(revolution, width=41)
    return track, scene, original(track, scene)


def original(track, scene):
    seen = scene["known"].values
    return match(
        (track["latitude"].values, track["longitude"].values),
        (scene["latitude"].values[seen], scene["longitude"].values[seen]),
        vincenty,
    )


def distances(track, scene, pixel):
    """(profile, 4) km to pixels by their number among those seen."""
    seen = scene["known"].values
    north, east = (scene[name].values[seen][pixel] for name in ("latitude", "longitude"))
    here = (track[name].values[:, None] for name in ("latitude", "longitude"))
    return np.where(pixel >= 0, distance(*here, north, east), np.inf)


def our_pixels(track, scene):
    pairs = collocate(track, scene, weights="inverse_distance")
    seen = scene["known"].values
    number = np.where(seen, np.cumsum(seen).reshape(seen.shape) - 1, -1)
    assert pairs.sizes["point"] == track.sizes["profile"]
    return number[pairs["corner_row"].values, pairs["corner_col"].values], pairs["weight"].values


def test_the_same_four_pixels_and_weights_where_the_original_is_right(matched):
    track, scene, theirs = matched
    same, enclosed = same_pixels(track, scene, theirs)
    right = np.abs(track["latitude"].values) < 60
    right &= np.abs(track["longitude"].values) < 179
    assert right.sum() > 600
    assert enclosed.all()
    assert theirs.enclosed[right].all()
    pixel, weight = our_pixels(track, scene)
    # Pixels are a hair wider than high: a place beside a pixel's own row and column can have a
    # pixel two rows away nearer than the one of the next row. One in some thousand does.
    ours, other = (distances(track, scene, each) for each in (pixel, theirs.pixel))
    assert (same | (np.abs(ours - other) < HAIR).all(axis=1))[right].all()
    assert same[right].mean() > 0.995
    np.testing.assert_allclose(weight[right & same], theirs.weight[right & same], rtol=1e-5)


def test_near_the_poles_the_original_takes_farther_pixels(matched):
    track, scene, theirs = matched
    polar = np.abs(track["latitude"].values) > 75
    pixel, _ = our_pixels(track, scene)
    ours, other = (distances(track, scene, each) for each in (pixel, theirs.pixel))
    assert (ours <= other + HAIR)[polar].all()
    assert (ours < other - HAIR)[polar].any()  # 20 neighbours in degrees lie along a meridian


def test_at_the_date_line_the_original_finds_no_four_pixels():
    scene = scene_of(along((1780, 1810), 180.0, 20), np.datetime64("2008-06-03T01:30", "ns"))
    north = scene["latitude"].values[5:25, 0] + 0.01
    track = make_track(Revolution(NODE_TIME, 178.0), len(north)).assign_coords(
        latitude=("profile", north),
        longitude=("profile", np.where(np.arange(20) % 2, 179.985, -179.985)),
    )
    assert not original(track, scene).enclosed.any()
    assert collocate(track, scene, max_time_offset=np.inf).sizes["point"] == 20


def test_the_geodesics_of_the_reference_are_right():
    geod = pytest.importorskip("pyproj").Geod(ellps="WGS84")
    rng = np.random.default_rng(4)
    for north, east, bearing in rng.uniform((-89, -180, 0), (89, 180, 360), (50, 3)):
        there = geod.fwd(east, north, bearing, 20_000)
        assert vincenty((north, east), (there[1], there[0])) == pytest.approx(20, abs=1e-6)
    assert vincenty((10.0, 20.0), (10.0, 20.0)) == 0
