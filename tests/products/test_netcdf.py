"""Products open in plain tools, keep to CF, and are whole or absent."""

from pathlib import Path

import netCDF4
import numpy as np
import pytest
import xarray as xr

from nephoscope.errors import InputError, OutputError, UsageError
from nephoscope.instruments.marci import CRS, write_legacy
from nephoscope.products.netcdf import write_netcdf
from nephoscope.products.read import open_packed, read_mask
from product_factory import mars_product


@pytest.fixture
def probability() -> np.ndarray:
    values = np.random.default_rng(1).random((19, 36)).astype(np.float32)
    values[3:6, 10:20] = np.nan
    return values


@pytest.fixture
def product(probability) -> xr.Dataset:
    image = np.where(np.isnan(probability), np.nan, np.float32(90))
    scene = xr.Dataset(
        {"image": (("channel", "y", "x"), np.stack([image] * 3).astype(np.float32))},
        coords={
            "channel": ["red", "green", "blue"],
            "latitude": ("y", np.linspace(90, -90, 19)),
            "longitude": ("x", np.arange(-180.0, 180.0, 10)),
            "solar_longitude": 132.5,
            "mars_year": 28,
        },
        attrs={"instrument": "marci", "source_files": ["P01_day01.jpg"], "id": "P01_day01"},
    )
    return mars_product(probability, scene, 0.912, background_sha256="cd" * 32, command="made")


def test_netcdf4_reads_it_as_users_do(product, probability, tmp_path):
    write_netcdf(product, tmp_path / "a.nc")
    with netCDF4.Dataset(tmp_path / "a.nc") as file:
        stored = file["cloud_probability"][:]
        assert stored.shape == (19, 36)
        np.testing.assert_array_equal(np.ma.getmaskarray(stored), np.isnan(probability))
        known = ~np.isnan(probability)
        np.testing.assert_allclose(stored.data[known], probability[known], atol=0.002001)
        mask = file["cloud_mask"]
        np.testing.assert_array_equal(mask[:][known], stored[known] >= file.threshold)
        assert mask.standard_name == "cloud_binary_mask"
        assert mask.dtype == mask.flag_values.dtype == np.uint8
        assert mask._FillValue == 255
        assert file["crs"].semi_major_axis == 3396190
        assert float(file["solar_longitude"][...]) == 132.5
        assert int(file["mars_year"][...]) == 28
        assert (file.model, file.weights_sha256) == ("tiny", "ab" * 32)
        assert file.background_sha256 == "cd" * 32
        assert file.history.endswith("made")
        for name in ("latitude", "longitude"):
            assert "_FillValue" not in file[name].ncattrs()


def test_plain_xarray_opens_it_with_nan_where_missing(product, probability, tmp_path):
    write_netcdf(product, tmp_path / "a.nc")
    with xr.open_dataset(tmp_path / "a.nc") as opened:
        np.testing.assert_array_equal(np.isnan(opened["cloud_mask"]), np.isnan(probability))
        assert "solar_longitude" in opened.coords


def test_only_plain_codecs(product, tmp_path):
    write_netcdf(product, tmp_path / "a.nc")
    with netCDF4.Dataset(tmp_path / "a.nc") as file:
        filters = file["cloud_mask"].filters()
        assert filters.pop("complevel") == 2
        assert [name for name, used in filters.items() if used] == ["zlib"]


def test_the_stored_coordinate_system_is_that_of_pyproj():
    pyproj = pytest.importorskip("pyproj", minversion="3.7", reason="pyproj knows IAU systems")
    mars = pyproj.CRS.from_authority("IAU_2015", 49900)
    assert pyproj.CRS.from_wkt(CRS["crs_wkt"]) == mars
    written = mars.to_cf()
    assert {name: written[name] for name in CRS if name != "crs_wkt"} == {
        name: value for name, value in CRS.items() if name != "crs_wkt"
    }


@pytest.mark.slow
def test_compliance_checker_finds_no_error(product, tmp_path, checked_by_cf):
    write_netcdf(product, tmp_path / "a.nc")
    checked_by_cf(tmp_path / "a.nc")


@pytest.mark.parametrize("write", [write_netcdf, write_legacy])
def test_an_output_that_cannot_be_written_is_named(product, tmp_path, write):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"a\.nc: could not be written"):
        write(product, tmp_path / "file" / "a.nc")


def test_a_failed_write_leaves_the_old_file_and_no_part(product, tmp_path, monkeypatch):
    (tmp_path / "a.nc").write_text("old")

    def fill_disk(path, content):
        with path.open("wb") as file:
            file.write(content[:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fill_disk)
    with pytest.raises(OutputError, match="No space left"):
        write_netcdf(product, tmp_path / "a.nc")
    assert [path.name for path in tmp_path.iterdir()] == ["a.nc"]
    assert (tmp_path / "a.nc").read_text() == "old"


def test_legacy_layout_is_the_originals(product, probability, tmp_path):
    write_legacy(product, tmp_path / "m.ncdf")
    with netCDF4.Dataset(tmp_path / "m.ncdf") as file:
        file.set_auto_mask(False)
        assert file.data_model == "NETCDF4_CLASSIC"
        assert list(file.variables) == ["longitude", "latitude", "cloudmask"]
        assert file["cloudmask"].dimensions == ("y", "x")
        assert not file["cloudmask"].ncattrs()
        assert {file[name].dtype for name in file.variables} == {np.dtype("f4")}
        assert file["latitude"][0] == -90
        assert file["latitude"][-1] == 90
        values = file["cloudmask"][:][::-1]
    np.testing.assert_array_equal(values == -999, np.isnan(probability))
    known = values != -999
    np.testing.assert_allclose(values[known], probability[known], atol=0.002001)


@pytest.mark.parametrize("write", [write_netcdf, write_legacy])
@pytest.mark.parametrize("threshold", [0.0, 0.336, 0.912, 1.0])
def test_read_mask_gives_back_both_layouts(product, probability, tmp_path, write, threshold):
    write(product, tmp_path / "m.nc")
    steps = product["cloud_probability"].values
    expected = np.where(steps == 255, -1, steps >= round(threshold * 250))
    mask = read_mask(tmp_path / "m.nc", threshold)
    assert mask.dtype == np.int8
    np.testing.assert_array_equal(mask, expected)
    read = read_mask(tmp_path / "m.nc")
    np.testing.assert_allclose(read, probability, atol=0.002001)


def test_read_mask_of_our_own_threshold_is_the_stored_mask(product, tmp_path):
    write_netcdf(product, tmp_path / "m.nc")
    mask = read_mask(tmp_path / "m.nc", product.attrs["threshold"])
    np.testing.assert_array_equal(mask.view(np.uint8), product["cloud_mask"].values)


def test_read_mask_takes_a_label_for_certain(tmp_path):
    south_first = np.array([[-999, 0, 94], [0, 255, 51]], np.float32)
    label = xr.Dataset(
        {
            "latitude": ("y", np.array([-90, 90], np.float32)),
            "cloudmask": (("y", "x"), south_first),
        }
    )
    label.to_netcdf(tmp_path / "label.ncdf", engine="h5netcdf")
    mask = read_mask(tmp_path / "label.ncdf", 0.912)
    np.testing.assert_array_equal(mask, [[0, 1, 1], [-1, 0, 1]])


def test_unreadable_files_are_named(product, tmp_path):
    path = tmp_path / "a.nc"
    with pytest.raises(InputError, match="does not exist"):
        read_mask(path)
    write_netcdf(product, path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(InputError, match="not a readable NetCDF-4"):
        read_mask(path)
    path.write_bytes(b"")
    with pytest.raises(InputError, match="not a readable NetCDF-4"):
        read_mask(path)


def test_a_file_without_a_mask_is_refused(tmp_path):
    xr.Dataset({"a": ("x", [1.0])}).to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    with pytest.raises(InputError, match="neither"):
        read_mask(tmp_path / "a.nc")
    with pytest.raises(InputError, match="cloud_probability"):
        open_packed(tmp_path / "a.nc")


def test_an_impossible_threshold_is_refused(product, tmp_path):
    write_netcdf(product, tmp_path / "a.nc")
    with pytest.raises(UsageError, match="within 0 and 1"):
        read_mask(tmp_path / "a.nc", 1.5)


def test_a_product_read_back_is_the_one_written(product, tmp_path):
    write_netcdf(product, tmp_path / "a.nc")
    back = open_packed(tmp_path / "a.nc")
    for name in ("cloud_probability", "cloud_mask", "quality_flag"):
        np.testing.assert_array_equal(back[name].values, product[name].values)
    assert float(back.coords["solar_longitude"]) == 132.5


def test_a_real_label_is_read_as_its_own_reader_does(mars_data):
    from nephoscope.instruments.marci import read_label

    path = mars_data / "label" / "P01" / "cloudmask" / "cloudmask_P01day01.ncdf"
    np.testing.assert_array_equal(read_mask(path, 0.912), read_label(path))


def test_a_product_of_a_map_with_any_bytes_in_its_name_is_written(product, tmp_path):
    product.attrs |= {"source_files": "P01_day01\udcff.jpg", "history": "predict 'a\udcfe\n'"}
    write_netcdf(product, tmp_path / "a.nc")
    with netCDF4.Dataset(tmp_path / "a.nc") as file:
        assert file.source_files == "P01_day01\\udcff.jpg"
        assert file.history == "predict 'a\\udcfe\n'"
    assert product.attrs["source_files"].endswith("\udcff.jpg"), "the caller's stays as it is"
