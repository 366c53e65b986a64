"""What samples cut from slots hold: the right pixels, points, truth, times and names."""

from itertools import pairwise

import numpy as np
import pytest
import xarray as xr

pytest.importorskip("satpy")
pytest.importorskip("netCDF4")

import slots_factory as factory
from nephoscope.instruments.seviri import CHANNELS, GEOMETRY
from nephoscope.instruments.seviri import read as read_slot
from nephoscope.instruments.tracks import open_track
from nephoscope.samples.census import describe
from nephoscope.samples.ice_census import ice_counts
from nephoscope.samples.part import load_part
from nephoscope.samples.split import split_samples

ROWS = factory.SIDE


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pair")
    return folder, *factory.write_pair(folder)


@pytest.fixture(scope="module")
def cut(pair, tmp_path_factory):
    store, skipped = factory.built(pair[0], tmp_path_factory.mktemp("cut") / "s.zarr")
    assert not skipped
    return store.load()


def by_profile(pair):
    """Of each profile the nearest pixel of the picture, by distances to all of them."""
    scene, track = read_slot(pair[1]), open_track(pair[2])
    north, east = scene["latitude"].values, scene["longitude"].values
    inside, pixels = [], []
    row, _ = factory.path_of_track()
    for number in range(track.sizes["profile"]):
        lat, lon = track["latitude"].values[number], track["longitude"].values[number]
        away = (north - lat) ** 2 + ((east - lon) * np.cos(np.deg2rad(lat))) ** 2
        pixels.append(np.unravel_index(away.argmin(), away.shape))
        inside.append(-0.5 <= row[number] < ROWS - 0.5)
    return scene, track, np.array(inside), np.array(pixels)


def test_images_are_those_of_the_picture_within_half_a_step(pair, cut):
    scene = read_slot(pair[1], channels=(*CHANNELS, *GEOMETRY))
    assert cut["channel"].values.tolist() == [*CHANNELS, *GEOMETRY]
    for sample in range(cut.sizes["sample"]):
        row = int(cut["first_row"][sample]) - scene.attrs["first_row"]
        col = int(cut["first_col"][sample]) - scene.attrs["first_col"]
        square = scene.isel(y=slice(row, row + 32), x=slice(col, col + 32))
        counts, scale = cut["image"].values[sample], cut["scale_factor"].values[:, None, None]
        values = counts * scale + cut["add_offset"].values[:, None, None]
        wrong = np.abs(values - square["image"].values)
        assert (wrong <= scale / 2 + 1e-4).all()
        assert (counts != -32768).all()
        for name in ("latitude", "longitude"):
            np.testing.assert_array_equal(cut[name][sample], square[name])
        assert cut["known"].values[sample].all()


def test_points_are_the_pixels_that_profiles_lie_in_each_once(pair, cut):
    _, _, inside, pixels = by_profile(pair)
    crossed = {tuple(pixel) for pixel in pixels[inside].tolist()}
    found, ends = set(), np.cumsum([0, *cut["row_size"].values])
    for sample, (begin, end) in enumerate(pairwise(ends)):
        row = cut["row"].values[begin:end] + cut["first_row"].values[sample] - factory.FIRST_ROW
        col = cut["col"].values[begin:end] + cut["first_col"].values[sample] - factory.FIRST_COL
        here = set(zip(row.astype(int).tolist(), col.astype(int).tolist(), strict=True))
        assert len(here) == end - begin
        found |= here
    assert found == crossed


def test_truth_is_the_mean_over_the_profiles_and_gates_of_each_voxel(pair, cut):
    scene, track, inside, pixels = by_profile(pair)
    ends = np.cumsum([0, *cut["row_size"].values])
    height, iwc = track["height"].values, track["iwc"].values
    number, code = track["ice_number_5um"].values, track["cloud_mask_code"].values
    for point in range(0, ends[-1], 7):
        sample = int(np.searchsorted(ends, point, "right")) - 1
        pixel = (
            cut["row"].values[point] + cut["first_row"].values[sample] - factory.FIRST_ROW,
            cut["col"].values[point] + cut["first_col"].values[sample] - factory.FIRST_COL,
        )
        mine = inside & (pixels == pixel).all(axis=1)
        assert int(cut["profiles"][point]) == mine.sum()
        late = track["time"].values[mine] - scene["time"].values[int(pixel[0])]
        assert float(cut["time_offset"][point]) == pytest.approx(
            (late / np.timedelta64(1, "s")).mean(), abs=1e-3
        )
        surface = track["land_water_mask"].values[mine]
        counts = np.bincount(surface)
        assert counts[int(cut["land_water_mask"][point])] == counts.max()
        for level, middle in enumerate(1770 + 240 * np.arange(64)[::-1]):
            assert cut["height"].values[point, level] == middle
            gates = np.abs(height - middle) < 120
            held = iwc[mine][:, gates]
            assert held.shape[1] == 4
            assert cut["iwc"].values[point, level] == pytest.approx(held.mean(), rel=1e-6)
            crystals = number[mine][:, gates]
            assert cut["ice_number"].values[point, level] == pytest.approx(
                crystals.mean(), rel=1e-6
            )
            icy = held > 0
            assert cut["cloud_share"].values[point, level] == pytest.approx(icy.mean())
            within = held[icy].mean() if icy.any() else 0
            assert cut["iwc_in_cloud"].values[point, level] == pytest.approx(within, rel=1e-6)
            counts = np.bincount(code[mine][:, gates].ravel())
            assert counts[int(cut["cloud_mask_code"][point, level])] == counts.max()


def test_columns_say_where_a_sample_comes_from(pair, cut):
    assert set(cut["picture"].values.tolist()) == {pair[1].name}
    assert set(cut["track"].values.tolist()) == {pair[2].name}
    assert set(cut["group"].values.tolist()) == {"2010-06-11"}
    assert set(cut["month"].values.tolist()) == {6}
    assert set(cut["daylight"].values.tolist()) == {2}
    assert cut.attrs["task"] == "cloud_ice"
    assert cut.attrs["unit"] == "slot"


def test_neighbours_share_a_fifth_of_their_pixels(cut):
    ids = cut["id"].values.tolist()
    assert ids == [f"MSG2-201006111200_{n:02d}" for n in range(len(ids))]
    first = cut["first_row"].values
    shared = [32 - (one - two) for one, two in pairwise(first)]
    assert all(5 <= rows <= 8 for rows in shared[:-1]), shared
    assert first.min() == factory.FIRST_ROW
    assert first.max() == factory.FIRST_ROW + ROWS - 32


def test_a_gap_cuts_the_track_and_profiles_too_late_are_no_points(tmp_path):
    slot = factory.write_slot(tmp_path / "HRSEVIRI")
    factory.write_track(tmp_path / "DARDAR", slot, gap=200)
    store, skipped = factory.built(tmp_path, tmp_path / "s.zarr")
    assert store.sizes["sample"] >= 4
    # No sample goes on across the gap: its points are all before or all after it.
    sizes, profile = store["row_size"].values, store["profile"].values
    for mine in np.split(profile, np.cumsum(sizes)[:-1]):
        assert (mine < 200).all() or (mine >= 200).all()
    few, skipped = factory.built(tmp_path, tmp_path / "few.zarr", most_offset=62.0)
    assert few.sizes["point"] < store.sizes["point"]
    assert (np.abs(few["time_offset"].values) <= 62).all()
    assert skipped == {"overpass too long before or after the picture": 1} or not skipped


def test_parallax_puts_ice_where_the_picture_shows_it(pair, cut, tmp_path):
    moved, _ = factory.built(pair[0], tmp_path / "s.zarr", parallax=True)
    assert moved.attrs["column_geometry"] == "moved_to_where_the_top_is_seen"
    track = open_track(pair[2])
    ends = np.cumsum([0, *moved["row_size"].values])
    checked = 0
    for point in range(ends[-1]):
        sample = int(np.searchsorted(ends, point, "right")) - 1
        profile = int(moved["profile"][point])
        iwc = track["iwc"].values[profile]
        if int(moved["profiles"][point]) > 1 or not (iwc > 0).any():
            continue
        top = track["height"].values[np.flatnonzero(iwc > 0)[0]] + 30
        row, col = int(moved["row"][point]), int(moved["col"][point])
        seen = {
            name: moved["image"].values[sample, channel, row, col] * scale + offset
            for channel, (name, scale, offset) in enumerate(
                zip(moved["channel"].values.tolist(), moved["scale_factor"].values,
                    moved["add_offset"].values, strict=True)
            )
        }  # fmt: skip
        turn = np.deg2rad(seen["parallax_azimuth"])
        by = seen["parallax"] * top / 1000
        at = factory.path_of_track()[0][profile] - by * np.cos(turn)
        there = row + moved["first_row"].values[sample] - factory.FIRST_ROW
        assert abs(at - there) < 0.52
        checked += 1
    assert checked > 3


def test_a_part_of_the_store_has_its_truth_by_name_and_its_altitudes(cut, pair, tmp_path):
    factory.write_pair(tmp_path / "two", factory.NEXT, seed=1)
    factory.write_pair(tmp_path / "two")
    out = tmp_path / "s.zarr"
    factory.built(tmp_path / "two", out)
    parts = split_samples(out, fractions=(1, 1, 0))
    days = {part: {name.split("_")[0] for name in ids} for part, ids in parts.items()}
    assert not days["train"] & days["validation"]
    part = load_part(out, "train", factory.validate_recipe(factory.RECIPE))
    assert part.levels == 64
    np.testing.assert_array_equal(part.altitude, 1770 + 240 * np.arange(64)[::-1])
    for points in part.points:
        assert {*points.values} == {"iwc", "ice_number"}


def test_samples_are_the_same_by_any_number_of_processes_and_seed_by_seed(pair, cut, tmp_path):
    factory.write_pair(tmp_path / "two", factory.NEXT, seed=1)
    factory.write_pair(tmp_path / "two")
    one, _ = factory.built(tmp_path / "two", tmp_path / "a.zarr")
    two, _ = factory.built(tmp_path / "two", tmp_path / "b.zarr", workers=2)
    xr.testing.assert_identical(one.load(), two.load())
    other, _ = factory.built(tmp_path / "two", tmp_path / "c.zarr", seed=1)
    assert other.attrs["samples_id"] != one.attrs["samples_id"]


def test_the_store_says_what_its_channels_are_by_day_and_by_night(tmp_path):
    factory.write_pair(tmp_path)
    factory.write_pair(tmp_path, np.datetime64("2010-06-12T00:00"), seed=1)
    store, _ = factory.built(tmp_path, tmp_path / "s.zarr")
    assert store["period"].values.tolist() == ["all", "day", "night"]
    light, image = store["daylight"].values, store["image"].values
    assert {*light.tolist()} == {0, 2}
    for period, lights in (("all", (0, 2)), ("day", (2,)), ("night", (0,))):
        mine = image[np.isin(light, lights)]
        number = store["period"].values.tolist().index(period)
        for channel, (scale, offset) in enumerate(
            zip(store["scale_factor"].values, store["add_offset"].values, strict=True)
        ):
            counts = mine[:, channel][mine[:, channel] != -32768]
            values = counts.astype(np.float64) * scale + offset
            assert store["channel_pixels"].values[number, channel] == values.size
            for name in ("mean", "std", "min", "max"):
                found = store[f"channel_{name}"].values[number, channel]
                if not values.size:
                    assert np.isnan(found)
                    continue
                assert found == pytest.approx(getattr(values, name)(), rel=1e-9, abs=1e-9)
    assert np.isnan(store["channel_mean"].values[2, :3]).all()


def test_parts_are_counted_by_hand(pair, cut):
    counts = ice_counts(cut)
    iwc = cut["iwc"].values
    assert counts == {
        "": {
            "samples": cut.sizes["sample"], "days": 1, "by_day": cut.sizes["sample"],
            "points": len(iwc), "icy_points": int((iwc > 0).any(axis=1).sum()),
            "voxels": iwc.size, "icy_voxels": int((iwc > 0).sum()),
        }
    }  # fmt: skip
    lines, _ = describe(cut)
    assert lines[1].startswith(f"in no part: {cut.sizes['sample']} samples of 1 day, ")
