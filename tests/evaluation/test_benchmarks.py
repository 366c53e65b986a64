"""The reference of the original has its facts, and folds of a study share arrays but not splits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr
from benchmarks import leave_days_out, original_mars

from nephoscope.errors import InputError
from nephoscope.evaluation.mask_sums import sums_of_pixels
from nephoscope.evaluation.sums import Sums


def test_the_reference_has_the_originals_size() -> None:
    network = original_mars.OriginalUNet()
    trainable = sum(each.numel() for each in network.parameters())
    running = sum(each.numel() for name, each in network.named_buffers() if "running" in name)
    assert (trainable, trainable + running) == (487_289, 488_761)
    with torch.no_grad():
        assert network.eval()(torch.zeros(1, 3, 204, 204)).shape == (1, 20, 20)


def test_the_reference_cuts_56_tiles_that_cover_the_box() -> None:
    image = np.full((1801, 3600, 3), 90, np.uint8)
    image[:, :4] = image[:, -3:] = 0
    box = original_mars.season_box(image, 132.5)
    assert box == (238, 1323, 4, 3597)
    rows = original_mars.tile_starts(box.bottom - box.top)
    cols = original_mars.tile_starts(box.right - box.left)
    assert len(rows) * len(cols) == 56
    for starts, extent in ((rows, box.bottom - box.top), (cols, box.right - box.left)):
        assert starts[0] == 0
        assert starts[-1] + original_mars.TILE_OUT == extent
        assert max(np.diff(starts)) <= original_mars.TILE_OUT / 2
    padded = original_mars.pad(image, box)
    assert padded.shape == (1323 - 238 + 184, 3597 - 4 + 184, 3)


def test_the_nearest_tile_wins() -> None:
    rng = np.random.default_rng(0)
    stack = rng.random((5, 2, 6, 7))
    chosen = stack[:, 1].argmax(axis=0)
    expected = np.take_along_axis(stack[:, 0], chosen[None], axis=0)[0]
    assert np.array_equal(original_mars._nearest(stack), expected)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    days = np.arange(1, 8, dtype=np.int32)
    texts = np.array(["train"] * 7, dtype=np.dtypes.StringDType())
    samples = xr.Dataset(
        {
            "image": (("sample", "channel", "y", "x"), np.ones((7, 3, 4, 4), np.uint8)),
            "label": (("sample", "y", "x"), np.zeros((7, 4, 4), np.int8)),
            "known": (("sample", "y", "x"), np.ones((7, 4, 4), bool)),
            "id": ("sample", texts),
            "group": ("sample", texts),
            "split": ("sample", texts),
            "day": ("sample", days),
            "latitude": ("y", np.arange(4.0)),
            "longitude": ("x", np.arange(4.0)),
        },
        attrs={"truth": "pixels", "unit": "day"},
    )
    path = tmp_path / "samples.zarr"
    samples.to_zarr(path, zarr_format=3, consolidated=False)
    return path


def test_folds_test_every_day_once_and_are_contiguous(store: Path) -> None:
    folds = np.array(leave_days_out.assign_folds(store, 3))
    assert ((folds == "test").sum(axis=0) == 1).all()
    assert ((folds == "validation").sum(axis=0) == 1).all()
    for part in folds:
        tested = np.flatnonzero(part == "test")
        assert tested.max() - tested.min() + 1 == tested.size
    with pytest.raises(SystemExit, match="3 to 7"):
        leave_days_out.assign_folds(store, 8)


def test_a_fold_changes_its_own_split_alone(store: Path, tmp_path: Path) -> None:
    split = ["test", "validation", *["train"] * 5]
    fold = leave_days_out.fold_store(store, tmp_path / "fold.zarr", split)
    assert leave_days_out.open_samples(fold)["split"].values.tolist() == split
    assert leave_days_out.open_samples(store)["split"].values.tolist() == ["train"] * 7
    assert (fold / "image").is_symlink()
    assert leave_days_out.fold_store(store, fold, ["train"] * 7) == fold


def test_folds_are_scored_at_their_own_thresholds() -> None:
    def sums(day: str, edge: float) -> Sums:
        probability = np.array([edge - 0.004, edge, edge, 1.0], np.float32)
        return sums_of_pixels(day, probability, np.array([0, 1, 0, 1], np.int8), np.zeros(4))

    scores = leave_days_out.score_folds([(0.2, sums("a", 0.2)), (0.8, sums("b", 0.8))])
    assert scores["recall"].value == 1.0
    assert scores["precision"].value == pytest.approx(2 / 3)
    assert scores["f1"].low == scores["f1"].high == pytest.approx(0.8)
    assert scores["f1"].n == 8


def sums_of_days() -> Sums:
    rng = np.random.default_rng(0)
    return Sums({(day, 10 * n): rng.integers(0, 9, (2, 5)) for n, day in enumerate("abc")})


def test_sums_survive_the_disk(tmp_path: Path) -> None:
    leave_days_out.write_sums(sums_of_days(), tmp_path / "sums.npz")
    assert leave_days_out.read_sums(tmp_path / "sums.npz") == sums_of_days()
    leave_days_out.write_sums(Sums(), tmp_path / "empty.npz")
    assert leave_days_out.read_sums(tmp_path / "empty.npz") == Sums()


@pytest.mark.parametrize("keep", [0, 1, 100])
def test_damaged_sums_are_named(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "sums.npz"
    leave_days_out.write_sums(sums_of_days(), path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(InputError, match=r"sums\.npz"):
        leave_days_out.read_sums(path)
