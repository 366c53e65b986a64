"""Products of a folder as one lazy Dataset: order, names, laziness, and what cannot stand in it."""

import numpy as np
import pytest
import xarray as xr

import nephoscope
from nephoscope.errors import InputError, UsageError
from nephoscope.products.netcdf import write_netcdf
from product_factory import mars_product

pytest.importorskip("dask")
ROWS, COLS = 13, 24
SEASONS = {"P02_day03": (140.5, 28), "P01_day09": (120.25, 28), "S01_day01": (100.0, 29)}


def scene(season: float, year: int, name: str, rows: int = ROWS) -> xr.Dataset:
    return xr.Dataset(
        {"image": (("channel", "y", "x"), np.full((3, rows, COLS), 90, np.float32))},
        coords={
            "channel": ["red", "green", "blue"],
            "latitude": ("y", np.linspace(90, -90, rows)),
            "longitude": ("x", -180 + 15.0 * np.arange(COLS)),
            "solar_longitude": season,
            "mars_year": year,
        },
        attrs={"instrument": "marci", "source_files": [f"{name}.jpg"], "missing_share": 0.0},
    )


def product(name: str, season: float, year: int, rows: int = ROWS) -> xr.Dataset:
    chance = np.random.default_rng(int(season)).random((rows, COLS), dtype=np.float32)
    return mars_product(chance, scene(season, year, name, rows), 0.5)


@pytest.fixture
def folder(tmp_path):
    for name, (season, year) in SEASONS.items():
        write_netcdf(product(name, season, year), tmp_path / "maps of a year" / f"{name}.nc")
    return tmp_path / "maps of a year"


def test_maps_stand_in_the_order_of_their_seasons(folder):
    with nephoscope.open_products(folder) as series:
        assert series["solar_longitude"].values.tolist() == [120.25, 140.5, 100.0]
        assert series["mars_year"].values.tolist() == [28, 28, 29]
        assert series["cloud_mask"].dims == ("solar_longitude", "latitude", "longitude")
        assert series["cloud_mask"].chunks is not None  # nothing was read
        with xr.open_dataset(folder / "P02_day03.nc", engine="h5netcdf") as alone:
            one = series.isel(solar_longitude=1)
            np.testing.assert_array_equal(one["cloud_mask"], alone["cloud_mask"])
            np.testing.assert_array_equal(one["quality_flag"], alone["quality_flag"])


def test_the_cover_of_a_series_is_that_of_each_map(folder):
    with nephoscope.open_products(folder) as series:
        cover = nephoscope.cloud_cover(series)
        tropics = nephoscope.cloud_cover(series, bounds=(-30, -180, 30, 180))
    for number, name in enumerate(["P01_day09", "P02_day03", "S01_day01"]):
        path = folder / f"{name}.nc"
        assert float(cover[number]) == pytest.approx(nephoscope.cloud_cover(path), abs=1e-12)
        with xr.open_dataset(path, engine="h5netcdf") as alone:
            box = alone["cloud_mask"].sel(latitude=slice(30, -30))
            expected = float(box.weighted(np.cos(np.deg2rad(box.latitude))).mean())
        assert float(tropics[number]) == pytest.approx(expected, abs=1e-12)


def test_a_map_of_another_grid_and_what_is_no_product_are_named(folder, tmp_path):
    write_netcdf(product("Q", 150.0, 28, rows=25), folder / "other.nc")
    with pytest.raises(InputError, match=r"other\.nc.*another grid \(latitude\)"):
        nephoscope.open_products(folder)
    (folder / "other.nc").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(40))
    with pytest.raises(InputError, match=r"other\.nc"):
        nephoscope.open_products(folder)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no product"):
        nephoscope.open_products(tmp_path / "empty")
    (tmp_path / "empty" / "sky.fits").write_bytes(b"")
    with pytest.raises(UsageError, match=r"frames\.csv"):
        nephoscope.open_products(tmp_path / "empty")
    with pytest.raises(InputError, match="does not exist"):
        nephoscope.open_products(tmp_path / "nowhere")
