"""Slots and tracks that cannot be used: each is counted under its reason, the rest is made."""

import shutil

import numpy as np
import pytest
import xarray as xr

pytest.importorskip("satpy")
pytest.importorskip("netCDF4")

import slots_factory as factory
from nephoscope.errors import UsageError
from nephoscope.files import Journal
from nephoscope.instruments.seviri import CHANNELS
from nephoscope.samples import resumable, sample_arrays
from nephoscope.samples.slot_windows import SlotChoice

NIGHT = np.datetime64("2010-06-11T00:00")


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pair")
    factory.write_pair(folder)
    return folder


@pytest.fixture(scope="module")
def usual(pair, tmp_path_factory):
    return factory.built(pair, tmp_path_factory.mktemp("usual") / "s.zarr")[0].load()


def copied(pair, to):
    shutil.copytree(pair, to)
    return to


def same(store, usual):
    assert store.attrs["samples_id"] == usual.attrs["samples_id"]
    xr.testing.assert_equal(store.load(), usual)


def test_a_slot_that_is_there_twice_is_taken_once(pair, usual, tmp_path):
    raw = copied(pair, tmp_path / "raw")
    slot = next((raw / "HRSEVIRI").iterdir())
    (raw / "HRSEVIRI" / "again").mkdir()
    shutil.copy(slot, raw / "HRSEVIRI" / "again" / slot.name)
    store, skipped = factory.built(raw, tmp_path / "s.zarr")
    assert skipped == {"picture that is there twice": 1}
    same(store, usual)


def test_of_two_satellites_at_a_time_it_is_that_of_more_slots_of_the_day(pair, usual, tmp_path):
    raw = copied(pair, tmp_path / "raw")
    other = factory.write_slot(raw / "HRSEVIRI", satellite="Meteosat-10")
    assert other.name.startswith("MSG3")
    factory.write_slot(raw / "HRSEVIRI", factory.NOON + np.timedelta64(15, "m"))
    store, skipped = factory.built(raw, tmp_path / "s.zarr")
    assert skipped["picture of another satellite at the same time"] == 1
    assert skipped["picture that no profiler passed"] == 1 or skipped.total() > 1
    assert store["id"].values[0].startswith("MSG2-")
    for name in ("image", "iwc"):
        np.testing.assert_array_equal(store[name], usual[name])


def test_of_two_satellites_at_a_time_it_is_that_of_the_service(pair, usual, tmp_path):
    raw = copied(pair, tmp_path / "raw")
    for minutes in (0, 5, 10):  # rapid scanning makes more pictures
        start = factory.NOON + np.timedelta64(minutes, "m")
        factory.write_slot(raw / "HRSEVIRI", start, satellite="Meteosat-8", longitude=9.5)
    store, skipped = factory.built(raw, tmp_path / "s.zarr")
    assert skipped["picture of another satellite at the same time"] == 1
    assert skipped["picture of a service at another longitude (9.5)"] == 2
    np.testing.assert_array_equal(store["id"], usual["id"])
    np.testing.assert_array_equal(store["iwc"], usual["iwc"])


def test_a_service_at_another_longitude_is_made_where_it_is_asked_for(tmp_path):
    slot = factory.write_slot(tmp_path / "HRSEVIRI", longitude=9.5)
    factory.write_track(tmp_path / "DARDAR", slot)
    with pytest.raises(UsageError, match=r"1 x picture of a service at another longitude \(9.5\)"):
        factory.built(tmp_path, tmp_path / "no.zarr")
    store, _ = factory.built(tmp_path, tmp_path / "s.zarr", longitude=9.5)
    assert set(store["satellite_longitude"].values.tolist()) == {9.5}


def test_a_file_of_a_day_without_an_overpass_is_counted(pair, usual, tmp_path):
    raw = copied(pair, tmp_path / "raw")
    far = tmp_path / "far"
    shutil.copytree(raw / "DARDAR", far)
    import netCDF4

    other = raw / "DARDAR" / "DARDAR-NICE_L2-PRO_2010170120000_06643_V1-00.nc"
    shutil.copy(next(far.iterdir()), other)
    for number, name in enumerate(("lat", "dtime")):
        path = raw / "DARDAR" / f"DARDAR-NICE_L2-PRO_201016210000{number}_06643_V1-00.nc"
        shutil.copy(next(far.iterdir()), path)
        with netCDF4.Dataset(path, "a") as file:
            file[name][:] = file[name][:] + (70 if name == "lat" else 40_000)
    store, skipped = factory.built(raw, tmp_path / "s.zarr")
    assert skipped == {
        "file of the profiler without a profile in the region": 1,
        "file of the profiler without a picture at its time": 1,
        "file of the profiler beyond the dates of the pictures": 1,
    }
    same(store, usual)


def test_a_damaged_track_is_named_and_the_rest_is_made(pair, usual, tmp_path):
    raw = copied(pair, tmp_path / "raw")
    bad = raw / "DARDAR" / "DARDAR-NICE_L2-PRO_2010161120000_06643_V1-00.nc"
    whole = next((raw / "DARDAR").iterdir()).read_bytes()
    bad.write_bytes(whole[: len(whole) // 3])
    granules = factory.granules_of(raw, factory.asked_of())
    assert [str(error.path) for error in granules.failed] == [str(bad)]
    same(factory.built(raw, tmp_path / "s.zarr")[0], usual)


def test_a_damaged_picture_is_told_and_the_rest_is_made(pair, usual, tmp_path):
    raw = copied(pair, tmp_path / "raw")
    bad, _ = factory.write_pair(raw, factory.NEXT)
    bad.write_bytes(bad.read_bytes()[:300_000])
    told = []
    store, skipped = factory.built(raw, tmp_path / "s.zarr", on_error=told.append)
    assert skipped == {"file that is damaged or not whole": 1}
    assert [str(error.path) for error in told] == [str(bad)]
    same(store, usual)


def broken(tmp_path, change, start=factory.NOON):
    image = factory.draw_image()
    change(image)
    slot = factory.write_slot(tmp_path / "HRSEVIRI", start, image)
    factory.write_track(tmp_path / "DARDAR", slot)
    return tmp_path


def test_samples_with_a_block_of_nothing_are_left_out_but_where_some_may_be_missing(tmp_path):
    def change(image):
        image[5, 70:80, 45:55] = np.nan

    raw = broken(tmp_path, change)
    store, skipped = factory.built(raw, tmp_path / "s.zarr")
    assert skipped["sample with missing pixels"] >= 1
    assert (store["image"].values != -32768).all()
    more, skipped = factory.built(raw, tmp_path / "more.zarr", most_missing=0.2)
    assert not skipped
    assert more.sizes["sample"] > store.sizes["sample"]
    assert (more["image"].values == -32768).any()


def test_a_dead_channel_is_a_reason_of_its_own_but_at_night_the_solar_ones_are_not_dead(tmp_path):
    def dead(image):
        image[CHANNELS.index("IR_097")] = np.nan

    with pytest.raises(UsageError, match="1 x picture with a channel that says nothing"):
        factory.built(broken(tmp_path / "dead", dead), tmp_path / "s.zarr")
    night = broken(tmp_path / "night", lambda image: None, NIGHT)
    store, skipped = factory.built(night, tmp_path / "night.zarr")
    assert not skipped
    assert set(store["daylight"].values.tolist()) == {0}
    assert (store["image"].values[:, :3] == -32768).all()
    with pytest.raises(UsageError, match="x sample not all by day"):
        factory.built(night, tmp_path / "day.zarr", daytime=True)


def test_samples_without_ice_are_left_out_if_asked_for(pair, tmp_path, monkeypatch):
    fields = factory.fields_of

    def clear_north(profiles, seed=0):
        held = fields(profiles, seed)
        held["iwc"][profiles // 2 :] = 0
        return held

    monkeypatch.setattr(factory, "fields_of", clear_north)
    factory.write_pair(tmp_path)
    every, _ = factory.built(tmp_path, tmp_path / "every.zarr")
    store, skipped = factory.built(tmp_path, tmp_path / "s.zarr", cloudy=True)
    assert skipped["sample without any ice"] >= 1
    assert store.sizes["sample"] + skipped["sample without any ice"] == every.sizes["sample"]


def test_a_picture_smaller_than_a_sample_and_a_track_at_another_hour(pair, tmp_path):
    with pytest.raises(UsageError, match="1 x picture smaller than a sample"):
        factory.built(pair, tmp_path / "s.zarr", choice=SlotChoice(size=128, fewest=5))
    slot = factory.write_slot(tmp_path / "raw" / "HRSEVIRI")
    factory.write_track(tmp_path / "raw" / "DARDAR", slot, offset=700)
    with pytest.raises(UsageError, match="1 x overpass too long before or after the picture"):
        factory.built(tmp_path / "raw", tmp_path / "t.zarr")


class Killed(BaseException):
    """Stands in for a kill: nothing catches it."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "name", "count"),
    [
        (Journal, "record", 2),
        (Journal, "record", 3),
        (sample_arrays.SampleArrays, "append", 6),
        (resumable, "put_in_place", 1),
    ],
)
def test_a_build_that_is_killed_goes_on_to_the_same_set(place, name, count, pair, tmp_path):
    raw = copied(pair, tmp_path / "raw")
    factory.write_pair(raw, factory.NEXT, seed=1)
    whole, _ = factory.built(raw, tmp_path / "whole.zarr")
    calls, original = [0], getattr(place, name)

    def dying(*words, **named):
        calls[0] += 1
        if calls[0] == count:
            raise Killed
        return original(*words, **named)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(place, name, dying)
        with pytest.raises(Killed):
            factory.built(raw, tmp_path / "s.zarr")
    assert not (tmp_path / "s.zarr").exists()
    again, _ = factory.built(raw, tmp_path / "s.zarr")
    xr.testing.assert_identical(again.load(), whole.load())
