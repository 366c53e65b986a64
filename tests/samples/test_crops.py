import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from nephoscope.errors import UsageError
from nephoscope.inputs import View
from nephoscope.recipe import Augmentation
from nephoscope.samples.augment import augment, change_gain
from nephoscope.samples.crops import Batches, CropLoader
from nephoscope.samples.held import Bits
from nephoscope.samples.part import Part, load_part
from nephoscope.samples.whole import Tiles

spec = importlib.util.spec_from_file_location(
    "samples_factory", Path(__file__).parents[1] / "samples_factory.py"
)
factory = importlib.util.module_from_spec(spec)
spec.loader.exec_module(factory)
ROWS, COLS = 32, 40


def _part(background=True):
    """Every pixel says where it is: red is its row, green its column, label their parity."""
    row, col = np.mgrid[:ROWS, :COLS]
    image = np.stack([row + 1, col + 1, row * 0 + 7]).astype(np.uint8)[None]
    label = ((row + col) % 2).astype(np.int8)[None]
    label[:, :4] = -1
    return Part(
        image=image,
        known=np.ones(label.shape, bool),
        label=label,
        indices=(0,),
        latitude=row[:, 0].astype(float),
        longitude=col[0].astype(float),
        background=np.stack([row, col]).astype(np.float32) if background else None,
        channels=("red", "green", "blue"),
        statistics=("blue", "blue_red_ratio"),
        ids=("only",),
        rows=(4, ROWS - 1),
    )


def _recipe(**training):
    return factory.small_recipe(**training)


@pytest.mark.parametrize("number", range(20))
def test_coordinates_label_and_background_move_with_every_flip_and_wrap(number):
    settings = {"flip_x": True, "flip_y": True, "drop_background": 0, "drop_position": 0}
    view, label = CropLoader(_part(), _recipe(augmentation=settings)).crop(number)
    row, col = view.image[0].astype(int) - 1, view.image[1].astype(int) - 1
    np.testing.assert_array_equal(row, np.broadcast_to(view.latitude[:, None], row.shape))
    np.testing.assert_array_equal(col, np.broadcast_to(view.longitude[None], col.shape))
    np.testing.assert_array_equal(view.background, np.stack([row, col]))
    np.testing.assert_array_equal(label, np.where(row < 4, -1, (row + col) % 2))


def test_crops_cross_the_last_column_and_flip():
    views = [CropLoader(_part(), _recipe()).crop(number)[0] for number in range(60)]
    steps = {float(step) for view in views for step in np.diff(view.longitude)}
    assert steps == {1.0, -1.0, COLS - 1.0, 1.0 - COLS}


def test_pixels_without_image_data_lose_their_label():
    part = _part()
    part.known[0, 10:20, 10:20] = False
    view, label = CropLoader(part, _recipe()).crop(3)
    assert (label[~view.known] == -1).all()
    assert not view.known.all()


def test_a_crop_depends_on_seed_and_number_alone():
    loader = CropLoader(_part(), _recipe())
    first, again = loader.crop(5), CropLoader(_part(), _recipe()).crop(5)
    np.testing.assert_array_equal(first[0].image, again[0].image)
    others = [loader.crop(6), CropLoader(_part(), _recipe(), seed=9).crop(5)]
    assert not all(np.array_equal(first[0].image, other[0].image) for other in others)


def test_batches_begin_where_the_run_stands_and_match_the_loader():
    loader = CropLoader(_part(), _recipe(batch=3))
    found = list(Batches(loader, steps=4, start=lambda: 2))
    assert len(found) == 4
    expected = loader.batch(range(6, 9))
    assert torch.equal(found[0]["inputs"], expected["inputs"])
    assert torch.equal(found[0]["label"], expected["label"])
    assert expected["inputs"].shape == (3, len(factory.FEATURES), 16, 16)


def test_what_fails_in_a_thread_is_raised(monkeypatch):
    loader = CropLoader(_part(), _recipe())
    monkeypatch.setattr(loader, "crop", lambda number: 1 / (3 - number))
    with pytest.raises((ZeroDivisionError, TypeError)):
        list(Batches(loader, steps=4, start=lambda: 0))


def test_a_crop_larger_than_the_samples_is_refused():
    with pytest.raises(UsageError, match="larger"):
        CropLoader(_part(), _recipe(crop=[64, 16]))


@pytest.mark.parametrize("divisor", [1, 8, 16])
def test_every_labelled_pixel_is_in_one_tile(divisor):
    part = _part()
    tiles = Tiles(part, _recipe(), divisor)
    seen = np.zeros((ROWS, COLS), int)
    for tile in tiles:
        assert not tile["inputs"].shape[-1] % divisor
        core = tile["label"][0].numpy() >= 0
        # latitude is degrees / 90 here, and longitudes are degrees: both say the pixel's place.
        row = np.rint(tile["inputs"][0, 4].numpy() * 90).astype(int)
        sine, cosine = tile["inputs"][0, 5].numpy(), tile["inputs"][0, 6].numpy()
        col = np.rint(np.rad2deg(np.arctan2(sine, cosine))).astype(int)
        np.add.at(seen, (row[core], col[core]), 1)
    np.testing.assert_array_equal(seen, (part.label[0] >= 0).astype(int))


def test_a_part_beyond_the_budget_is_read_from_disk_alike(tmp_path, monkeypatch):
    path = factory.write_store(tmp_path, monkeypatch)
    inside = load_part(path, "train", _recipe())
    outside = load_part(path, "train", _recipe(), budget=0)
    assert not isinstance(outside.image, np.ndarray)
    for number in range(4):
        one, other = (CropLoader(part, _recipe()).crop(number) for part in (inside, outside))
        np.testing.assert_array_equal(one[0].image, other[0].image)
        np.testing.assert_array_equal(one[1], other[1])


def test_a_gain_changes_the_background_as_the_camera_would():
    view = View(
        image=np.full((3, 2, 2), 100, np.uint8),
        known=np.array([[False, True], [True, True]]),
        latitude=np.zeros(2),
        longitude=np.zeros(2),
        background=np.stack([np.full((2, 2), 80.0), np.full((2, 2), 0.5)]).astype(np.float32),
    )
    view.image[:, 0, 0] = 0
    gains = {"red": 2.0, "green": 1.0, "blue": 1.5}
    found = change_gain(view, gains)
    assert np.isnan(found.image[:, 0, 0]).all()
    np.testing.assert_allclose(found.image[:, 1, 1], [200, 100, 150])
    np.testing.assert_allclose(found.background[:, 1, 1], [120, 0.375])


def test_withheld_inputs_are_withheld_as_often_as_asked():
    view, label = CropLoader(_part(), _recipe()).crop(0)
    view = replace(view, background=np.zeros((2, *label.shape), np.float32))
    settings = Augmentation(drop_background=1.0, drop_position=0.0)
    rng = np.random.default_rng(0)
    changed, _ = augment(view, label, settings, rng)
    assert changed.background is None
    assert changed.position


@pytest.mark.parametrize("width", [1, 7, 8, 9, 40])
def test_bits_are_the_flags_they_were_made_of_in_any_window(width):
    flags = np.random.default_rng(width).random((3, 5, width)) < 0.5
    bits = Bits(flags)
    assert bits.shape == flags.shape
    for first in range(width):
        for last in range(first + 1, width + 1):
            window = (1, slice(1, 4), slice(first, last))
            assert bits[window].dtype == bool
            np.testing.assert_array_equal(bits[window], flags[window])
