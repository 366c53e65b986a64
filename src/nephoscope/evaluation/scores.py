"""Scores from sums: the metrics of `nephoscope.tasks.mask_metrics`, with intervals by bootstrap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nephoscope.evaluation.sums import Sums
from nephoscope.tasks import Counts
from nephoscope.tasks.mask import threshold_step
from nephoscope.tasks.mask_metrics import metrics

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Score:
    """One metric: its value, its 95 % interval (None where there is none) and the pixels in it."""

    value: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True)
class Scores:
    """All metrics, pooled, by day and by latitude band, and the sums they come from."""

    sums: Sums
    threshold: float
    overall: dict[str, Score]
    by_day: dict[str, dict[str, Score]]
    by_band: dict[int, dict[str, Score]]


def score_sums(
    sums: Sums, threshold: float, *, block: int | None = None, draws: int = 1000, seed: int = 0
) -> Scores:
    """All metrics of `sums`, with 95 % percentile intervals by bootstrap of days.

    Args:
        sums: what `sums_of_map` counted, merged.
        threshold: cloud where the stored probability is at or above it.
        block: days drawn together; by default 1, or 3 when there are 12 days or more, since
            neighbouring days look alike.
        draws: bootstrap samples.
        seed: of the resampling.

    Raises:
        ValueError: `block` or `draws` is below 1.
    """
    weights = bootstrap_weights(len(sums.days), block, draws, seed)
    level = threshold_step(threshold)
    return Scores(
        sums=sums,
        threshold=threshold,
        overall=with_intervals(sums.by_day(), level, weights),
        by_day={
            day: with_intervals(counts[None], level, None)
            for day, counts in zip(sums.days, sums.by_day(), strict=True)
        },
        by_band={band: with_intervals(sums.by_day(band), level, weights) for band in sums.bands},
    )


def bootstrap_weights(
    days: int, block: int | None = None, draws: int = 1000, seed: int = 0
) -> NDArray[np.int64] | None:
    """How often each day is in each bootstrap sample: (draw, day); None for a single block.

    Days are cut into runs of `block` neighbours, and whole runs are drawn with replacement.
    """
    block = block or (3 if days >= 12 else 1)
    if block < 1 or draws < 1:
        raise ValueError(f"block and draws must be at least 1, not {block} and {draws}")
    blocks = -(-days // block)
    if blocks < 2:
        return None
    drawn = np.random.default_rng(seed).multinomial(blocks, np.full(blocks, 1 / blocks), draws)
    return np.repeat(drawn, block, axis=1)[:, :days]


def with_intervals(
    by_day: Counts, level: int, weights: NDArray[np.int64] | None
) -> dict[str, Score]:
    """All metrics of (day, truth, bin) counts, pooled, with intervals from `bootstrap_weights`."""
    pooled = by_day.sum(axis=0)
    values = metrics(pooled, level)
    n = int(pooled.sum())
    if weights is None:
        return {name: Score(_finite(value), None, None, n) for name, value in values.items()}
    samples = metrics(np.tensordot(weights, by_day, axes=1), level)
    return {
        name: Score(_finite(value), *_interval(samples[name]), n) for name, value in values.items()
    }


def _interval(sample: Floats) -> tuple[float | None, float | None]:
    sample = sample[np.isfinite(sample)]
    if not sample.size:
        return None, None
    low, high = np.percentile(sample, [2.5, 97.5])
    return float(low), float(high)


def _finite(value: Floats) -> float | None:
    return float(value) if np.isfinite(value) else None
