"""Mixture of clear and cloud: what quantiles of cloud are, whether or not there is cloud.

With P the probability of cloud and G the distribution of log10 of the ice in a cloud, that of the
ice is F(y) = 1 - P for y = 0, and 1 - P + P G(log10 y) above. G is known at a few quantiles;
between them log10 of the ice is a straight line of the normal score, and beyond them the outermost
line goes on, so that a lognormal cloud is met exactly by any choice of quantiles. Quantiles of a
mixture are no mixtures of quantiles: below 1 - P they are 0, above they are those of G at another
share.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Shares of G of which the quantiles are known."""
MEDIAN = SHARES.index(0.5)
PUBLISHED = (0.05, 0.5, 0.95)
"""Shares of F of which quantiles are published."""
_MOST = np.float32(2)  # log10 of amounts; there are none as large
_LEAST_WIDTH = 1e-6  # between quantiles, so that scores are finite

Floats = npt.NDArray[np.floating]


def cloud_values(quantiles: Floats, scores: Floats) -> npt.NDArray[np.float32]:
    """Quantiles of G at normal scores.

    Args:
        quantiles: (share, ...) of G at `SHARES`, rising.
        scores: (...), of the shares that are asked for.

    Returns:
        (...) float32, in the unit of the quantiles.
    """
    knots = ndtri(SHARES).astype(np.float32)
    scores = np.asarray(scores, np.float32)
    found = quantiles[0] + _slope(quantiles, knots, 0) * (scores - knots[0])
    for place in range(1, len(SHARES) - 1):
        beyond = quantiles[place] + _slope(quantiles, knots, place) * (scores - knots[place])
        found = np.where(scores > knots[place], beyond, found)
    return np.asarray(found, np.float32)


def cloud_scores(quantiles: Floats, values: Floats) -> npt.NDArray[np.float32]:
    """Normal scores of values in G: the inverse of `cloud_values`."""
    knots = ndtri(SHARES).astype(np.float32)
    found = knots[0] + (values - quantiles[0]) / _slope(quantiles, knots, 0)
    for place in range(1, len(SHARES) - 1):
        beyond = knots[place] + (values - quantiles[place]) / _slope(quantiles, knots, place)
        found = np.where(values > quantiles[place], beyond, found)
    return np.asarray(found, np.float32)


def marginal_quantile(
    share: float, probability: Floats, quantiles: Floats, spread: float, least: float
) -> npt.NDArray[np.float32]:
    """Quantile of F, whether or not there is cloud; see the head of this file.

    Args:
        share: of F, 0..1.
        probability: (...) P, 0..1, NaN where nothing is said.
        quantiles: (share, ...) of G, log10.
        spread: factor on the normal scores of G: above 1 its quantiles are farther apart.
        least: the smallest amount of a cloud.

    Returns:
        (...) float32, no logarithm; 0 where a clear sky is likelier than `share`, NaN as P.
    """
    found = np.zeros(probability.shape, np.float32)
    found[np.isnan(probability)] = np.nan
    # Places and `take` are several times as fast as a mask.
    cloudy = np.flatnonzero(probability > 1 - share)
    likely = probability.reshape(-1).take(cloudy).astype(np.float64)
    inside = 1 - (1 - share) / likely  # the share of G that lies below
    chosen = quantiles.reshape(len(quantiles), -1).take(cloudy, axis=1)
    value = np.minimum(cloud_values(chosen, spread * ndtri(inside)), _MOST)
    with np.errstate(under="ignore"):
        found.reshape(-1)[cloudy] = np.maximum(np.float32(10) ** value, np.float32(least))
    return found


def clear_share_inside(probability: Floats, low: float, high: float) -> npt.NDArray[np.float64]:
    """Share of the ranks of a truly clear item, 0 to 1 - P, that lie between two shares of F.

    Clear is a whole step of F: an interval that holds it holds it all. With ranks drawn evenly from
    the step, intervals of a calibrated F hold `high - low` of the truth, however likely cloud is.

    Args:
        probability: (...) P, 0..1.
        low: share of F at the lower bound of the interval.
        high: share of F at its upper bound.

    Returns:
        (...) 0..1; 0 where P is 1: there is no step.
    """
    clear = 1 - np.asarray(probability, np.float64)
    inside = np.minimum(clear, high) - np.minimum(clear, low)
    return np.where(clear > 0, inside / np.maximum(clear, 1e-12), 0.0)


def ranks_of(probability: Floats, scores: Floats, spread: float) -> npt.NDArray[np.float64]:
    """F of truly cloudy items, from their normal scores in G."""
    likely = np.asarray(probability, np.float64)
    found: npt.NDArray[np.float64] = 1 - likely + likely * ndtr(scores / spread)
    return found


def _slope(quantiles: Floats, knots: npt.NDArray[np.float32], place: int) -> Floats:
    width = np.maximum(quantiles[place + 1] - quantiles[place], np.float32(_LEAST_WIDTH))
    slope: Floats = width / (knots[place + 1] - knots[place])
    return slope
