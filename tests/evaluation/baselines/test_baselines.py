"""Baselines find the rule that made the labels, and are scored as a model is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nephoscope.errors import UsageError
from nephoscope.evaluation.baselines import (
    Baseline,
    BaselineOptions,
    baseline_sums,
    draw_pixels,
    fit_baselines,
)
from nephoscope.evaluation.baselines.frames import FRAMES
from nephoscope.evaluation.baselines.pixels import Pixels
from nephoscope.evaluation.baselines.planet import MAPS
from nephoscope.evaluation.sample import LabelledSample
from nephoscope.tasks.mask_metrics import metrics

OPTIONS = BaselineOptions(pixels=4000, pixels_learned=3000, iterations=25, leaves=7)


def table(maps: list[LabelledSample], options: BaselineOptions) -> list[Pixels]:
    return [
        draw_pixels(each, MAPS.features, options.pixels, options.seed, MAPS.reach) for each in maps
    ]


def blobs(day: int, slope: float = 0.0) -> LabelledSample:
    """Smooth random fields; cloud where blue passes 90 + slope * latitude."""
    rng = np.random.default_rng(day)
    from scipy.ndimage import gaussian_filter

    latitude = np.linspace(60, -60, 60)
    smooth = gaussian_filter(rng.normal(size=(3, 60, 80)), (0, 3, 3), mode="wrap") * 150
    image = np.clip(90 + smooth, 1, 250).astype(np.uint8)
    label = (image[2] >= 90 + slope * latitude[:, None]).astype(np.int8)
    label[:3] = -1
    longitude, known = np.linspace(-180, 175.5, 80), np.ones(label.shape, bool)
    return LabelledSample(f"day{day}", image, known, label, latitude, longitude)


def fitted(slope: float) -> tuple[dict[str, Baseline], list[Pixels]]:
    train, judge, test = (
        table([blobs(day, slope) for day in days], OPTIONS) for days in ([0, 1, 2], [3], [4])
    )
    return {each.name: each for each in fit_baselines(MAPS, train, judge, OPTIONS)}, test


def f1(baseline: Baseline, maps: list[Pixels]) -> float:
    level = round(baseline.threshold * 250)
    return float(metrics(baseline_sums(baseline.score, maps).total(), level)["f1"])


def test_a_blue_rule_is_found_exactly() -> None:
    baselines, test = fitted(0.0)
    assert baselines["blue threshold"].threshold * 250 == pytest.approx(90)
    assert baselines["blue threshold"].detail == "blue ≥ 90 DN"
    assert f1(baselines["blue threshold"], test) == 1.0
    assert f1(baselines["blue/red threshold"], test) < 0.95
    assert f1(baselines["always clear"], test) == 0.0


def test_a_rule_that_leans_with_latitude_orders_the_baselines() -> None:
    baselines, test = fitted(0.5)
    skill = {name: f1(baseline, test) for name, baseline in baselines.items()}
    assert skill["blue threshold"] < 0.9
    for better in ("blue threshold by 1° latitude", "logistic regression", "boosted trees"):
        assert skill[better] > skill["blue threshold"] + 0.05, better


def test_fitting_is_deterministic() -> None:
    (first, test), (second, _) = fitted(0.5), fitted(0.5)
    for name, baseline in first.items():
        assert baseline_sums(baseline.score, test) == baseline_sums(second[name].score, test)


def test_pixels_without_image_are_not_predicted() -> None:
    baselines, _ = fitted(0.0)
    scene = blobs(5)
    scene.image[:, 20:30] = 0
    scene.known[20:30] = False
    maps = table([scene], OPTIONS)
    for name, baseline in baselines.items():
        counts = baseline_sums(baseline.score, maps).total()
        assert counts[:, 0].sum() == (~maps[0].known).sum() > 600, name


def test_a_wholly_black_map_is_scored_too() -> None:
    baselines, _ = fitted(0.0)
    scene = blobs(5)
    black = replace(scene, image=np.zeros_like(scene.image), known=np.zeros_like(scene.known))
    for baseline in baselines.values():
        counts = baseline_sums(baseline.score, table([black], OPTIONS)).total()
        assert counts[:, 1:].sum() == 0


@pytest.mark.parametrize("value", [0, 1])
def test_training_needs_both_classes(value: int) -> None:
    scene = blobs(1)
    scene.label[:] = value
    with pytest.raises(UsageError, match="every label is"):
        fit_baselines(MAPS, table([scene], OPTIONS), [], OPTIONS)
    with pytest.raises(UsageError, match="nothing has a label"):
        fit_baselines(MAPS, [], [], OPTIONS)


def test_a_class_too_rare_for_the_learning_set_is_taken_whole() -> None:
    scene = blobs(1)
    scene.label[:] = 0
    scene.label[20, 21:24] = 1  # every ninth pixel is learned from, and misses these
    few = replace(OPTIONS, pixels_learned=500)
    found = fit_baselines(MAPS, table([scene], few), [], few)
    assert [each.name for each in found][-2:] == ["logistic regression", "boosted trees"]


def test_of_frames_without_a_sun_its_distance_is_not_learned_from() -> None:
    frames = [replace(blobs(day), wraps=False) for day in range(2)]
    for frame in frames:
        np.minimum(frame.image, 240, out=frame.image)
    train = [draw_pixels(each, FRAMES.features, 3000, 0) for each in frames]
    assert all(np.isnan(pixels.values["sun_distance"]).all() for pixels in train)
    found = {each.name: each for each in fit_baselines(FRAMES, train, [], OPTIONS)}
    assert f1(found["boosted trees"], train) > 0.95
