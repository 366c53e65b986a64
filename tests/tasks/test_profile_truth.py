"""What profiles of cloud types say of columns, tops, bases and layers, against plain loops."""

import numpy as np
import pytest

from nephoscope.tasks.profile_truth import bases_of, columns_of, layers_of, tops_of
from tasks.profile_cases import profiles


@pytest.mark.parametrize(
    ("profile", "column", "top", "base", "layers"),
    [
        ((0, 0, 0, 0, 0), 0, 5, -1, 0),
        ((0, 2, 2, 0, 0), 1, 1, 2, 1),
        ((3, 0, 0, 0, 7), 1, 0, 4, 2),
        ((3, 0, 7, 0, 0), 1, 0, 2, 1),  # a gap of one level
        ((-1, 3, 3, 0, 0), 1, -1, 2, -1),  # cloud may be higher
        ((0, 3, 3, -1, 0), 1, 1, -1, -1),  # cloud may be lower
        ((0, 0, 0, 0, -1), -1, -1, -1, -1),  # missing is not clear
        ((-1, -1, -1, -1, -1), -1, -1, -1, -1),
    ],
)
def test_what_a_profile_says(profile, column, top, base, layers):
    types = np.array([profile], np.int8).T
    said = [function(types).tolist() for function in (columns_of, tops_of, bases_of, layers_of)]
    assert said == [[column], [top], [base], [layers]]


def _slow(profile):
    levels, cloud = len(profile), [n for n, kind in enumerate(profile) if kind > 0]
    gone = [n for n, kind in enumerate(profile) if kind < 0]
    column = 1 if cloud else -1 if gone else 0
    first = min(cloud, default=levels)
    top = -1 if any(n < first for n in gone) else first
    last = max(cloud, default=-1)
    base = last if cloud and not any(n > last for n in gone) else -1
    number = sum(n - before > 2 for before, n in zip([-9, *cloud], cloud, strict=False))
    return column, top, base, -1 if gone else number


@pytest.mark.parametrize("unknown", [0.0, 0.02, 0.3])
def test_all_profiles_at_once_are_each_by_itself(unknown):
    types = profiles(300, 15, seed=3, unknown=unknown)
    said = zip(*(f(types.T).tolist() for f in (columns_of, tops_of, bases_of, layers_of)),
               strict=True)  # fmt: skip
    assert list(said) == [_slow(profile.tolist()) for profile in types]
