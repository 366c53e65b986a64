"""Coastlines on quick-looks: lines of a file as cartopy keeps it, drawn where they are."""

import logging
import socket

import numpy as np
import pytest

import profile_factory as made
from nephoscope.plots import coast
from nephoscope.plots.swath import SwathMap, plot_swath

cartopy = pytest.importorskip("cartopy")
shapefile = pytest.importorskip("shapefile")


@pytest.fixture(autouse=True)
def nothing_is_fetched(monkeypatch):
    def refused(*_, **__):
        raise AssertionError("a picture went to the network")

    monkeypatch.setattr(socket, "create_connection", refused)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name in ("data_dir", "pre_existing_data_dir"):
        monkeypatch.setitem(cartopy.config, name, tmp_path / name)
    below = tmp_path / "data_dir" / "shapefiles" / "natural_earth" / "physical"
    below.mkdir(parents=True)
    return below


def write(path, *lines):
    with shapefile.Writer(path, shapeType=shapefile.POLYLINE) as file:
        file.field("number", "N")
        for number, line in enumerate(lines):
            file.line([list(line)])
            file.record(number)


def coasts(figure):
    return [line for axes in figure.axes for line in axes.lines if line.get_gid() == "coast"]


def test_a_coast_is_drawn_on_each_map_where_it_is(folder):
    product = made.product()
    latitude, longitude = (product[name].values for name in ("latitude", "longitude"))
    here = np.stack([longitude[20:40, 12], latitude[20:40, 12]], axis=1)
    write(folder / "ne_110m_coastline.shp", here.tolist(), [(-40.0, -20.0), (-41.0, -21.0)])
    drawn = coasts(plot_swath(product))
    assert len(drawn) == 4
    right, up = SwathMap.of(latitude, longitude).local.to_map(here[:, 1], here[:, 0])
    for line in drawn:
        found = np.asarray(line.get_data())
        np.testing.assert_allclose(found[:, :20], (right, up), atol=1e-6)
        # The other one is on the other side of the globe, and no line joins the two.
        assert np.isnan(found[:, 20:]).all()


def test_the_finer_of_two_is_taken(folder):
    write(folder / "ne_110m_coastline.shp", [(0.0, 0.0), (1.0, 1.0)])
    write(folder / "ne_50m_coastline.shp", [(0.0, 0.0), (0.5, 0.4), (1.0, 1.0)], [(5.0, 5), (6, 6)])
    expected = [(0, 0), (0.5, 0.4), (1, 1), (np.nan,) * 2, (5, 5), (6, 6), (np.nan,) * 2]
    np.testing.assert_array_equal(coast.coastline(), expected)


def test_without_a_file_or_without_cartopy_there_is_the_graticule_alone(folder, monkeypatch):
    figure = plot_swath(made.product())
    assert coasts(figure) == []
    assert all(text.get_text() for text in figure.axes[0].get_xticklabels())
    write(folder / "ne_110m_coastline.shp", [(0.0, 0.0), (1.0, 1.0)])
    monkeypatch.setattr(coast, "is_there", lambda name: False)
    assert coast.coastline() is None


def test_a_broken_file_is_named_and_nothing_is_drawn(folder, caplog):
    (folder / "ne_50m_coastline.shp").write_bytes(b"no shape" * 40)
    with caplog.at_level(logging.WARNING, logger="nephoscope"):
        assert coasts(plot_swath(made.product())) == []
    assert "ne_50m_coastline.shp" in caplog.text
