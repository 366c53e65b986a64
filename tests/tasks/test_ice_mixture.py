"""The mixture of clear and cloud, against bisection of its distribution and against draws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import ndtr, ndtri

from nephoscope.tasks.ice_mixture import (
    SHARES,
    clear_share_inside,
    cloud_scores,
    cloud_values,
    marginal_quantile,
    ranks_of,
)

LEAST = 1e-7
rising = arrays(np.float64, 5, elements=st.floats(0.01, 2)).map(lambda steps: -7 + steps.cumsum())


def lognormal(median, sigma):
    return median + sigma * ndtri(np.array(SHARES))


def test_quantiles_of_a_mixture_are_those_of_draws_from_it():
    rng = np.random.default_rng(1)
    for likely in (0.03, 0.2, 0.5, 0.8, 0.97, 1.0):
        cloud = rng.random(400_000) < likely
        drawn = np.where(cloud, 10 ** rng.normal(-4.5, 0.4, cloud.size), 0)
        quantiles = lognormal(-4.5, 0.4)[:, None].astype(np.float32)
        for share in (0.05, 0.5, 0.95):
            found = marginal_quantile(share, np.array([likely], np.float32), quantiles, 1.0, LEAST)
            expected = np.quantile(drawn, share)
            if abs(1 - likely - share) > 1e-6:  # beside the step any quantile is right
                assert found[0] == pytest.approx(expected, rel=0.03), (likely, share)


def test_cloud_as_likely_as_not_has_as_median_the_least_ice_and_a_little_less_likely_none():
    quantiles = lognormal(-4.5, 0.4)[:, None].astype(np.float32)
    said = [
        marginal_quantile(0.5, np.array([likely], np.float32), quantiles, 1.0, LEAST)[0]
        for likely in (0.49, 0.5, 0.51, 1)
    ]
    assert said[0] == said[1] == 0
    assert LEAST <= said[2] < said[3] == pytest.approx(10**-4.5, rel=1e-5)


@settings(max_examples=60, deadline=None)
@given(rising, st.floats(0.01, 1), st.floats(0.01, 0.99), st.floats(0.5, 2))
def test_a_quantile_is_where_the_distribution_reaches_its_share(quantiles, likely, share, spread):
    """F(y) = 1 - P + P G(y) is inverted by bisection, G being what `numpy.interp` says inside."""
    knots = ndtri(np.array(SHARES)) / spread

    def reached(value):
        first, last = (np.diff(knots)[end] / np.diff(quantiles)[end] for end in (0, -1))
        inside = np.interp(value, quantiles, knots)
        inside += min(value - quantiles[0], 0) * first + max(value - quantiles[-1], 0) * last
        return 1 - likely + likely * ndtr(inside)

    found = marginal_quantile(
        share, np.array([likely]), quantiles[:, None].astype(np.float32), spread, LEAST
    )[0]
    if likely <= 1 - share:
        assert found == 0
        return
    low, high = -100.0, 100.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if reached(middle) < share else (low, middle)
    assert np.log10(found) == pytest.approx(max(low, -7), abs=2e-3)


@settings(max_examples=40, deadline=None)
@given(rising, st.floats(0, 1), st.floats(0.5, 2))
def test_quantiles_rise_with_their_share(quantiles, likely, spread):
    said = [
        marginal_quantile(share, np.array([likely]), quantiles[:, None], spread, LEAST)[0]
        for share in np.linspace(0.01, 0.99, 33)
    ]
    assert (np.diff(said) >= 0).all()


@settings(max_examples=40, deadline=None)
@given(rising, st.floats(-4, 4))
def test_scores_are_the_inverse_of_values(quantiles, score):
    table = quantiles[:, None].astype(np.float32)
    value = cloud_values(table, np.array([score]))
    assert cloud_scores(table, value)[0] == pytest.approx(score, abs=0.02)


def test_nothing_is_said_where_nothing_is_known():
    likely = np.array([[np.nan, 0.5], [1.0, 0.0]], np.float32)
    quantiles = np.broadcast_to(lognormal(-5, 0.3)[:, None, None], (5, 2, 2)).astype(np.float32)
    found = marginal_quantile(0.95, likely, quantiles, 1.0, LEAST)
    assert np.isnan(found[0, 0])
    assert found[1, 1] == 0
    assert (found[[0, 1], [1, 0]] > 0).all()


@pytest.mark.parametrize("likely", [0.02, 0.3, 0.97])
def test_intervals_hold_nine_in_ten_when_ranks_of_clear_are_drawn(likely):
    rng = np.random.default_rng(2)
    cloud = rng.random(200_000) < likely
    rank = ranks_of(likely, rng.normal(0, 1, cloud.size), 1.0)
    rank[~cloud] = rng.uniform(0, 1 - likely, (~cloud).sum())
    inside = (rank >= 0.05) & (rank <= 0.95)
    assert inside.mean() == pytest.approx(0.9, abs=3e-3)
    assert inside[~cloud].mean() == pytest.approx(clear_share_inside(likely, 0.05, 0.95), abs=0.02)
