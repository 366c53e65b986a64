"""Pixel features against plain loops over windows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nephoscope.evaluation.baselines.pixels import Pixels, box_mean, draw_pixels
from nephoscope.evaluation.baselines.planet import MAPS
from nephoscope.evaluation.sample import LabelledSample


def sample_map(sample: LabelledSample, number: int, seed: int) -> Pixels:
    return draw_pixels(sample, MAPS.features, number, seed, MAPS.reach)


def labelled_map(seed: int = 0, rows: int = 30, cols: int = 40) -> LabelledSample:
    rng = np.random.default_rng(seed)
    image = rng.integers(1, 200, (3, rows, cols)).astype(np.uint8)
    image[:, rng.random((rows, cols)) < 0.1] = 0
    return LabelledSample(
        id=f"day{seed}",
        image=image,
        known=image.any(axis=0),
        truth=rng.integers(-1, 2, (rows, cols)).astype(np.int8),
        latitude=np.linspace(60, -60, rows),
        longitude=np.linspace(-180, 171, cols),
        background=rng.random((2, rows, cols)).astype(np.float32) * 90,
    )


@pytest.mark.parametrize("width", [3, 5])
def test_box_mean_against_a_loop(width: int) -> None:
    rng = np.random.default_rng(0)
    plane = rng.normal(size=(9, 11)).astype(np.float32)
    plane[2:7, 3:8] = np.nan
    half = width // 2
    mean = box_mean(plane, width)
    for y in range(half, 9 - half):
        for x in range(11):
            window = plane[y - half : y + half + 1].take(
                range(x - half, x + half + 1), 1, mode="wrap"
            )
            known = window[np.isfinite(window)]
            expected = known.mean() if known.size else np.nan
            assert mean[y, x] == pytest.approx(expected, abs=1e-5, nan_ok=True)


def test_features_are_those_of_the_pixel_and_its_window() -> None:
    scene = labelled_map()
    pixels = sample_map(scene, 10**9, seed=0)
    row, col = np.nonzero(scene.label >= 0)
    assert np.array_equal(pixels.label, scene.label[row, col])
    assert np.array_equal(pixels.values["latitude"], scene.latitude[row].astype(np.float32))
    known = pixels.known
    assert np.array_equal(known, scene.image[0, row, col] > 0)
    blue = scene.image[2].astype(float)
    assert np.array_equal(pixels.values["blue"][known], blue[row, col][known])
    assert np.isnan(pixels.values["blue"][~known]).all()
    assert scene.background is not None
    difference = blue[row, col] - scene.background[0, row, col]
    assert np.allclose(pixels.values["blue_difference"][known], difference[known], atol=1e-4)
    place = int(np.flatnonzero((row > 4) & (row < 25) & known)[7])
    y, x = row[place], col[place]
    window = blue[y - 4 : y + 5].take(range(x - 4, x + 5), 1, mode="wrap")
    window = window[window > 0]
    assert pixels.values["blue_minimum"][place] == window.min()
    assert pixels.values["blue_maximum"][place] == window.max()
    assert pixels.values["blue_contrast"][place] == pytest.approx(window.std(), rel=1e-3)
    assert pixels.values["blue_mean_9"][place] == pytest.approx(window.mean(), rel=1e-5)


def test_rows_far_from_any_label_change_nothing() -> None:
    scene = labelled_map(rows=300)
    scene.label[:] = -1
    scene.label[150] = 1
    near = sample_map(scene, 10**9, seed=0)
    scene.image[:, :80] = 7
    scene.image[:, 220:] = 7
    again = sample_map(scene, 10**9, seed=0)
    for name, value in near.values.items():
        assert np.allclose(value, again.values[name], equal_nan=True, atol=1e-3), name


def test_sample_is_seeded_and_differs_by_day() -> None:
    scene = labelled_map(rows=60)
    one, again = (sample_map(scene, 200, seed=3) for _ in range(2))
    assert one.label.size == 200
    assert np.array_equal(one.values["longitude"], again.values["longitude"])
    other = sample_map(scene, 200, seed=4)
    assert not np.array_equal(one.values["longitude"], other.values["longitude"])
    elsewhere = sample_map(replace(scene, id="other"), 200, 3)
    assert not np.array_equal(one.values["longitude"], elsewhere.values["longitude"])


def test_without_a_background_its_features_are_not_there() -> None:
    scene = labelled_map()
    bare = replace(scene, background=None)
    names = set(sample_map(bare, 50, seed=0).values)
    assert not any("difference" in name or "background" in name for name in names)
    assert {"longitude", "latitude", "blue_mean_121"} <= names
