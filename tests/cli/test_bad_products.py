"""Verbs that are given the wrong products say what is wrong and with which, and make nothing."""

import numpy as np
import pytest
from typer.testing import CliRunner

import profile_factory as made
from nephoscope.cli import app
from nephoscope.products.netcdf import write_netcdf
from product_factory import mars_product, mars_scene

ROWS, COLS = 61, 120


@pytest.fixture
def maps(tmp_path):
    scene = mars_scene(np.ones((3, ROWS, COLS), np.float32))
    write_netcdf(mars_product(np.zeros((ROWS, COLS), np.float32), scene, 0.5), tmp_path / "in/m.nc")
    return tmp_path / "in"


@pytest.fixture
def swaths(tmp_path):
    write_netcdf(made.product(), tmp_path / "swaths" / "s.nc")
    return tmp_path / "swaths"


def refused(*words):
    said = CliRunner().invoke(app, [str(word) for word in words])
    assert said.exit_code in (1, 2), said.output
    assert said.exception is None or isinstance(said.exception, SystemExit), said.exception
    lines = said.output.splitlines()
    assert len(lines) == 1, said.output
    return lines[0]


@pytest.mark.parametrize(
    "words",
    [
        ("--site", "10,20"),
        ("--curtain", "1,2,3,4"),
        ("--kind", "animation"),
        ("--kind", "page"),
    ],
)
def test_products_without_the_ice_that_is_asked_for_are_named(maps, tmp_path, words):
    said = refused("plot", maps, "-o", tmp_path / "out", *words)
    assert f"{maps / 'm.nc'} [iwc]: is missing: this is no product of cloud ice" in said
    assert not (tmp_path / "out").exists()


def test_a_track_wants_levels(maps, swaths, tmp_path):
    track = tmp_path / "track.nc"
    track.write_bytes(b"no track")
    assert "track.nc" in refused("plot", swaths, "-o", tmp_path / "out", "--curtain", track)


def test_products_of_two_pipelines_have_no_mean(maps, swaths, tmp_path):
    said = refused("plot", maps, swaths, "-o", tmp_path / "out", "--kind", "zonal")
    assert "is of another kind than the first" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("verb", ["plot", "view", "leaderboard", "info"])
@pytest.mark.parametrize("place", ["empty", "nowhere"])
def test_an_empty_folder_and_none_are_told(verb, place, tmp_path):
    (tmp_path / "empty").mkdir()
    options = {"view": ["--no-browser"], "info": []}.get(verb, ["-o", tmp_path / "out"])
    said = refused(verb, tmp_path / place, *options)
    assert str(tmp_path / place) in said
    words = {"empty": ("holds no", "holds nothing"), "nowhere": ("does not exist", "is not there")}
    assert any(each in said for each in words[place]), said
    assert not (tmp_path / "out").exists()
