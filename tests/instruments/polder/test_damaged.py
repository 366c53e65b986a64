"""Whatever is wrong with a file, the error names it and the field; nothing crashes or hangs."""

import subprocess
import sys

import h5py
import numpy as np
import pytest

from nephoscope.errors import InputError, UsageError
from nephoscope.instruments.polder import box
from nephoscope.instruments.polder import read as read_half_orbit

BOX = box((1200, 1204), (3000, 3006))
I443 = "Data_Directional_Fields/I443NP"
FIELDS = ["I443NP", "thetas", "Nviews", "Latitude"]


def fault(path, fields=FIELDS, **options):
    options = options or {"window": BOX}
    with pytest.raises(InputError) as caught:
        read_half_orbit(path, fields=fields, **options)
    assert caught.value.path == str(path)
    return caught.value


def test_absent_empty_and_foreign_files(tmp_path, granule):
    absent = tmp_path / granule.name
    assert "No such file" in fault(absent).problem
    absent.write_bytes(b"")
    assert "empty" in fault(absent).problem
    absent.write_bytes(b"no HDF5 at all" * 100)
    assert "cannot be read" in fault(absent).problem
    with pytest.raises(UsageError, match="folder"):
        read_half_orbit(tmp_path)


def test_files_of_other_products_and_satellites(changed, tmp_path):
    other = tmp_path / "POLDER3_L2B-RGB-080176M_2008-06-03T01-34-54_V1-01.h5"
    other.write_bytes(changed.read_bytes())
    assert "by its name no POLDER3_L1B-BG1" in fault(other).problem
    modis = tmp_path / "MYD021KM.h5"
    with h5py.File(modis, "w") as file:
        file["EV_250"] = np.zeros(4)
    error = fault(modis)
    assert (error.field, error.problem) == (I443, "is HDF5, but no PARASOL level-1B file")


@pytest.mark.parametrize("share", [0.02, 0.5, 0.99, 0.99999])
def test_truncated(changed, share):
    content = changed.read_bytes()
    changed.write_bytes(content[: int(len(content) * share)])
    fault(changed)


@pytest.mark.parametrize("name", [I443, "Data_Directional_Fields/thetas", "Data_Fields/Nviews"])
def test_a_missing_dataset_is_named(changed, name):
    with h5py.File(changed, "r+") as file:
        del file[name]
    assert fault(changed).field == name


def test_a_group_in_place_of_a_dataset_and_a_dataset_in_place_of_a_group(changed):
    with h5py.File(changed, "r+") as file:
        del file["Data_Directional_Fields/thetas"], file["Geolocation_Fields"]
        file.create_group("Data_Directional_Fields/thetas")
        file["Geolocation_Fields"] = 1
    assert fault(changed).problem == "is no dataset"
    assert fault(changed, ["Latitude"]).field == "Geolocation_Fields/Latitude"


@pytest.mark.parametrize(
    ("name", "dtype", "shape"),
    [
        (I443, "i4", None),
        (I443, "u2", None),
        (I443, "f4", None),
        (I443, "S2", None),
        ("Data_Directional_Fields/thetas", "i2", None),
        ("Geolocation_Fields/Latitude", "i2", None),
        ("Data_Fields/Nviews", "f4", None),
        (I443, "i2", (3240, 6480)),
        (I443, "i2", (3240, 6480, 14)),
        ("Data_Fields/Nviews", "u1", (1080, 2160)),
    ],
)
def test_a_wrong_type_or_shape_is_named(changed, name, dtype, shape):
    with h5py.File(changed, "r+") as file:
        attributes = dict(file[name].attrs)
        shape = shape or file[name].shape
        del file[name]
        file.create_dataset(name, shape, dtype, chunks=True).attrs.update(attributes)
    error = fault(changed)
    assert error.field == name
    assert "not" in error.problem


@pytest.mark.parametrize("attribute", ["scale_factor", "add_offset", "_FillValue", "missing_value"])
def test_a_missing_attribute_is_named(changed, attribute):
    with h5py.File(changed, "r+") as file:
        del file[I443].attrs[attribute]
    error = fault(changed)
    assert error.field == f"{I443}: {attribute}"
    assert "missing" in error.problem


@pytest.mark.parametrize("value", ["1e-4", np.nan, np.inf, [1.0, 2.0], 0.0])
def test_a_scale_that_is_no_number_is_named(changed, value):
    with h5py.File(changed, "r+") as file:
        file[I443].attrs["scale_factor"] = value
    assert fault(changed).field == f"{I443}: scale_factor"


def test_pixels_that_nobody_saw(changed):
    assert "nothing" in fault(changed, ["I443NP"], window=box((10, 12), (3239, 3241))).problem
    assert fault(changed, rows=(0, 1200)).field == "Nviews"


def test_a_fill_code_beyond_the_type_is_named(changed):
    with h5py.File(changed, "r+") as file:
        file["Data_Directional_Fields/thetas"].attrs["_FillValue"] = -32767
    assert fault(changed).field == "Data_Directional_Fields/thetas: _FillValue"


def test_rows_that_were_never_written_are_missing_whatever_hdf5_fills_them_with(changed):
    with h5py.File(changed, "r+") as file:
        attributes, content = dict(file[I443].attrs), file[I443][1200]
        del file[I443]
        data = file.create_dataset(
            I443, (3240, 6480, 16), "i2", chunks=(1, 6480, 16), compression="gzip"
        )
        data.attrs.update(attributes)
        data[1200] = content
    found = read_half_orbit(changed, ["I443NP"], BOX)["image"].values
    assert np.isfinite(found[:13, 0]).all()
    assert np.isnan(found[:, 1:]).all()


def test_a_damaged_row_is_named(changed):
    with h5py.File(changed, "r") as file:
        info = file[I443].id.get_chunk_info_by_coord((1201, 0, 0))
    content = bytearray(changed.read_bytes())
    content[info.byte_offset + info.size // 2] ^= 0x55
    changed.write_bytes(content)
    error = fault(changed)
    assert (error.field, error.problem) == (I443, "row 1201 is damaged")


FUZZ = """
import sys, time
from pathlib import Path
import numpy as np
from nephoscope.errors import InputError, UsageError
from nephoscope.instruments.polder import box, read as read_half_orbit

source, work, first, last = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
whole = source.read_bytes()
for case in range(first, last):
    print("case", case, flush=True)
    rng = np.random.default_rng(case)
    content = np.frombuffer(whole, np.uint8).copy()
    # Every other case hits the headers, where all that HDF5 believes stands.
    reach = content.size if case % 2 else 20_000
    places = rng.integers(0, reach, rng.integers(1, 30))
    content[places] = rng.integers(0, 256, places.size)
    stop = content.size if case % 5 else int(rng.integers(1, content.size))
    work.write_bytes(content[:stop].tobytes())
    start = time.process_time()
    try:
        fields = ["I443NP", "thetas", "Nviews", "Latitude"]
        read_half_orbit(work, fields, box((1200, 1204), (3000, 3006)))
        read_half_orbit(work, ["Q490P"], rows=(1190, 1210))
    except InputError as error:
        assert error.path == str(work), error
    assert time.process_time() - start < 2, "too slow"
print("all done")
"""


def fuzz(source, work, first, last):
    run = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-W", "error", "-c", FUZZ, str(source), str(work), str(first), str(last)],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert run.returncode == 0, f"{run.stdout[-200:]}\n{run.stderr[-2000:]}"
    assert run.stdout.endswith("all done\n")


def test_thirty_files_with_flipped_bytes(granule, tmp_path):
    fuzz(granule, tmp_path / granule.name, 0, 30)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(30, 530, 100))
def test_five_hundred_files_with_flipped_bytes(granule, tmp_path, first):
    fuzz(granule, tmp_path / granule.name, first, first + 100)


@pytest.mark.parametrize("scale", [-1e-4, 1e30, 0.0])
def test_a_scale_of_the_wrong_sign_or_size_is_damage(changed, scale):
    with h5py.File(changed, "r+") as file:
        file[I443].attrs["scale_factor"] = scale
    assert "scale_factor" in str(fault(changed))


def test_views_that_hold_nothing_are_no_scene_whatever_else_there_is(changed):
    with h5py.File(changed, "r+") as file:
        for name in (I443, "Data_Directional_Fields/thetas"):
            file[name][1200:1204] = file[name].attrs["_FillValue"]
    assert fault(changed).field == "I443NP"
