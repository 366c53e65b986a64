"""Times, longitudes, missing values and spellings in every layout that DARDAR files have."""

import netCDF4
import numpy as np
import pytest

import nephoscope
from nephoscope.errors import InputError
from nephoscope.instruments import dardar
from nephoscope.instruments.dardar import netcdf

from .conftest import GATES, write

BOTH = ("time", "height")
BASE = 1212327045  # 2008-06-01T13:30:45 UTC
START = np.datetime64("2008-06-01T13:30:45", "ns")
FILL = np.float32(9.969209968386869e36)


def saved(tmp_path, variables, name="DARDAR-NICE_L2-PRO_2008153133045_11111_V1-00.nc", **options):
    path = tmp_path / name
    write(path, variables, **options)
    return path


@pytest.mark.parametrize("shape", [(), (1,)])
@pytest.mark.parametrize("offset", ["f8", "f4"])
@pytest.mark.parametrize("base", ["f8", "i4", "i8", "u4"])
def test_times_are_exact_in_every_type(tmp_path, nice, base, offset, shape):
    units = {"units": "seconds since 1970-01-01 00:00:00"}
    dims = ("one",) * len(shape)
    nice["base_time"] = dims, np.full(shape, BASE, base), units
    nice["dtime"] = ("time",), np.array([0, 0.16, 0.32, 5000.5], offset), {"units": "s"}
    path = saved(tmp_path, nice, sizes=(("time", 4), ("height", GATES), ("one", 1)))
    since = (dardar.read(path)["time"].values - START) / np.timedelta64(1, "s")
    np.testing.assert_allclose(
        since, [0, 0.16, 0.32, 5000.5], atol=1e-7 if offset == "f8" else 5e-4
    )


@pytest.mark.parametrize("second", [0, 1, 5, 17, 31, 32, 33, 63, 64, 77, 127])
def test_an_int32_base_time_is_right_to_the_second(tmp_path, nice, second):
    nice["base_time"] = (), np.int32(BASE + second), {}
    time = dardar.read(saved(tmp_path, nice))["time"].values
    assert time[0] == START + np.timedelta64(second, "s")


def test_a_base_time_of_single_precision_is_refused_for_it_says_no_second(tmp_path, nice):
    nice["base_time"] = (), np.float32(BASE), {}
    with pytest.raises(InputError, match="single precision") as caught:
        dardar.read(saved(tmp_path, nice))
    assert caught.value.field == "base_time"


@pytest.mark.parametrize(
    "value", [0, -1, 86400, 725846400, 1e300, np.nan, np.inf, -999.0, 9.969209968386869e36]
)
def test_a_base_time_that_cannot_be_is_refused(tmp_path, nice, value):
    """1970, 1993, after 2262, missing: no profile of CloudSat is of then."""
    nice["base_time"] = (), np.float64(value), {"units": "seconds since 1970-01-01"}
    with pytest.raises(InputError) as caught:
        dardar.read(saved(tmp_path, nice))
    assert caught.value.field == "base_time"
    assert caught.value.path.endswith(".nc")


@pytest.mark.parametrize("fill", [np.int32(0), np.int32(-2147483647), np.int32(-999)])
def test_an_integer_base_time_that_is_missing_is_refused(tmp_path, nice, fill):
    nice["base_time"] = (), fill, {}
    with pytest.raises(InputError) as caught:
        dardar.read(saved(tmp_path, nice))
    assert caught.value.field == "base_time"


@pytest.mark.parametrize(
    ("units", "shift"),
    [("seconds since 1970-01-01", 0), ("seconds since 1970-1-1 0:00:00 0:00", 0), ("s", 0),
     ("seconds", 0), ("seconds since 2000-01-01 00:00:00", 946684800),
     ("seconds since 1993-01-01T00:00:00Z", 725846400)],
)  # fmt: skip
def test_the_epoch_of_base_time_is_what_its_units_say(tmp_path, nice, units, shift):
    nice["base_time"] = (), np.int64(BASE - shift), {"units": units}
    assert dardar.read(saved(tmp_path, nice))["time"].values[0] == START


@pytest.mark.parametrize("units", ["hours since 1970-01-01", "days", "minutes since 1970-01-01"])
def test_a_base_time_in_other_units_is_refused(tmp_path, nice, units):
    nice["base_time"] = (), np.int64(BASE), {"units": units}
    with pytest.raises(InputError) as caught:
        dardar.read(saved(tmp_path, nice))
    assert caught.value.field == "base_time:units"


@pytest.mark.parametrize(
    ("units", "seconds", "dtype"),
    [("seconds since 2019 01 01 00:00:00 UTC", 3330, "f4"),
     ("seconds since 2019-01-01 00:00:00", 3330, "f4"),
     ("seconds since 2019-1-1T00:00:00Z", 3330, "f8"),
     ("seconds since 2019-01-01", 3330, "i4"),
     ("seconds since 2018-12-31 12:00", 3330 + 43200, "f4"),
     ("seconds since 1970-01-01 00:00:00", 1546300800 + 3330, "f8"),
     ("seconds since 1970-01-01 00:00:00", 1546300800 + 3330, "i4")],
)  # fmt: skip
def test_the_clock_of_cloud(tmp_path, cloud, units, seconds, dtype):
    cloud["time"] = (
        ("time",),
        np.array([0, 1, 2, 3], dtype) + np.array(seconds, dtype),
        {"units": units},
    )
    time = dardar.read(saved(tmp_path, cloud))["time"].values
    expected = np.datetime64("2019-01-01T00:55:30", "ns") + np.arange(4) * np.timedelta64(1, "s")
    np.testing.assert_array_equal(time, expected)


def test_a_clock_of_single_precision_since_1970_is_refused(tmp_path, cloud):
    cloud["time"] = ("time",), np.full(4, 1546304130, "f4"), {"units": "seconds since 1970-01-01"}
    with pytest.raises(InputError, match="single precision") as caught:
        dardar.read(saved(tmp_path, cloud))
    assert caught.value.field == "time"


def test_a_clock_before_the_satellites_is_refused(tmp_path, cloud):
    cloud["time"][2]["units"] = "seconds since 1970 01 01 00:00:00 UTC"
    with pytest.raises(InputError, match="before the satellites flew") as caught:
        dardar.read(saved(tmp_path, cloud))
    assert caught.value.field == "time:units"


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_longitudes_from_0_to_360_are_turned(tmp_path, nice, dtype):
    nice["lon"] = ("time",), np.array([0, 179.5, 180.5, 359.75], dtype), {}
    longitude = dardar.read(saved(tmp_path, nice))["longitude"].values
    np.testing.assert_array_equal(longitude, [0, 179.5, -179.5, -0.25])
    assert longitude.dtype == np.float64


@pytest.mark.parametrize(
    ("degrees", "expected"),
    [(-180, -180), (180, 180), (360, 0), (360.5, np.nan), (-180.5, np.nan), (-999, np.nan),
     (FILL, np.nan), (np.inf, np.nan)],
)  # fmt: skip
def test_longitudes_at_the_ends_and_beyond(tmp_path, nice, degrees, expected):
    nice["lon"] = ("time",), np.array([1, 2, 3, degrees], "f4"), {}
    longitude = dardar.read(saved(tmp_path, nice))["longitude"].values[3]
    np.testing.assert_equal(longitude, expected)


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize(
    ("stored", "ours"),
    [("iwc", "iwc"), ("icnc_5um", "ice_number_5um"), ("icnc_100um", "ice_number_100um"),
     ("reffcli", "effective_radius"), ("ta", "temperature")],
)  # fmt: skip
def test_netcdf_s_default_fill_is_missing(tmp_path, nice, stored, ours, named):
    dims, values, attributes = nice[stored]
    values = values.copy()
    values[2, 7] = FILL
    says = {key: value for key, value in attributes.items() if key == "units"}
    nice[stored] = dims, values, {**says, **({"_FillValue": FILL} if named else {})}
    found = dardar.read(saved(tmp_path, nice))[ours].values
    assert np.isnan(found[2, GATES - 1 - 7])
    assert np.nanmax(found) < 1e9


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_a_variable_that_was_never_written_is_missing(tmp_path, nice, dtype):
    path = saved(tmp_path, {key: value for key, value in nice.items() if key != "icnc_100um"})
    with netCDF4.Dataset(path, "a") as file:
        file.createVariable("icnc_100um", dtype, BOTH).units = "m-3"
    assert np.isnan(dardar.read(path)["ice_number_100um"]).all()


@pytest.mark.parametrize(
    ("fill", "attributes"),
    [(-999, {}), (-9999, {}), (-888, {"missing_value": np.float32(-888)}),
     (-7, {"_FillValue": np.float32(-7)}), (777, {"missing_value": np.float64(777)}),
     (0.1, {"missing_value": np.float64(0.1)}),
     (-5, {"missing_value": np.array([-4, -5], "f4")}), (-0.5, {}), (np.nan, {}), (-np.inf, {})],
)  # fmt: skip
def test_missing_by_any_attribute_or_by_what_cannot_be(tmp_path, nice, fill, attributes):
    values = np.zeros((4, GATES), "f4")
    values[1, 9] = fill
    nice["iwc"] = BOTH, values, {"units": "kg m-3", **attributes}
    iwc = dardar.read(saved(tmp_path, nice))["iwc"].values
    assert np.argwhere(np.isnan(iwc)).tolist() == [[1, GATES - 1 - 9]]
    assert np.nanmax(iwc) == 0


@pytest.mark.parametrize(
    ("dtype", "fill", "attributes"),
    [("i1", -99, {"_FillValue": np.int8(-99)}), ("i1", -127, {}), ("i2", -32767, {}),
     ("i2", -999, {}), ("i4", -2147483647, {}), ("i2", -7, {"missing_value": np.int16(-7)}),
     ("f4", FILL, {}), ("i4", 70000, {})],
)  # fmt: skip
def test_flags_have_their_missing_codes(tmp_path, nice, dtype, fill, attributes):
    codes = np.ones((4, GATES), dtype)
    codes[3, 5] = fill
    codes[3, 6] = -2  # "presence of liquid unknown", a code
    nice["clm"] = BOTH, codes, attributes
    found = dardar.read(saved(tmp_path, nice))["cloud_mask_code"].values
    assert found[3, GATES - 1 - 5] == -99
    assert found[3, GATES - 1 - 6] == -2
    assert (found == 1).sum() == found.size - 2


def test_whole_numbers_with_a_scale_and_an_offset(tmp_path, nice):
    counts = np.full((4, GATES), 3000, "i2")
    counts[0, 0] = -32767
    nice["ta"] = BOTH, counts, {"units": "K", "scale_factor": 0.01, "add_offset": 200.0}
    found = dardar.read(saved(tmp_path, nice))["temperature"].values
    assert np.isnan(found[0, GATES - 1])
    assert np.nanmax(found) == np.nanmin(found) == 230


def test_planes_the_other_way_round_are_turned(tmp_path, nice):
    expected = dardar.read(saved(tmp_path, nice))
    for name in ("iwc", "clm"):
        dims, values, attributes = nice[name]
        nice[name] = dims[::-1], values.T, attributes
    turned = dardar.read(saved(tmp_path, nice))
    for name in ("iwc", "cloud_mask_code"):
        np.testing.assert_array_equal(turned[name], expected[name])


@pytest.mark.parametrize("upwards", [True, False])
@pytest.mark.parametrize(("units", "scale"), [("m", 1), ("km", 1000), (None, 1), ("meters", 1)])
def test_heights_either_way_in_metres_or_kilometres(tmp_path, nice, upwards, units, scale):
    metres = -1020 + 60 * np.arange(GATES)[:: 1 if upwards else -1]
    says = {} if units is None else {"units": units}
    nice["height"] = ("height",), (metres / scale).astype("f4"), says
    track = dardar.read(saved(tmp_path, nice))
    np.testing.assert_allclose(track["height"], 25080 - 60 * np.arange(GATES), atol=0.01)
    assert (track["iwc"].values[0, GATES - 201 if upwards else 200]) == np.float32(1e-4)


@pytest.mark.parametrize("units", ["kg m-3", "kg/m3", "kg.m-3", "kg m^-3", "kg m**-3", " kg m-3 "])
def test_spellings_of_a_unit(tmp_path, nice, units):
    nice["iwc"][2]["units"] = units
    assert dardar.read(saved(tmp_path, nice))["iwc"].attrs["units"] == "kg m-3"


@pytest.mark.parametrize(
    ("name", "units"),
    [("iwc", "g m-3"), ("iwc", "mg/m3"), ("icnc_5um", "cm-3"), ("icnc_5um", "L-1"),
     ("reffcli", "um"), ("ta", "degC")],
)  # fmt: skip
def test_other_units_are_never_taken_for_ours(tmp_path, nice, name, units):
    nice[name][2]["units"] = units
    with pytest.raises(InputError) as caught:
        dardar.read(saved(tmp_path, nice))
    assert caught.value.field == name


@pytest.mark.parametrize(
    "absent",
    ["clm", "clm_v2", "nightday_flag", "land_water_mask", "iteration_flag"],
)
def test_flags_that_a_version_lacks_are_left_out(tmp_path, nice, absent):
    del nice[absent]
    ours = {"clm": "cloud_mask_code", "clm_v2": "full_cloud_mask_code",
            "nightday_flag": "day_night_flag"}  # fmt: skip
    assert ours.get(absent, absent) not in dardar.read(saved(tmp_path, nice))


@pytest.mark.parametrize(
    "name",
    ["DARDAR-NICE_L2-PRO_2008153133045_11111_V1-00.nc", "DARNI_PRO_L2_v2.00_2008153.nc",
     "DARDAR-CLOUD_2019001005530_67526_V3-10.nc", "dardar_nice.nc4"],
)  # fmt: skip
def test_names_that_are_known(tmp_path, nice, name):
    assert nephoscope.open_track(saved(tmp_path, nice, name)).attrs["instrument"] == "dardar"


def test_a_file_of_its_own_name_is_read_when_the_instrument_is_named(tmp_path, nice):
    path = saved(tmp_path, nice, "granule.nc")
    with pytest.raises(InputError, match=r'open_track\(path, "dardar"\)'):
        nephoscope.open_track(path)
    assert nephoscope.open_track(path, "dardar").sizes["profile"] == 4


def test_a_mistake_of_ours_is_no_damage_of_the_file(tmp_path, nice, monkeypatch):
    from nephoscope.instruments.dardar import reading

    def broken(*_):
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(reading, "_heights", broken)
    with pytest.raises(RuntimeError, match="a mistake of ours"):
        dardar.read(saved(tmp_path, nice))


def test_what_the_library_raises_is(tmp_path, nice, monkeypatch):
    class Broken:
        dtype, shape = np.dtype("f4"), (4, GATES)

        def __getitem__(self, _):
            raise RuntimeError("NetCDF: HDF error")

        def ncattrs(self):
            return []

    path = saved(tmp_path, nice)
    with netcdf.NetcdfFile(path) as file:
        file._variables["iwc"] = Broken()
        with pytest.raises(InputError, match="NetCDF: HDF error") as caught:
            file.stored("iwc", "f", (4, GATES))
    assert caught.value.field == "iwc"
