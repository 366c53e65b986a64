"""Maps of a swath: what a pixel says is drawn where the pixel is on the globe."""

import numpy as np
import pytest
import xarray as xr
from matplotlib import colormaps

import profile_factory as made
from nephoscope.plots.central_views import central_channels, rgb_of, stretched
from nephoscope.plots.places import LocalMap, Places, distances_along, place_in_words
from nephoscope.plots.swath import SwathMap, plot_swath

CENTRES = [(20.0, 179.0), (-60.0, 10.0), (85.0, -120.0), (0.0, 0.0)]


@pytest.mark.parametrize("centre", CENTRES)
def test_a_place_of_the_map_is_a_place_of_the_globe(centre):
    local = LocalMap(*centre)
    rng = np.random.default_rng(0)
    right, up = rng.uniform(-1500, 1500, (2, 200))
    latitude, longitude = local.to_globe(right, up)
    again = local.to_map(latitude, longitude)
    np.testing.assert_allclose(again, (right, up), atol=1e-6)
    # Areas are true: a small square of the map is as large on the sphere.
    corner = [local.to_globe(right + dx, up + dy) for dx, dy in ((0, 0), (1, 0), (0, 1))]
    vectors = [np.stack(_vector(*each), -1) for each in corner]
    area = np.linalg.norm(np.cross(vectors[1] - vectors[0], vectors[2] - vectors[0]), axis=-1)
    np.testing.assert_allclose(area * 6371.0**2, 1, rtol=1e-3)


def _vector(latitude, longitude):
    lat, lon = np.radians(latitude), np.radians(longitude)
    return np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)


@pytest.mark.parametrize("centre", CENTRES)
def test_each_pixel_is_drawn_where_it_is(centre):
    latitude, longitude = made.places(*centre)
    swath = SwathMap.of(latitude, longitude)
    right, up = swath.local.to_map(latitude, longitude)
    left, east, lower, upper = swath.extent
    height, width = swath.pixel.shape
    col = ((right - left) / (east - left) * width).astype(int)
    row = ((upper - up) / (upper - lower) * height).astype(int)
    np.testing.assert_array_equal(
        swath.pixel[row, col], np.arange(latitude.size).reshape(made.ROWS, -1)
    )
    # North is up, and nothing is drawn a pixel beyond the swath.
    assert (up[0] > up[-1]).all()
    assert (swath.pixel == -1).any()
    assert (swath.pixel >= 0).mean() > 0.5


def test_nearest_pixels_and_what_is_too_far():
    latitude, longitude = made.places()
    places = Places(latitude, longitude)
    assert places.spacing == pytest.approx(6.18, abs=0.05)
    found = places.nearest(latitude + 0.01, longitude - 0.01)
    np.testing.assert_array_equal(found.ravel(), np.arange(latitude.size))
    assert places.nearest(np.array([40.0, np.nan]), np.array([179.0, 0.0])).tolist() == [-1, -1]


def test_pixels_off_the_globe_are_never_found():
    latitude, longitude = made.places()
    latitude = np.where(np.arange(made.COLS) < 5, np.nan, latitude)
    found = Places(latitude, longitude).nearest(*made.places())
    assert (found[:, 7:] == np.arange(found.size).reshape(found.shape)[:, 7:]).all()
    assert (found[:, :4] == -1).all()


def test_distances_and_words():
    np.testing.assert_allclose(
        distances_along(np.array([0.0, 1, 2]), np.zeros(3)), [0, 111.195, 222.39], atol=1e-2
    )
    assert place_in_words(-12.04, 170) == ("12°S", "170°E")
    assert place_in_words(3.25, -0.5) == ("3.2°N", "0.5°W")
    assert place_in_words(12, -134.04, 1) == ("12.0°N", "134.0°W")
    assert place_in_words(0, -0.01) == ("0°", "0°")


def panel(figure, title):
    (axes,) = [each for each in figure.axes if each.get_title().startswith(title)]
    return axes


def drawn(axes, swath, row, col, product):
    """Colour at the pixel (row, col) of the product."""
    place = np.argwhere(swath.pixel == row * product.sizes["x"] + col)
    middle = place[len(place) // 2]
    return tuple(np.asarray(axes.images[0].get_array())[tuple(middle)].tolist())


def test_maps_say_what_the_product_says_and_show_the_track():
    product = made.product()
    swath = SwathMap.of(product["latitude"].values, product["longitude"].values)
    track = made.track(product)
    figure = plot_swath(product, track)
    mask = panel(figure, "cloud mask")
    assert drawn(mask, swath, 10, 10, product) == (255, 255, 255, 255)
    assert drawn(mask, swath, 40, 30, product) == (0, 0, 0, 255)
    assert drawn(mask, swath, 40, 49, product) == (140, 140, 140, 255)
    corner = np.asarray(mask.images[0].get_array())[0, 0]
    assert corner[3] == 0 or swath.pixel[0, 0] >= 0
    height = panel(figure, "cloud-top height")
    high, low = (drawn(height, swath, row, 10, product) for row in (10, 50))
    assert high[0] > low[0]
    assert high[2] < low[2]
    assert drawn(height, swath, 40, 30, product) == (0, 0, 0, 255)
    assert drawn(height, swath, 40, 49, product) == (140, 140, 140, 255)
    quality = panel(figure, "quality flag")
    assert drawn(quality, swath, 2, 10, product) == (0x56, 0xB4, 0xE9, 255)
    texts = [text.get_text() for axes in figure.axes if axes.get_legend()
             for text in axes.get_legend().get_texts()]  # fmt: skip
    assert "few views, 6.7%" in texts
    assert "track of the profiler" in texts
    (line,) = [each for each in mask.lines if each.get_label() == "track of the profiler"]
    right, up = (np.asarray(each) for each in line.get_data())
    expected = swath.local.to_map(
        product["latitude"].values[::-1, 15], product["longitude"].values[::-1, 15]
    )
    np.testing.assert_allclose([right[10:-10], up[10:-10]], expected, atol=1e-6)
    assert "°E" in "".join(tick.get_text() for tick in mask.get_xticklabels())


def test_the_ice_path_is_in_powers_of_ten_and_none_is_no_unknown():
    product = made.product()
    path = np.full((product.sizes["y"], product.sizes["x"]), 0.3, np.float32)  # kg m-2
    path[5], path[7] = 0, np.nan
    product["iwp"] = ("y", "x"), path
    swath = SwathMap.of(product["latitude"].values, product["longitude"].values)
    axes = panel(plot_swath(product), "ice water path")
    expected = 255 * np.array(colormaps["viridis"](np.log10(300) / np.log10(3000)))
    assert drawn(axes, swath, 10, 10, product)[:3] == pytest.approx(expected[:3], abs=1)
    assert drawn(axes, swath, 5, 10, product) == (0, 0, 0, 255)
    assert drawn(axes, swath, 40, 30, product) == (0, 0, 0, 255)  # clear by the mask
    assert drawn(axes, swath, 7, 10, product) == (140, 140, 140, 255)


def test_a_track_that_is_elsewhere_draws_no_line():
    product = made.product()
    figure = plot_swath(product, made.track(made.product(-40, 20)))
    (line,) = [each for each in panel(figure, "cloud mask").lines
               if each.get_label() == "track of the profiler"]  # fmt: skip
    assert np.isnan(line.get_xdata()).all()


def test_central_views_are_the_middle_four_of_what_there_is():
    chosen = central_channels([*made.CHANNELS, "thetav_03", "Q670P_07"])
    assert chosen["red"] == [f"I670P_{view:02d}" for view in (6, 7, 8, 9)]
    assert chosen["blue"] == [f"{name}_{view:02d}" for name in ("I443NP", "I490P")
                              for view in (6, 7, 8, 9)]  # fmt: skip
    few = central_channels(["I670P_02", "I565NP_02", "I443NP_02"])
    assert few == {"red": ["I670P_02"], "green": ["I565NP_02"], "blue": ["I443NP_02"]}
    assert central_channels(["I670P_02", "I443NP_02"]) == {}
    assert rgb_of(xr.DataArray(np.zeros((1, 2, 2)), dims=("channel", "y", "x"),
                               coords={"channel": ["I670P_02"]})) is None  # fmt: skip


def test_colours_are_means_of_the_central_views_of_floats_and_of_counts_alike():
    rng = np.random.default_rng(5)
    counts = rng.integers(0, 9000, (len(made.CHANNELS), 20, 20)).astype(np.int16)
    counts[:, 3, 4] = -32768
    counts[7 + 48, 5, 5] = -32768  # one red view: the mean is of the other three
    coords = {"channel": made.CHANNELS,
              "scale_factor": ("channel", np.full(len(made.CHANNELS), 1e-4)),
              "add_offset": ("channel", np.full(len(made.CHANNELS), 0.0))}  # fmt: skip
    stored = xr.DataArray(counts, dims=("channel", "y", "x"), coords=coords,
                          attrs={"_FillValue": -32768})  # fmt: skip
    known = np.where(counts == -32768, np.nan, counts * 1e-4)
    floats = xr.DataArray(known, dims=stored.dims, coords={"channel": made.CHANNELS})
    np.testing.assert_allclose(rgb_of(stored), rgb_of(floats), atol=1e-6)
    red, green = (floats.values[first : first + 4] for first in (48 + 6, 32 + 6))
    blue = floats.values[[*range(6, 10), *range(22, 26)]]
    with np.errstate(all="ignore"):
        means = [np.nansum(each, axis=0) / np.isfinite(each).sum(axis=0)
                 for each in (red, green, blue)]  # fmt: skip
    np.testing.assert_allclose(rgb_of(floats), stretched(np.stack(means, axis=-1)), atol=1e-5)
    assert (rgb_of(stored)[3, 4] == np.float32(0.55)).all()


def test_a_stretch_reaches_from_dark_to_white_and_ignores_what_is_missing():
    colours = np.linspace(0.1, 0.9, 300).reshape(10, 10, 3)
    colours[0, 0] = np.nan
    picture = stretched(colours)
    assert picture.max() == 1
    assert 0 < picture[0, 1].max() < 0.2
    assert (picture[0, 0] == np.float32(0.55)).all()
    assert (stretched(np.full((2, 2, 3), np.nan)) == np.float32(0.55)).all()
