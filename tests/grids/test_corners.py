"""Corners are the pixels that a search through all rows and columns finds around a place."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nephoscope.grids.corners import corners_between
from nephoscope.grids.sinusoidal import POLDER
from nephoscope.grids.wgs84 import distance

LATITUDES = 90 - (np.arange(3240) + 0.5) / 18
latitudes = st.floats(-89.97, 89.97)
longitudes = st.floats(-180, 180) | st.floats(179.9, 180.1) | st.floats(-720, 720)


def searched(latitude, longitude):
    """The four pixels by looking at every row, and at every pixel of the two rows."""
    above = int(np.flatnonzero(latitude <= LATITUDES)[-1])
    found = []
    for row in (above, above + 1):
        half = POLDER.half_length(row)
        cols = np.arange(3240 - half, 3240 + half)
        east = np.mod((cols - 3239.5) * 180 / half - longitude, 360)  # 0 to 360, eastwards
        found += [(row, cols[east.argmax()]), (row, cols[east.argmin()])]
    return found


@given(latitude=latitudes, longitude=longitudes)
@example(latitude=0.01, longitude=180.0)
@example(latitude=89.96, longitude=-179.99)
@example(latitude=-89.96, longitude=45.0)
@example(latitude=60.0, longitude=-180.0)
def test_the_four_pixels_around_a_place(latitude, longitude):
    found = POLDER.corners([latitude], [longitude])
    assert found.enclosed.all()
    pixels = list(zip(found.row[0], found.col[0], strict=True))
    weight = found.weight[0]
    for pixel, wanted, share in zip(pixels, searched(latitude, longitude), weight, strict=True):
        # On a pixel's own row or meridian either side will do, and has no weight.
        assert pixel == wanted or share < 1e-6 or share > 1 - 1e-6 or weight.min() < 1e-6


@given(latitude=latitudes, longitude=longitudes)
def test_bilinear_weights_give_back_the_place(latitude, longitude):
    row, col, weight = POLDER.corners([latitude], [longitude])
    assert (weight >= 0).all()
    assert weight.sum() == pytest.approx(1, abs=1e-12)
    assert (weight * POLDER.to_latitude(row)).sum() == pytest.approx(latitude, abs=1e-9)
    away = np.mod(POLDER.to_longitude(row, col) - longitude + 180, 360) - 180
    assert (weight * away).sum() == pytest.approx(0, abs=1e-6)
    assert POLDER.on_globe(row, col).all()


def test_a_pixels_own_centre_has_all_the_weight():
    rng = np.random.default_rng(1)
    rows = np.concatenate([rng.integers(0, 3240, 500), [0, 3239, 1619, 1620]])
    half = POLDER.half_length(rows)
    cols = 3240 - half + (rng.random(len(rows)) * 2 * half).astype(int)
    cols[:4] = 3240 - half[:4]
    found = POLDER.corners(POLDER.to_latitude(rows), POLDER.to_longitude(rows, cols))
    heaviest = found.weight.argmax(axis=1)
    each = np.arange(len(rows))
    np.testing.assert_allclose(found.weight[each, heaviest], 1, atol=1e-6)
    np.testing.assert_array_equal(found.row[each, heaviest], rows)
    np.testing.assert_array_equal(found.col[each, heaviest], cols)


def test_the_east_of_the_last_pixel_is_the_first_of_its_row():
    row, col, _ = POLDER.corners([30.0, 30.0], [180.0, -180.0])
    half = POLDER.half_length(row)
    first = 3240 - half
    np.testing.assert_array_equal(col - first, np.where([1, 0, 1, 0], 2 * half - 1, 0))


def test_where_no_four_pixels_are_there_is_no_weight():
    latitude = [89.99, -89.99, 91.0, np.nan, 10.0, 10.0, 10.0]
    longitude = [0.0, 0.0, 0.0, 0.0, np.nan, np.inf, 10.0]
    found = POLDER.corners(latitude, longitude)
    assert found.enclosed.tolist() == [False] * 6 + [True]
    assert (found.row[:6] == -1).all()
    assert (found.col[:6] == -1).all()
    assert np.isnan(found.weight[:6]).all()
    assert POLDER.corners([], []).weight.shape == (0, 4)


@given(row=st.floats(-3, 8), col=st.floats(-3, 9))
def test_columns_that_stand_below_one_another(row, col):
    found = corners_between([row], [col], (6, 7))
    assert found.enclosed[0] == (0 <= round(row, 9) <= 5 and 0 <= round(col, 9) <= 6)
    if found.enclosed[0]:
        assert (found.weight * found.row).sum() == pytest.approx(row, abs=1e-8)
        assert (found.weight * found.col).sum() == pytest.approx(col, abs=1e-8)
        assert (found.row[0] - found.row[0, 0]).tolist() == [0, 0, 1, 1]
        assert (found.col[0] - found.col[0, 0]).tolist() == [0, 1, 0, 1]
        assert found.row.max() < 6
        assert found.col.max() < 7


def test_one_row_encloses_nothing():
    assert not corners_between([0.0], [0.0], (1, 7)).enclosed.any()


def test_distances_are_those_of_geodesics():
    geod = pytest.importorskip("pyproj").Geod(ellps="WGS84")
    rng = np.random.default_rng(3)
    north = np.concatenate([rng.uniform(-90, 90, 3000), [89.999, -90, 0, 60]])
    east = np.concatenate([rng.uniform(-180, 180, 3000), [0, 10, 180, -180]])
    # To places up to 50 km away, over the poles and the date line too.
    away, bearing = rng.uniform(0, 50_000, north.size), rng.uniform(0, 360, north.size)
    there_east, there_north, _ = geod.fwd(east, north, bearing, away)
    found = distance(north, east, there_north, there_east)
    np.testing.assert_allclose(found, away / 1000, rtol=3e-8, atol=1e-6)
    assert distance(10, 20, 10, 380) == pytest.approx(0, abs=1e-9)
    assert np.isnan(distance(np.nan, 0, 0, 0))
