"""The protocol on a tiny store: which maps, what is withheld, where the model errs most."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from evaluation_factory import fake_model, published
from nephoscope.errors import UsageError
from nephoscope.evaluation.predictors import Predict
from nephoscope.evaluation.protocol import (
    WAYS,
    Judged,
    choose_samples,
    run_evaluation,
    ways_of,
)
from nephoscope.evaluation.sample import LabelledSample
from nephoscope.evaluation.worst import SIZE, best_windows, worst_windows
from nephoscope.recipe import Background

Store = Callable[..., xr.Dataset]


@pytest.mark.parametrize(
    ("parts", "wanted", "split", "indices"),
    [
        (["train", "validation", "test"], None, "test", [2]),
        (["train", "validation", "validation"], None, "validation", [1, 2]),
        (["", "", ""], None, "all", [0, 1, 2]),
        (["train", "validation", "test"], "train", "train", [0]),
        (["train", "validation", "test"], "all", "all", [0, 1, 2]),
    ],
)
def test_the_part_scored(
    tiny_store: Store, parts: list[str], wanted: str | None, split: str, indices: list[int]
) -> None:
    assert choose_samples(tiny_store(parts), wanted) == (split, indices)


@pytest.mark.parametrize("wanted", ["test", "nonsense"])
def test_an_empty_or_unknown_part_is_wrong_usage(tiny_store: Store, wanted: str) -> None:
    with pytest.raises(UsageError, match=wanted):
        choose_samples(tiny_store(["train", "validation"]), wanted)


def test_pooled_over_labels_and_missing_is_clear(
    tiny_store: Store, by_blue: Predict, model: Judged
) -> None:
    store = tiny_store(["train", "test", "test"])
    seen: list[str] = []
    found = run_evaluation(model, store, predict=by_blue, progress=seen.append)
    label, image = store["label"].values[1:], store["image"].values[1:]
    cloud, known = label == 1, image.any(axis=1)
    overall = found.scores.overall
    assert overall["recall"].value == pytest.approx((cloud & known).sum() / cloud.sum())
    assert overall["precision"].value == 1
    assert overall["f1"].n == (label >= 0).sum()
    assert overall["coverage"].value == pytest.approx(known[label >= 0].mean())
    assert seen == found.scores.sums.units == found.spec["maps"] == ["P01_day01", "P01_day02"]
    assert found.spec["samples"] == "abc"
    assert found.spec["split"] == "test"


def test_the_models_threshold_decides(tiny_store: Store, model: Judged) -> None:
    strict = fake_model(0.6)

    def unsure(sample: LabelledSample) -> xr.Dataset:
        return published(np.where(sample.image[2] >= 120, 0.596, 0.1).astype(np.float32))

    store = tiny_store(["test"])
    assert run_evaluation(strict, store, predict=unsure).scores.overall["recall"].value == 0
    assert run_evaluation(model, store, predict=unsure).scores.overall["recall"].value > 0.9


def test_each_way_withholds_what_it_says(tiny_store: Store, model: Judged) -> None:
    store, seen = tiny_store(["test"], background=True), []

    def remember(sample: LabelledSample) -> xr.Dataset:
        seen.append((sample.background is not None, sample.position))
        return published(np.full(sample.label.shape, 0.9 if sample.position else 0.1, np.float32))

    found = run_evaluation(model, store, predict=remember, ways=list(WAYS))
    assert seen == [(True, True), (False, True), (True, False), (False, False)]
    recall = {way: each.overall["recall"].value for way, each in found.ways.items()}
    assert recall == {
        "full": 1, "without_background": 1, "without_position": 0, "without_both": 0,
    }  # fmt: skip
    assert found.scores is found.ways["full"]


def test_the_background_is_read_at_full_resolution(
    tiny_store: Store, by_blue: Predict, model: Judged
) -> None:
    def check(sample: LabelledSample) -> xr.Dataset:
        assert sample.background is not None
        assert sample.background.shape == (2, 60, 80)
        assert np.allclose(sample.background, 0.5)
        return by_blue(sample)

    run_evaluation(model, tiny_store(["test"], background=True), predict=check)


@pytest.mark.parametrize(
    ("features", "in_store", "ways"),
    [
        (["blue"], True, ["full"]),
        (["blue", "sine_longitude"], False, ["full", "without_position"]),
        (["blue", "background_blue"], True, ["full", "without_background"]),
        (["blue", "background_blue"], False, ["full"]),
        (["background_blue", "cosine_longitude"], True, list(WAYS)),
    ],
)
def test_a_model_is_scored_in_the_ways_that_it_has(
    tiny_store: Store, features: list[str], in_store: bool, ways: list[str]
) -> None:
    background = Background(channels=("blue",)) if "background_blue" in features else None
    recipe = SimpleNamespace(inputs=SimpleNamespace(names=features, background=background))
    store = tiny_store(["test"], background=in_store)
    assert ways_of(SimpleNamespace(recipe=recipe), store) == tuple(ways)


@pytest.mark.parametrize(
    ("split", "seen"),
    [
        ({"train": ["P01_day00"], "validation": []}, {"train": 0, "validation": 0}),
        ({"train": ["P01_day00"], "validation": ["P01_day01"]}, {"train": 0, "validation": 1}),
        ({"train": ["P01_day00", "P01_day01"]}, {"train": 1, "validation": 0}),
        (None, None),
    ],
)
def test_a_model_tells_which_maps_it_has_seen(
    tiny_store: Store, by_blue: Predict, split: dict | None, seen: dict | None
) -> None:
    info = {} if split is None else {"split": split}
    model = fake_model(info=info)
    found = run_evaluation(model, tiny_store(["train", "test"]), predict=by_blue)
    assert found.seen == seen


def test_worst_windows_are_where_the_errors_are() -> None:
    height, width = SIZE
    shape = (3 * height, 4 * width)
    label = np.zeros(shape, np.int8)
    probability = np.zeros(shape, np.float32)
    probability[height : height + 10, width : width + 10] = 1.0
    probability[2 * height : 2 * height + 20, : width // 2] = 1.0
    label[2 * height : 2 * height + 10] = -1
    sample = LabelledSample(
        "day",
        np.full((3, *shape), 9, np.uint8),
        np.ones(shape, bool),
        label,
        90 - 0.1 * np.arange(shape[0]),
        -180 + 0.1 * np.arange(shape[1]),
    )
    worst, second = worst_windows(sample, probability, 0.5)
    assert (worst.errors, second.errors) == (10 * (width // 2), 100)
    assert worst.latitude[0] == pytest.approx(90 - 0.2 * height)
    assert worst.longitude[0] == -180
    assert second.longitude[0] == pytest.approx(-180 + 0.1 * width)
    assert second.image.shape == (height, width, 3)
    assert worst_windows(sample, label.clip(0).astype(np.float32), 0.5) == []


def test_best_windows_hold_cloud_and_few_errors() -> None:
    height, width = SIZE
    label = np.zeros((height, 4 * width), np.int8)
    label[height // 4 :, width : 2 * width] = 1
    label[: height // 2, 2 * width : 3 * width] = 1
    label[:, 3 * width :] = 1
    probability = label.astype(np.float32)
    probability[:6, 2 * width : 3 * width] = 0.0
    image, axes = (
        np.full((3, *label.shape), 9, np.uint8),
        [np.arange(float(n)) for n in label.shape],
    )
    sample = LabelledSample("day", image, np.ones(label.shape, bool), label, *axes)
    best, second = best_windows(sample, probability, 0.5)  # one kind alone is no feat
    assert (best.errors, best.longitude[0]) == (0, width)
    assert (second.errors, second.longitude[0]) == (6 * width, 2 * width)
