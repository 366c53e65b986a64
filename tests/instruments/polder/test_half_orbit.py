"""Counts become physical values by each dataset's own attributes; only what was measured is one."""

import h5py
import numpy as np
import pytest

from nephoscope import open_scene
from nephoscope.errors import InputError, UsageError
from nephoscope.grids.sinusoidal import POLDER
from nephoscope.instruments import recognise
from nephoscope.instruments.polder import (
    Window,
    along,
    box,
    patch,
    reflectance,
)
from nephoscope.instruments.polder import (
    find as find_half_orbits,
)
from nephoscope.instruments.polder import (
    read as read_half_orbit,
)

ROWS, COLS = (1200, 1204), (3000, 3006)
BOX = box(ROWS, COLS)


def expected(count_of, name, scale, shape=(13, 4, 6)):
    views, rows, cols = shape
    return scale * np.array(
        [
            [[count_of(name, row, col, view) for col in range(cols)] for row in range(rows)]
            for view in range(views)
        ]
    )


def plane(scene, field):
    return scene["image"].values[scene["field"].values == field]


def test_radiances_and_angles_in_physical_units_view_by_view(granule, count_of):
    scene = open_scene(granule, fields="directional", window=BOX)
    assert scene["image"].shape == (18 * 16, 4, 6)
    assert list(scene["channel"].values[[0, 15, 16]]) == ["I443NP_00", "I443NP_15", "I490P_00"]
    for name, scale in (("I443NP", 1e-4), ("U865P", 1e-4), ("phi", 0.006), ("thetav", 0.0015)):
        found, wanted = plane(scene, name), expected(count_of, name, scale)
        if name[0] in "IU":
            assert np.isnan(found[12, 1, 2])
            wanted[12, 1, 2] = np.nan
        np.testing.assert_allclose(found[:13], wanted, rtol=1e-6)
        assert np.isnan(found[13:]).all()
    assert (plane(scene, "Q670P")[:12] < 0).all()
    assert scene.attrs["instrument"] == "polder"
    assert scene["time"].values == np.datetime64("2008-06-03T01:34:54")
    assert (scene.attrs["cycle"], scene.attrs["orbit"]) == (80, 176)


def test_a_view_is_valid_where_all_its_fields_were_measured(granule):
    scene = read_half_orbit(granule, fields="directional", window=BOX)
    valid = scene["view_valid"].values
    wanted = np.zeros((16, 4, 6), bool)
    wanted[:13] = True
    wanted[12, 1, 2] = False
    np.testing.assert_array_equal(valid, wanted)
    angles = read_half_orbit(granule, fields=["thetas", "thetav"], window=BOX)
    assert angles["view_valid"].values[12, 1, 2]
    assert scene.attrs["missing_share"] == 0


def test_the_default_scheme_has_294_channels_and_finds_the_cloud_indicator(granule, count_of):
    scene = read_half_orbit(granule, window=BOX)
    assert scene.sizes["channel"] == 18 * 16 + 6
    assert (plane(scene, "cloud_indicator") == 50).all()
    assert (plane(scene, "land_sea_flag") == 100).all()
    np.testing.assert_allclose(
        plane(scene, "surface_altitude")[0], expected(count_of, "surface_altitude", 1.0)[0]
    )
    assert scene["view_of"].values[-6:].tolist() == [-1] * 6
    every = read_half_orbit(granule, fields="all", window=BOX)
    assert every.sizes["channel"] == 18 * 16 + 7 + 14 * 16
    wide = read_half_orbit(granule, window=box((1199, 1205), (2999, 3007)))
    assert np.isnan(plane(wide, "Latitude")[0, 0]).all()
    assert np.isnan(plane(wide, "Longitude")[0, :, 0]).all()


def test_scale_offset_and_codes_are_the_files_own(changed, count_of):
    with h5py.File(changed, "r+") as file:
        attrs = file["Data_Directional_Fields/I443NP"].attrs
        attrs["scale_factor"], attrs["add_offset"] = 2e-4, 0.5
        attrs["missing_value"] = count_of("I443NP", 0, 0, 0)
    found = plane(read_half_orbit(changed, fields=["I443NP"], window=BOX), "I443NP")
    wanted = 0.5 + expected(count_of, "I443NP", 2e-4)
    same = expected(count_of, "I443NP", 1) == count_of("I443NP", 0, 0, 0)
    wanted[same], wanted[12, 1, 2] = np.nan, 0.5 - 32767 * 2e-4
    np.testing.assert_allclose(found[:13], wanted, rtol=1e-5)


def test_reflectance_and_polarisation(granule):
    names = ["I670P", "Q670P", "U670P", "DoLP670P", "thetas"]
    plain = read_half_orbit(granule, fields=names, window=BOX)
    divided = read_half_orbit(granule, fields=names[:4], window=BOX, as_reflectance=True)
    i, q, u, dolp, sun = (plane(plain, name).astype(float) for name in names)
    np.testing.assert_allclose(plane(divided, "I670P"), i / np.cos(np.radians(sun)), rtol=1e-6)
    np.testing.assert_allclose(plane(divided, "U670P"), u / np.cos(np.radians(sun)), rtol=1e-6)
    np.testing.assert_allclose(dolp, np.sqrt(q**2 + u**2) / i, rtol=1e-6)
    np.testing.assert_allclose(plane(divided, "DoLP670P"), dolp, rtol=1e-6)
    assert divided.attrs["quantity"] == "reflectance"
    assert np.isnan(reflectance(np.float32(0.2), np.float32(90.5)))
    assert reflectance(0.25, 60.0) == pytest.approx(0.5)


def test_without_a_window_all_that_was_seen_comes_with_its_place(granule, count_of):
    scene = read_half_orbit(granule, fields="minimal")
    np.testing.assert_array_equal(scene["row"], np.arange(1200, 1204))
    np.testing.assert_array_equal(scene["column"], np.tile(np.arange(3000, 3006), (4, 1)))
    np.testing.assert_allclose(
        scene["latitude"].values[:, 0], 90 - (np.arange(1200, 1204) + 0.5) / 18
    )
    half = np.round(3240 * np.cos(np.radians(scene["latitude"].values)))
    longitude = 180 / half * (scene["column"].values - 3239.5)
    np.testing.assert_allclose(scene["longitude"], longitude, atol=1e-9)
    some = read_half_orbit(granule, fields="minimal", rows=(1202, 1300), views=[3])
    np.testing.assert_array_equal(some["row"], [1202, 1203])
    assert some["channel"].values[0] == "I865P_03"
    assert plane(some, "I865P")[0, 0, 0] == pytest.approx(1e-4 * count_of("I865P", 2, 0, 3))


def test_a_patch_keeps_its_meridian_in_the_middle(granule):
    row, col = 1202, 3003
    place = float(POLDER.to_latitude(row)), float(POLDER.to_longitude(row, col))
    scene = read_half_orbit(granule, fields=["thetav"], window=patch(*place, size=10))
    assert scene["column"].values[5, 5] == col
    assert scene["row"].values[5] == row
    assert np.abs(scene["longitude"].values[:, 5] - place[1]).max() <= 0.5 / 18 / 0.85


@pytest.mark.parametrize(
    "layout",
    [
        {"chunks": (3, 6480, 16), "shuffle": True},
        {"chunks": (64, 128, 16), "compression": "gzip"},
        {"chunks": (1, 6480, 16), "fletcher32": True},
        {"chunks": (8, 6480, 4), "compression": None},
        {"chunks": (1, 6480, 16), "compression": "lzf"},
    ],
    ids=lambda layout: "-".join(map(str, layout)),
)
def test_every_layout_of_chunks_reads_the_same(granule, written, tmp_path, layout):
    path = tmp_path / granule.name
    written(path, **layout)
    window = along((1190, 1210), -19.0, 300)
    first, second = (
        read_half_orbit(each, fields="default", window=window) for each in (granule, path)
    )
    np.testing.assert_array_equal(first["image"], second["image"])
    assert np.isfinite(first["image"].values).sum() > 1000


def test_a_window_crosses_the_date_line(changed):
    half = int(POLDER.half_length(1200))
    west, east = 3240 - half, 3239 + half
    with h5py.File(changed, "r+") as file:
        data = file["Data_Directional_Fields/I443NP"]
        data[1200, west, 0], data[1200, east, 0] = 1111, 2222
        file["Data_Fields/Nviews"][1200, west] = 1
        file["Data_Fields/Nviews"][1200, east] = 1
    scene = read_half_orbit(changed, ["I443NP"], along((1200, 1201), 180.0, 4), views=[0])
    found = plane(scene, "I443NP")[0, 0]
    np.testing.assert_allclose(found[np.isfinite(found)], [0.2222, 0.1111], rtol=1e-6)
    with h5py.File(changed, "r+") as file:
        file["Data_Fields/Nviews"][1200, 3000:3006] = 255
        file["Data_Fields/Nviews"][1201:] = 255
    whole = read_half_orbit(changed, ["I443NP"], views=[0])
    np.testing.assert_allclose(plane(whole, "I443NP")[0], [[0.2222, 0.1111]], rtol=1e-6)


def test_near_the_pole_a_wide_window_holds_each_pixel_once():
    columns, on_globe = along((0, 3), 10.0, 40).columns()
    for row, length in enumerate((4, 10, 16)):
        kept = columns[row, on_globe[row]]
        assert len(kept) == len(set(kept)) == length
        assert POLDER.on_globe(row, kept).all()
    columns, on_globe = box((0, 2), (3200, 3300)).columns()
    np.testing.assert_array_equal(np.flatnonzero(on_globe[0]) + 3200, [3238, 3239, 3240, 3241])


def test_files_are_recognised_and_found(granule, tmp_path):
    assert recognise(granule) == "polder"
    assert recognise(granule.parent) == "polder"
    renamed = tmp_path / "orbit.h5"
    renamed.write_bytes(granule.read_bytes())
    assert recognise(renamed) == "polder"
    scene = open_scene(renamed, fields=["I443NP"], window=BOX)
    assert np.isnat(scene["time"].values)
    (found,) = find_half_orbits(granule.parent)
    assert (found.id, found.series) == ("080176M_2008-06-03T01-34-54", "2008_06_03")
    with pytest.raises(InputError, match="holds no PARASOL"):
        find_half_orbits(tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fields": "everything"}, "no field scheme 'everything'"),
        ({"fields": ["I444NP"]}, "no POLDER field I444NP"),
        ({"fields": ["I443NP", "I443NP"]}, "each once"),
        ({"views": [16]}, "0 to 15"),
        ({"rows": (5, 5)}, "rows 5 to 5"),
        ({"rows": (1, 2), "window": BOX}, "not both"),
    ],
)
def test_senseless_requests_are_refused(granule, options, message):
    with pytest.raises(UsageError, match=message):
        read_half_orbit(granule, **options)


def test_windows_beyond_the_grid_are_refused():
    for make in (
        lambda: patch(89.9, 0.0),
        lambda: box((0, 10), (6400, 6500)),
        lambda: along((3200, 3300), 0.0, 10),
        lambda: Window(3239, np.zeros(2, np.int64), 3),
    ):
        with pytest.raises(UsageError):
            make()
