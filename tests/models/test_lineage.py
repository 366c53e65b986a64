"""What a model says of samples that it, or one that it began from, was fitted to."""

import pytest

from nephoscope.models.lineage import seen_of

PARENT = {"samples_id": "p", "split": {"train": ["a", "b"], "validation": ["c"]}}
OWN = {"samples_id": "o", "split": {"train": ["d"], "validation": ["e"]}}


@pytest.mark.parametrize(
    ("info", "ids", "unique", "seen"),
    [
        (OWN, ["a"], True, (0, 0)),
        (OWN | {"parent": PARENT}, ["a", "c", "d", "x"], True, (2, 1)),
        (OWN | {"parent": {"samples_id": "m", "split": {}, "parent": PARENT}}, ["b"], True, (1, 0)),
        # A parent without a record may have seen anything.
        (OWN | {"initial_weights": "sha"}, ["x"], True, None),
        (OWN | {"parent": {"name": "mars"}}, ["x"], True, None),
        (OWN | {"parent": {"name": "mars"}}, ["d"], True, (1, 0)),
        (OWN | {"parent": {**PARENT, "initial_weights": "sha"}}, ["x"], True, None),
        # Names of a camera's files say nothing of other samples ("o" is scored).
        (OWN | {"parent": PARENT}, ["x"], False, (0, 0)),
        (OWN | {"parent": PARENT}, ["a"], False, None),
        (OWN | {"parent": PARENT}, ["a", "d"], False, (1, 0)),
        (OWN | {"parent": PARENT | {"samples_id": "o"}}, ["a", "d", "e"], False, (2, 1)),
        ({}, ["x"], True, None),
    ],
)
def test_the_record_of_a_parent_counts_as_ones_own(info, ids, unique, seen):
    found = seen_of(info, "o", ids, unique=unique)
    wanted = None if seen is None else {"train": seen[0], "validation": seen[1]}
    assert found == wanted
