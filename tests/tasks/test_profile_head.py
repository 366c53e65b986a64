"""Raw numbers of heads on levels, against plain computations."""

import numpy as np
import pytest
from scipy.special import logsumexp, softmax

from nephoscope.tasks.profile_head import Head, depths_at, median_level, reached_by
from tasks.profile_cases import noisy, profiles

LEVELS = 11


def _raw(typed):
    types = profiles(50, LEVELS)
    return noisy(types, typed).T


def test_outputs_tell_the_levels():
    for levels in (1, 81, 125):
        for typed in (False, True):
            assert Head.of(Head(levels, typed).outputs, typed).levels == levels
    assert Head(81, True).outputs == 9 * 81 + 82
    assert Head(81, False).outputs == 81 + 82


def test_cloud_and_its_types_are_those_of_the_softmax():
    raw = _raw(True)
    logit, kinds = Head(LEVELS, True).cloud(raw)
    share = softmax(raw[: 9 * LEVELS].reshape(9, LEVELS, -1).astype(float), axis=0)
    assert logit == pytest.approx(np.log((1 - share[0]) / share[0]), abs=1e-4)
    assert kinds == pytest.approx(share[1:] / (1 - share[0]), abs=1e-5)


def test_column_and_top_are_those_of_the_softmax_over_levels_and_a_clear_column():
    raw = _raw(True)
    column, share = Head(LEVELS, True).top(raw)
    tops = raw[9 * LEVELS :].astype(float)
    assert column == pytest.approx(logsumexp(tops[:-1], axis=0) - tops[-1], abs=1e-4)
    assert share == pytest.approx(softmax(tops[:-1], axis=0), abs=1e-5)


@pytest.mark.parametrize("typed", [False, True])
def test_huge_numbers_neither_overflow_nor_hide(typed):
    raw = _raw(typed) * 1e4
    head = Head(LEVELS, typed)
    logit, _ = head.cloud(raw)
    column, share = head.top(raw)
    assert np.isfinite(logit).all()
    assert np.isfinite(column).all()
    assert share.sum(axis=0) == pytest.approx(np.ones(50), abs=1e-5)
    assert np.isnan(head.cloud(np.full_like(raw, np.nan))[0]).all()


def test_quantiles_are_those_of_heights_anywhere_within_their_levels():
    rng = np.random.default_rng(2)
    share = rng.dirichlet(np.full(LEVELS, 0.3), 4).T.astype(np.float32)
    reached = reached_by(share)
    found = np.array(depths_at(reached, (0.05, 0.5, 0.84)))
    for column in range(4):
        level = rng.choice(LEVELS, 200_000, p=share[:, column] / share[:, column].sum())
        depth = level + rng.random(200_000)
        # Heights are counted upwards, depths downwards.
        expected = np.quantile(depth, [0.95, 0.5, 0.16])
        error = np.interp(found[:, column], np.arange(LEVELS + 1), np.r_[0, reached[:, column]])
        assert error == pytest.approx([0.95, 0.5, 0.16], abs=2e-3)
        assert found[:, column] == pytest.approx(expected, abs=0.15)
        assert median_level(reached)[column] == int(np.quantile(level, 0.5))


def test_bounds_lie_about_the_middle_of_the_median_level():
    share = np.random.default_rng(3).dirichlet(np.full(LEVELS, 0.1), 500).T.astype(np.float32)
    reached = reached_by(share)
    low, high = depths_at(reached, (0.05, 0.95))
    middle = median_level(reached) + 0.5
    assert (high <= middle).all()
    assert (middle <= low).all()
