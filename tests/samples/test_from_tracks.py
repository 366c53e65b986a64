"""Samples cut from half orbits along tracks: what they hold, what is left out, runs taken up."""

import importlib.util
from collections import Counter
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from nephoscope.folders import LeftOut
from nephoscope.grids.sinusoidal import POLDER
from nephoscope.grids.wgs84 import distance
from nephoscope.instruments import find_all
from nephoscope.instruments.granules import Draw, pair_granules
from nephoscope.samples import resumable
from nephoscope.samples.from_tracks import Asked
from nephoscope.samples.patches import Choice

pytest.importorskip("pyhdf")
spec = importlib.util.spec_from_file_location(
    "half_orbits_factory", Path(__file__).parents[1] / "half_orbits_factory.py"
)
factory = importlib.util.module_from_spec(spec)
spec.loader.exec_module(factory)

FIELDS = ("I443NP", "I490P", "U490P", "phi", "thetav", "thetas", "Nviews", "phis", "land_sea_flag")
SMALL = Choice(size=16, fewest=8)
RECIPE = SimpleNamespace(
    task="cloud_type", name="made", instrument="polder", inputs=SimpleNamespace(side=None)
)


@pytest.fixture(autouse=True)
def _task(monkeypatch):
    monkeypatch.setattr(resumable, "task_named", lambda _: SimpleNamespace(truth="points"))


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """Three half orbits; the second lies across the date line. The folder's name has a space."""
    folder = tmp_path_factory.mktemp("half orbits")
    for orbit, longitude in ((176, 20.0), (177, 179.9), (178, -60.0)):
        factory.write_pair(folder, orbit, 1.65 * (orbit - 176), longitude)
    return folder


def granules_of(raw, seconds=600, **draw):
    pictures = find_all([raw], "polder", LeftOut())
    return pair_granules(pictures, [raw], timedelta(seconds=seconds), Draw(**draw))


def built(raw, out, choice=SMALL, workers=1, options=None, granules=None, told=None, **asked):
    granules = granules or granules_of(raw)
    work = Asked("polder", FIELDS, choice, **asked)
    options = {"--seed": work.seed} if options is None else options
    skipped = resumable.write_granules(
        granules, out, RECIPE, work, options, workers, None, None if told is None else told.append
    )
    return xr.open_zarr(out, chunks=None, mask_and_scale=False), skipped


@pytest.fixture(scope="module")
def store(raw, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resumable, "task_named", lambda _: SimpleNamespace(truth="points"))
        return built(raw, tmp_path_factory.mktemp("out") / "s.zarr")[0]


def channel(store, name):
    return store["image"].values[:, store["channel"].values.tolist().index(name)].astype(int)


def test_images_are_counts_of_the_right_pixels(store):
    rows, cols = channel(store, "I443NP_03"), channel(store, "I490P_13")
    first = store["first_row"].values[:, None, None]
    np.testing.assert_array_equal(rows, first + np.arange(16)[:, None] + np.zeros(16, int))
    half = POLDER.half_length(rows)
    wrapped = (
        POLDER.rows
        - half
        + np.mod(
            store["origin"].values[:, :, None] + np.arange(16) - (POLDER.rows - half), 2 * half
        )
    )
    np.testing.assert_array_equal(cols, wrapped)
    np.testing.assert_allclose(store["longitude"], POLDER.to_longitude(rows, cols), atol=2e-5)
    np.testing.assert_allclose(store["latitude"], POLDER.to_latitude(rows), atol=1e-5)
    assert (channel(store, "I443NP_15") == -32768).all()
    assert store["known"].values.all()
    angle = (
        channel(store, "phis") * store["scale_factor"].values[-2] + store["add_offset"].values[-2]
    )
    np.testing.assert_allclose(angle, 100, atol=0.006)
    turns = dict(zip(store["channel"].values.tolist(), store["turns"].values.tolist(), strict=True))
    assert {turns[name] for name in ("U490P_00", "phi_07", "phis", "I490P_00")} == {
        "sign", "relative_azimuth", "azimuth", "",
    }  # fmt: skip


def test_corners_are_the_four_pixels_around_each_profile(store):
    """Told by the rows and columns that the channels count, and by nothing of ours but the grid."""
    rows, cols = channel(store, "I443NP_00"), channel(store, "I490P_00")
    sample = np.repeat(np.arange(store.sizes["sample"]), store["row_size"].values)
    corner = store["corner_row"].values, store["corner_col"].values
    row, col = (plane[sample[:, None], *corner] for plane in (rows, cols))
    track = {
        group: factory.track_places(longitude=longitude)
        for group, longitude in zip(
            dict.fromkeys(store["group"].values.tolist()), (20.0, 179.9, -60.0), strict=True
        )
    }
    groups = store["group"].values[sample].tolist()
    profile = store["profile"].values
    pairs = list(zip(groups, profile.tolist(), strict=True))
    places = np.array([[track[group][axis][number] for axis in (0, 1)] for group, number in pairs])
    latitude, longitude = np.float32(places).astype(float).T
    # North and south of it, in neighbouring rows.
    north, south = (POLDER.to_latitude(row[:, each]) for each in (0, 2))
    assert (row[:, 0] == row[:, 1]).all()
    assert (row[:, 2] == row[:, 3]).all()
    assert (row[:, 2] == row[:, 0] + 1).all()
    assert ((north >= latitude) & (latitude >= south)).all()
    # West and east of it, in neighbouring columns of that row.
    turn = (POLDER.to_longitude(row, col) - longitude[:, None] + 180) % 360 - 180
    step = 180 / POLDER.half_length(row)
    assert (turn[:, ::2] <= 1e-6).all()
    assert (turn[:, ::2] > -step[:, ::2] - 1e-6).all()
    assert (turn[:, 1::2] >= -1e-6).all()
    np.testing.assert_allclose(turn[:, 1::2] - turn[:, ::2], step[:, ::2], rtol=1e-9)
    weight = store["weight_bilinear"].values
    np.testing.assert_allclose(weight.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose((turn * weight).sum(axis=1), 0, atol=1e-5)
    away = distance(latitude[:, None], longitude[:, None], POLDER.to_latitude(row),
                    POLDER.to_longitude(row, col))  # fmt: skip
    expected = (1 / away) / (1 / away).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(store["weight_inverse_distance"], expected, rtol=2e-3)
    for name, index in (("row", corner[0]), ("col", corner[1])):
        np.testing.assert_allclose(store[name], (index * weight).sum(axis=1), atol=1e-4)


def test_truth_is_that_of_each_profile(store):
    profile = store["profile"].values
    kinds = (profile[:, None] + np.arange(factory.BINS)) % 9
    np.testing.assert_array_equal(store["cloud_type"], kinds)
    np.testing.assert_array_equal(store["cloud_scenario"].values >> 1 & 15, kinds)
    np.testing.assert_array_equal(store["height"][0], 25000 - 240 * np.arange(factory.BINS))
    assert set(store["time_offset"].values.tolist()) == {-131.0}


def test_samples_do_not_overlap_and_name_their_files(store):
    assert store.attrs["skipped"] == {}
    assert store.attrs["comment"] == "simulated by a test"
    groups = store["group"].values.tolist()
    assert store["id"].values.tolist() == [
        f"{group}_{Counter(groups[:n])[group]:02d}" for n, group in enumerate(groups)
    ]
    assert set(Counter(groups).values()) == {3}  # of 56 rows the outermost have no neighbours
    for group in set(groups):
        first = store["first_row"].values[store["group"].values == group]
        assert (np.diff(first) >= 16).all()
    picture = store["picture"].values.tolist()
    assert [name.split("-", 2)[2].rpartition("_V")[0] for name in picture] == groups
    assert all("CLDCLASS" in name for name in store["track"].values)
    assert all("PAR-RB2" in name for name in store["offsets"].values)
    assert (np.diff(store["order"].values) >= 0).all()
    assert store["image"].dtype == np.int16


def same(first, second):
    xr.testing.assert_identical(first.load(), second.load())


@pytest.mark.slow
def test_any_number_of_workers_makes_the_same(raw, store, tmp_path):
    same(built(raw, tmp_path / "s.zarr", workers=2)[0], store)


def test_another_seed_makes_another_set(raw, store, tmp_path):
    other = built(raw, tmp_path / "s.zarr", seed=1, options={"--seed": 0})[0]
    assert other.attrs["samples_id"] != store.attrs["samples_id"]
    assert (other["first_row"].values[:1] != store["first_row"].values[:1]) or (
        other["origin"].values[0] != store["origin"].values[0]
    ).any()
