"""Pictures of cloud ice: above a place, along a line, in three dimensions."""

import numpy as np
import pytest
import xarray as xr
from PIL import Image
from typer.testing import CliRunner

from ice_factory import ALTITUDE, GRID, SIDE, tower_slot
from nephoscope.cli import app
from nephoscope.plots.ice import column_at, plot_column
from nephoscope.plots.ice_view import render
from nephoscope.plots.sections import between
from nephoscope.products.series import open_slots


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("products")
    for number in (3, 1, 2, 0):
        tower_slot(number).to_netcdf(folder / f"{number}.nc", engine="h5netcdf")
    return folder


def call(*words, code=0):
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result.output


def test_a_column_is_that_of_the_pixel_at_each_time(files):
    north, east = GRID.places()
    with open_slots(sorted(files.glob("*.nc"))) as slots:
        assert [str(slot["time"].values)[11:16] for slot in slots] == [
            "12:00", "12:15", "12:30", "12:45",
        ]  # fmt: skip
        column = column_at(slots, float(north[20, 10]), float(east[20, 10]))
    np.testing.assert_allclose(column["iwp"], [0, 0, 20 * 240 * 1e-4, 0], rtol=1e-6)
    assert plot_column(column).axes[0].get_ylabel() == "altitude (km)"


def test_lines_are_great_circles():
    line = between(0.0, 0.0, 0.0, 10.0)
    np.testing.assert_allclose(line["latitude"], 0, atol=1e-9)
    assert float(line["longitude"][-1]) == pytest.approx(10)
    assert np.diff(line["longitude"]).max() * 111.2 < 1.6


def test_ice_is_seen_above_the_place_where_it_stands():
    ice = tower_slot(0)["iwc"].values
    bare, seen = (render(amount, np.array(ALTITUDE), 3.0) for amount in (np.zeros_like(ice), ice))
    changed = np.argwhere((bare != seen).any(axis=-1))
    assert {*changed[:, 1]} - {*range(SIDE)} == set()
    tower = changed[changed[:, 1] == 8]
    assert len(tower)
    ground = bare.shape[0] - int(SIDE * np.sin(np.radians(35)))
    place = ground + 20 * np.sin(np.radians(35))
    assert tower[:, 0].max() < place


def test_pictures_are_drawn_by_the_command(files, tmp_path):
    north, east = GRID.places()
    here = f"{north[20, 9]:.4f},{east[20, 9]:.4f}"
    call("plot", files, "-o", tmp_path, f"--site={here}")
    ends = f"{north[20, 2]:.4f},{east[20, 2]:.4f},{north[20, 35]:.4f},{east[20, 35]:.4f}"
    call("plot", files, "-o", tmp_path, f"--curtain={ends}")
    call("plot", files, "-o", tmp_path, "--kind", "animation")
    assert len(list(tmp_path.glob("*_ice_curtain.png"))) == 4
    assert len(list(tmp_path.glob("site_*.png"))) == 1
    with Image.open(tmp_path / "ice.gif") as moving:
        assert moving.n_frames == 4


def test_the_slots_of_a_cube_are_not_drawn_one_by_one(tmp_path):
    # All of a year would be read at once.
    slots = xr.concat([tower_slot(0), tower_slot(1)], "time", data_vars="minimal", coords="minimal")
    slots["status"] = "time", np.ones(2, np.uint8)
    slots.to_zarr(tmp_path / "cube_2010.zarr", zarr_format=3, consolidated=False)
    for place in (tmp_path, tmp_path / "cube_2010.zarr"):
        assert "many slots" in call("plot", place, "-o", tmp_path / "out", code=1)
        # A track's curtain is looked for in its slots: the first fault is then that of the track.
        words = call("plot", place, "-o", tmp_path / "out", "--curtain", "absent.nc", code=1)
        assert "absent.nc" in words


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--site", "95,0"), "LAT,LON"),
        (("--site", "60,60"), "no product reaches"),
        (("--curtain", "60,60,61,61"), "over no product"),
        (("--site", "1,1", "--kind", "animation"), "--kind animation has none"),
    ],
)
def test_odd_places_are_refused(files, tmp_path, words, said):
    assert said in call("plot", files, "-o", tmp_path, *words, code=2)
