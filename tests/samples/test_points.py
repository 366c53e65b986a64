"""Truth at points: the ragged store, windows that carry points along, turns, crops and tiles."""

import importlib.util
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from nephoscope.errors import InputError, UsageError
from nephoscope.inputs import View
from nephoscope.samples import writer
from nephoscope.samples.augment import flip, turn
from nephoscope.samples.census import describe
from nephoscope.samples.crops import CropLoader
from nephoscope.samples.part import load_part
from nephoscope.samples.split import split_samples
from nephoscope.samples.store import open_samples
from nephoscope.samples.truth import Points
from nephoscope.samples.whole import Tiles, validation_batches

spec = importlib.util.spec_from_file_location(
    "points_factory", Path(__file__).parent / "points_factory.py"
)
factory = importlib.util.module_from_spec(spec)
spec.loader.exec_module(factory)


@pytest.fixture(params=[False, True], ids=["swath", "around"])
def wraps(request):
    return request.param


@pytest.fixture
def store(tmp_path, monkeypatch, wraps):
    monkeypatch.setattr(writer, "instrument_named", lambda _: factory.Swaths(wraps))
    files, out = factory.files(tmp_path), tmp_path / "s.zarr"
    writer.write_samples(files, out, factory.recipe(), truth="points")
    split_samples(out, fractions=(2, 1, 1))  # by lot: g2 validates
    return out


def test_points_lie_in_the_store_as_a_ragged_array(store, wraps):
    found = xr.open_zarr(store, chunks=None)
    sizes = found["row_size"].values
    assert sizes.tolist() == [7, 8, 9, 10]
    assert found["row_size"].attrs["sample_dimension"] == "point"
    assert found["height"].dims == ("point", "level")
    assert found["height"].attrs == {"units": "m"}
    assert (found.sizes["point"], found.sizes["level"]) == (34, factory.LEVELS)
    last = factory.Swaths(wraps).label(Path("g3"), "points")
    np.testing.assert_array_equal(found["row"].values[-10:], last["row"])
    np.testing.assert_array_equal(found["height"].values[-10:], last["height"])
    assert found["image"].dtype == np.float32
    assert {name: found.attrs[name] for name in ("unit", "truth", "labelled")} == {
        "unit": "granule", "truth": "points", "labelled": [34],
    }  # fmt: skip
    assert bool(found.attrs["wraps"]) == wraps
    assert describe(open_samples(store)) == (["4 samples, 34 points with truth"], [])


@pytest.mark.parametrize("lacking", ["g0", "g2"])
def test_labels_that_hold_other_variables_are_named(tmp_path, monkeypatch, lacking):
    swaths = factory.Swaths(False)
    whole = swaths.label

    def label(path, truth):
        found = whole(path, truth)
        return found.drop_vars("height") if Path(path).stem == lacking else found

    monkeypatch.setattr(swaths, "label", label, raising=False)
    monkeypatch.setattr(writer, "instrument_named", lambda _: swaths)
    with pytest.raises(InputError, match="height"):
        writer.write_samples(
            factory.files(tmp_path), tmp_path / "s.zarr", factory.recipe(), truth="points"
        )
    assert not (tmp_path / "s.zarr").exists()


def test_granules_are_split_by_lot(store):
    drawn = [split_samples(store, fractions=(2, 1, 1), seed=seed) for seed in range(8)]
    for parts in drawn:
        assert {part: len(ids) for part, ids in parts.items()} == {
            "train": 2, "validation": 1, "test": 1,
        }  # fmt: skip
        assert sorted(chain(*parts.values())) == ["g0", "g1", "g2", "g3"]
    assert len({parts["test"][0] for parts in drawn}) > 1
    assert split_samples(store, fractions=(2, 1, 1), seed=3) == drawn[3]
    with pytest.raises(UsageError, match="granule, group or block"):
        split_samples(store, "day")


def test_a_crop_holds_a_point_and_each_points_truth_is_what_the_picture_says(store, wraps):
    settings = {"flip_x": True, "flip_y": True}
    crops = CropLoader(load_part(store, "train", factory.recipe()),
                       factory.recipe(augmentation=settings))  # fmt: skip
    seen = set()
    for number in range(12):
        batch = crops.batch(range(4 * number, 4 * number + 4))
        sample, row, col = batch["point"].numpy().T
        assert set(sample) == {0, 1, 2, 3}
        assert (row >= 0).all()
        assert (row <= 7).all()
        assert (col >= 0).all()
        assert (col <= 11).all()
        # Rows and columns are linear: bilinear between known pixels is the pixel's own number.
        at = [np.floor(place).astype(int).clip(0, most) for place, most in ((row, 6), (col, 10))]
        pictures = batch["inputs"].numpy()[sample.astype(int)]
        corner = pictures[np.arange(len(row)), :, at[0], at[1]]
        beyond = pictures[np.arange(len(row)), :, at[0] + 1, at[1] + 1]
        usable = (np.abs(beyond - corner) == 1).all(axis=1)  # no missing row and no seam between
        share = np.stack([row - at[0], col - at[1]], axis=1)
        expected = (corner + (beyond - corner) * share).sum(axis=1)[usable]
        assert usable.any()
        np.testing.assert_allclose(batch["height"].numpy()[usable, 0], expected, atol=1e-4)
        seen |= {round(float(height), 3) for height in batch["height"][:, 0]}
    assert batch["height"].shape == (len(row), factory.LEVELS)
    assert len(seen) > 8


def test_every_known_point_is_in_the_core_of_one_tile(store, wraps):
    part = load_part(store, "validation", factory.recipe())
    tiles = validation_batches(part, factory.recipe(), 2)
    assert isinstance(tiles, Tiles)
    heights = np.concatenate([tile["height"].numpy() for tile in tiles])
    expected = np.concatenate([points.values["height"] for points in part.points])
    assert len(heights) == len(expected)
    np.testing.assert_array_equal(np.sort(heights, axis=0), np.sort(expected, axis=0))
    said = factory.Swaths(wraps).label(Path("g2"), "points")
    known = np.floor(said["row"].values + 0.5) != 3
    assert ((said["col"].values > factory.COLS - 1).sum() == 2) == wraps
    assert len(expected) == known.sum()


def test_samples_without_any_point_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(writer, "instrument_named", lambda _: factory.Swaths(points=0))
    files, out = factory.files(tmp_path, 1), tmp_path / "s.zarr"
    writer.write_samples(files, out, factory.recipe(), truth="points")
    split_samples(out, fractions=(1, 0, 0))
    part = load_part(out, "train", factory.recipe())
    with pytest.raises(UsageError, match="no point"):
        CropLoader(part, factory.recipe())
    assert describe(open_samples(out))[1]


places = st.lists(st.tuples(st.integers(0, 28), st.integers(0, 28)), min_size=1, max_size=5)


@given(places, st.booleans(), st.booleans(), st.integers(0, 3))
def test_all_turns_move_points_exactly_with_the_picture(at, mirror, over, quarters):
    """Points at quarters of a pixel: a picture whose values are linear says where each one went."""
    side = 8
    row, col = (np.array([place[axis] for place in at]) / 4 for axis in (0, 1))
    rows, cols = np.mgrid[:side, :side].astype(np.float32)
    image = np.stack([rows, cols])
    view = View(image, np.ones((side, side), bool), np.zeros(side), np.zeros(side))
    truth = Points(row, col, {"place": np.stack([row, col], axis=1)})
    if mirror:
        view, truth = flip(view, truth, -1)
    if over:
        view, truth = flip(view, truth, -2)
    view, truth = turn(view, truth, quarters)
    top, left = (np.minimum(place.astype(int), side - 2) for place in (truth.row, truth.col))
    down, across = truth.row - top, truth.col - left
    corner = view.image[:, top, left]
    found = corner + (view.image[:, top + 1, left] - corner) * down
    found += (view.image[:, top, left + 1] - corner) * across
    np.testing.assert_array_equal(found.T, truth.values["place"])


@given(st.integers(-40, 40), st.integers(1, 12), st.floats(0, 35.99))
def test_a_window_across_the_last_column_holds_what_lies_on_both_sides(first, width, col):
    points = Points(np.array([2.0]), np.array([col]), {})
    found = points.inside(1, first, (4, width), 36)
    wanted = (col - first) % 36
    if wanted <= width - 1:
        assert found.row.tolist() == [1.0]
        assert found.col[0] == pytest.approx(wanted)
    else:
        assert not len(found)
