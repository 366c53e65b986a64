"""Random frames, no two of them consecutive."""

from collections import Counter
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nephoscope.errors import UsageError
from nephoscope.samples.split_rules import sparse_subset


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
