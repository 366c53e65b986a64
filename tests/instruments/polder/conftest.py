"""Half orbits written attribute by attribute from the documentation, without our own writer."""

import h5py
import numpy as np
import pytest

NAME = "POLDER3_L1B-BG1-080176M_2008-06-03T01-34-54_V1-01.h5"
ROWS, COLS, VIEWS = 3240, 6480, 16
FIRST_ROW, FIRST_COL, HEIGHT, WIDTH = 1200, 3000, 4, 6
SEEN = 13
"""Views that exist in every pixel of the fixture; the last of them has lost radiances in (1, 2)."""

RADIANCES = (
    "I443NP I490P Q490P U490P I565NP I670P Q670P U670P "
    "I763NP I765NP I865P Q865P U865P I910NP I1020NP"
).split()
FLAGS = [f"Quality_Flags_{number:02d}" for number in range(1, 15)]


def count(name: str, row: int, col: int, view: int = 0) -> int:
    """The count of a pixel of the fixture, small integers that tell all of its coordinates."""
    number = sum(map(ord, name)) % 97
    value = 10 * number + 100 * row + 17 * col + view
    return -value if name[0] in "QU" and name[1].isdigit() else value


def byte_or(dtype: str, value: int) -> int:
    return value % 100 if dtype == "u1" else value


def add(file, group, name, dtype, scale, fill, missing, units, directional=True, **layout):
    shape = (ROWS, COLS, VIEWS) if directional else (ROWS, COLS)
    chunks = (1, COLS, VIEWS)[: len(shape)]
    options = {"chunks": chunks, "compression": "gzip", "fillvalue": fill} | layout
    data = file.require_group(group).create_dataset(name, shape, dtype, **options)
    for row in range(HEIGHT):
        for col in range(WIDTH):
            if directional:
                line = np.full(VIEWS, fill, dtype)
                line[:SEEN] = [byte_or(dtype, count(name, row, col, view)) for view in range(SEEN)]
                if (row, col) == (1, 2) and name in RADIANCES:
                    line[SEEN - 1] = missing
                data[FIRST_ROW + row, FIRST_COL + col] = line
            else:
                data[FIRST_ROW + row, FIRST_COL + col] = byte_or(dtype, count(name, row, col))
    data.attrs["_FillValue"] = np.array([fill], np.int64)
    if missing is not None:
        data.attrs["missing_value"] = np.array([missing], np.int64)
    data.attrs["scale_factor_err"] = 0.0
    data.attrs["add_offset"] = 0.0
    data.attrs["add_offset_err"] = 0.0
    data.attrs["scale_factor"] = scale
    data.attrs["units"] = units
    data.attrs["scaling_equation"] = "physical_value = scale_factor * SDS_count + add_offset"
    return data


def write_granule(path, **layout):
    """A half orbit of 4 x 6 pixels seen from 13 views."""
    directional, plain = "Data_Directional_Fields", {"directional": False}
    whole = {key: value for key, value in layout.items() if key != "chunks"}
    if "chunks" in layout:
        plain["chunks"] = layout["chunks"][:2]
    plain |= whole
    with h5py.File(path, "w") as file:
        for name in RADIANCES:
            add(file, directional, name, "i2", 1e-4, 32767, -32767, "no unit", **layout)
        add(file, directional, "phi", "u2", 0.006, 65535, 65534, "degrees", **layout)
        add(file, directional, "thetas", "u2", 0.0015, 65535, 65534, "degrees", **layout)
        add(file, directional, "thetav", "u2", 0.0015, 65535, 65534, "degrees", **layout)
        nviews = add(file, "Data_Fields", "Nviews", "u1", 1.0, 255, None, "no unit", **plain)
        seen = np.s_[FIRST_ROW : FIRST_ROW + HEIGHT, FIRST_COL : FIRST_COL + WIDTH]
        nviews[seen] = SEEN
        cloud = add(
            file, "Geolocation_Fields", "cloud_indicator", "u1", 1.0, 255, None, "", **plain
        )
        cloud[seen] = 50
        add(file, "Data_Fields", "phis", "u2", 0.006, 65535, 65534, "degrees", **plain)
        for name, code in (("Latitude", 99999), ("Longitude", -99999)):
            add(file, "Geolocation_Fields", name, "f4", 1.0, code, None, "degrees", **plain)
        land = add(file, "Geolocation_Fields", "land_sea_flag", "u1", 1.0, 255, None, "", **plain)
        land[seen] = 100
        add(file, "Geolocation_Fields", "surface_altitude", "i2", 1.0, 32767, -32767, "m", **plain)
        for name in FLAGS:
            flag = add(
                file, "Quality_Flags_Directional_Fields", name, "u1", 1.0, 255, None, "", **layout
            )
            flag[seen] = 1


@pytest.fixture(scope="session")
def granule(tmp_path_factory):
    """A half orbit on disk; tests copy it before they change it."""
    path = tmp_path_factory.mktemp("polder") / NAME
    write_granule(path)
    return path


@pytest.fixture
def changed(granule, tmp_path):
    """A copy of the half orbit that may be changed."""
    path = tmp_path / NAME
    path.write_bytes(granule.read_bytes())
    return path


@pytest.fixture(scope="session")
def written():
    """The function `write_granule`, for other layouts."""
    return write_granule


@pytest.fixture(scope="session")
def count_of():
    """The function `count`: what the fixture holds."""
    return count
