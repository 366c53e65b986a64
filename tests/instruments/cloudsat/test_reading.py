"""Readers of 2B-CLDCLASS, CALTRACK and PAR-RB2 on files written by pyhdf from the specification."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import nephoscope
from nephoscope.errors import InputError
from nephoscope.instruments import cloudsat
from nephoscope.instruments.cloudsat import hdf4

from .conftest import BINS, DATES, PROFILES, write_sds, write_vdata

pytestmark = pytest.mark.usefixtures("swath")


def check_classes(track):
    kinds = track["cloud_type"].values
    assert kinds.dtype == np.int8
    marked = {(0, 40): 1, (1, 90): 8, (2, 50): -1, (3, 60): -1, (4, 70): -1}
    for place, kind in marked.items():
        assert kinds[place] == kind
    assert (kinds != 0).sum() == len(marked)
    height = track["height"].values
    assert height[3, 10] == 24900 - 2400 + 21
    assert np.argwhere(np.isnan(height)).tolist() == [[2, 124]]
    assert np.isnan(track["longitude"].values).tolist() == [False] * 5 + [True]
    assert track["longitude"].values[1] == np.float32(179.9)


def test_a_granule(granule):
    track = nephoscope.open_track(granule)
    assert track.attrs["product"] == "2B-CLDCLASS"
    check_classes(track)
    since = track["time"].values - np.datetime64("2008-01-01T01:00", "ns")
    np.testing.assert_allclose(
        since / np.timedelta64(1, "s"), 0.16 * np.arange(PROFILES), atol=1e-6
    )


def test_caltrack_with_its_offsets(caltrack, offsets):
    track = nephoscope.open_track(caltrack, offsets=offsets)
    check_classes(track)
    assert np.isnat(track["time"].values).tolist() == [False] * 5 + [True]
    difference = track["time_difference"].values
    assert difference[2] == 92
    assert np.isnan(difference).tolist() == [False, False, False, True, False, False]
    assert track["rb2_row"].values.tolist() == [100, 101, 102, -1, 104, 105]
    assert track.attrs["source_files"] == [str(caltrack), str(offsets)]


def test_dates_lose_their_padding(offsets):
    found = cloudsat.read_time_offsets(offsets)
    assert found.attrs["begin"] == "2008-01-01T01:00:00.000Z"


def test_undetermined_type_0_may_be_clear_but_never_a_cloud(tmp_path, swath):
    sds, vdata = swath
    sds["cloud_scenario"][:] = [[0], [2], [4], [16], [-9999], [1]]
    path = tmp_path / "a_2B-CLDCLASS.hdf"
    write_sds(path, sds)
    write_vdata(path, vdata)
    strict = cloudsat.read_granule(path)["cloud_type"].values[:, 0]
    lenient = cloudsat.read_granule(path, undetermined="clear")["cloud_type"].values[:, 0]
    assert strict.tolist() == [-1, -1, -1, -1, -1, 0]
    assert lenient.tolist() == [0, -1, -1, -1, -1, 0]


@pytest.mark.parametrize("field", ["Height", "cloud_scenario", "Latitude", "Longitude", "Time"])
@pytest.mark.parametrize("fault", ["absent", "type", "shape"])
def test_a_wrong_field_of_caltrack_is_named(tmp_path, caltrack_fields, field, fault):
    values = caltrack_fields.pop(field)
    if fault == "type":
        caltrack_fields[field] = np.nan_to_num(values, neginf=0).astype(np.int32)
    elif fault == "shape":
        caltrack_fields[field] = values[:-1]
    path = tmp_path / "bad.hdf"
    write_sds(path, caltrack_fields)
    with pytest.raises(InputError) as caught:
        cloudsat.read_caltrack(path)
    assert str(path) in str(caught.value)
    assert caught.value.field in ({field} if fault != "shape" else {*caltrack_fields})


@pytest.mark.parametrize("field", ["Latitude", "Longitude", "Profile_time", "TAI_start"])
@pytest.mark.parametrize("fault", ["absent", "type"])
def test_a_wrong_vdata_of_a_granule_is_named(tmp_path, swath, field, fault):
    sds, vdata = swath
    values = vdata.pop(field)
    if fault == "type":
        vdata[field] = np.nan_to_num(values, neginf=0).astype(np.int32)
    path = tmp_path / "bad.hdf"
    write_sds(path, sds)
    write_vdata(path, vdata)
    with pytest.raises(InputError) as caught:
        cloudsat.read_granule(path)
    assert (caught.value.path, caught.value.field) == (str(path), field)


@pytest.mark.parametrize("name", DATES)
def test_a_missing_attribute_is_named(tmp_path, offset_fields, name):
    path = tmp_path / "bad.hdf"
    write_sds(path, offset_fields, {key: DATES[key] for key in DATES if key != name})
    with pytest.raises(InputError, match="attribute is missing") as caught:
        cloudsat.read_time_offsets(path)
    assert caught.value.field == name


def test_offsets_of_another_half_orbit_are_refused(tmp_path, caltrack, offset_fields):
    path = tmp_path / "other.hdf"
    write_sds(path, {name: values[:-1] for name, values in offset_fields.items()}, DATES)
    with pytest.raises(InputError, match="5 profiles, the track has 6"):
        cloudsat.read_caltrack(caltrack, path)
    offset_fields["Latitude"] = offset_fields["Latitude"] + np.float32(1)
    write_sds(path, offset_fields, DATES)
    with pytest.raises(InputError, match=r"1\.00 degrees from the track"):
        cloudsat.read_caltrack(caltrack, path)


def test_another_product_is_told(offsets, granule):
    with pytest.raises(InputError, match="holds no cloud classes"):
        cloudsat.read(offsets)
    with pytest.raises(InputError, match="Acquisition_Time_Difference"):
        cloudsat.read_time_offsets(granule)


def test_what_is_no_whole_hdf4_is_told(tmp_path, granule):
    content = granule.read_bytes()
    path = tmp_path / "a_2B-CLDCLASS.hdf"
    for bad, problem in (
        (b"", "empty"),
        (b"\x89HDF\r\n\x1a\n" + bytes(90), "no HDF4"),
        (content[: len(content) // 2], "truncated"),
        (content[:-200], "truncated"),
        (content[:40], "truncated"),
    ):
        path.write_bytes(bad)
        with pytest.raises(InputError, match=problem):
            cloudsat.read(path)
    with pytest.raises(InputError, match="cannot be read"):
        cloudsat.read(tmp_path / "none.hdf")


def layered(tmp_path, swath, **changed):
    sds, vdata = swath
    layers = {
        "CloudLayerBase": np.full((PROFILES, 10), -99, np.float32),
        "CloudLayerTop": np.full((PROFILES, 10), -99, np.float32),
        "CloudLayerType": np.full((PROFILES, 10), -9, np.int8),
        "CloudPhase": np.full((PROFILES, 10), -9, np.int8),
    }
    # Profile 0: stratus 0.9..1.6 km of water, cirrus 10.0..11.0 km; 1: a thin cirrus between bins.
    cases = [(0, 0, 0.9, 1.6, 4, 3), (0, 1, 10.0, 11.0, 1, 1), (1, 0, 12.06, 12.07, 1, 1)]
    cases.append((2, 0, 5.0, 6.0, 0, 2))  # a layer whose type is not determined
    for profile, layer, *values in cases:
        for name, value in zip(layers, values, strict=True):
            layers[name][profile, layer] = value
    count = np.array([2, 1, 1, 0, -9, 0], np.int8)
    path = tmp_path / "a_2B-CLDCLASS-LIDAR.hdf"
    write_sds(path, {"Height": sds["Height"], **layers, **changed})
    write_vdata(path, {**vdata, "Cloudlayer": count})
    return path


def test_layers_of_radar_and_lidar(tmp_path, swath):
    track = nephoscope.open_track(layered(tmp_path, swath))
    assert track.attrs["product"] == "2B-CLDCLASS-LIDAR"
    kinds, phases = track["cloud_type"].values, track["cloud_phase"].values
    height = track["height"].values
    expected = np.zeros(BINS)
    expected[(height[0] >= 900) & (height[0] <= 1600)] = 4
    expected[(height[0] >= 10000) & (height[0] <= 11000)] = 1
    np.testing.assert_array_equal(kinds[0], expected)
    assert set(phases[0][expected == 4]) == {3}
    # The bin nearest to 12,065 m: 24,907 - 240 k.
    assert np.flatnonzero(kinds[1]).tolist() == [round((24907 - 12065) / 240)]
    assert set(kinds[2][(height[2] >= 5000) & (height[2] <= 6000)]) == {-1}
    assert set(phases[2][(height[2] >= 5000) & (height[2] <= 6000)]) == {2}
    assert set(kinds[3]) == {0}
    assert set(kinds[4]) == {-1}
    assert track["layer_top"].values[0, 1] == 11000
    assert np.isnan(track["layer_top"].values[3]).all()


def test_a_wrong_layer_field_is_named(tmp_path, swath):
    path = layered(tmp_path, swath, CloudPhase=np.zeros((PROFILES, 10), np.int16))
    with pytest.raises(InputError, match=r"\[CloudPhase\]: is int16, not int8"):
        cloudsat.read_layers(path)


def test_when_the_library_dies_the_file_is_named_and_the_next_one_read(granule):
    cloudsat.read_granule(granule)
    with hdf4.Hdf4(granule) as file:
        hdf4._processes[os.getpid()].kill()
        with pytest.raises(InputError, match=r"\[Height\]: crashes the HDF4 library") as caught:
            file.dataset("Height", np.int16, 2)
    assert caught.value.path == str(granule)
    check_classes(cloudsat.read_granule(granule))


def test_threads_may_read_at_the_same_time(granule):
    with ThreadPoolExecutor(4) as threads:
        for track in threads.map(cloudsat.read_granule, [granule] * 8):
            check_classes(track)
