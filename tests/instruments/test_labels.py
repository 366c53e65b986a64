import h5netcdf
import numpy as np
import pytest

from nephoscope.errors import InputError
from nephoscope.instruments import marci

ROWS, COLS = 1801, 3600


def write(path, values, latitude=None, longitude=None, name="cloudmask"):
    rows, cols = values.shape
    latitude = np.linspace(-90, 90, rows) if latitude is None else latitude
    longitude = -180 + 0.1 * np.arange(cols) if longitude is None else longitude
    with h5netcdf.File(path, "w") as file:
        file.dimensions = {"x": cols, "y": rows}
        file.create_variable("longitude", ("x",), data=longitude.astype("f4"))
        file.create_variable("latitude", ("y",), data=latitude.astype("f4"))
        file.create_variable(name, ("y", "x"), data=values.astype("f4"), compression="gzip")


@pytest.fixture
def values():
    """South first, as in the files: the southernmost row is clear, the next one cloud."""
    values = np.full((ROWS, COLS), -999.0)
    values[0], values[1] = 0, 95
    values[2, :10] = np.nan
    return values


def test_a_label_comes_north_first_with_its_three_classes(tmp_path, values):
    path = tmp_path / "cloudmask_P01day01.ncdf"
    write(path, values)
    label = marci.read_label(path)
    assert (label.shape, label.dtype) == ((ROWS, COLS), np.int8)
    assert set(label[-1]) == {0}
    assert set(label[-2]) == {1}
    assert (label[:-2] == -1).all()


def test_a_label_stored_north_first_is_not_turned(tmp_path, values):
    path = tmp_path / "north_first.ncdf"
    write(path, values[::-1], latitude=np.linspace(90, -90, ROWS))
    assert set(marci.read_label(path)[-1]) == {0}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "mask"}, "cloudmask"),
        ({"latitude": np.linspace(-80, 80, ROWS)}, "latitude"),
        ({"latitude": np.full(ROWS, np.nan)}, "latitude"),
        ({"longitude": 0.1 * np.arange(COLS)}, "longitude"),
    ],
)
def test_another_grid_or_variable_is_named(tmp_path, values, changes, field):
    path = tmp_path / "label.ncdf"
    write(path, values, **changes)
    with pytest.raises(InputError) as caught:
        marci.read_label(path)
    assert (caught.value.path, caught.value.field) == (str(path), field)


def test_another_shape_is_named(tmp_path):
    path = tmp_path / "label.ncdf"
    write(path, np.zeros((10, 20)))
    with pytest.raises(InputError, match=r"cloudmask.*shape \(10, 20\)"):
        marci.read_label(path)


def test_probabilities_are_no_label(tmp_path, values):
    path = tmp_path / "predicted.ncdf"
    write(path, np.where(values > 0, 0.9, values))
    with pytest.raises(InputError, match="probabilities"):
        marci.read_label(path)


def test_an_unreadable_file_is_named(tmp_path, values):
    path = tmp_path / "label.ncdf"
    write(path, values)
    content = path.read_bytes()
    for broken in (b"", b"no NetCDF at all", content[: len(content) // 2]):
        path.write_bytes(broken)
        with pytest.raises(InputError, match="NetCDF") as caught:
            marci.read_label(path)
        assert caught.value.path == str(path)


@pytest.mark.parametrize(
    ("map_name", "label_name"),
    [
        ("mdgms/P01day01.jpeg", "cloudmask/cloudmask_P01day01.ncdf"),
        ("mdgms/P01_day01.jpg", "cloudmasks/cloudmask_P01_day01.ncdf"),
        ("P01_day01_zequat.jpg", "cloudmask_P01day01.ncdf"),
        ("P01_day01_zequat.jpg", "cloudmask/cloudmask_P01_day01.nc"),
    ],
)
def test_the_label_of_a_map_is_found_by_name(tmp_path, map_name, label_name):
    label = tmp_path / label_name
    label.parent.mkdir(exist_ok=True)
    label.touch()
    assert marci.label_path_for(tmp_path / map_name) == label
    assert (
        marci.label_path_for(tmp_path / map_name.replace("01.", "02.").replace("01_z", "02_z"))
        is None
    )
