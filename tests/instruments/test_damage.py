"""Readers of tracks on damaged files: a typed error or a Track, never a crash or another error."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

CASES = [
    pytest.param(30, id="30"),
    pytest.param(500, id="500", marks=pytest.mark.slow),
]
PROFILES, BINS = 12, 125
LATITUDE = np.linspace(-3, 3, PROFILES)
LONGITUDE = np.linspace(10, 11, PROFILES)
TIME = np.datetime64("2008-06-01T13:30", "ns") + np.arange(PROFILES) * np.timedelta64(160, "ms")


def write_hdf4(path, kind):
    pytest.importorskip("pyhdf")
    from nephoscope.instruments.cloudsat import encode
    from nephoscope.simulate.earth import profilers

    height = np.tile(25000 - 240.0 * np.arange(BINS), (PROFILES, 1))
    codes = encode(np.random.default_rng(0).integers(-1, 9, height.shape))
    place = (path, LATITUDE, LONGITUDE, TIME)
    if kind == "layers":
        base = np.full((PROFILES, 1), 9000.0)
        kinds = np.ones((PROFILES, 1), np.int8)
        profilers.write_layers(*place, height, (base, base + 900, kinds, kinds))
    elif kind == "offsets":
        pixels = np.zeros((PROFILES, 2), np.int32)
        profilers.write_time_offsets(*place, LATITUDE, LONGITUDE, pixels)
    else:
        write = {"granule": profilers.write_granule, "caltrack": profilers.write_caltrack}[kind]
        write(*place, height, codes)


def write_dardar(path, kind):
    pytest.importorskip("netCDF4")
    from nephoscope.simulate.earth import profilers

    height = 25080 - 60.0 * np.arange(436)
    grid = np.random.default_rng(0).random((PROFILES, 436))
    flags = np.ones(PROFILES, np.int8)
    if kind == "nice":
        names = ("iwc", "icnc_5um", "icnc_100um", "reffcli", "ta")
        fields = {**dict.fromkeys(names, grid), "clm": grid.astype(np.int8)}
        fields["nightday_flag"] = flags
        profilers.write_nice(path, LATITUDE, LONGITUDE, TIME, height, fields)
    else:
        write_dardar_cloud(path, height, grid.astype(np.float32))


def write_dardar_cloud(path, height, grid):
    import netCDF4

    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("time", PROFILES)
        file.createDimension("height", len(height))
        profile = {"time": np.arange(PROFILES), "latitude": LATITUDE, "longitude": LONGITUDE}
        for name, values in profile.items():
            file.createVariable(name, "f4", ("time",))[:] = values
        file["time"].units = "seconds since 2008 06 01 00:00:00 UTC"
        file.createVariable("height", "f4", ("height",))[:] = height
        for name in ("iwc", "effective_radius", "temperature"):
            file.createVariable(name, "f4", ("time", "height"), zlib=True, shuffle=True)[:] = grid


def read_damaged(reader, path, count):
    """Lines of the program, which must come to its end."""
    words = [sys.executable, str(Path(__file__).with_name("damage.py")), reader, str(path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(  # noqa: S603 - our own script
        [*words, "0", str(count)], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, f"{done.stdout[-200:]}\n{done.stderr[-2000:]}"
    lines = [line.split() for line in done.stdout.splitlines()]
    assert len(lines) == count
    assert {ended for _, ended, _ in lines} <= {"read", "told"}
    return lines


@pytest.mark.parametrize("count", CASES)
@pytest.mark.parametrize("kind", ["granule", "caltrack", "layers", "offsets"])
def test_damaged_hdf4(tmp_path, kind, count):
    path = tmp_path / "a_2B-CLDCLASS.hdf"
    write_hdf4(path, kind)
    function = "read_time_offsets" if kind == "offsets" else "read"
    lines = read_damaged(f"nephoscope.instruments.cloudsat:{function}", path, count)
    assert sum(ended == "told" for _, ended, _ in lines) > count / 10


@pytest.mark.parametrize("count", CASES)
@pytest.mark.parametrize("kind", ["nice", "cloud"])
def test_damaged_dardar(tmp_path, kind, count):
    path = tmp_path / "DARDAR.nc"
    write_dardar(path, kind)
    lines = read_damaged("nephoscope.instruments.dardar:read", path, count)
    assert sum(ended == "told" for _, ended, _ in lines) > count / 10
