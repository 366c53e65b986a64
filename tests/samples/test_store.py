import importlib.util
import time
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from nephoscope.errors import InputError, UsageError
from nephoscope.recipe import Recipe
from nephoscope.samples import writer
from nephoscope.samples.split import split_samples, units_of
from nephoscope.samples.split_rules import assign_parts
from nephoscope.samples.store import open_samples
from nephoscope.samples.writer import write_samples

spec = importlib.util.spec_from_file_location(
    "samples_factory", Path(__file__).parents[1] / "samples_factory.py"
)
factory = importlib.util.module_from_spec(spec)
spec.loader.exec_module(factory)


@pytest.fixture
def samples(tmp_path, monkeypatch):
    return factory.write_store(tmp_path, monkeypatch)


def test_the_store_holds_what_was_read(samples):
    store, reader = open_samples(samples), factory.FakeReader()
    scene, label = reader.read(Path("3.jpg")), reader.read_label(Path("3.jpg"))
    image = store["image"].values[2]
    assert image.dtype == np.uint8
    assert (image[:, :, 5:8] == 0).all()
    seen = ~np.isnan(scene["image"].values)
    assert np.abs(image[seen] - scene["image"].values[seen]).max() <= 0.5
    np.testing.assert_array_equal(store["label"].values[2], label)
    assert [str(i) for i in store["id"].values][2] == "P01_day03"
    np.testing.assert_array_equal(store["latitude"], scene["latitude"])


def test_the_store_opens_in_plain_xarray_with_missing_as_nan(samples):
    store = xr.open_zarr(samples, chunks=None)
    assert np.isnan(store["image"].values[0, :, :, 5:8]).all()


def test_what_is_known_and_what_else_the_instrument_says_is_kept(samples):
    store = xr.open_zarr(samples, chunks=None)
    assert store["known"].dtype == bool
    np.testing.assert_array_equal(store["known"].values, np.isfinite(store["image"].values[:, 0]))
    assert store["season"].values.tolist() == [101, 102, 103, 104]
    attrs = {name: store.attrs[name] for name in ("task", "unit", "wraps", "truth")}
    assert attrs == {"task": "mask", "unit": "day", "wraps": True, "truth": "pixels"}
    assert store["label"].dims == ("sample", "y", "x")
    assert set(np.unique(store["label"].values)) == {-1, 0, 1}


@pytest.mark.parametrize("attrs", [{}, {"units": "1"}])
def test_a_picture_in_another_unit_or_none_is_kept_as_it_is(attrs, tmp_path, monkeypatch):
    """Reflectance 0.37 is no colour of 0."""

    class Reflecting(factory.FakeReader):
        def read(self, path):
            scene = super().read(path)
            image = scene["image"].values / np.float32(540)
            return scene.assign(image=(("channel", "y", "x"), image, attrs))

    monkeypatch.setattr(writer, "instrument_named", lambda _: Reflecting())
    files = factory.maps_of(tmp_path, [1])
    stored = open_samples(write_samples(files, tmp_path / "s.zarr", factory.small_recipe()))
    expected = Reflecting().read(files[0].path)["image"]
    assert stored["image"].dtype == np.float32
    np.testing.assert_array_equal(stored["image"].values[0], expected)


def test_a_store_of_an_earlier_version_says_that_it_is_to_be_built_anew(samples):
    (samples / "id").rename(samples / "map_id")
    with pytest.raises(InputError, match=r"earlier version.*build it anew"):
        open_samples(samples)


def test_the_id_follows_the_contents(samples, tmp_path, monkeypatch):
    (tmp_path / "other").mkdir()
    (tmp_path / "fewer").mkdir()
    other = factory.write_store(tmp_path / "other", monkeypatch)
    fewer = factory.write_store(tmp_path / "fewer", monkeypatch, days=3)
    ids = [open_samples(path).attrs["samples_id"] for path in (samples, other, fewer)]
    assert ids[0] == ids[1] != ids[2]


def test_no_label_is_an_error_and_leaves_nothing(tmp_path, monkeypatch):
    reader = factory.FakeReader()
    reader.label = lambda *_: None
    monkeypatch.setattr(writer, "instrument_named", lambda _: reader)
    files = factory.maps_of(tmp_path, [1])
    with pytest.raises(UsageError, match="label"):
        write_samples(files, tmp_path / "s.zarr", factory.small_recipe())
    assert not list(tmp_path.iterdir())


def test_a_label_of_another_shape_is_named(tmp_path, monkeypatch):
    reader = factory.FakeReader()
    reader.read_label = lambda _: np.zeros((3, 4), np.int8)
    monkeypatch.setattr(writer, "instrument_named", lambda _: reader)
    (tmp_path / "1.jpg").touch()
    with pytest.raises(InputError, match=r"\[label\]"):
        write_samples(factory.maps_of(tmp_path, [1]), tmp_path / "s.zarr", factory.small_recipe())
    assert [path.name for path in tmp_path.iterdir()] == ["1.jpg"]


@pytest.mark.parametrize("bad", [{1}, {3}, {1, 2, 3}])
def test_what_cannot_be_read_is_told_and_the_rest_is_written(bad, tmp_path, monkeypatch):
    class Damaged(factory.FakeReader):
        def read_label(self, path):
            if int(path.stem) in bad:
                raise InputError(path, "is damaged")
            return super().read_label(path)

    monkeypatch.setattr(writer, "instrument_named", lambda _: Damaged())
    for day in (1, 2, 3):
        (tmp_path / f"{day}.jpg").touch()
    files = factory.maps_of(tmp_path, (1, 2, 3))
    out, told = tmp_path / "s.zarr", []
    arguments = (files, out, factory.small_recipe())
    if len(bad) == 3:
        with pytest.raises(InputError, match="nor any other"):
            write_samples(*arguments, on_error=told.append)
        assert not out.exists()
    else:
        store = open_samples(write_samples(*arguments, on_error=told.append))
        assert store.sizes["sample"] == 3 - len(bad)
        assert set(store["order"].values) == {1, 2, 3} - bad
        assert (store["label"].values[-1] >= 0).any()
    assert {Path(error.path).stem for error in told} == {str(day) for day in bad}


def test_what_is_no_store_is_said_to_be_none(tmp_path):
    with pytest.raises(InputError, match="not a samples store"):
        open_samples(tmp_path)


def test_split_is_contiguous_in_time(samples):
    parts = split_samples(samples, "day", (2, 1, 1))
    assert parts == {
        "train": ["P01_day01", "P01_day02"],
        "validation": ["P01_day03"],
        "test": ["P01_day04"],
    }
    assert [str(v) for v in open_samples(samples)["split"].values][-1] == "test"


def test_eighteen_days_as_fifteen_and_three():
    assert assign_parts(18, (15, 3, 0)) == ["train"] * 15 + ["validation"] * 3


def test_seeds_move_the_held_out_days_through_all_of_them():
    held = [
        n
        for seed in range(0, 18, 3)
        for n, part in enumerate(assign_parts(18, (15, 3, 0), seed))
        if part == "validation"
    ]
    assert sorted(held) == list(range(18))


@pytest.mark.parametrize("fractions", [(1, 1), (0, 1, 1), (1, -1, 0)])
def test_bad_fractions_are_refused(fractions):
    with pytest.raises(UsageError, match="weights"):
        assign_parts(5, fractions)


def test_too_few_days_are_refused():
    with pytest.raises(UsageError, match="cannot fill"):
        assign_parts(2, (1, 1, 1))


@pytest.mark.parametrize("by", ["day", "block", "group"])
def test_a_hundred_thousand_maps_are_split_in_a_moment(by):
    number = 100_000
    store = xr.Dataset(
        {
            "id": ("sample", [f"day{n % 40:02d}" for n in range(number)]),
            "order": ("sample", np.arange(number) / 200),
            "group": ("sample", [f"P{1 + n // 40:04d}" for n in range(number)]),
        }
    )
    start = time.process_time()
    units = units_of(store, by)
    assert time.process_time() - start < 2
    assert units[0] == 0
    assert (np.diff(units) >= 0).all()
    assert units[-1] == {"day": number - 1, "block": (number - 1) // 3, "group": 2499}[by]


def test_a_store_is_not_replaced_unasked(samples, tmp_path, monkeypatch):
    files = factory.maps_of(tmp_path, [1])
    with pytest.raises(UsageError, match="--overwrite"):
        write_samples(files, samples, factory.small_recipe())
    write_samples(files, samples, factory.small_recipe(), overwrite=True)
    assert open_samples(samples).sizes["sample"] == 1
    assert open_samples(samples).attrs["labelled"][1] > 0


def test_a_background_that_the_recipe_does_not_use_or_lacks_is_refused(tmp_path, samples):
    files = factory.maps_of(tmp_path, [1])
    blue = xr.Dataset({"background_blue": (("y", "x"), np.zeros((12, 16), np.float32))})
    blue.attrs = {"shape": [48, 64], "cell": 4, "sha256": "a", "channels": '["blue"]'}
    out = tmp_path / "t.zarr"
    with pytest.raises(UsageError, match="uses no background"):
        write_samples(files, out, factory.small_recipe(), blue)
    content = factory.small_recipe().model_dump(mode="json")
    for channels, shape, match in (
        (["blue", "blue_red_ratio"], [48, 64], "is of blue; recipe .* wants blue, blue_red_ratio"),
        (["blue"], [90, 180], "for scenes of"),
    ):
        content["inputs"]["background"] = {"channels": channels}
        blue.attrs["shape"] = shape
        with pytest.raises((InputError, UsageError), match=match):
            write_samples(files, out, Recipe.model_validate(content), blue)
    assert not out.exists()
