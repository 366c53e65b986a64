"""Files as ICARE's and CloudSat's pages describe them, attribute by attribute, by pyhdf alone.

ICARE: every data set has scale_factor, add_offset (float64) and _FillValue; CALTRACK PAR-RB2 has
Latitude, Longitude, Time, Input_Index (int16, -32768), Colocation_Distance,
Acquisition_Time_Difference and Cloud_Cover (uint8, 0.005, 255). CloudSat: `missing`, `missop`,
`factor` and `offset` of a field are Vdatas of the swath named FIELD.missing and so on.
"""

import numpy as np
import pytest

import nephoscope
from nephoscope.errors import InputError, UsageError
from nephoscope.instruments import cloudsat
from nephoscope.instruments.cloudsat.coding import Coding
from nephoscope.instruments.cloudsat.offsets import RB2

from .archive import NAME, SWATH, caltrack_fields, codes, granule, icare, places, write
from .conftest import DATES, PROFILES

pytest.importorskip("pyhdf")


def offset_fields(dtype="i2", fill=-32768):
    index = np.array([[540, 1080], [541, 1079], [0, 1], [fill, fill], [1079, 2159], [9, 10]], dtype)
    return {
        **places(),
        "Input_Index": icare(index, fill, units="unitless"),
        "Colocation_Distance": icare(np.array([1, 2, 3, -np.inf, 1, 2], "f4"), -np.inf),
        "Acquisition_Time_Difference": icare(
            np.array([90, -91.5, 92, -np.inf, 94, 95], "f4"), -np.inf
        ),
        "Cloud_Cover": icare(np.array([0, 200, 100, 255, 1, 37], "u1"), 255, 0.005),
        "Directional_Cloud_Cover": icare(np.full((PROFILES, 15), 50, "u1"), 255, 0.005),
    }


@pytest.mark.parametrize(("dtype", "fill"), [("i2", -32768), ("i4", -2147483648), ("i4", -1)])
def test_par_rb2_in_either_layout(tmp_path, dtype, fill):
    path = write(tmp_path / NAME.format("PAR-RB2", "D"), offset_fields(dtype, fill), DATES)
    found = cloudsat.read_time_offsets(path)
    assert found["rb2_row"].values.tolist() == [540, 541, 0, -1, 1079, 9]
    assert found["rb2_column"].values.tolist() == [1080, 1079, 1, -1, 2159, 10]
    assert found["rb2_row"].dtype == found["rb2_column"].dtype == np.int32
    assert "1/6 degree" in found["rb2_row"].attrs["long_name"]
    np.testing.assert_array_equal(found["time_difference"], [90, -91.5, 92, np.nan, 94, 95])
    np.testing.assert_array_equal(found["colocation_distance"], [1, 2, 3, np.nan, 1, 2])
    np.testing.assert_allclose(found["cloud_cover"], [0, 1, 0.5, np.nan, 0.005, 0.185], atol=1e-6)
    assert found["directional_cloud_cover"].shape == (PROFILES, 15)
    assert float(found["directional_cloud_cover"][0, 0]) == pytest.approx(0.25)
    assert found["time"].values[0] == np.datetime64("2008-01-01T01:30:23", "ns")
    assert (found.attrs["half_orbit"], found.attrs["half_orbit_start"]) == (
        "day",
        "2008-01-01T01:30:23",
    )
    assert "parasol_row" not in found


def test_the_index_is_of_the_grid_of_1080_rows():
    assert RB2.shape == (1080, 2160)
    assert 180 / RB2.rows == pytest.approx(1 / 6)
    # Three rows of level 1B for one of RB2.
    assert RB2.to_latitude(0) == pytest.approx(90 - 1.5 / 18)


def test_an_index_beyond_the_grid_of_rb2_is_missing_and_said(tmp_path):
    fields = offset_fields("i4", -1)
    fields["Input_Index"][0][1] = (1620, 3240)  # a pixel of level 1B
    found = cloudsat.read_time_offsets(write(tmp_path / "a.hdf", fields, DATES))
    assert found["rb2_row"].values.tolist() == [540, -1, 0, -1, 1079, 9]
    assert "1 profiles" in found["rb2_row"].attrs["comment"]


@pytest.mark.parametrize("name", ["Time", "Cloud_Cover", "Directional_Cloud_Cover"])
def test_what_a_par_rb2_file_may_lack(tmp_path, name):
    fields = offset_fields()
    del fields[name]
    found = cloudsat.read_time_offsets(write(tmp_path / "a.hdf", fields, DATES))
    ours = {"Time": "time", "Cloud_Cover": "cloud_cover"}.get(name, "directional_cloud_cover")
    assert ours not in found.variables
    assert found["rb2_row"].values[0] == 540


@pytest.mark.parametrize("dtype", ["u1", "f4", "i1"])
def test_an_index_of_another_type_is_refused(tmp_path, dtype):
    fields = offset_fields()
    fields["Input_Index"] = (np.zeros((PROFILES, 2), dtype), {})
    with pytest.raises(InputError, match=r"\[Input_Index\]: is .*, not int16 or int32"):
        cloudsat.read_time_offsets(write(tmp_path / "a.hdf", fields, DATES))


def test_the_index_may_lie_the_other_way_round(tmp_path):
    fields = offset_fields()
    index, says = fields["Input_Index"]
    fields["Input_Index"] = np.ascontiguousarray(index.T), says
    found = cloudsat.read_time_offsets(write(tmp_path / "a.hdf", fields, DATES))
    assert found["rb2_column"].values.tolist() == [1080, 1079, 1, -1, 2159, 10]


@pytest.mark.parametrize("undetermined", ["unknown", "clear"])
@pytest.mark.parametrize("fill", [-32768, -9999, -1, 0, 32767])
def test_the_file_s_own_fill_is_never_clear(tmp_path, fill, undetermined):
    path = write(tmp_path / NAME.format("CS-2B-CLDCLASS", "N"), caltrack_fields(fill))
    track = nephoscope.open_track(path, undetermined=undetermined)
    kinds = track["cloud_type"].values
    assert kinds[3, 60] == -1
    assert kinds[0, 40] == 1
    assert kinds[1, 90] == 8
    assert (kinds == 0).sum() == kinds.size - 3
    assert np.argwhere(np.isnan(track["height"].values)).tolist() == [[2, 124]]
    assert track.attrs["half_orbit"] == "night"
    stored = track["cloud_scenario"]
    assert stored.values[3, 60] == stored.attrs["missing_value"] == -9999
    for part in ("determined", "cloud_type", "surface", "quality", "precipitation", "spare"):
        assert cloudsat.decode_field(stored.values, part)[3, 60] == -1
    assert cloudsat.decode_field(stored.values, "precipitation")[1, 90] == 1


@pytest.mark.parametrize("code", [-32768, -9999])
@pytest.mark.parametrize("undetermined", ["unknown", "clear"])
def test_known_fills_are_missing_even_where_no_attribute_says_so(tmp_path, code, undetermined):
    fields = {name: (values, {}) for name, (values, _) in caltrack_fields(code).items()}
    track = cloudsat.read_caltrack(write(tmp_path / "a.hdf", fields), undetermined=undetermined)
    assert track["cloud_type"].values[3, 60] == -1
    assert np.isnan(track["height"].values[2, 124])


@pytest.mark.parametrize("name", ["missing_value", "missing"])
def test_other_spellings_of_missing(tmp_path, name):
    fields = caltrack_fields(77)
    fields["cloud_scenario"] = fields["cloud_scenario"][0], {name: 77}
    track = cloudsat.read_caltrack(write(tmp_path / "a.hdf", fields), undetermined="clear")
    assert track["cloud_type"].values[3, 60] == -1


def test_planes_the_other_way_round_are_turned(tmp_path):
    fields = caltrack_fields()
    expected = cloudsat.read_caltrack(write(tmp_path / "a.hdf", fields))
    for name in ("Height", "cloud_scenario"):
        values, says = fields[name]
        fields[name] = np.ascontiguousarray(values.T), says
    turned = cloudsat.read_caltrack(write(tmp_path / "b.hdf", fields))
    np.testing.assert_array_equal(turned["cloud_type"], expected["cloud_type"])
    np.testing.assert_array_equal(turned["height"], expected["height"])


def test_minus_infinity_is_missing_and_longitudes_may_count_to_360(tmp_path):
    fields = caltrack_fields()
    fields["Longitude"] = icare(np.array([0, 179.5, 180, 180.5, 359.5, -np.inf], "f4"), -np.inf)
    fields["Time"][0][1] = -np.inf
    track = cloudsat.read_caltrack(write(tmp_path / "a.hdf", fields))
    np.testing.assert_array_equal(track["longitude"], [0, 179.5, 180, -179.5, -0.5, np.nan])
    assert np.isnat(track["time"].values).tolist() == [False, True] + [False] * 4


@pytest.mark.parametrize("value", [np.int16(-9999), np.float32(-9999)])
@pytest.mark.parametrize("operator", ["==", None])
def test_a_granule_with_the_attributes_of_its_swath(tmp_path, operator, value):
    height = caltrack_fields(-9999)["Height"][0]
    plane = codes()
    plane[3, 60] = -9999
    says = {"Height.missing": value, "Height.factor": np.float32(1), "Height.offset": np.float32(0)}
    says |= {"cloud_scenario.missing": value, "Height.units": "m"}
    if operator:
        says |= {"Height.missop": operator, "cloud_scenario.missop": operator}
    path = granule(
        tmp_path / "a_2B-CLDCLASS.hdf", {"Height": height, "cloud_scenario": plane}, says
    )
    track = nephoscope.open_track(path, undetermined="clear")
    assert track["cloud_type"].values[3, 60] == -1
    assert np.argwhere(np.isnan(track["height"].values)).tolist() == [[2, 124]]


@pytest.mark.parametrize(
    ("operator", "limit", "missing"),
    [("<", 0, [-5, -1]), ("<=", -1, [-5, -1]), (">", 30, [31]), (">=", 30, [30, 31]),
     ("==", 30, [30]), ("=", -5, [-5])],
)  # fmt: skip
def test_operators_of_missing(tmp_path, operator, limit, missing):
    coding = Coding.of(tmp_path / "a.hdf", "x", {"missing": limit, "missop": operator})
    values = np.array([-5, -1, 0, 7, 30, 31], np.int16)
    assert values[coding.is_missing(values)].tolist() == missing
    assert np.isnan(coding.decode(values)).sum() == len(missing)


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({}, 100), ({"scale_factor": 0.5}, 50), ({"scale_factor": 2.0, "add_offset": 40.0}, 120),
        ({"factor": 100.0}, 1), ({"factor": 10.0, "offset": 50.0}, 5), ({"offset": 1.0}, 99),
    ],
)  # fmt: skip
def test_both_archives_ways_of_scaling(tmp_path, attributes, expected):
    """HDF4: scale * (stored - offset); CloudSat: (stored - offset) / factor."""
    coding = Coding.of(tmp_path / "a.hdf", "x", attributes)
    assert coding.decode(np.array([100], np.int16))[0] == expected


@pytest.mark.parametrize(
    ("attributes", "field"),
    [({"scale_factor": 0.0}, "x.scale_factor"), ({"factor": 0.0}, "x.scale_factor"),
     ({"_FillValue": "low"}, "x._FillValue"), ({"missing": 1, "missop": "~"}, "x.missop"),
     ({"add_offset": float("nan")}, "x.scale_factor")],
)  # fmt: skip
def test_attributes_that_make_no_sense_are_named(tmp_path, attributes, field):
    with pytest.raises(InputError) as caught:
        Coding.of(tmp_path / "a.hdf", "x", attributes)
    assert caught.value.field == field


def test_attributes_that_say_none_say_nothing(tmp_path):
    says = {"_FillValue": "NONE", "scale_factor": "none", "missing": "\0"}
    assert Coding.of(tmp_path / "a.hdf", "x", says) == Coding()


def test_a_text_of_one_character_comes_as_its_number(tmp_path):
    """pyhdf gives a text of length 1 as a number."""
    height = caltrack_fields(-9999)["Height"][0]
    says = {"Height.missing": np.int16(-4980), "Height.missop": "<"}
    path = granule(
        tmp_path / "a_2B-CLDCLASS.hdf", {"Height": height, "cloud_scenario": codes()}, says
    )
    low = np.argwhere(np.isnan(nephoscope.open_track(path)["height"].values))
    assert low.tolist() == [[2, 124]]  # -9999; the lowest other bin is at -4860 m


def test_a_par_rb2_file_of_another_place_or_day_is_refused(tmp_path):
    track = write(tmp_path / NAME.format("CS-2B-CLDCLASS", "D"), caltrack_fields())
    other = tmp_path / NAME.format("PAR-RB2", "D")
    for name, change, field, words in (
        ("Longitude", 90, "Longitude", "degrees from the track"),
        ("Latitude", 1, "Latitude", "degrees from the track"),
        ("Time", 16 * 86400.0, "Time", "1382400 s from the track's"),
    ):
        fields = offset_fields()
        values, says = fields[name]
        fields[name] = (
            (np.where(np.isfinite(values), values + change, values)).astype(values.dtype),
            says,
        )
        write(other, fields, DATES)
        with pytest.raises(InputError, match=words) as caught:
            nephoscope.open_track(track, offsets=other)
        assert caught.value.field == field


def test_both_files_may_be_given_together(tmp_path):
    classes = write(tmp_path / NAME.format("CS-2B-CLDCLASS", "D"), caltrack_fields())
    beside = write(tmp_path / NAME.format("PAR-RB2", "D"), offset_fields(), DATES)
    for given in ([classes, beside], (beside, classes), str(tmp_path / "CALTRACK*.hdf")):
        track = nephoscope.open_track(given)
        assert track["rb2_row"].values[0] == 540
        assert track["cloud_cover"].values[1] == pytest.approx(1)
        assert track.attrs["source_files"] == [str(classes), str(beside)]


@pytest.mark.parametrize("wrong", ["maybe", None, 1, True])
def test_another_word_for_undetermined_is_refused(tmp_path, wrong):
    path = write(tmp_path / NAME.format("CS-2B-CLDCLASS", "D"), caltrack_fields())
    with pytest.raises(UsageError, match="'unknown' or 'clear'"):
        nephoscope.open_track(path, undetermined=wrong)


def test_parts_and_codes_that_are_none_are_refused():
    plane = np.zeros(3, np.int16)
    with pytest.raises(UsageError, match="known are: determined, cloud_type"):
        cloudsat.decode_field(plane, "colour")
    for wrong in (plane + 0.5, np.array([70000]), np.array(["a"])):
        with pytest.raises(UsageError, match="16 bits"):
            cloudsat.cloud_type(wrong)
    wide = np.array([3, -9999], np.int64)
    assert cloudsat.cloud_type(wide).tolist() == [1, -1]
    assert cloudsat.decode_field(wide, "cloud_type").tolist() == [1, -1]


@pytest.mark.parametrize("start", [0.0, 1e6, 4e8])
def test_a_granule_before_the_launch_is_refused(tmp_path, start):
    """1993 to 2005."""
    tables = {**SWATH, "TAI_start": np.array([start])}
    planes = {"Height": caltrack_fields(-9999)["Height"][0], "cloud_scenario": codes()}
    path = granule(tmp_path / "a_2B-CLDCLASS.hdf", planes, {}, tables)
    with pytest.raises(InputError, match="before the satellites flew") as caught:
        nephoscope.open_track(path)
    assert caught.value.field == "TAI_start"


@pytest.mark.parametrize("read", [cloudsat.read_caltrack, cloudsat.read_time_offsets])
def test_caltrack_before_the_launch_is_refused(tmp_path, read):
    fields = {**offset_fields(), **caltrack_fields()}
    fields["Time"] = icare(np.zeros(PROFILES), -np.inf)
    with pytest.raises(InputError, match="gives 1993-01-01T00:00:00: before") as caught:
        read(write(tmp_path / "a.hdf", fields, DATES))
    assert caught.value.field == "Time"
    fields["Time"][0][2:] = places()["Time"][0][2:]
    time = read(write(tmp_path / "a.hdf", fields, DATES))["time"].values
    assert np.isnat(time).tolist() == [True, True] + [False] * 4
