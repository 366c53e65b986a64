"""Probabilities, their steps and thresholds."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from nephoscope.tasks.mask import MaskDecision, probability, steps_of, threshold_step


@given(st.floats(-500, 500), st.floats(0.1, 3), st.floats(-5, 5))
def test_probability_is_the_logistic_function(logit, slope, intercept):
    found = probability(
        np.array([logit], np.float32), MaskDecision(slope=slope, intercept=intercept)
    )
    assert abs(float(found[0]) - expit(slope * logit + intercept)) < 1e-5


def test_logits_are_left_as_they_are():
    logits = np.array([1.0, -2.0], np.float32)
    probability(logits, MaskDecision(slope=2.0, intercept=1.0))
    np.testing.assert_array_equal(logits, [1.0, -2.0])


@given(st.integers(0, 250))
def test_a_stored_probability_passes_its_own_threshold(step):
    assert steps_of(np.array([step / 250], np.float32))[0] == step
    assert threshold_step(step / 250) == step
