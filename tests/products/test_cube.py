"""A cube opens in plain tools, and is the same in whatever order and by whomever it was made."""

import importlib.util
import shutil
import subprocess
import sys
import tempfile
import tracemalloc
from pathlib import Path

import netCDF4
import numpy as np
import pytest
import xarray as xr
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from nephoscope.errors import InputError, OutputError
from nephoscope.products import cf
from nephoscope.products.cube import Cube, slots_made
from nephoscope.products.netcdf import write_netcdf
from nephoscope.products.pack import unfilled

_spec = importlib.util.spec_from_file_location(
    "cube_factory", Path(__file__).parents[1] / "cube_factory.py"
)
factory = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(factory)
EPOCH = factory.EPOCH
KEY = factory.KEY
SHAPE = factory.SHAPE
STEP = factory.STEP
TEMPLATE = factory.TEMPLATE
files_below = factory.files_below
made_of = factory.made_of
numbers_of = factory.numbers_of
opened = factory.opened
packed = factory.packed
write = factory.write


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A cube of the slots 0, 2 and 3; not to be written to."""
    path = tmp_path_factory.mktemp("with a space") / "a cube.zarr"
    made_of(path, [0, 2, 3])
    return path


def test_slots_are_made_where_their_status_says_so(made, tmp_path):
    cube = shutil.copytree(made, tmp_path / "cube.zarr")
    assert slots_made(cube) == [0, 2, 3]
    (cube / "status" / "c.2").write_bytes(b"\0")
    (cube / "status" / "c.1.0123.part").write_bytes(b"\1")  # being written
    assert slots_made(cube) == [0, 3]


@pytest.mark.parametrize("consolidated", [None, False])
def test_plain_xarray_reads_times_numbers_and_what_is_missing(made, consolidated):
    cube = xr.open_zarr(made, chunks=None, consolidated=consolidated)
    times = EPOCH + np.arange(4) * STEP
    np.testing.assert_array_equal(cube["time"], times)
    np.testing.assert_array_equal(cube["time_bnds"], np.stack([times, times + STEP], 1))
    np.testing.assert_array_equal(cube["status"], [1, 0, 1, 1])
    assert cube["status"].flag_meanings == "not_made done"
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
        config={"write_empty_chunks": True},
    )
    again[2] = packed(2)["iwc"].values
    np.testing.assert_array_equal(array[2], again[2])
    ours, theirs = made / "iwc" / "c.2.0.0.0", tmp_path / "again" / "c" / "2" / "0" / "0" / "0"
    assert ours.read_bytes() == theirs.read_bytes()


def test_a_slot_is_one_file_of_each_variable_and_one_byte_of_status(made):
    names = [name for name in files_below(made) if "/c.2" in name]
    assert sorted(names) == [
        "cloud_mask/c.2.0.0", "iwc/c.2.0.0.0", "iwp/c.2.0.0", "status/c.2"
    ]  # fmt: skip
    assert (made / "status" / "c.2").read_bytes() == b"\x01"


@settings(max_examples=3)
@given(st.permutations([0, 1, 4]))
def test_bytes_do_not_depend_on_the_order_of_slots(order):
    with tempfile.TemporaryDirectory() as folder:
        cube = opened(Path(folder) / "a")
        for number in order:
            write(cube, number)
        assert files_below(Path(folder) / "a") == made_of(Path(folder) / "b", [0, 1, 4])


def test_a_slot_that_is_made_again_is_the_same_and_the_axis_never_shrinks(made, tmp_path):
    path = tmp_path / "cube"
    shutil.copytree(made, path)
    before = files_below(path)
    cube = opened(path)
    assert [cube.done(EPOCH + n * STEP) for n in range(5)] == [True, False, True, True, False]
    write(cube, 0)
    assert files_below(path) == before


def test_a_slot_of_nothing_is_made_and_holds_fill_values(tmp_path):
    cube = opened(tmp_path / "cube")
    empty = TEMPLATE.isel(time=0)[["iwc", "iwp", "cloud_mask"]].drop_vars(TEMPLATE.coords)
    cube.write(EPOCH + STEP, empty)
    assert cube.done(EPOCH + STEP)
    read = xr.open_zarr(tmp_path / "cube", chunks=None)
    np.testing.assert_array_equal(read["status"], [0, 1])
    assert all(np.isnan(read[name]).all() for name in empty)
    write(cube, 1)
    assert files_below(tmp_path / "cube") == made_of(tmp_path / "other", [1])


def test_no_more_than_one_packed_variable_is_in_memory_once_more(tmp_path):
    shape = (8, 1024, 256)
    attrs = {"_FillValue": np.int16(-1)}
    layers = {name: unfilled(("time", "z", "y", "x"), (1, *shape), "i2", attrs) for name in "abcd"}
    cube = opened(tmp_path / "cube", template=xr.Dataset(layers), chunks={"y": 64, "x": 64})
    values = np.random.default_rng(0).integers(0, 2**15, shape, np.int16)
    product = xr.Dataset({name: (("z", "y", "x"), values) for name in "abcd"})
    cube.write(EPOCH, product)  # what is imported late
    tracemalloc.start()
    cube.write(EPOCH + STEP, product)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * values.nbytes
    assert (xr.open_zarr(tmp_path / "cube", chunks=None, mask_and_scale=False)["d"] == values).all()


@pytest.mark.parametrize(
    "time",
    [EPOCH + np.timedelta64(7, "m"), EPOCH - STEP, np.datetime64("NaT"),
     np.datetime64("2010-06-01T00:15:00.000000001", "ns")],
)  # fmt: skip
def test_a_time_of_no_slot_is_named(made, time):
    cube = Cube(made, EPOCH, 900)
    for ask in (cube.done, lambda time: cube.write(time, packed(0))):
        with pytest.raises(InputError, match="is the time of no slot") as error:
            ask(time)
        assert error.value.field == "time"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"key": KEY | {"weights_sha256": "cd"}}, rf"weights_sha256 \({'ab' * 32}, not cd\)"),
        ({"key": KEY | {"background": "cd"}}, r"background \(None, not cd\)"),
        ({"step": 1800}, r"time_coverage_resolution \(PT900S, not PT1800S\)"),
        ({"epoch": EPOCH + STEP}, "time.units"),
        ({"chunks": {"y": 16}}, "cloud_mask.chunk_grid"),
        ({"template": TEMPLATE.drop_vars("iwp")}, "iwp"),
        ({"template": TEMPLATE.assign_coords(x=TEMPLATE.x * 2)}, "x:"),
        ({"template": TEMPLATE.isel(y=slice(0, 20))}, "cloud_mask.shape"),
        (
            {"template": TEMPLATE.assign(iwp=TEMPLATE.iwp.assign_attrs(scale_factor=0.01))},
            "iwp.scale_factor",
        ),
        ({"template": TEMPLATE.assign(iwp=TEMPLATE.iwp.astype("i4"))}, "iwp.data_type"),
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
    with pytest.raises(OutputError, match="torn: is there and is no cube"):
        opened(tmp_path / "torn")


def test_damaged_metadata_of_a_variable_are_made_again(made, tmp_path):
    shutil.copytree(made, tmp_path / "cube")
    for name in ("iwc", "time"):
        (tmp_path / "cube" / name / "zarr.json").write_text("{")
    opened(tmp_path / "cube")
    assert files_below(tmp_path / "cube") == files_below(made)


def test_products_that_do_not_fit_are_refused(made, tmp_path):
    shutil.copytree(made, tmp_path / "cube")
    cube, product = opened(tmp_path / "cube"), packed(0)
    wrong = {
        "iwp is float64": product.assign(iwp=product["iwp"] * 0.001),
        "iwp is not in the cube, or": product.drop_vars("iwp"),
        "other is not in the cube, or": product.assign(other=product["iwp"]),
        "iwp is int16": product.assign(iwp=product["iwp"].transpose("x", "y")),
        "cloud_mask is uint8": product.isel(y=slice(0, 20)),
    }
    for problem, other in wrong.items():
        with pytest.raises(ValueError, match=problem):
            cube.write(EPOCH, other)
    assert files_below(tmp_path / "cube") == files_below(made)
    with pytest.raises(ValueError, match="time is not the first"):
        opened(tmp_path / "other", template=TEMPLATE.assign(a=(("y", "time"), np.ones((21, 1)))))


def slot_of(path: Path, time: np.datetime64) -> xr.Dataset:
    """A slot as it is stored, as `write_netcdf` takes it."""
    cube = xr.open_zarr(path, chunks=None, mask_and_scale=False, decode_times=False)
    slot = cube.isel(time=[int((time - EPOCH) / STEP)]).load().drop_encoding()
    for variable in slot.variables.values():
        for name in variable.attrs.keys() & {"flag_values", "flag_masks", "valid_range"}:
            # JSON does not say of which type a number is; CF wants the variable's.
            variable.attrs[name] = np.array(variable.attrs[name], variable.dtype)
    return slot.set_coords(
        [v.attrs["bounds"] for v in slot.variables.values() if "bounds" in v.attrs]
    )


def test_a_slot_as_netcdf_holds_the_same_numbers(made, tmp_path):
    write_netcdf(slot_of(made, EPOCH + 2 * STEP), tmp_path / "slot.nc")
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


@pytest.mark.slow
def test_compliance_checker_finds_no_error_in_a_slot(made, tmp_path):
    checker = Path(sys.executable).with_name("compliance-checker")
    if not checker.exists():
        pytest.skip("compliance-checker is not installed")
    write_netcdf(slot_of(made, EPOCH + 2 * STEP), tmp_path / "slot.nc")
    version = cf.CONVENTIONS.replace("CF-", "cf:")
    report = subprocess.run(  # noqa: S603 - our own tools on our own file
        [checker, "--test", version, tmp_path / "slot.nc"],
        capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip
    assert "Corrective Actions" in report or "All tests passed" in report
    assert "Errors" not in report, report
