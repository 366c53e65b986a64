"""Profiles of a track find their pixels: in space by the grid, in time profile by profile."""

import numpy as np
import pytest
import xarray as xr

import nephoscope
from nephoscope.collocation import collocate, inverse_distances, time_offsets
from nephoscope.errors import InputError, UsageError
from nephoscope.grids.sinusoidal import POLDER
from nephoscope.grids.wgs84 import distance
from nephoscope.instruments.polder import along

START = np.datetime64("2008-06-03T01:34:54", "ns")


def make_scene(rows=(1000, 1060), longitude=20.0, width=30, time=START):
    window = along(rows, longitude, width)
    columns, on_globe = window.columns()
    shape = window.shape
    return xr.Dataset(
        {
            "image": (("channel", "y", "x"), np.ones((1, *shape), np.float32)),
            "known": (("y", "x"), on_globe),
        },
        coords={
            "channel": ["I865P_00"],
            "row": ("y", window.rows),
            "column": (("y", "x"), np.where(on_globe, columns, -1).astype(np.int32)),
            "latitude": (("y", "x"), np.repeat(POLDER.to_latitude(window.rows)[:, None], width, 1)),
            "longitude": (("y", "x"), POLDER.to_longitude(window.rows[:, None], columns)),
            "time": time,
        },
        attrs={"instrument": "polder", "source_files": ["made.h5"], "missing_share": 0.0},
    )


def make_track(latitude, longitude, late=1140.0, **variables):
    """Profiles from `late` seconds after the scene's start, 0.7 s apart."""
    number = len(latitude)
    time = START + ((late + 0.7 * np.arange(number)) * 1e9).astype("timedelta64[ns]")
    longitude = np.mod(np.asarray(longitude, float) + 180, 360) - 180
    return xr.Dataset(
        {
            "cloud_type": (("profile", "level"), np.zeros((number, 3), np.int8)),
            **{name: ("profile", values) for name, values in variables.items()},
        },
        coords={
            "time": ("profile", time),
            "latitude": ("profile", np.asarray(latitude, float)),
            "longitude": ("profile", longitude),
            "height": (("profile", "level"), np.tile([3000.0, 2000, 1000], (number, 1))),
        },
        attrs={
            "instrument": "cloudsat",
            "product": "CALTRACK-5km_CS-2B-CLDCLASS",
            "source_files": ["made.hdf"],
            "half_orbit_start": "2008-06-03T01:32:43",
        },
    )


def through(scene, number=70, tilt=0.4):
    """A track that crosses a scene from below its south edge to above its north edge."""
    lat = scene["latitude"].values
    north = np.linspace(lat.min() - 0.1, lat.max() + 0.1, number)
    middle = float(scene["longitude"].values[0, scene.sizes["x"] // 2])
    return north, middle - tilt * (north - lat.mean())


def test_each_profile_at_its_own_row_and_column():
    scene = make_scene()
    track = make_track(*through(scene))
    pairs = nephoscope.collocate(track, scene)
    assert 60 < pairs.sizes["point"] < 70
    assert pairs.attrs["dropped_outside"] == 70 - pairs.sizes["point"]
    kept = pairs["profile"].values
    np.testing.assert_array_equal(pairs["latitude"], track["latitude"][kept])
    north, east = (scene[name].values for name in ("latitude", "longitude"))
    row, col = pairs["row"].values, pairs["col"].values
    upper = np.floor(row).astype(int)
    np.testing.assert_allclose(row, POLDER.to_row(pairs["latitude"]) - 1000, atol=1e-8)
    # Longitude falls on a straight line in the row above and the row below.
    share, found = row - upper, 0.0
    for each, weight in ((upper, 1 - share), (upper + 1, share)):
        places = [
            np.interp(lon, east[line], np.arange(30))
            for lon, line in zip(pairs["longitude"].values, each, strict=True)
        ]
        found = found + weight * places
    np.testing.assert_allclose(col, found, atol=1e-8)
    corner = pairs["corner_row"].values, pairs["corner_col"].values
    weight = pairs["weight"].values
    np.testing.assert_allclose((weight * north[corner]).sum(1), pairs["latitude"], atol=1e-9)
    np.testing.assert_allclose((weight * east[corner]).sum(1), pairs["longitude"], atol=1e-9)
    away = distance(pairs["latitude"].values, pairs["longitude"].values, *(
        each[np.rint(row).astype(int), np.rint(col).astype(int)] for each in (north, east)
    ))  # fmt: skip
    assert (pairs["distance"].values <= away + 1e-9).all()
    assert pairs["distance"].max() < 4.5


@pytest.mark.parametrize("longitude", [179.99, -180.0, 180.3])
def test_nothing_changes_at_the_date_line(longitude):
    scene, other = make_scene(longitude=longitude), make_scene(longitude=0.0)
    lat, lon = through(scene)
    step = np.round(POLDER.half_length(1030) * longitude / 180) * 180 / POLDER.half_length(1030)
    found = nephoscope.collocate(make_track(lat, lon), scene)
    assert found.sizes["point"] > 60
    here = (found["weight"].values * _turned(scene["longitude"].values, longitude)[
        found["corner_row"].values, found["corner_col"].values
    ]).sum(axis=1)  # fmt: skip
    np.testing.assert_allclose(here, _turned(found["longitude"].values, longitude), atol=1e-9)
    plain = nephoscope.collocate(make_track(lat, lon - step), other)
    assert abs(plain.sizes["point"] - found.sizes["point"]) <= 2
    assert found["distance"].max() < 4.5


def _turned(longitude, middle):
    return np.mod(longitude - middle + 180, 360) - 180


def test_inverse_distances_are_those_of_the_corners():
    scene = make_scene()
    track = make_track(*through(scene))
    pairs = collocate(track, scene, weights="inverse_distance")
    plain = collocate(track, scene)
    xr.testing.assert_identical(
        pairs.drop_vars("weight").drop_attrs(), plain.drop_vars("weight").drop_attrs()
    )
    corner = pairs["corner_row"].values, pairs["corner_col"].values
    for number in range(0, pairs.sizes["point"], 7):
        away = [
            float(distance(pairs["latitude"][number], pairs["longitude"][number],
                           scene["latitude"].values[pixel], scene["longitude"].values[pixel]))
            for pixel in zip(*(each[number] for each in corner), strict=True)
        ]  # fmt: skip
        wanted = [1 / each / sum(1 / every for every in away) for each in away]
        np.testing.assert_allclose(pairs["weight"][number], wanted, rtol=1e-9)
        assert pairs["distance"][number] == pytest.approx(min(away))


def test_a_profile_on_a_pixel_has_that_pixel_alone():
    np.testing.assert_array_equal(inverse_distances(np.array([[3.0, 0, 4, 5]])), [[0, 1, 0, 0]])
    scene = make_scene()
    place = [[float(scene[name][20, 10])] for name in ("latitude", "longitude")]
    for weights in ("bilinear", "inverse_distance"):
        pairs = collocate(make_track(*place), scene, weights=weights)
        heaviest = int(pairs["weight"].values.argmax())
        assert pairs["weight"].values.max() == pytest.approx(1, abs=1e-6)
        assert pairs["corner_row"].values[0, heaviest] == 20
        assert pairs["corner_col"].values[0, heaviest] == 10
        assert (pairs["row"][0], pairs["col"][0]) == pytest.approx((20, 10), abs=1e-6)


def test_time_is_matched_profile_by_profile_where_the_file_has_the_difference():
    scene = make_scene()
    lat, lon = through(scene)
    own = np.linspace(-700, 300, len(lat)).astype(np.float32)
    own[40:43] = np.nan
    pairs = collocate(make_track(lat, lon, time_difference=own), scene)
    offset = pairs["time_offset"].values
    kept = pairs["profile"].values
    assert pairs.attrs["dropped_time_offset"] > 0
    assert (own[kept][np.isfinite(own[kept])] >= -600).all()
    known = np.isfinite(own[kept])
    np.testing.assert_array_equal(offset[known], own[kept][known])
    np.testing.assert_array_equal(offset[~known], -131)  # by the starts: 01:32:43 and 01:34:54
    assert np.abs(offset).max() <= 600
    near = collocate(make_track(lat, lon, time_difference=own), scene, max_time_offset=100)
    assert np.abs(near["time_offset"]).max() <= 100


def test_without_the_difference_the_starts_decide_and_without_a_start_the_times():
    scene = make_scene()
    track = make_track(*through(scene))
    assert (collocate(track, scene)["time_offset"] == -131).all()
    late = collocate(track, make_scene(time=START + np.timedelta64(1, "h")))
    assert late.sizes["point"] == 0
    assert late.attrs["dropped_time_offset"] > 60
    no_start = track.drop_attrs(deep=False).assign_attrs(track.attrs)
    del no_start.attrs["half_orbit_start"]
    offset = time_offsets(no_start, START)
    np.testing.assert_allclose(offset, 1140 + 0.7 * np.arange(70), atol=1e-6)


def test_the_difference_of_another_half_orbit_says_nothing():
    lat, lon = through(make_scene())
    track = make_track(lat, lon, time_difference=np.full(len(lat), -131, np.float32))
    assert collocate(track, make_scene()).sizes["point"] > 60
    for later in (np.timedelta64(1, "D"), np.timedelta64(99, "m"), -np.timedelta64(16, "D")):
        pairs = collocate(track, make_scene(time=START + later))
        assert pairs.sizes["point"] == 0
        assert pairs.attrs["dropped_time_offset"] > 60
    del track.attrs["half_orbit_start"]
    assert collocate(track, make_scene()).sizes["point"] > 60
    assert collocate(track, make_scene(time=START + np.timedelta64(1, "D"))).sizes["point"] == 0


def test_lines_with_times_of_their_own_come_before_what_the_track_says():
    scene = make_scene()
    times = START + (np.arange(60) * 1e9).astype("timedelta64[ns]")
    scene = scene.drop_vars("time").assign_coords(time=("y", times))
    lat, lon = through(scene)
    track = make_track(lat, lon, late=30.0, time_difference=np.full(len(lat), 9.0, np.float32))
    pairs = collocate(track, scene)
    wanted = (pairs["time"].values - times[pairs["corner_row"].values[:, 0]]) / np.timedelta64(
        1, "s"
    )
    np.testing.assert_allclose(pairs["time_offset"], wanted)
    assert (pairs["time_offset"] != 9).any()


def test_profiles_that_cannot_be_matched_are_counted_once():
    scene = make_scene()
    lat, lon = through(scene)
    track = make_track(lat, lon)
    full = collocate(track, scene)
    first, last = int(full["profile"][0]), int(full["profile"][-1])
    track["latitude"][first + 5] = np.nan
    scene["known"][30] = False
    own = np.full(70, 10, np.float32)
    own[last - 2] = 900
    track["time_difference"] = "profile", own
    pairs = collocate(track, scene)
    unseen = (full["corner_row"] == 30).any("corner").sum()
    counts = {name: pairs.attrs[f"dropped_{name}"] for name in
              ("no_place", "outside", "unseen", "no_time", "time_offset")}  # fmt: skip
    assert counts == {
        "no_place": 1, "outside": full.attrs["dropped_outside"], "unseen": unseen,
        "no_time": 0, "time_offset": 1,
    }  # fmt: skip
    assert pairs.sizes["point"] + sum(counts.values()) == 70 == pairs.attrs["profiles"]
    assert not np.isin([first + 5, last - 2], pairs["profile"]).any()


def test_unknown_times_are_left_out_unless_all_times_are_wanted():
    scene = make_scene(time=np.datetime64("NaT", "ns"))
    track = make_track(*through(scene))
    assert collocate(track, scene).attrs["dropped_no_time"] > 60
    pairs = collocate(track, scene, max_time_offset=np.inf)
    assert pairs.sizes["point"] > 60
    assert np.isnan(pairs["time_offset"]).all()


def test_a_track_elsewhere_gives_no_pair():
    pairs = collocate(make_track([-50.0, -51.0], [0.0, 0.0]), make_scene())
    assert dict(pairs.sizes) == {"point": 0, "corner": 4}
    assert pairs.attrs["dropped_outside"] == 2


def test_pairs_can_be_written(tmp_path):
    pairs = nephoscope.collocate(make_track(*through(make_scene())), make_scene())
    pairs.to_netcdf(tmp_path / "pairs.nc", engine="h5netcdf")
    xr.testing.assert_allclose(xr.open_dataset(tmp_path / "pairs.nc", engine="h5netcdf"), pairs)


def test_what_is_asked_wrongly_is_said():
    scene, track = make_scene(), make_track([35.0], [20.0])
    with pytest.raises(UsageError, match="bilinear"):
        collocate(track, scene, weights="nearest")
    with pytest.raises(UsageError, match="max_time_offset"):
        collocate(track, scene, max_time_offset=-1)
    with pytest.raises(UsageError, match="open_track"):
        collocate("track.hdf", scene)
    with pytest.raises(InputError, match="latitude"):
        collocate(track.drop_vars("latitude"), scene)
    with pytest.raises(InputError):
        collocate(scene, track)
    with pytest.raises(UsageError, match="marci"):
        collocate(track, scene.assign_attrs(instrument="marci"))
