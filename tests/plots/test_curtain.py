"""A curtain shows each cell of its profiles in its colour, at its height, above its place."""

import numpy as np
import pytest
import xarray as xr

import profile_factory as made
from nephoscope.plots.cloud_types import TYPE_COLOURS, UNKNOWN_COLOUR, colours_of, key_of
from nephoscope.plots.curtain import HIGHEST, plot_curtains, sample_along

BLACK = (0, 0, 0)


def colour_at(axes, along, altitude):
    """What is drawn at a place of an axes: km along the track, km up."""
    mesh = axes.collections[0]
    corners = mesh.get_coordinates()
    colours = np.asarray(mesh.get_array())
    column = np.searchsorted(corners[:, 0, 0], along) - 1
    middle = (corners[column, :, 1] + corners[column + 1, :, 1]) / 2
    level = np.searchsorted(-middle, -altitude) - 1
    return tuple(colours[column, level].tolist())


def rgb(text):
    return tuple(int(text[at : at + 2], 16) for at in (1, 3, 5))


def test_colours_are_those_of_the_data_set():
    published = [(0, 0, 0), (76, 25, 157), (0, 37, 245), (72, 167, 248), (106, 227, 83),
                 (255, 253, 84), (243, 172, 61), (228, 76, 41), (183, 48, 193)]  # fmt: skip
    np.testing.assert_array_equal(colours_of(np.arange(9), "type"), published)
    assert tuple(colours_of(np.array([-1, -9999]), "type")[1]) == rgb(UNKNOWN_COLOUR)
    np.testing.assert_array_equal(colours_of(np.array([0, 1, 8]), "mask")[:, 0], [0, 255, 255])


def test_unknown_is_in_the_key_only_where_it_is():
    names = [entry.get_label() for entry in key_of([np.arange(9)], "type")]
    assert len(names) == 9
    assert "unknown" not in names
    assert key_of([np.array([-1])], "mask")[-1].get_label() == "unknown"


@pytest.fixture
def said():
    product = made.product()
    track = made.track(product)
    return product, track, sample_along(product, track)


def test_a_product_is_sampled_below_the_profiles_over_it_in_their_order(said):
    product, track, below = said
    np.testing.assert_array_equal(below["number"], np.arange(10, 10 + made.ROWS))
    # The track goes north, rows go south; column 15 is over the date line from the first column.
    expected = product["cloud_type"].values[:, ::-1, 15].T
    np.testing.assert_array_equal(below["cloud_type"].transpose("profile", "level"), expected)
    np.testing.assert_array_equal(below["latitude"], track["latitude"][10:-10])
    assert (np.diff(np.sign(product["longitude"].values[0])) != 0).any()


def test_cells_have_their_colour_at_their_height_over_the_truth_with_a_divider(said):
    _, track, below = said
    curtain = below["cloud_type"].drop_vars("altitude")
    curtain = curtain.assign_coords(height=("level", made.ALTITUDE)).transpose("profile", "level")
    truth = track["cloud_type"].isel(profile=below["number"].values)
    figure = plot_curtains({"prediction": curtain, "truth": truth}, "type")
    upper, lower, divider = figure.axes
    assert divider.get_facecolor()[:3] == pytest.approx([0x8C / 255] * 3)
    for axes in (upper, lower):
        assert axes.get_ylim() == (0, HIGHEST)
        assert axes.get_xlim()[1] > 300
    end = upper.get_xlim()[1] - 10
    assert colour_at(upper, 20, 1.5) == rgb(TYPE_COLOURS[6])  # the south: cumulus
    assert colour_at(upper, 20, 11) == BLACK
    assert colour_at(upper, end, 11) == rgb(TYPE_COLOURS[1])  # the north: cirrus
    assert colour_at(lower, end, 4) == rgb(TYPE_COLOURS[2])
    assert colour_at(lower, end, 5.5) == BLACK
    assert "altitude (km)" in upper.get_ylabel()
    assert upper.get_ylabel().startswith("prediction")
    first = lower.get_xticklabels()[0].get_text().splitlines()
    assert first[0].endswith("°N")
    assert first[1][-1] in "EW"
    assert first[2:] == ["03:04:12", "0 km"]  # the eleventh profile, 0.72 s each


def test_a_mask_is_of_every_type_and_gaps_of_the_track_are_unknown():
    height = ("level", np.array([3000.0, 2000.0, 1000.0]))
    latitude = ("profile", np.array([0.0, 0.05, 0.10, 1.0, 1.05]))
    values = np.array([[0, 8, 0]] * 4 + [[0, 0, 1]], np.int8)
    curtain = xr.DataArray(values, dims=("profile", "level"),
                           coords={"height": height, "latitude": latitude,
                                   "longitude": ("profile", np.zeros(5))})  # fmt: skip
    (axes,) = plot_curtains({"truth": curtain}, "mask").axes
    assert colour_at(axes, 3, 2) == (255, 255, 255)
    assert colour_at(axes, 3, 1) == BLACK
    assert colour_at(axes, 50, 2) == rgb(UNKNOWN_COLOUR)
    assert colour_at(axes, 117, 1) == (255, 255, 255)
    assert axes.get_ylabel().startswith("truth")


def test_altitudes_of_which_nothing_is_said_are_unknown_and_never_the_white_of_cloud():
    for height, said in (([20000.0, 10000, 0], 2), ([3000.0, 2000], 3)):
        curtain = xr.DataArray(np.zeros((4, len(height)), np.int8), dims=("profile", "level"),
                               coords={"height": ("level", np.array(height))})  # fmt: skip
        figure = plot_curtains({"truth": curtain}, "mask")
        assert len(figure.legends[0].get_texts()) == said
        np.testing.assert_allclose(figure.axes[0].get_facecolor()[:3], 0x8C / 255)


def test_without_places_the_axis_counts_profiles():
    curtain = xr.DataArray(np.ones((4, 2), np.int8), dims=("profile", "level"),
                           coords={"height": ("level", np.array([2000.0, 1000.0]))})  # fmt: skip
    (axes,) = plot_curtains({"truth": curtain}, "type").axes
    assert axes.get_xlabel() == "profile along the track"
    assert axes.get_xlim() == (-0.5, 3.5)


def test_a_profile_without_heights_has_those_of_the_others():
    height = np.array([[3000.0, 2000.0], [np.nan, np.nan], [3000.0, 2000.0]])
    curtain = xr.DataArray(np.array([[1, 0], [-1, -1], [1, 0]]), dims=("profile", "level"),
                           coords={"height": (("profile", "level"), height)})  # fmt: skip
    (axes,) = plot_curtains({"truth": curtain}, "type").axes
    assert colour_at(axes, 1, 3) == rgb(UNKNOWN_COLOUR)
    assert colour_at(axes, 2, 3) == rgb(TYPE_COLOURS[1])
