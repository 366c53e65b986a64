"""A cube opens in plain tools, and is the same in whatever order and by whomever it was made."""

import io
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import threading
import tracemalloc
from itertools import count
from pathlib import Path

import netCDF4
import numpy as np
import pytest
import xarray as xr
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from nephoscope.errors import InputError, OutputError
from nephoscope.instruments.coordinates import LATITUDE, LONGITUDE
from nephoscope.products import cf
from nephoscope.products.cube import Cube, open_cube, read_slot
from nephoscope.products.netcdf import write_netcdf
from nephoscope.products.pack import pack, unfilled
from nephoscope.products.shard import Shard

EPOCH = np.datetime64("2010-06-01T00:00:00", "s")
STEP = np.timedelta64(15, "m")
SHAPE = (3, 21, 18)
CHUNKS = {"y": 8, "x": 8}
KEY = {"weights_sha256": "ab" * 32, "recipe": "tiny"}
ICE = {
    "long_name": "ice water content",
    "units": "kg m-3",
    "quantization_nsb": 7,
    "grid_mapping": "crs",
}
PATH_OF_ICE = {
    "standard_name": "atmosphere_mass_content_of_cloud_ice",
    "long_name": "ice water path",
    "units": "kg m-2",
    "scale_factor": 0.001,
    "_FillValue": np.int16(-1),
    "valid_range": np.array([0, 30000], np.int16),
    "grid_mapping": "crs",
}
MASK = {
    "standard_name": "cloud_binary_mask",
    "long_name": "ice cloud mask",
    "units": "1",
    "_FillValue": np.uint8(255),
    "flag_values": np.array([0, 1], np.uint8),
    "flag_meanings": "clear cloudy",
    "grid_mapping": "crs",
}
CRS = {
    "grid_mapping_name": "geostationary",
    "perspective_point_height": 35785831.0,
    "semi_major_axis": 6378169.0,
    "semi_minor_axis": 6356583.8,
    "latitude_of_projection_origin": 0.0,
    "longitude_of_projection_origin": 0.0,
    "sweep_angle_axis": "y",
}


def made_template() -> xr.Dataset:
    levels, rows, cols = SHAPE
    height = np.arange(levels) * 240.0 + 1800
    y, x = (np.arange(n) * 3000.4 for n in (rows, cols))
    projected = {"units": "m", "long_name": "distance from the sub-satellite point"}
    lat, lon = np.meshgrid(np.arange(rows) / 36, np.arange(cols) / 36, indexing="ij")
    return xr.Dataset(
        {
            "iwc": unfilled(("time", "altitude", "y", "x"), (1, *SHAPE), "f4", ICE),
            "iwp": unfilled(("time", "y", "x"), (1, rows, cols), "i2", PATH_OF_ICE),
            "cloud_mask": unfilled(("time", "y", "x"), (1, rows, cols), "u1", MASK),
            "crs": ((), np.int32(0), CRS),
            "altitude_bnds": (("altitude", "bnds"), np.stack([height - 120, height + 120], 1)),
        },
        coords={
            "altitude": (
                "altitude",
                height,
                {
                    "standard_name": "altitude",
                    "long_name": "height above the geoid",
                    "units": "m",
                    "positive": "up",
                    "axis": "Z",
                    "bounds": "altitude_bnds",
                },
            ),
            "y": ("y", y, projected | {"standard_name": "projection_y_coordinate", "axis": "Y"}),
            "x": ("x", x, projected | {"standard_name": "projection_x_coordinate", "axis": "X"}),
            "latitude": (("y", "x"), lat, LATITUDE),
            "longitude": (("y", "x"), lon, LONGITUDE),
        },
        attrs={
            "Conventions": cf.CONVENTIONS,
            "title": "Ice in clouds",
            "history": "made by a test",
            "institution": "none",
            "source": "nephoscope",
            "references": "none",
            "comment": "none",
        },
    )


TEMPLATE = made_template()


def numbers_of(slot: int) -> dict[str, np.ndarray]:
    """The values of a slot, unpacked: a pure function of its number."""
    random = np.random.default_rng(slot)
    ice = random.random(SHAPE, np.float32) * 1e-3
    ice[random.random(SHAPE) < 0.6] = 0
    ice[:, 5:7, 3:] = np.nan
    path = ice.sum(0) * 240
    return {"iwc": ice, "iwp": path, "cloud_mask": np.where(np.isnan(path), np.nan, path > 0.05)}


def packed(slot: int) -> xr.Dataset:
    return xr.Dataset(
        {
            name: (
                TEMPLATE[name].dims[1:],
                pack(values, TEMPLATE[name].dtype, TEMPLATE[name].attrs),
            )
            for name, values in numbers_of(slot).items()
        }
    )


def opened(path: Path, **changes: object) -> Cube:
    arguments = {"template": TEMPLATE, "epoch": EPOCH, "step": STEP, "chunks": CHUNKS, "key": KEY}
    return open_cube(path, **(arguments | changes))


def write(cube: Cube, number: int, height: int = 5) -> None:
    product = packed(number)
    with cube.slot(EPOCH + number * STEP) as slot:
        for row in range(0, SHAPE[1], height):
            slot.put(product.isel(y=slice(row, row + height)), row)


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def made_of(path: Path, slots: list[int]) -> dict[str, bytes]:
    cube = opened(path)
    for number in slots:
        write(cube, number)
    return files_below(path)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A cube of the slots 0, 2 and 3; not to be written to."""
    path = tmp_path_factory.mktemp("with a space") / "a cube.zarr"
    made_of(path, [0, 2, 3])
    return path


@pytest.mark.parametrize("consolidated", [None, False])
def test_plain_xarray_reads_times_numbers_and_what_is_missing(made, consolidated):
    cube = xr.open_zarr(made, chunks=None, consolidated=consolidated)
    times = EPOCH + np.arange(4) * STEP
    np.testing.assert_array_equal(cube["time"], times)
    np.testing.assert_array_equal(cube["time_bnds"], np.stack([times, times + STEP], 1))
    np.testing.assert_array_equal(cube["status"], [1, 0, 1, 1])
    assert cube["status"].flag_meanings == "not_made done failed"
    assert {"latitude", "longitude", "altitude"} <= set(cube.coords)
    for number in (0, 2, 3):
        for name, expected in numbers_of(number).items():
            stored = cube[name][number].values
            np.testing.assert_array_equal(np.isnan(stored), np.isnan(expected), err_msg=name)
        ice, path, mask = numbers_of(number).values()
        np.testing.assert_allclose(cube["iwc"][number], ice, rtol=2**-8)
        np.testing.assert_allclose(cube["iwp"][number], path, atol=0.000501)
        np.testing.assert_array_equal(cube["cloud_mask"][number], mask)
    for name in ("iwc", "iwp", "cloud_mask"):
        assert np.isnan(cube[name][1]).all()
    np.testing.assert_array_equal(cube["altitude_bnds"], TEMPLATE["altitude_bnds"])
    np.testing.assert_array_equal(cube["latitude"], TEMPLATE["latitude"])
    assert cube.attrs["weights_sha256"] == "ab" * 32
    assert cube.attrs["time_coverage_resolution"] == "PT900S"


def test_plain_zarr_reads_a_shard_that_zarr_itself_would_decode_alike(made, tmp_path):
    array = zarr.open_array(made / "iwc", mode="r")
    assert array.shards == (1, 3, 24, 24)
    assert array.chunks == (1, 3, 8, 8)
    again = zarr.create_array(
        tmp_path / "again",
        shape=array.shape,
        chunks=array.chunks,
        shards=array.shards,
        dtype=array.dtype,
        compressors=array.compressors,
        fill_value=array.fill_value,
    )
    again[2] = packed(2)["iwc"].values
    np.testing.assert_array_equal(array[2], again[2])
    ours, theirs = made / "iwc" / "c.2.0.0.0", tmp_path / "again" / "c" / "2" / "0" / "0" / "0"
    assert ours.stat().st_size == theirs.stat().st_size  # the same chunks in another order


def test_a_slot_is_one_file_of_each_variable_and_one_byte_of_status(made):
    names = [name for name in files_below(made) if "/c.2" in name]
    assert sorted(names) == [
        "cloud_mask/c.2.0.0", "iwc/c.2.0.0.0", "iwp/c.2.0.0", "status/c.2"
    ]  # fmt: skip
    assert (made / "status" / "c.2").read_bytes() == b"\x01"


@settings(max_examples=3)
@given(st.permutations([0, 1, 4]), st.integers(1, SHAPE[1]), st.integers(1, SHAPE[1]))
def test_bytes_do_not_depend_on_the_order_of_slots_nor_on_the_bands(order, height, other):
    with tempfile.TemporaryDirectory() as folder:
        cube = opened(Path(folder) / "a")
        for place, number in enumerate(order):
            write(cube, number, height if place % 2 else other)
        assert files_below(Path(folder) / "a") == made_of(Path(folder) / "b", [0, 1, 4])


def test_a_slot_that_is_made_again_is_the_same_and_the_axis_never_shrinks(made, tmp_path):
    path = tmp_path / "cube"
    shutil.copytree(made, path)
    before = files_below(path)
    cube = opened(path)
    assert [cube.done(EPOCH + n * STEP) for n in range(5)] == [True, False, True, True, False]
    write(cube, 0, height=21)
    assert files_below(path) == before


def test_rows_that_were_not_put_are_missing(tmp_path):
    cube = opened(tmp_path / "cube")
    with cube.slot(EPOCH) as slot:
        slot.put(packed(0).isel(y=slice(9, 12)), 9)
        slot.put(packed(0)[["iwp"]].isel(y=slice(20, 21)), 20)
    assert cube.done(EPOCH)
    read = xr.open_zarr(tmp_path / "cube", chunks=None).isel(time=0)
    known = np.isfinite(read["iwp"]).any("x").values
    np.testing.assert_array_equal(np.flatnonzero(known), [9, 10, 11, 20])
    np.testing.assert_array_equal(np.isfinite(read["iwc"]).any(("x", "altitude"))[12:], False)
    expected = xr.open_zarr(tmp_path / "cube", chunks=None, mask_and_scale=False)["iwp"][0, 9:12]
    np.testing.assert_array_equal(expected, packed(0)["iwp"][9:12])


def test_a_slot_that_failed_is_noted_and_holds_nothing(tmp_path):
    cube = opened(tmp_path / "cube")
    write(cube, 1)
    cube.fail(EPOCH + STEP)
    cube.fail(EPOCH + 2 * STEP)
    read = xr.open_zarr(tmp_path / "cube", chunks=None)
    np.testing.assert_array_equal(read["status"], [0, 2, 2])
    assert np.isnan(read["iwc"]).all()
    assert not cube.done(EPOCH + STEP)
    write(cube, 1)
    write(cube, 2)
    assert files_below(tmp_path / "cube") == made_of(tmp_path / "other", [1, 2])


def test_a_block_that_raises_leaves_the_slot_as_it_was(made, tmp_path):
    path = tmp_path / "cube"
    shutil.copytree(made, path)
    before = files_below(path)
    cube = opened(path)

    def stop_halfway(number: int) -> None:
        with cube.slot(EPOCH + number * STEP) as slot:
            slot.put(packed(7).isel(y=slice(0, 10)))
            raise ZeroDivisionError

    for number in (2, 9):
        with pytest.raises(ZeroDivisionError):
            stop_halfway(number)
    assert files_below(path) == before


@pytest.mark.parametrize("moment", ["_write_chunks", "close"])
def test_a_full_disk_is_named_and_the_slot_can_be_made_later(tmp_path, monkeypatch, moment):
    def fill_disk(shard):
        raise OSError(28, "No space left on device")

    cube = opened(tmp_path / "cube")
    with monkeypatch.context() as patch:
        patch.setattr(Shard, moment, fill_disk)
        with pytest.raises(OutputError, match="could not be written: No space left"):
            write(cube, 1)
    assert not cube.done(EPOCH + STEP)
    assert not [name for name in files_below(tmp_path / "cube") if "/c.1" in name]
    write(cube, 1)
    assert files_below(tmp_path / "cube") == made_of(tmp_path / "other", [1])


def test_no_more_than_a_row_of_chunks_is_in_memory(tmp_path):
    shape = (8, 2048, 256)
    attrs = {"_FillValue": np.int16(-1)}
    template = xr.Dataset({"a": unfilled(("time", "z", "y", "x"), (1, *shape), "i2", attrs)})
    cube = opened(tmp_path / "cube", template=template, chunks={"y": 64, "x": 64})
    band = xr.Dataset({"a": (("z", "y", "x"), np.ones((8, 64, 256), np.int16))})
    with cube.slot(EPOCH):  # what is imported late
        pass
    tracemalloc.start()
    with cube.slot(EPOCH) as slot:
        for row in range(0, 2048, 64):
            slot.put(band, row)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * band["a"].nbytes < np.prod(shape) * 2 / 4
    assert (xr.open_zarr(tmp_path / "cube", chunks=None)["a"] == 1).all()


@pytest.mark.parametrize(
    "time",
    [EPOCH + np.timedelta64(7, "m"), EPOCH - STEP, np.datetime64("NaT"),
     np.datetime64("2010-06-01T00:15:00.000000001", "ns")],
)  # fmt: skip
def test_a_time_of_no_slot_is_named(made, time):
    cube = Cube(made, EPOCH, 900)
    for ask in (cube.done, cube.fail, lambda time: cube.slot(time).__enter__()):
        with pytest.raises(InputError, match="is the time of no slot") as error:
            ask(time)
        assert error.value.field == "time"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"key": KEY | {"weights_sha256": "cd"}}, rf"weights_sha256 \({'ab' * 32}, not cd\)"),
        ({"key": KEY | {"background": "cd"}}, r"background \(None, not cd\)"),
        ({"step": np.timedelta64(30, "m")}, r"time_coverage_resolution \(PT900S, not PT1800S\)"),
        ({"epoch": EPOCH + STEP}, "time.units"),
        ({"chunks": {"y": 16}}, "cloud_mask.chunks"),
        ({"template": TEMPLATE.drop_vars("iwp")}, "iwp"),
        ({"template": TEMPLATE.assign_coords(x=TEMPLATE.x * 2)}, "x:"),
        ({"template": TEMPLATE.isel(y=slice(0, 20))}, "cloud_mask.shape"),
        (
            {"template": TEMPLATE.assign(iwp=TEMPLATE.iwp.assign_attrs(scale_factor=0.01))},
            "iwp.scale_factor",
        ),
        ({"template": TEMPLATE.assign(iwp=TEMPLATE.iwp.astype("i4"))}, "iwp.dtype"),
    ],
)
def test_a_cube_of_something_else_is_not_written_to(made, changes, named):
    before = files_below(made)
    with pytest.raises(OutputError, match=f"was made with another {named}"):
        opened(made, **changes)
    assert files_below(made) == before


def test_places_that_cannot_hold_a_cube_are_named(made, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    for name in ("folder", "file"):
        with pytest.raises(OutputError, match=f"{name}: is there and is no cube"):
            opened(tmp_path / name)
    with pytest.raises(OutputError, match="could not be written: "):
        opened(tmp_path / "file" / "cube")
    shutil.copytree(made, tmp_path / "torn")
    (tmp_path / "torn" / "zarr.json").write_text("{")
    with pytest.raises(OutputError, match="torn: cannot be read as Zarr"):
        opened(tmp_path / "torn")
    shutil.copytree(made, tmp_path / "half")
    (tmp_path / "half" / "iwc" / "zarr.json").write_text("{")
    with pytest.raises(OutputError, match="half: its metadata are damaged"):
        opened(tmp_path / "half")


def test_bands_that_do_not_fit_are_refused(tmp_path):
    cube, product = opened(tmp_path / "cube"), packed(0)
    wrong = {
        "iwp is float64": product.assign(iwp=product["iwp"] * 0.001),
        "not in the cube": product.rename(iwp="other"),
        "iwp is int16": product[["iwp"]].transpose("x", "y"),
        "do not lie within": xr.concat([product] * 2, "y"),
    }
    for problem, band in wrong.items():
        with pytest.raises(ValueError, match=problem), cube.slot(EPOCH) as slot:
            slot.put(band)
    with cube.slot(EPOCH + STEP) as slot:
        slot.put(product.isel(y=slice(0, 5)))
        with pytest.raises(ValueError, match="row 4 comes after row 4"):
            slot.put(product.isel(y=slice(4, 9)), 4)
    with pytest.raises(ValueError, match="not time and y"):
        opened(tmp_path / "other", template=TEMPLATE.assign(a=("time", [1.0])))
    with pytest.raises(ValueError, match="whole seconds"):
        opened(tmp_path / "other", step=np.timedelta64(1500, "ms"))
    assert not cube.done(EPOCH)


@pytest.mark.parametrize("keep", [0, 10, 0.5, -1])
def test_a_truncated_shard_is_seen_and_made_again(made, tmp_path, keep):
    path = tmp_path / "cube"
    shutil.copytree(made, path)
    shard = path / "iwc" / "c.2.0.0.0"
    whole = shard.read_bytes()
    shard.write_bytes(whole[: int(len(whole) * keep) if keep == 0.5 else keep])
    cube = opened(path)
    assert not cube.done(EPOCH + 2 * STEP)
    assert cube.done(EPOCH + 3 * STEP)
    if keep:  # of an empty file zarr reads fill values
        with pytest.raises(ValueError, match="checksum"):
            xr.open_zarr(path, chunks=None)["iwc"][2].load()
    write(cube, 2)
    assert shard.read_bytes() == whole
    shard.unlink()
    assert not cube.done(EPOCH + 2 * STEP)


class Killed(BaseException):
    """The process is no more: whatever it tries to do with files raises this."""


def kill_after(monkeypatch, steps: int) -> None:
    """From the given call on that touches files, in this thread, all raise."""
    left = [steps]

    def until_dead(function):
        def call(*args, **kwargs):
            if threading.current_thread() is threading.main_thread():
                if left[0] == 0:
                    raise Killed
                left[0] -= 1
            return function(*args, **kwargs)

        return call

    for name in ("replace", "rename", "unlink", "mkdir", "fsync"):
        monkeypatch.setattr(os, name, until_dead(getattr(os, name)))
    monkeypatch.setattr(io, "open", until_dead(io.open))
    monkeypatch.setattr(os, "getpid", lambda: 2**30)  # of no process


@pytest.mark.parametrize("action", ["new", "again", "fail"])
@pytest.mark.parametrize("stride", [13, pytest.param(1, marks=pytest.mark.slow)])
def test_killed_at_any_step_it_is_readable_and_ends_the_same(
    made, tmp_path, monkeypatch, action, stride
):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # slow, and seen by no process
    number = {"new": 6, "again": 2, "fail": 3}[action]

    def act(cube: Cube) -> None:
        if action == "fail":
            cube.fail(EPOCH + number * STEP)
        else:
            write(cube, number, height=21)

    shutil.copytree(made, tmp_path / "expected")
    act(opened(tmp_path / "expected"))
    expected = files_below(tmp_path / "expected")
    for steps in count(0, stride):
        path = tmp_path / f"{steps}"
        shutil.copytree(made, path)
        cube = opened(path)
        with monkeypatch.context() as patch:
            kill_after(patch, steps)
            try:
                act(cube)
            except Killed:
                pass
            else:
                break
        read = xr.open_zarr(path, chunks=None)
        for slot in np.flatnonzero(read["status"].values == 1):
            stored = read["iwc"][slot].values
            np.testing.assert_allclose(stored, numbers_of(int(slot))["iwc"], rtol=2**-8)
        act(opened(path))
        assert files_below(path) == expected, steps
    assert steps > stride


@pytest.mark.slow
def test_two_processes_grow_it_at_once_and_one_is_killed(tmp_path):
    cube = opened(tmp_path / "cube")
    assert not cube.done(EPOCH)
    (tmp_path / "cube.pickle").write_bytes(pickle.dumps(cube))
    command = [sys.executable, __file__, str(tmp_path / "cube.pickle")]
    odd, even = (
        subprocess.Popen([*command, *map(str, slots)])  # noqa: S603 - this file
        for slots in (range(1, 16, 2), range(14, -1, -2))
    )
    while not (tmp_path / "cube" / "status" / "c.5").exists():
        assert odd.poll() in (None, 0)
    odd.kill()
    odd.wait()
    assert even.wait() == 0
    again = opened(tmp_path / "cube")
    for number in range(16):
        if not again.done(EPOCH + number * STEP):
            assert number % 2
            write(again, number)
    assert files_below(tmp_path / "cube") == made_of(tmp_path / "other", list(range(16)))


@pytest.mark.slow
def test_two_processes_that_make_it_at_once_make_one(tmp_path):
    command = [sys.executable, __file__, str(tmp_path / "cube")]
    writers = [subprocess.Popen([*command, number]) for number in "03"]  # noqa: S603 - this file
    assert [writer.wait() for writer in writers] == [0, 0]
    assert files_below(tmp_path / "cube") == made_of(tmp_path / "other", [0, 3])


def test_a_slot_as_netcdf_holds_the_same_numbers(made, tmp_path):
    write_netcdf(read_slot(made, EPOCH + 2 * STEP), tmp_path / "slot.nc")
    with netCDF4.Dataset(tmp_path / "slot.nc") as file:
        for name, expected in numbers_of(2).items():
            stored = np.ma.filled(file[name][0].astype(float), np.nan)
            np.testing.assert_allclose(stored, expected, rtol=2**-8, atol=0.000501, err_msg=name)
        assert file["iwp"].dtype == file["iwp"].valid_range.dtype == np.int16
        assert file["status"][:].tolist() == [1]
        assert netCDF4.num2date(file["time"][0], file["time"].units).isoformat() == (
            "2010-06-01T00:30:00"
        )
        assert file["iwc"].filters()["zlib"]
    with pytest.raises(InputError, match="holds no slot of 2010-06-02"):
        read_slot(made, EPOCH + 96 * STEP)
    with pytest.raises(InputError, match="cannot be read as Zarr"):
        read_slot(tmp_path, EPOCH)


@pytest.mark.slow
def test_compliance_checker_finds_no_error_in_a_slot(made, tmp_path):
    checker = Path(sys.executable).with_name("compliance-checker")
    if not checker.exists():
        pytest.skip("compliance-checker is not installed")
    write_netcdf(read_slot(made, EPOCH + 2 * STEP), tmp_path / "slot.nc")
    version = cf.CONVENTIONS.replace("CF-", "cf:")
    report = subprocess.run(  # noqa: S603 - our own tools on our own file
        [checker, "--test", version, tmp_path / "slot.nc"],
        capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip
    assert "Corrective Actions" in report or "All tests passed" in report
    assert "Errors" not in report, report


if __name__ == "__main__":
    place = Path(sys.argv[1])
    shared = pickle.loads(place.read_bytes()) if place.is_file() else opened(place)  # noqa: S301
    for argument in sys.argv[2:]:
        write(shared, int(argument))
