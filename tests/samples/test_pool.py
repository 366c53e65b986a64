"""Pools of pixels: the same at a step however it is reached, refreshed, labelled pixels only."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from nephoscope.errors import UsageError
from nephoscope.networks.local import LocalNet
from nephoscope.recipe import load_recipe
from nephoscope.samples.augment import TONES
from nephoscope.samples.crops import CropLoader, shares_of
from nephoscope.samples.part import Part
from nephoscope.samples.pool import PixelBatches

FRAMES, SIDE = 5, 48


def part():
    """Frame n is grey of 40 + 20 n; its label is n % 2, unknown in the left half."""
    grey = np.broadcast_to(
        40 + 20 * np.arange(FRAMES)[:, None, None, None], (FRAMES, 3, SIDE, SIDE)
    )
    label = np.broadcast_to(np.arange(FRAMES)[:, None, None] % 2, (FRAMES, SIDE, SIDE)).copy()
    label[:, :, : SIDE // 2] = -1
    return Part(
        image=grey.astype(np.uint8),
        known=np.ones(label.shape, bool),
        label=label.astype(np.int8),
        indices=tuple(range(FRAMES)),
        latitude=np.zeros(SIDE),
        longitude=np.zeros(SIDE),
        background=None,
        channels=("red", "green", "blue"),
        statistics=(),
        ids=tuple("abcde"),
        rows=(0, SIDE - 1),
        unit="frame",
        wraps=False,
        placed=False,
    )


@pytest.fixture(scope="module")
def recipe():
    still = [f"training.augmentation.{key}=0" for key in ("colour_jitter", *TONES)]
    return load_recipe(
        "sky-colour-local",
        [
            f"training.crop=[{SIDE},{SIDE}]",
            "training.pool={frames: 4, pixels: 20, refresh: 3}",
            "training.batch=32",
            "training.augmentation.warp.share=0",
            *still,
        ],
    )


def _batches(recipe, steps=12, start=0):
    network = LocalNet(recipe.inputs.groups)
    return PixelBatches(CropLoader(part(), recipe), network, steps, lambda: start)


def test_a_resumed_epoch_goes_on_as_an_uninterrupted_one(recipe):
    whole = list(_batches(recipe))
    later = list(_batches(recipe, steps=5, start=7))
    for expected, found in zip(whole[7:], later, strict=True):
        torch.testing.assert_close(found["seen"], expected["seen"], rtol=0, atol=0)
        assert torch.equal(found["label"], expected["label"])


def test_pixels_carry_the_label_of_their_frame(recipe):
    place = recipe.inputs.names.index("brightness")
    for batch in _batches(recipe):
        frame = (batch["seen"][:, place] * 60 + 110 - 40) / 20
        assert torch.equal(batch["label"].long(), frame.round().long() % 2)
        assert batch["label"].shape == (32,)


def test_the_oldest_frame_of_the_pool_is_replaced(recipe):
    batches = _batches(recipe)
    batches._fill(0)
    before = dict(batches._held)
    batches._fill(1)
    same = [before[place] is batches._held[place] for place in range(4)]
    expected = batches._frame(4)[0]
    assert torch.equal(batches._held[0][0], expected)
    assert same[1:] == [True, True, True]


def test_without_a_pool_it_says_so(recipe):
    bare = recipe.model_copy(update={"training": recipe.training.model_copy(update={"pool": None})})
    with pytest.raises(UsageError, match="pool"):
        PixelBatches(CropLoader(part(), bare), LocalNet(recipe.inputs.groups), 1, lambda: 0)


def test_folders_share_the_frames_between_each_other_as_told():
    groups = ("few", *["many"] * 9)
    np.testing.assert_allclose(shares_of(groups, 0.0), 0.1)
    half = shares_of(groups, 0.5)
    assert half[0] == pytest.approx(1 / 4)  # 1 beside the root of 9
    whole = shares_of(groups, 1.0)
    assert (whole[0], whole[1:].sum()) == (pytest.approx(0.5), pytest.approx(0.5))
    assert shares_of(groups, 0.7).sum() == pytest.approx(1)


def test_a_small_folder_comes_more_often_and_the_same_at_any_start(recipe):
    even = recipe.model_copy(
        update={
            "training": recipe.training.model_copy(
                update={"pool": recipe.training.pool.model_copy(update={"even": 1.0})}
            )
        }
    )
    held = replace(part(), groups=("few", *["many"] * (FRAMES - 1)))
    loader = CropLoader(held, even)
    pool = PixelBatches(loader, LocalNet(even.inputs.groups), 1, lambda: 0)
    drawn = [pool._sample(number) for number in range(400)]
    assert np.mean(np.array(drawn) == 0) == pytest.approx(0.5, abs=0.1)
    assert drawn[100:110] == [pool._sample(number) for number in range(100, 110)]
