"""Miniature files, attribute by attribute from the product specifications, by pyhdf alone."""

import numpy as np
import pytest

PROFILES, BINS = 6, 125


def write_sds(path, fields, attributes=()):
    """`fields`: name → array; HDF4 number types by dtype."""
    from pyhdf.SD import SD, SDC

    types = {
        "f4": SDC.FLOAT32,
        "f8": SDC.FLOAT64,
        "i1": SDC.INT8,
        "i2": SDC.INT16,
        "u2": SDC.UINT16,
        "i4": SDC.INT32,
    }
    file = SD(str(path), SDC.WRITE | SDC.CREATE | SDC.TRUNC)
    for name, text in dict(attributes).items():
        file.attr(name).set(SDC.CHAR8, text)
    for name, values in fields.items():
        dataset = file.create(name, types[values.dtype.str[1:]], values.shape)
        dataset[:] = values
        dataset.endaccess()
    file.end()


def write_vdata(path, tables):
    """`tables`: name → one-dimensional array, each its own Vdata with one field of that name."""
    from pyhdf.HDF import HC, HDF
    from pyhdf.VS import VS  # noqa: F401 - makes vstart

    types = {"f4": HC.FLOAT32, "f8": HC.FLOAT64, "i1": HC.INT8, "i4": HC.INT32}
    file = HDF(str(path), HC.WRITE)
    tables_of_file = file.vstart()
    for name, values in tables.items():
        table = tables_of_file.create(name, ((name, types[values.dtype.str[1:]], 1),))
        table.write([[value] for value in values.tolist()])
        table.detach()
    tables_of_file.end()
    file.close()


@pytest.fixture
def swath():
    """What a 2B-CLDCLASS granule holds: data sets and Vdatas."""
    pytest.importorskip("pyhdf")
    height = (24900 - 240 * np.arange(BINS) + 7 * np.arange(PROFILES)[:, None]).astype(np.int16)
    height[2, 124] = -9999
    codes = np.full((PROFILES, BINS), 1, np.int16)  # determined, no cloud
    codes[0, 40] = 0b0000_0000_0000_0011  # determined, 1: cirrus
    codes[1, 90] = 0b0010_1000_0101_0001  # determined, 8: deep convection, confident, liquid rain
    codes[2, 50] = 0b0000_0000_0000_0110  # not determined, 3
    codes[3, 60] = -9999
    codes[4, 70] = 0b0000_0000_0001_1111  # determined, 15: not defined
    vdata = {
        "Latitude": np.linspace(-10, 10, PROFILES).astype(np.float32),
        "Longitude": np.array([179, 179.9, -179.2, -178, -177, -999], np.float32),
        "Profile_time": (0.16 * np.arange(PROFILES)).astype(np.float32),
        "TAI_start": np.array([5478 * 86400 + 6 + 3600.0]),  # 2008-01-01T01:00 UTC
    }
    return {"Height": height, "cloud_scenario": codes}, vdata


@pytest.fixture
def granule(tmp_path, swath):
    path = tmp_path / "2008001010000_08888_CS_2B-CLDCLASS_GRANULE_P1_R05_E02_F00.hdf"
    write_sds(path, swath[0])
    write_vdata(path, swath[1])
    return path


@pytest.fixture
def caltrack_fields(swath):
    sds, vdata = swath
    places = {name: vdata[name] for name in ("Latitude", "Longitude")}
    time = vdata["TAI_start"] + vdata["Profile_time"].astype(np.float64)
    time[5] = -np.inf
    return {**sds, **places, "Time": time}


@pytest.fixture
def caltrack(tmp_path, caltrack_fields):
    path = tmp_path / "CALTRACK-5km_CS-2B-CLDCLASS_V1-00_2008-01-01T01-00-00ZD.hdf"
    write_sds(path, caltrack_fields)
    return path


@pytest.fixture
def offset_fields(swath):
    places = {name: swath[1][name] for name in ("Latitude", "Longitude")}
    return {
        **places,
        "Acquisition_Time_Difference": np.array([90, 91, 92, -np.inf, 94, 95], np.float32),
        "Colocation_Distance": np.array([1, 2, 3, -np.inf, 1, 2], np.float32),
        "Input_Index": np.array([[100, 7], [101, 7], [102, 8], [-1, -1], [104, 8], [105, 9]], "i4"),
    }


DATES = {
    "Beginning_Acquisition_Date": "2008-01-01T01:00:00.000Z\0\0",
    "Ending_Acquisition_Date": "2008-01-01T01:00:01.000Z\0",
}


@pytest.fixture
def offsets(tmp_path, offset_fields):
    path = tmp_path / "CALTRACK-5km_PAR-RB2_V1-00_2008-01-01T01-00-00ZD.hdf"
    write_sds(path, offset_fields, DATES)
    return path
