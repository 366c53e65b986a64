"""DARDAR readers on files written by netCDF4 from the product descriptions."""

import numpy as np
import pytest

import nephoscope
from nephoscope.errors import InputError
from nephoscope.instruments import dardar

from .conftest import GATES, write


def saved(tmp_path, variables, **options):
    path = tmp_path / "DARNI_PRO_L2_v1.00_2008153.nc"
    write(path, variables, **options)
    return path


def test_nice(tmp_path, nice):
    track = nephoscope.open_track(saved(tmp_path, nice))
    assert track.attrs["product"] == "DARDAR-Nice"
    height = track["height"].values
    assert (height[0], height[-1], len(height)) == (25080, -1020, GATES)
    assert track["height_bounds"].values[0].tolist() == [25050, 25110]
    iwc = track["iwc"].values
    assert iwc.dtype == np.float32
    place = (0, GATES - 1 - 200)
    assert height[place[1]] == -1020 + 60 * 200
    assert iwc[place] == np.float32(1e-4)
    assert track["ice_number_5um"].values[place] == pytest.approx(1e5)
    assert track["ice_number_100um"].values[place] == pytest.approx(1e4)
    assert track["effective_radius"].values[place] == pytest.approx(40e-6)
    assert track["cloud_mask_code"].values[place] == 1
    assert track["full_cloud_mask_code"].values[place] == 9
    assert np.argwhere(np.isnan(iwc)).tolist() == [[1, GATES - 1 - 3]]
    assert track["time"].values[1] == np.datetime64("2008-06-01T13:30:45.16", "ns")
    assert np.isnat(track["time"].values[3])
    assert np.isnan(track["latitude"].values).tolist() == [False, False, False, True]
    assert track["day_night_flag"].values.tolist() == [0, 1, 1, -99]


def test_nice_v2_names_its_mask_otherwise(tmp_path, nice):
    nice["clm_full"] = nice.pop("clm_v2")
    assert "full_cloud_mask_code" in dardar.read(saved(tmp_path, nice))


def test_cloud(tmp_path, cloud):
    track = dardar.read(saved(tmp_path, cloud))
    assert track.attrs["product"] == "DARDAR-CLOUD"
    assert track["time"].values[1] == np.datetime64("2019-01-01T00:55:30.5", "ns")
    assert track["iwc"].values[2, 100] == np.float32(2e-5)
    assert track["height"].values[100] == 19080
    assert track["instrument_flag"].values.dtype == np.int16
    assert set(track["land_water_mask"].values) == {-99}
    assert "ice_number_5um" not in track


@pytest.mark.parametrize("field", ["height", "lat", "lon", "dtime", "base_time", "iwc", "ta"])
@pytest.mark.parametrize("fault", ["absent", "type", "shape"])
def test_a_wrong_field_is_named(tmp_path, nice, field, fault):
    dims, values, _ = nice.pop(field)
    if fault == "type":
        nice[field] = dims, np.full(values.shape, "a"), {}
    elif fault == "shape":
        nice[field] = ("two",), np.zeros(2, np.float32), {}
    path = saved(tmp_path, nice, sizes=(("time", 4), ("height", GATES), ("two", 2)))
    with pytest.raises(InputError) as caught:
        dardar.read(path)
    assert str(path) in str(caught.value)
    named = {field, "time"} if (field, fault) == ("dtime", "absent") else {field}
    if (field, fault) == ("lat", "shape"):  # then the longitude is of another length
        named = {"lon"}
    assert caught.value.field in named


def test_other_units_are_refused(tmp_path, nice, cloud):
    nice["iwc"][2]["units"] = "g m-3"
    with pytest.raises(InputError, match=r"\[iwc\]: is in 'g m-3', not kg m-3"):
        dardar.read(saved(tmp_path, nice))
    cloud["time"][2].clear()
    with pytest.raises(InputError, match=r"\[time:units\]: are missing"):
        dardar.read(saved(tmp_path, cloud))


def test_other_files_are_told(tmp_path, nice):
    path = saved(tmp_path, nice)
    content = path.read_bytes()
    for bad, problem in (
        (b"", "empty"),
        (b"\x0e\x03\x13\x01" + bytes(90), "no NetCDF"),
        (content[: len(content) // 2], "damaged"),
    ):
        path.write_bytes(bad)
        with pytest.raises(InputError, match=problem):
            dardar.read(path)
    del nice["icnc_5um"]
    with pytest.raises(InputError, match="neither icnc_5um nor effective_radius"):
        dardar.read(saved(tmp_path, nice))


def test_a_gate_of_another_depth_is_refused(tmp_path, nice):
    dims, height, attributes = nice["height"]
    nice["height"] = dims, height * 2, attributes
    with pytest.raises(InputError, match=r"\[height\]: does not go in steps of 60 m"):
        dardar.read(saved(tmp_path, nice))


@pytest.mark.parametrize(
    ("name", "wrong", "field"),
    [
        ("iwc", {"values": "int16"}, "iwc"),
        ("lat", {"units": "radian"}, "lat:units"),
        ("dtime", {"units": "hours"}, "dtime:units"),
        ("height", {"units": "feet"}, "height:units"),
        ("lat", {"values": -999}, "latitude"),
    ],
)
def test_other_types_units_and_empty_columns_are_errors(tmp_path, nice, name, wrong, field):
    dims, values, attributes = nice[name]
    if wrong.get("values") == "int16":
        values, attributes = np.zeros(values.shape, np.int16), {"units": "kg m-3"}
    elif "values" in wrong:
        values = np.full_like(values, wrong["values"])
    nice[name] = (
        dims,
        values,
        {**attributes, **({"units": wrong["units"]} if "units" in wrong else {})},
    )
    path = tmp_path / "DARDAR_a.nc"
    write(path, nice)
    with pytest.raises(InputError) as caught:
        dardar.read(path)
    assert caught.value.field == field


def test_a_file_without_any_value_is_an_error(tmp_path, nice):
    for name in ("iwc", "icnc_5um", "icnc_100um", "reffcli", "ta"):
        dims, values, attributes = nice[name]
        nice[name] = dims, np.full_like(values, -999), attributes
    path = tmp_path / "DARDAR_a.nc"
    write(path, nice)
    with pytest.raises(InputError, match="no value in any profile"):
        dardar.read(path)
