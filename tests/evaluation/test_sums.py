"""Sums: merging is exact in any order, and the bins are the product's levels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nephoscope.evaluation.items import latitude_band
from nephoscope.evaluation.mask_sums import sums_of_map
from nephoscope.evaluation.sums import Sums, merge
from nephoscope.tasks.mask_metrics import BINS


@st.composite
def some_sums(draw: st.DrawFn) -> Sums:
    keys = draw(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([-10, 0, 10]))))
    seed = draw(st.integers(0, 99))
    rng = np.random.default_rng(seed)
    return Sums({key: rng.integers(0, 1000, (2, BINS)) for key in keys}, (2, BINS))


@given(some_sums(), some_sums(), some_sums())
def test_merge_is_associative_and_commutative(a: Sums, b: Sums, c: Sums) -> None:
    assert a + b == b + a
    assert (a + b) + c == a + (b + c)
    assert a + Sums() == a


@given(some_sums(), some_sums())
def test_merge_adds_every_count(a: Sums, b: Sums) -> None:
    assert np.array_equal((a + b).total(), a.total() + b.total())
    assert (a + a == a) == (a.total().sum() == 0)


def random_map(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    probability = rng.random((40, 30)).astype(np.float32)
    probability[rng.random((40, 30)) < 0.1] = np.nan
    label = rng.integers(-1, 2, (40, 30)).astype(np.int8)
    return probability, label, np.linspace(60, -60, 40)


@given(st.integers(1, 39))
def test_cutting_a_map_changes_nothing(row: int) -> None:
    probability, label, latitude = random_map(1)
    whole = sums_of_map("a", probability, label, latitude)
    parts = [
        sums_of_map("a", probability[rows], label[rows], latitude[rows])
        for rows in (slice(0, row), slice(row, None))
    ]
    assert merge(parts) == whole


def test_counts_against_a_plain_loop() -> None:
    probability, label, latitude = random_map(2)
    expected = np.zeros((2, BINS), int)
    in_tropics = np.zeros((2, BINS), int)
    for p, truth, lat in zip(
        probability.ravel(), label.ravel(), np.repeat(latitude, 30), strict=True
    ):
        if truth >= 0:
            place = 0 if np.isnan(p) else 1 + round(float(p) * 250)
            expected[truth, place] += 1
            in_tropics[truth, place] += 0 <= lat < 10
    sums = sums_of_map("a", probability, label, latitude)
    assert np.array_equal(sums.total(), expected)
    assert np.array_equal(sums.by_unit(band=0)[0], in_tropics)


LABEL = np.ones((1, 1), np.int8)


@given(st.integers(0, 250))
def test_every_stored_level_has_its_own_bin(level: int) -> None:
    stored = np.array([level * 0.004], np.float32)
    assert sums_of_map("a", stored[None], LABEL, np.zeros(1)).total()[1, level + 1] == 1


def test_bands_hold_their_southern_edge() -> None:
    # 0.1° grids write 9.999999 for 10.
    latitude = np.array([10.0, 10 - 1e-12, 9.9, 0.0, -0.1, -10.0, -90.0])
    assert latitude_band(latitude).tolist() == [10, 10, 0, 0, -10, -10, -90]


def test_shapes_must_fit() -> None:
    probability, label, latitude = random_map(3)
    with pytest.raises(ValueError, match="differ"):
        sums_of_map("a", probability[1:], label, latitude)
