"""Schedules of the learning rate."""

from itertools import pairwise

import pytest

from nephoscope.learn.schedule import FINAL_RATE, learning_rate_at
from nephoscope.recipe import Training


def rates_of(schedule, steps=100, **settings):
    training = Training(warmup=0.1, schedule=schedule, **settings)
    return [learning_rate_at(step, steps, training) for step in range(steps + 1)]


@pytest.mark.parametrize("schedule", ["cosine", "restarts", "exponential", "constant"])
def test_every_schedule_rises_to_the_full_rate(schedule):
    rates = rates_of(schedule)
    assert rates[:10] == pytest.approx([(step + 1) / 10 for step in range(10)])
    assert max(rates) == rates[9] == 1.0


@pytest.mark.parametrize("schedule", ["cosine", "exponential"])
def test_the_rate_then_falls_to_a_hundredth(schedule):
    rates = rates_of(schedule)
    assert all(a >= b for a, b in pairwise(rates[9:]))
    assert rates[100] == pytest.approx(FINAL_RATE)


def test_an_exponential_falls_by_the_same_factor_each_step():
    rates = rates_of("exponential")[10:]
    factors = [b / a for a, b in pairwise(rates)]
    assert factors == pytest.approx([0.01 ** (1 / 90)] * 90)


def test_restarts_begin_again_from_the_full_rate():
    rates = rates_of("restarts", steps=1000, restarts=2)
    full = [step for step in range(101, 1000) if rates[step] > rates[step - 1]]
    assert full == [400, 700]
    assert [rates[step] for step in full] == pytest.approx([1, 1])
    assert rates[1000] == pytest.approx(FINAL_RATE)


def test_a_constant_rate_stays():
    assert set(rates_of("constant")[10:]) == {1.0}
