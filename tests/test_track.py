"""The Track contract: a good track passes untouched, each broken part is named."""

import numpy as np
import pytest
import xarray as xr

from nephoscope.errors import InputError, UsageError
from nephoscope.instruments.a_train import wrapped_longitude
from nephoscope.track import check_track, height_bounds, overpasses


def good_track(shared: bool = False) -> xr.Dataset:
    height = np.array([900, 660, 420], np.float32)
    coords = {
        "time": ("profile", np.array(["2008-06-01T01:00", "NaT"], "datetime64[ns]")),
        "latitude": ("profile", np.array([10.0, np.nan])),
        "longitude": ("profile", np.array([-180.0, 180.0])),
        "height": (("profile", "level"), np.stack([height, height + 30])),
    }
    if shared:
        coords["height"] = ("level", height)
        coords["height_bounds"] = (("level", "bound"), height_bounds(height))
    return xr.Dataset(
        {"cloud_type": (("profile", "level"), np.zeros((2, 3), np.int8))},
        coords,
        {"instrument": "cloudsat", "product": "2B-CLDCLASS", "source_files": ["a.hdf"]},
    )


def without_attr(track: xr.Dataset, name: str) -> xr.Dataset:
    return track.drop_attrs().assign_attrs({k: v for k, v in track.attrs.items() if k != name})


@pytest.mark.parametrize("shared", [False, True])
def test_a_good_track_comes_back_as_it_is(shared):
    track = good_track(shared)
    assert check_track(track) is track


def test_bounds_lie_half_way():
    np.testing.assert_array_equal(
        height_bounds(np.array([900.0, 660, 480])), [[780, 1020], [570, 780], [390, 570]]
    )


BROKEN = {
    "time": lambda t: t.drop_vars("time"),
    "latitude": lambda t: t.assign_coords(latitude=t.latitude + 85),
    "longitude": lambda t: t.assign_coords(longitude=t.longitude.astype(np.float32)),
    "height": lambda t: t.assign_coords(height=t.height[:, ::-1]),
    "track": lambda t: t.drop_vars("cloud_type"),
    "instrument": lambda t: without_attr(t, "instrument"),
    "product": lambda t: without_attr(t, "product"),
    "source_files": lambda t: without_attr(t, "source_files"),
}


@pytest.mark.parametrize("field", BROKEN)
def test_what_is_broken_is_named(field):
    with pytest.raises(InputError) as caught:
        check_track(BROKEN[field](good_track()), source="the.hdf")
    assert (caught.value.field, caught.value.path) == (field, "the.hdf")


def test_a_shared_axis_needs_bounds_around_it():
    track = good_track(shared=True)
    with pytest.raises(InputError, match=r"\[height_bounds\]: is missing"):
        check_track(track.drop_vars("height_bounds"))
    with pytest.raises(InputError, match="do not lie around"):
        check_track(track.assign_coords(height_bounds=track.height_bounds + 500))


def timed(seconds):
    """A Track of profiles at these seconds; NaN has no time."""
    known = np.nan_to_num(np.asarray(seconds, float))
    time = np.datetime64("2008-06-01T01:00", "ns") + (known * 1e9).astype("timedelta64[ns]")
    time = np.where(np.isnan(seconds), np.datetime64("NaT", "ns"), time)
    return xr.Dataset(coords={"time": ("profile", time)})


N = np.nan


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ([], []), ([0], [(0, 1)]), ([0, 0.16, 0.32], [(0, 3)]), ([0, 2], [(0, 2)]),
        ([0, 2.001], [(0, 1), (1, 2)]), ([0, 1, 9, 10, 30], [(0, 2), (2, 4), (4, 5)]),
        ([0, 1, N, 2], [(0, 4)]), ([0, 1, N, 9], [(0, 3), (3, 4)]), ([N, N, 0, 1], [(0, 4)]),
        ([0, 1, N, N], [(0, 4)]), ([N, N], [(0, 2)]), ([10, 11, 0, 1], [(0, 2), (2, 4)]),
    ],
)  # fmt: skip
def test_overpasses_are_cut_at_gaps_and_lose_no_profile(seconds, expected):
    assert [(each.start, each.stop) for each in overpasses(timed(seconds))] == expected


def test_an_overpass_may_have_other_gaps():
    track = timed([0, 0.74, 1.48, 8])
    assert len(overpasses(track, np.timedelta64(500, "ms"))) == 4
    assert len(overpasses(track, np.timedelta64(10, "s"))) == 1


@pytest.mark.parametrize("gap", [2, 2.0, None, np.timedelta64(0, "s"), np.timedelta64("NaT")])
def test_a_gap_that_is_none_is_refused(gap):
    with pytest.raises(UsageError, match="positive"):
        overpasses(timed([0, 1]), gap)


def test_what_is_no_track_has_no_overpasses():
    for wrong in (None, np.zeros(3), xr.Dataset(), xr.Dataset(coords={"time": 0})):
        with pytest.raises(UsageError, match="cut of a Track"):
            overpasses(wrong)


def test_longitudes_are_turned_and_what_is_none_is_missing():
    degrees = np.array([-180, -0.5, 0, 180, 180.5, 359.5, 360, 361, -181, 9.97e36, np.nan])
    np.testing.assert_array_equal(
        wrapped_longitude(degrees),
        [-180, -0.5, 0, 180, -179.5, -0.5, 0, np.nan, np.nan, np.nan, np.nan],
    )
