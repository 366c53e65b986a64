"""Paired differences: against a bootstrap written out, and what they are good for."""

from __future__ import annotations

import numpy as np
import pytest

from nephoscope.errors import UsageError
from nephoscope.evaluation.intervals import bootstrap_weights, score_sums
from nephoscope.evaluation.paired import by_unit, paired_scores
from nephoscope.evaluation.sums import Sums
from voxel_task import VoxelTask

TASK = VoxelTask()


def dice(counts: np.ndarray) -> float:
    return 2 * counts[0] / (2 * counts[0] + counts[1] + counts[2])


def two_models(seed: int = 0, units: int = 20) -> tuple[dict, dict]:
    """Granules of very different difficulty; the first model is better by a little in each."""
    rng = np.random.default_rng(seed)
    first, second = {}, {}
    for number in range(units):
        cloudy, skill = rng.integers(50, 900), rng.uniform(0.1, 0.8)
        for counts, more in ((first, 0.05), (second, 0.0)):
            found = int(cloudy * (skill + more))
            counts[f"g{number:02d}"] = np.array([found, 40, cloudy - found, 1000], np.int64)
    return first, second


def test_difference_and_interval_are_those_of_a_bootstrap_written_out():
    first, second = two_models()
    found = paired_scores(first, second, TASK, (None, None), draws=200)["dice"]
    a, b = (np.stack(list(each.values())) for each in (first, second))
    assert found.value == pytest.approx(dice(a.sum(axis=0)) - dice(b.sum(axis=0)))
    weights = bootstrap_weights(20, None, 200)
    drawn = []
    for weight in weights:
        pair = [sum(w * each for w, each in zip(weight, counts, strict=True)) for counts in (a, b)]
        drawn.append(dice(pair[0]) - dice(pair[1]))
    low, high = np.percentile(drawn, [2.5, 97.5])
    assert (found.low, found.high) == pytest.approx((low, high))


def test_a_small_gain_in_every_granule_is_told_though_the_scores_overlap():
    first, second = two_models()
    found = paired_scores(first, second, TASK, (None, None))["dice"]
    alone = [
        score_sums(Sums({(unit, 0): c for unit, c in each.items()}), TASK, None).overall["dice"]
        for each in (first, second)
    ]
    assert alone[0].low < alone[1].high
    assert 0 < found.low < found.value < found.high


def test_a_model_differs_from_itself_by_nothing():
    first, _ = two_models()
    found = paired_scores(first, first, TASK, (None, None))["dice"]
    assert (found.value, found.low, found.high) == (0, 0, 0)


def test_the_order_of_the_units_does_not_matter():
    first, second = two_models()
    turned = dict(reversed(second.items()))
    assert paired_scores(first, second, TASK, (None, None)) == paired_scores(
        first, turned, TASK, (None, None)
    )


def test_other_units_are_refused():
    first, second = two_models()
    second.pop("g03")
    with pytest.raises(UsageError, match="g03"):
        paired_scores(first, second, TASK, (None, None))
    with pytest.raises(UsageError, match="same units"):
        paired_scores({}, {}, TASK, (None, None))


def test_what_is_not_defined_has_no_difference():
    nothing = {"a": np.array([0, 0, 0, 5]), "b": np.array([0, 0, 0, 5])}
    found = paired_scores(nothing, nothing, TASK, (None, None))["dice"]
    assert (found.value, found.low, found.n) == (None, None, 10)


def test_counts_by_unit_are_those_of_the_sums():
    sums = Sums({("b", 0): np.arange(4), ("a", 0): np.ones(4, np.int64), ("a", 10): np.arange(4)})
    assert {unit: counts.tolist() for unit, counts in by_unit(sums).items()} == {
        "a": [1, 2, 3, 4],
        "b": [0, 1, 2, 3],
    }
    assert by_unit(sums, 10)["b"].tolist() == [0, 0, 0, 0]
