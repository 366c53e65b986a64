"""What the writer makes has the archive's form, and reads back to half a count."""

from datetime import datetime

import h5py
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nephoscope.errors import UsageError
from nephoscope.instruments.polder import FIELDS, SCHEMES, HalfOrbit, along
from nephoscope.instruments.polder import read as read_half_orbit
from nephoscope.simulate.earth.polder import write_half_orbit

NAME = HalfOrbit(80, 176, datetime(2008, 6, 3, 1, 34, 54)).file_name
WINDOW = along((1000, 1005), 179.9, 8)
SHAPE = (16, 5, 8)


def physical(seed=0):
    """Values of all directional fields: 14 views, some radiances lost, some pixels unseen."""
    rng = np.random.default_rng(seed)
    values = {}
    for name in SCHEMES["directional"]:
        low, high = {"Q": (-0.2, 0.2), "U": (-0.2, 0.2), "p": (0, 360)}.get(name[0], (0.01, 80))
        values[name] = rng.uniform(low, 1.2 if name[0] == "I" else high, SHAPE)
        values[name][14:] = np.nan
        values[name][:, :, 0] = np.nan
    values["I443NP"][3, 2, 4] = np.nan
    return values


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("written") / NAME
    more = {
        "cloud_indicator": np.full(SHAPE[1:], 100.0),
        "surface_altitude": np.full(SHAPE[1:], -12.0),
    }
    write_half_orbit(path, physical() | more, WINDOW, {"note": "simulated"})
    return path


def test_every_dataset_has_the_archives_type_shape_and_attributes(file):
    with h5py.File(file) as found:
        names = [name for group in found.values() for name in group]
        assert sorted(names) == sorted(FIELDS)
        assert found.attrs["note"] == "simulated"
        for name, dtype, scale in (("I443NP", "i2", 1e-4), ("thetav", "u2", 0.0015)):
            data = found["Data_Directional_Fields"][name]
            assert (data.shape, data.dtype, data.compression) == ((3240, 6480, 16), dtype, "gzip")
            assert data.attrs["scale_factor"] == scale
            assert data.attrs["add_offset"] == 0
            assert list(data.attrs["DIMENSION_LABELS"]) == ["row", "column", "view_direction"]
            assert data.attrs["_FillValue"].dtype == np.int64
        flags = found["Quality_Flags_Directional_Fields/Quality_Flags_14"]
        assert flags.shape == (3240, 6480, 16)
        nviews = found["Data_Fields/Nviews"]
        assert nviews.shape == (3240, 6480)
        assert list(nviews.attrs["DIMENSION_LABELS"]) == ["row", "column"]


def test_fill_missing_and_valid_are_counted_and_sum_to_the_grid(file):
    with h5py.File(file) as found:
        radiance, angle = (found["Data_Directional_Fields"][name] for name in ("I443NP", "thetav"))
        for data, lost in ((radiance, 1), (angle, 0)):
            counted = [data.attrs[f"Num_{kind}"] for kind in ("Fill", "missing_value", "Valid")]
            # 5 rows of 7 pixels seen from 14 views.
            assert counted == [335_923_200 - 5 * 7 * 14, lost, 5 * 7 * 14 - lost]
        rows = radiance[999:1006]
        assert (rows == 32767).sum() == rows.size - 490
        assert (rows == -32767).sum() == 1
        assert (angle[1000:1005] != 65535).sum() == 490
        low, high = angle.attrs["actual_range"]
        assert 0 <= low < high <= 80


def test_values_come_back_to_half_a_count(file):
    scene = read_half_orbit(file, "directional", WINDOW)
    wanted = physical()
    for name, values in wanted.items():
        found = scene["image"].values[scene["field"].values == name]
        np.testing.assert_array_equal(np.isnan(found), np.isnan(values))
        np.testing.assert_allclose(found, values, atol=0.5001 * FIELDS[name].scale + 1e-5)
    rest = ["Nviews", "Latitude", "Longitude", "cloud_indicator", "surface_altitude", "phis"]
    nviews, lat, lon, cloud, height, sun = read_half_orbit(file, rest, WINDOW)["image"].values
    assert (nviews[:, 1:] == 14).all()
    np.testing.assert_allclose(lat[:, 1:], scene["latitude"].values[:, 1:], rtol=1e-6)
    np.testing.assert_allclose(lon[:, 1:], scene["longitude"].values[:, 1:], rtol=1e-6)
    assert np.isnan(lat[:, 0]).all()
    assert (cloud[:, 1:] == 100).all()
    assert (height[:, 1:] == -12).all()
    assert np.isnan(sun).all()


def test_the_seen_swath_is_found_across_the_date_line(file):
    scene = read_half_orbit(file, "minimal")
    assert scene.sizes["x"] in (7, 8)
    assert scene["longitude"].values.min() < -179
    assert scene["longitude"].values.max() > 179
    assert np.isfinite(scene["image"].values[scene["field"].values == "Nviews"]).sum() == 35


@settings(max_examples=4)
@given(each=st.lists(st.floats(-1e4, 1e4), min_size=16, max_size=16))
@example(each=[-1e4, -3.2768, -3.2767, -3.2766, 3.2767, 98.301, 98.3025, 393.21, *[1e4] * 8])
def test_no_value_becomes_a_code(tmp_path_factory, each):
    path = tmp_path_factory.mktemp("clip") / NAME
    window = along((1000, 1001), 0.0, 1)
    wanted = np.reshape(each, (16, 1, 1))
    write_half_orbit(path, dict.fromkeys(SCHEMES["directional"], wanted), window)
    for name, low, high in (("I865P", -32766, 32766), ("thetas", 0, 65533), ("phi", 0, 65533)):
        found = read_half_orbit(path, [name], window)["image"].values
        assert np.isfinite(found).all()
        scale = FIELDS[name].scale
        clipped = np.clip(wanted, low * scale, high * scale)
        np.testing.assert_allclose(found, clipped, atol=0.51 * scale, rtol=1e-6)


def test_the_same_values_make_the_same_bytes(tmp_path, file):
    for name in ("a", "b"):
        write_half_orbit(tmp_path / name, physical(), WINDOW)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_what_cannot_be_written_is_refused(tmp_path):
    values = physical()
    bad = [
        {name: values[name] for name in values if name != "thetas"},
        values | {"I444NP": values["I443NP"]},
        values | {"Nviews": values["I443NP"]},
        values | {"I443NP": values["I443NP"][:14]},
    ]
    for each in bad:
        with pytest.raises(UsageError):
            write_half_orbit(tmp_path / NAME, each, WINDOW)
    assert not list(tmp_path.iterdir())
