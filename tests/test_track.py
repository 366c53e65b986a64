"""The Track contract: a good track passes untouched, each broken part is named."""

import numpy as np
import pytest
import xarray as xr

from nephoscope.errors import InputError
from nephoscope.track import check_track, height_bounds


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
