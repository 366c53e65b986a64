"""Products of a folder and its subfolders: counted, told apart, dated; what is damaged is named."""

import numpy as np
import pytest
import xarray as xr

from nephoscope.products.frames import FRAME_COLUMNS, write_table
from nephoscope.reports import products_below as room
from nephoscope.reports.contents import MOST_PROBLEMS, contents_of


def _write(path, instrument="marci", model="mars", season=None, time=None, product=True):
    path.parent.mkdir(parents=True, exist_ok=True)
    name = "quality_flag" if product else "height"
    data = xr.Dataset({name: ("x", np.zeros(3, np.uint8))})
    data.attrs = {"instrument": instrument, "model": model, "Conventions": "CF-1.11"}
    if season is not None:
        data = data.assign_coords(solar_longitude=season)
    if time is not None:
        data = data.assign_coords(time=np.datetime64(time, "ns"))
    data.to_netcdf(path, engine="h5netcdf")


def test_products_of_all_depths_are_counted_by_instrument_and_model(tmp_path):
    _write(tmp_path / "one.nc", season=10.5)
    _write(tmp_path / "S" / "S01" / "two.nc", season=132.25)
    _write(tmp_path / "S" / "three.nc", season=40.0)
    _write(tmp_path / "slots" / "2010" / "a.nc", "seviri", "own", time="2010-06-01T12:15")
    _write(tmp_path / "slots" / "2009" / "b.nc", "seviri", "own", time="2009-12-31T23:45")
    _write(tmp_path / "background_S.nc", product=False)
    _write(tmp_path / "topography.nc", product=False)
    found = contents_of(tmp_path)
    assert found.facts == {
        "products of marci, mars": "3 products, Ls 10.5 to 132.2 degrees",
        "products of seviri, own": "2 products, 2009-12-31T23:45:00 to 2010-06-01T12:15:00",
        "other NetCDF files and Zarr stores": f"1, e.g. {tmp_path / 'topography.nc'}",
    }
    assert f"nephoscope plot {tmp_path / 'S' / 'S01' / 'two.nc'} -o DIR" in found.commands
    assert found.problems == []


def test_what_is_damaged_is_named_and_the_rest_counted(tmp_path):
    _write(tmp_path / "sub" / "good.nc", season=10.0)
    whole = (tmp_path / "sub" / "good.nc").read_bytes()
    for number in range(MOST_PROBLEMS + 5):
        (tmp_path / f"cut{number:02d}.nc").write_bytes(whole[: len(whole) // 2])
    found = contents_of(tmp_path)
    assert found.facts["products of marci, mars"].startswith("1 products")
    assert found.problems[0].startswith(f"{tmp_path / 'cut00.nc'}: cannot be read")
    assert found.problems[MOST_PROBLEMS:] == ["and 5 more"]


def test_frames_are_told_by_their_table_and_lost_ones_named(tmp_path):
    row = dict.fromkeys(FRAME_COLUMNS, "")
    times = ("2023-01-24T18:01:00.5", "2023-01-24T18:00:00", "")
    rows = [{**row, "file": f"{n}.fits", "time": time} for n, time in enumerate(times)]
    (tmp_path / "night").mkdir()
    for name in ("0.fits", "2.fits"):
        (tmp_path / "night" / name).touch()
    write_table(tmp_path / "night" / "frames.csv", FRAME_COLUMNS, rows)
    below = room.products_below(tmp_path)
    assert below.facts == {
        "products of skycam": "3 products, 2023-01-24T18:00:00 to 2023-01-24T18:01:00"
    }
    assert below.problems == [
        f"{tmp_path / 'night' / 'frames.csv'}: "
        "names 1 frames whose products are not there, e.g. 1.fits"
    ]


@pytest.mark.parametrize("most", [2, 5])
def test_of_very_many_products_some_are_looked_into(most, tmp_path, monkeypatch):
    monkeypatch.setattr(room, "LOOKED_INTO", most)
    for number in range(5):
        _write(tmp_path / f"{number}.nc", season=float(number))
    facts = room.products_below(tmp_path).facts
    assert facts["products of marci, mars"] == f"{most} products, Ls 0.0 to 4.0 degrees"
    assert facts.get("looked into") == ("2 of 5 files and stores" if most == 2 else None)


def test_products_of_pictures_have_another_suffix_than_the_frames(tmp_path):
    row = dict.fromkeys(FRAME_COLUMNS, "")
    frames = ("a/x.jpg", "y.png", "z", "w.fits.gz", "both.png", "gone.jpg")
    write_table(tmp_path / "frames.csv", FRAME_COLUMNS, [{**row, "file": n} for n in frames])
    (tmp_path / "a").mkdir()
    for name in ("a/x.fits", "y.fits", "z.fits", "w.fits", "both.png.fits"):
        (tmp_path / name).touch()
    (problem,) = contents_of(tmp_path).problems
    assert "names 1 frames whose products are not there, e.g. gone.jpg" in problem


@pytest.mark.filterwarnings("ignore:Consolidated metadata")  # of Zarr v3: not in its standard yet
def test_a_cube_is_animated_and_a_product_of_one_picture_drawn(tmp_path):
    cube = xr.Dataset({"quality_flag": (("time", "x"), np.zeros((2, 3), np.uint8))})
    cube = cube.assign(status=("time", np.zeros(2, np.uint8)))
    cube.to_zarr(tmp_path / "c.zarr")
    contents = contents_of(tmp_path / "c.zarr")
    assert contents.commands[0] == f"nephoscope plot {tmp_path / 'c.zarr'} --kind animation -o DIR"
    assert contents_of(tmp_path).commands == contents.commands
