"""Histograms of scores: places, and the line that calibrates them, against scikit-learn."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from nephoscope.tasks.histogram import NOTHING, Bins, fit_line

BINS = Bins(12.0, 0.0125)


def test_a_place_is_that_of_the_bin_and_none_of_what_is_not_there():
    score = np.array([[-99.0, -12.0, 0.0], [np.nan, 11.999, np.inf]], np.float32)
    expected = [[1, 1, 961], [NOTHING, 1920, 1920]]
    assert BINS.place(score).tolist() == expected
    centres = BINS.centres.astype(np.float32)
    assert BINS.place(centres).tolist() == list(range(1, BINS.number + 1))


@pytest.mark.parametrize("middle", [-9.0, -2.0, 0.0, 4.0, 8.0])
@pytest.mark.parametrize("spread", [0.3, 1.0])
def test_the_line_is_found_wherever_the_scores_lie(middle, spread):
    rng = np.random.default_rng(6)
    score = (middle + spread * rng.normal(size=4000)).astype(np.float32)
    label = (rng.random(4000) < 1 / (1 + np.exp(-2 * (score - middle) / spread))).astype(np.int8)
    slope, intercept = fit_line(BINS.count(score, label)[:, NOTHING + 1 :], BINS.centres)
    found = LogisticRegression(C=1e8, tol=1e-9, max_iter=5000).fit(score[:, None] - middle, label)
    assert slope == pytest.approx(found.coef_[0, 0], rel=0.01)
    assert intercept + slope * middle == pytest.approx(found.intercept_[0], abs=0.05)
