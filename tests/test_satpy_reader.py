"""satpy opens masks and cloud types by our reader: values, areas, swaths; damaged files named."""

import logging
import tomllib
from importlib import import_module, resources
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

satpy = pytest.importorskip("satpy")
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")

CONFIG = Path(str(resources.files("nephoscope"))) / "satpy_reader" / "etc"


@pytest.fixture(autouse=True)
def _found():
    """As by the entry point, also where this checkout was installed before it had one."""
    with satpy.config.set(config_path=[str(CONFIG)]):
        yield


def _grid(path):
    mask = np.array([[0, 1, 255], [1, 0, 0]], np.uint8)
    data = xr.Dataset(
        {
            "cloud_mask": (("latitude", "longitude"), mask, {"units": "1", "grid_mapping": "crs"}),
            "quality_flag": (("latitude", "longitude"), np.zeros((2, 3), np.uint8)),
            "crs": ((), np.int32(0), {
                "grid_mapping_name": "latitude_longitude", "semi_major_axis": 3396190.0,
                "semi_minor_axis": 3396190.0,
            }),
        },
        {"latitude": [10.0, 9.0], "longitude": [100.0, 102.0, 104.0]},
        {"instrument": "marci"},
    )  # fmt: skip
    data["cloud_mask"].encoding["_FillValue"] = np.uint8(255)
    data.to_netcdf(path, engine="h5netcdf")
    return path


def _swath(path):
    rng, shape = np.random.default_rng(0), (4, 5)
    kinds = rng.integers(0, 9, (3, *shape)).astype(np.uint8)
    data = xr.Dataset(
        {
            "cloud_type": (("level", "y", "x"), kinds, {"units": "1"}),
            "quality_flag": (("y", "x"), np.zeros(shape, np.uint16)),
        },
        {
            "latitude": (("y", "x"), rng.uniform(0, 5, shape).astype(np.float32)),
            "longitude": (("y", "x"), rng.uniform(20, 25, shape).astype(np.float32)),
            "altitude": ("level", [500.0, 1500.0, 2500.0]),
            "time": np.datetime64("2008-06-03T13:30:05", "ns"),
        },
        {"instrument": "polder"},
    )
    data.to_netcdf(path, engine="h5netcdf")
    return path, data


def test_a_mask_on_a_grid_is_an_area_of_its_globe(tmp_path):
    scene = satpy.Scene(reader="nephoscope", filenames=[str(_grid(tmp_path / "S01_day01.nc"))])
    assert {*scene.available_dataset_names()} == {"cloud_mask", "quality_flag"}
    scene.load(["cloud_mask"])
    mask = scene["cloud_mask"]
    np.testing.assert_array_equal(mask.values, [[0, 1, np.nan], [1, 0, 0]])
    longitude, latitude = mask.attrs["area"].get_lonlats()
    np.testing.assert_allclose(longitude[0], [100, 102, 104])
    np.testing.assert_allclose(latitude[:, 0], [10, 9])
    assert mask.attrs["area"].crs.ellipsoid.semi_major_metre == 3396190
    assert mask.attrs["sensor"] == {"marci"}


def test_cloud_types_of_a_swath_keep_their_levels_places_and_time(tmp_path):
    path, data = _swath(tmp_path / "091009M.nc")
    scene = satpy.Scene(reader="nephoscope", filenames=[str(path)])
    assert scene.start_time.isoformat() == "2008-06-03T13:30:05"
    scene.load(["cloud_type"])
    kinds = scene["cloud_type"]
    assert kinds.dims == ("level", "y", "x")
    np.testing.assert_array_equal(kinds.values, data["cloud_type"].values)
    np.testing.assert_array_equal(kinds["altitude"].values, data["altitude"].values)
    for got, name in zip(kinds.attrs["area"].get_lonlats(), ("longitude", "latitude"), strict=True):
        np.testing.assert_array_equal(np.asarray(got), data[name].values)


def test_what_is_no_product_is_said_to_be_none(tmp_path, caplog):
    caplog.set_level(logging.CRITICAL)
    whole = _grid(tmp_path / "whole.nc").read_bytes()
    (tmp_path / "cut.nc").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"cut\.nc: is no product that can be read"):
        satpy.Scene(reader="nephoscope", filenames=[str(tmp_path / "cut.nc")])
    xr.Dataset({"height": ("x", [1.0])}).to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
    with pytest.raises(ValueError, match=r"other\.nc: is no product of nephoscope"):
        satpy.Scene(reader="nephoscope", filenames=[str(tmp_path / "other.nc")])


def test_the_entry_point_names_the_folder_of_the_yaml():
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    (named,) = project["entry-points"]["satpy.readers"].values()
    etc = Path(import_module(named).__file__).parent / "etc"
    assert etc == CONFIG
    assert (etc / "readers" / "nephoscope.yaml").is_file()
