"""Rules of division: groups are kept together, every part holds both states; sparse subsets."""

import time
from collections import Counter
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nephoscope.errors import UsageError
from nephoscope.samples.split_rules import sparse_subset, state_parts

TRAIN_VALIDATION = (0.8, 0.2, 0)


def held(parts, states):
    return {(part, state) for part, state in zip(parts, states, strict=True) if part}


def test_folders_clear_and_cloudy_give_parts_that_hold_both():
    groups = ["clear"] * 30 + ["cloudy"] * 70
    states = [0] * 30 + [1] * 70
    parts = state_parts(groups, states, TRAIN_VALIDATION, 0)
    assert parts == (["train"] * 24 + ["validation"] * 6 + ["train"] * 56 + ["validation"] * 14)
    assert len(held(state_parts(groups, states, (0.7, 0.2, 0.1), 0), states)) == 6


def test_a_group_is_never_in_two_parts():
    groups, states = [str(n // 3) for n in range(60)], [n % 2 for n in range(60)]
    parts = state_parts(groups, states, TRAIN_VALIDATION, seed=4)
    assert parts.count("validation") == 12
    for group in set(groups):
        assert len({p for g, p in zip(groups, parts, strict=True) if g == group}) == 1


@pytest.mark.parametrize("seed", range(20))
def test_a_draw_of_groups_that_would_leave_a_part_with_one_state_is_drawn_by_state(seed):
    # Two cameras saw only clear sky, eight only cloud: a plain draw mostly takes none of the two.
    groups = [str(n // 5) for n in range(50)]
    states = [0] * 10 + [1] * 40
    parts = state_parts(groups, states, TRAIN_VALIDATION, seed)
    assert len(held(parts, states)) == 4
    for group in set(groups):
        assert len({p for g, p in zip(groups, parts, strict=True) if g == group}) == 1


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 1)), min_size=2),
       st.integers(0, 5))  # fmt: skip
def test_every_frame_is_in_a_part_and_two_of_each_state_fill_both(frames, seed):
    groups, states = zip(*frames, strict=True)
    parts = state_parts(groups, states, TRAIN_VALIDATION, seed)
    assert set(parts) <= {"train", "validation"}
    names = set(groups)
    if len(names) == 1 and min(states.count(0), states.count(1)) > 1:
        assert len(held(parts, states)) == 4


def test_weights_that_make_no_sense_are_refused():
    for fractions in ((0, 1, 0), (1, -1, 1), (1, 1), (float("nan"), 1, 1), (1, float("inf"), 0)):
        with pytest.raises(UsageError, match="three weights"):
            state_parts(["a"] * 9, [0, 1, 1] * 3, fractions, 0)


def test_a_hundred_thousand_frames_take_a_moment():
    groups = [str(n // 3) for n in range(100_000)]
    states = np.random.default_rng(0).integers(0, 2, 100_000).tolist()
    start = time.process_time()
    state_parts(groups, states, TRAIN_VALIDATION, 0)
    assert time.process_time() - start < 2


@given(total=st.integers(1, 40), data=st.data(), seed=st.integers(0, 1000))
def test_as_many_as_asked_in_order_and_apart(total, data, seed):
    number = data.draw(st.integers(1, (total + 1) // 2))
    found = sparse_subset(range(total), number, seed)
    assert len(found) == number
    assert all(later - earlier > 1 for earlier, later in pairwise(found))
    assert found == sparse_subset(range(total), number, seed)


def test_every_choice_is_as_likely():
    possible = [pair for pair in combinations(range(6), 2) if pair[1] - pair[0] > 1]
    drawn = Counter(tuple(sparse_subset(range(6), 2, seed)) for seed in range(2000))
    assert set(drawn) == set(possible)
    assert min(drawn.values()) > 0.7 * 2000 / len(possible)


@pytest.mark.parametrize("number", [0, 4, 9])
def test_too_many_are_refused(number):
    with pytest.raises(UsageError, match="1 to 3"):
        sparse_subset(range(6), number)
