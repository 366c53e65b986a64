"""Made-up columns of ice whose distribution is known, and raw numbers that tell it exactly."""

import numpy as np
from scipy.special import ndtri

from nephoscope.tasks.ice_head import (
    TYPICAL_COLUMN,
    TYPICAL_IWC,
    TYPICAL_MEAN_IWC,
    TYPICAL_MEAN_NUMBER,
    TYPICAL_NUMBER,
    IceHead,
)
from nephoscope.tasks.ice_mixture import SHARES

LEVELS, STEP = 8, 240.0
ALTITUDE = tuple((2000.0 + STEP * np.arange(LEVELS)[::-1]).tolist())
KNOTS = ndtri(SHARES)


def spread_numbers(median, sigma):
    """Raw numbers (share, ...) whose quantiles are those of a normal distribution."""
    steps = np.diff(KNOTS)
    distances = np.stack([step * np.asarray(sigma, float) for step in (*steps[:2], *steps[2:])])
    raw = distances - 1 / (4 * distances)  # of which (x + sqrt(x^2 + 1)) / 2 is the distance
    return np.stack([raw[0], raw[1], median, raw[2], raw[3]])


def known_columns(number=4000, seed=0, sigma=0.5, sharp=2.0, known_sigma=None):
    """Truth (item, level) and raw numbers (item, output) that are right about its distribution.

    Args:
        number: of items.
        seed: of the draw.
        sigma: of log10 IWC in cloud.
        sharp: spread of the logits of cloud.
        known_sigma: what the raw numbers take sigma for.
    """
    rng = np.random.default_rng(seed)
    shape = number, LEVELS
    logit = rng.normal(-1.0, sharp, shape)
    cloud = rng.random(shape) < 1 / (1 + np.exp(-logit))
    median = rng.normal(-4.6, 0.3, shape)
    iwc = np.where(cloud, 10 ** rng.normal(median, sigma), 0)
    crystals = np.where(cloud, 10 ** rng.normal(median + 9.3, 0.3), 0)
    clear = np.prod(1 / (1 + np.exp(logit)), axis=1)
    mean = median + np.log(10) * sigma**2 / 2
    head = IceHead(LEVELS)
    raw = np.empty((number, head.outputs), np.float32)
    volume = raw[:, : 9 * LEVELS].reshape(number, 9, LEVELS)
    volume[:, 0] = logit
    told = np.broadcast_to(known_sigma or sigma, shape)
    volume[:, 1:6] = spread_numbers(median - TYPICAL_IWC, told).swapaxes(0, 1)
    volume[:, 6] = mean - TYPICAL_MEAN_IWC
    volume[:, 7] = median + 9.3 - TYPICAL_NUMBER
    volume[:, 8] = median + 9.3 + np.log(10) * 0.3**2 / 2 - TYPICAL_MEAN_NUMBER
    raw[:, : 9 * LEVELS] = volume.reshape(number, -1)
    raw[:, -6] = np.log((1 - clear) / clear)
    ice = iwc.sum(axis=1)
    there = ice > 0
    center, width = np.log10(ice[there]).mean(), np.log10(ice[there]).std()
    raw[:, -5:] = spread_numbers(center - TYPICAL_COLUMN, width)
    truth = {"iwc": iwc.astype(np.float32), "ice_number": crystals.astype(np.float32)}
    return truth, raw


def decided(task, truth, raw):
    counts = task.count(raw, truth)
    return counts, task.decide(counts).model_copy(update={"altitude": ALTITUDE})


def published(task, raw, decision):
    return task.variables(task.fields(np.ascontiguousarray(raw.T), decision), decision)
