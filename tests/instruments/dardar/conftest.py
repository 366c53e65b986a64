"""Miniature DARDAR files, attribute by attribute, by h5py-free netCDF4 calls of their own."""

import numpy as np
import pytest

PROFILES, GATES = 4, 436


def write(path, variables, sizes=(("time", PROFILES), ("height", GATES))):
    """`variables`: name → (dims, array, attributes); attribute `_FillValue` is set at creation."""
    import netCDF4

    with netCDF4.Dataset(path, "w") as file:
        for name, size in sizes:
            file.createDimension(name, size)
        for name, (dims, values, attributes) in variables.items():
            values = np.asarray(values)
            fill = attributes.get("_FillValue")
            variable = file.createVariable(name, values.dtype, dims, fill_value=fill)
            variable.set_auto_maskandscale(False)
            variable.setncatts({key: a for key, a in attributes.items() if key != "_FillValue"})
            variable[...] = values


BOTH = ("time", "height")
MISSING = {"_FillValue": np.float32(-999), "missing_value": np.float32(-999)}


@pytest.fixture
def nice():
    """What a DARDAR-Nice v1 file holds, the lowest gate first."""
    pytest.importorskip("netCDF4")
    iwc = np.zeros((PROFILES, GATES), np.float32)
    iwc[0, 200] = 1e-4
    iwc[1, 3] = -999
    number = (iwc * 1e9).clip(0)
    temperature = np.full((PROFILES, GATES), 230, np.float32)
    codes = np.zeros((PROFILES, GATES), np.int8)
    codes[0, 200] = 1
    return {
        "height": (("height",), -1020 + 60 * np.arange(GATES, dtype=np.float32), {"units": "m"}),
        "base_time": ((), np.float64(1212327045), {"units": "seconds since 1970-01-01"}),
        "dtime": (("time",), np.array([0, 0.16, 0.32, -999.0]), {"_FillValue": -999.0}),
        "lat": (("time",), np.array([1, 2, 3, -999], np.float32), {}),
        "lon": (("time",), np.array([-180, 0, 180, -999], np.float32), {}),
        "iwc": (BOTH, iwc, {"units": "kg m-3", **MISSING}),
        "icnc_5um": (BOTH, number, {"units": "m-3", **MISSING}),
        "icnc_100um": (BOTH, number / 10, {"units": "m-3", **MISSING}),
        "reffcli": (BOTH, iwc.clip(0) * np.float32(0.4), {"units": "m"}),
        "ta": (BOTH, temperature, {"units": "K"}),
        "clm": (BOTH, codes, {"_FillValue": np.int8(-99)}),
        "clm_v2": (BOTH, codes + np.int8(8), {}),
        "nightday_flag": (("time",), np.array([0, 1, 1, -9], np.int8), {"missing_value": -9}),
        "land_water_mask": (("time",), np.array([7, 1, 2, 0], np.int16), {}),
        "iteration_flag": (("time",), np.ones(PROFILES, np.int8), {}),
    }


@pytest.fixture
def cloud():
    """What a DARDAR-CLOUD v3 file holds, the highest gate first."""
    pytest.importorskip("netCDF4")
    iwc = np.zeros((PROFILES, GATES), np.float32)
    iwc[2, 100] = 2e-5
    flags = np.full((PROFILES, GATES), 3, np.int8)
    seconds = {"units": "seconds since 2019 01 01 00:00:00 UTC"}
    return {
        "height": (("height",), 25080 - 60 * np.arange(GATES, dtype=np.float32), {"units": "m"}),
        "time": (("time",), np.array([3330, 3330.5, 3331, 3332], np.float32), seconds),
        "latitude": (("time",), np.zeros(PROFILES, np.float32), {}),
        "longitude": (("time",), np.zeros(PROFILES, np.float32), {}),
        "iwc": (BOTH, iwc, {"units": "kg m-3", **MISSING}),
        "effective_radius": (BOTH, iwc, {"units": "m", **MISSING}),
        "temperature": (BOTH, iwc + 250, {"units": "K", **MISSING}),
        "instrument_flag": (BOTH, flags, {}),
        "DARMASK_Simplified_Categorization": (BOTH, flags, {"_FillValue": np.int8(-99)}),
        "land_water_mask": (("time",), np.full(PROFILES, -999, np.int16), {"missing_value": -999}),
        "n_iterations": (("time",), np.ones(PROFILES, np.int16), {}),
    }
