"""What the writers of profilers' files make is what they were given, and has the real form."""

import numpy as np
import pytest

from nephoscope.instruments import cloudsat, dardar
from nephoscope.simulate.earth import profilers

PROFILES = 7
LATITUDE = np.linspace(-3, 3, PROFILES)
LONGITUDE = np.linspace(179.9, 179.99, PROFILES)
TIME = np.datetime64("2008-06-01T13:30", "ns") + np.arange(PROFILES) * np.timedelta64(160, "ms")
HEIGHT = 25000.0 - 240 * np.arange(125) + np.arange(PROFILES)[:, None]
TYPES = np.random.default_rng(0).integers(-1, 9, HEIGHT.shape).astype(np.int8)


def check_place(track):
    np.testing.assert_allclose(track["latitude"], LATITUDE, atol=1e-6)
    np.testing.assert_allclose(track["longitude"], LONGITUDE, atol=1e-5)
    late = np.abs(track["time"].values - TIME)
    assert (late < np.timedelta64(1, "ms")).all()


@pytest.mark.parametrize("write", ["write_granule", "write_caltrack"])
def test_classes(tmp_path, write):
    pytest.importorskip("pyhdf")
    path = tmp_path / "a_CLDCLASS.hdf"
    height = HEIGHT.copy()
    height[0, 3] = np.nan
    codes = cloudsat.encode(TYPES, quality=1)
    getattr(profilers, write)(path, LATITUDE, LONGITUDE, TIME, height, codes)
    track = cloudsat.read(path)
    check_place(track)
    np.testing.assert_array_equal(track["height"], height)
    np.testing.assert_array_equal(track["cloud_type"], TYPES)
    np.testing.assert_array_equal(track["cloud_scenario"], codes)


def test_a_granule_is_a_swath(tmp_path):
    pytest.importorskip("pyhdf")
    from pyhdf.HDF import HDF
    from pyhdf.SD import SD
    from pyhdf.V import V  # noqa: F401 - makes vgstart

    path = tmp_path / "a_CLDCLASS.hdf"
    profilers.write_granule(path, LATITUDE, LONGITUDE, TIME, HEIGHT, cloudsat.encode(TYPES))
    structure = SD(str(path)).attributes()["StructMetadata.0"]
    for line in ('SwathName="2B-CLDCLASS"', 'DimensionName="nray"', 'GeoFieldName="Height"'):
        assert line in structure
    file = HDF(str(path))
    groups = file.vgstart()
    top = groups.attach(groups.find("2B-CLDCLASS"))
    assert (top._class, top._nmembers) == ("SWATH", 3)
    names = {groups.attach(reference)._name for _, reference in top.tagrefs()}
    assert names == {"Geolocation Fields", "Data Fields", "Swath Attributes"}
    groups.end()
    file.close()


def test_layers(tmp_path):
    pytest.importorskip("pyhdf")
    path = tmp_path / "a_CLDCLASS-LIDAR.hdf"
    base = np.full((PROFILES, 2), np.nan)
    base[1, 0], base[2] = 9000, (1000, 7000)
    kinds = np.full((PROFILES, 2), 5, np.int8)
    profilers.write_layers(
        path, LATITUDE, LONGITUDE, TIME, HEIGHT, (base, base + 500, kinds, kinds - np.int8(2))
    )
    track = cloudsat.read(path)
    check_place(track)
    np.testing.assert_allclose(track["layer_base"][:, :2], base, atol=1e-2)
    inside = (HEIGHT[:, :, None] >= base[:, None]) & (HEIGHT[:, :, None] <= base[:, None] + 500)
    np.testing.assert_array_equal(track["cloud_type"] == 5, inside.any(axis=2))
    np.testing.assert_array_equal(track["cloud_phase"] == 3, inside.any(axis=2))


@pytest.mark.parametrize("index_type", [np.int16, np.int32])
def test_time_offsets(tmp_path, index_type):
    pytest.importorskip("pyhdf")
    from pyhdf.SD import SD

    path = tmp_path / "CALTRACK-5km_PAR-RB2.hdf"
    difference = np.where(LATITUDE < 0, np.nan, 95)
    pixels = np.arange(2 * PROFILES).reshape(-1, 2)
    pixels[2] = -1
    cover = np.array([0, 0.005, 0.5, 1, np.nan, 0.25, 0.75])
    profilers.write_time_offsets(
        path,
        LATITUDE,
        LONGITUDE,
        TIME,
        difference,
        difference / 50,
        pixels,
        cover=cover,
        index_type=index_type,
    )
    found = cloudsat.read_time_offsets(path)
    np.testing.assert_array_equal(found["time_difference"], difference)
    np.testing.assert_array_equal(found["rb2_column"], pixels[:, 1])
    np.testing.assert_allclose(found["cloud_cover"], cover, atol=1e-6)
    check_place(found)
    assert found.attrs["begin"] == "2008-06-01T13:30:00.000Z"
    stored = SD(str(path)).select("Input_Index")
    assert stored.get().dtype == index_type
    assert stored.attributes()["_FillValue"] == np.iinfo(index_type).min
    assert SD(str(path)).select("Cloud_Cover").attributes()["scale_factor"] == 0.005


@pytest.mark.parametrize("fill", [-9999, -32768])
def test_caltrack_with_either_fill(tmp_path, fill):
    pytest.importorskip("pyhdf")
    from pyhdf.SD import SD

    path = tmp_path / "a_CLDCLASS.hdf"
    codes = cloudsat.encode(TYPES)
    profilers.write_caltrack(path, LATITUDE, LONGITUDE, TIME, HEIGHT, codes, fill=fill)
    track = cloudsat.read_caltrack(path, undetermined="clear")
    np.testing.assert_array_equal(track["cloud_type"], TYPES)
    np.testing.assert_array_equal(track["cloud_scenario"], codes)
    stored = SD(str(path)).select("cloud_scenario").get()
    assert ((stored == fill) == (TYPES == -1)).all()


@pytest.mark.parametrize(("version", "base_type"), [(1, "f8"), (2, "i4"), (2, "i8")])
def test_nice(tmp_path, version, base_type):
    netcdf = pytest.importorskip("netCDF4")
    path = tmp_path / "DARNI.nc"
    height = 25080 - 60.0 * np.arange(436)
    values = np.random.default_rng(0).random((PROFILES, 436)).astype(np.float32)
    values[0, 5] = np.nan
    names = ("iwc", "icnc_5um", "icnc_100um", "reffcli", "ta")
    fields = {**dict.fromkeys(names, values), "clm_full": np.ones(values.shape, np.int8)}
    profilers.write_nice(path, LATITUDE, LONGITUDE, TIME, height, fields, version, base_type)
    track = dardar.read(path)
    check_place(track)
    for name in ("iwc", "ice_number_5um", "effective_radius", "temperature"):
        np.testing.assert_array_equal(track[name], values)
    assert (track["full_cloud_mask_code"] == 1).all()
    with netcdf.Dataset(path) as file:
        assert ("clm_v2" in file.variables) == (version == 1)
        assert file["iwc"].dimensions == ("time", "height")
        assert file["base_time"].dtype == base_type


def test_the_same_content_makes_the_same_file_wherever_it_is_written(tmp_path):
    pytest.importorskip("pyhdf")
    places = [tmp_path / "a_CLDCLASS.hdf", tmp_path / "a longer folder" / "a_CLDCLASS.hdf"]
    for path in places:
        profilers.write_granule(path, LATITUDE, LONGITUDE, TIME, HEIGHT, cloudsat.encode(TYPES))
        assert [each.name for each in path.parent.iterdir() if each.is_file()] == [path.name]
    assert places[0].read_bytes() == places[1].read_bytes()
    assert str(tmp_path).encode() not in places[0].read_bytes()
