"""Files as the archives' pages have them: data sets and Vdatas with their attributes, by pyhdf."""

import numpy as np

from .conftest import BINS, PROFILES, write_vdata

TYPES = {"f4": 5, "f8": 6, "i1": 20, "u1": 21, "i2": 22, "u2": 23, "i4": 24}
TEXT, FLOAT64 = 4, 6
NAME = "CALTRACK-5km_{}_V1-00_2008-01-01T01-30-23Z{}.hdf"


def write(path, fields, attributes=()):
    """`fields`: name → (array, attributes); attributes of the field's type, scales float64."""
    from pyhdf.SD import SD, SDC

    file = SD(str(path), SDC.WRITE | SDC.CREATE | SDC.TRUNC)
    for name, text in dict(attributes).items():
        file.attr(name).set(TEXT, text)
    for name, (values, says) in fields.items():
        number_type = TYPES[values.dtype.str[1:]]
        dataset = file.create(name, number_type, values.shape)
        for key, value in says.items():
            kind = TEXT if isinstance(value, str) else number_type
            dataset.attr(key).set(FLOAT64 if key in ("scale_factor", "add_offset") else kind, value)
        dataset[:] = values
        dataset.endaccess()
    file.end()
    return path


def icare(values, fill, scale=1.0, **more):
    return values, {"scale_factor": scale, "add_offset": 0.0, "_FillValue": fill, **more}


LATITUDE = np.linspace(-10, 10, PROFILES).astype("f4")
LONGITUDE = np.array([179, 179.9, -179.2, -178, -177, -np.inf], "f4")
TAI = 5478 * 86400 + 6 + 5423.0 + 0.74 * np.arange(PROFILES)  # 2008-01-01T01:30:23 UTC


def places():
    return {
        "Latitude": icare(LATITUDE, -np.inf, units="degrees"),
        "Longitude": icare(LONGITUDE, -np.inf, units="degrees"),
        "Time": icare(TAI.copy(), -np.inf, units="sec"),
    }


def codes():
    plane = np.full((PROFILES, BINS), 1, np.int16)
    plane[0, 40], plane[1, 90] = 0b11, 0b0010_1000_0101_0001
    return plane


def caltrack_fields(fill=-32768):
    height = (24900 - 240 * np.arange(BINS) + np.zeros((PROFILES, 1))).astype(np.int16)
    plane = codes()
    height[2, 124] = plane[3, 60] = fill
    return {**places(), "Height": icare(height, fill), "cloud_scenario": icare(plane, fill)}


SWATH = {
    "Latitude": LATITUDE,
    "Longitude": np.nan_to_num(LONGITUDE, neginf=-177).astype("f4"),
    "Profile_time": (0.16 * np.arange(PROFILES)).astype("f4"),
    "TAI_start": np.array([TAI[0]]),
}


def write_attributes(path, attributes):
    """`attributes`: "Height.missing" → value, as Vdatas of class Attr0.0, field AttrValues."""
    from pyhdf.HDF import HC, HDF
    from pyhdf.VS import VS  # noqa: F401 - makes vstart

    file = HDF(str(path), HC.WRITE)
    tables = file.vstart()
    for name, value in attributes.items():
        text = isinstance(value, str)
        kind = (
            HC.CHAR8
            if text
            else {"f4": HC.FLOAT32, "i2": HC.INT16, "i1": HC.INT8}[value.dtype.str[1:]]
        )
        table = tables.create(name, (("AttrValues", kind, len(value) if text else 1),))
        table._class = "Attr0.0"
        record = value if text and len(value) > 1 else ord(value) if text else value.item()
        table.write([[record]])
        table.detach()
    tables.end()
    file.close()


def granule(path, planes, attributes, tables=SWATH):
    write(path, {name: (values, {}) for name, values in planes.items()})
    write_vdata(path, tables)
    write_attributes(path, attributes)
    return path
