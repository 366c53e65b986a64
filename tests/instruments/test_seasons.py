"""Seasons of maps: whether what a model learned of places holds for them."""

import numpy as np
import pytest
import xarray as xr

from nephoscope.instruments.marci import SEASON, columns, out_of_season

LEARNED = {"mars_year": [28, 28, 28, 31], "solar_longitude": [132.5, 135.0, 138.7, 358.0]}


def season(year, ls):
    return xr.Dataset(coords={"mars_year": year, "solar_longitude": ls})


@pytest.mark.parametrize(
    ("year", "ls", "within"),
    [
        (28, 132.5, True), (28, 137.2, True), (28, 126.5, True), (28, 144.7, True),
        (28, 126.4, False), (28, 144.8, False), (28, 312.5, False),
        (29, 135.0, False), (27, 135.0, False),
        (31, 352.0, True), (31, 4.0, True), (31, 4.1, False), (31, 135.0, False),
    ],
)  # fmt: skip
def test_a_map_is_of_a_season_near_a_map_of_the_training_in_its_year(year, ls, within):
    said = out_of_season(season(year, ls), LEARNED)
    assert (said == "") == within
    if not within:
        assert f"Mars year {year}, Ls {ls:g}" in said
        assert "Mars year 28, Ls 132.5 to 138.7, Mars year 31, Ls 358 to 358" in said


@pytest.mark.parametrize(
    "scene",
    [season(28, np.nan), season(-1, 135.0), season(np.nan, 135.0), season(0, 135.0), xr.Dataset()],
)
def test_a_season_that_nobody_knows_is_none_that_was_learned(scene):
    assert "not known" in out_of_season(scene, LEARNED)


def test_a_sample_keeps_what_tells_its_season():
    kept = columns(season(28, 132.5))
    assert {*SEASON} <= kept.keys()
    assert out_of_season(season(28, 132.5), {name: [kept[name].item()] for name in SEASON}) == ""
