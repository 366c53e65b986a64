"""Scores from sums: the metrics of a task, with intervals by bootstrap over units."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nephoscope.evaluation.items import Label
from nephoscope.evaluation.sums import Sums
from nephoscope.tasks import Counts, Task


@dataclass(frozen=True)
class Score:
    """One metric: its value, its 95 % interval (None where there is none) and the items in it."""

    value: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True)
class Scores:
    """All metrics, pooled, by unit and by latitude band, and the sums they come from.

    Attributes:
        sums: what was counted.
        decision: of the task, at which it is scored.
        overall: name of a metric → its score over everything.
        by_day: name of a unit (of maps a day) → its metrics.
        by_band: southern edge of a latitude band, degrees → its metrics.
    """

    sums: Sums
    decision: Any
    overall: dict[str, Score]
    by_day: dict[str, dict[str, Score]]
    by_band: dict[int, dict[str, Score]]


def score_sums(
    sums: Sums,
    task: Task,
    decision: Any,  # noqa: ANN401 - the task's own
    *,
    block: int | None = None,
    draws: int = 1000,
) -> Scores:
    """All metrics of `sums`, with 95 % percentile intervals by bootstrap of units.

    Args:
        sums: what the task counted, merged.
        task: whose metrics.
        decision: the task's, of the model.
        block: units drawn together; by default 1, or 3 when there are 12 units or more, since
            neighbouring days look alike.
        draws: bootstrap samples.

    Raises:
        ValueError: `block` or `draws` is below 1.
    """
    weights, by_unit = bootstrap_weights(len(sums.units), block, draws), sums.by_unit()
    scored = partial(with_intervals, task=task, decision=decision)
    days = zip(sums.units, by_unit, strict=True)
    return Scores(
        sums=sums,
        decision=decision,
        overall=scored(by_unit, weights=weights),
        by_day={unit: scored(counts[None], weights=None) for unit, counts in days},
        by_band={band: scored(sums.by_unit(band), weights=weights) for band in sums.bands},
    )


def score_stratum(
    sums: Sums,
    task: Task,
    decision: Any,  # noqa: ANN401 - the task's own
    *,
    block: int | None = None,
    draws: int = 1000,
) -> dict[Label, dict[str, Score]]:
    """The metrics of each label of sums by another stratum than latitude; see `score_sums`."""
    weights = bootstrap_weights(len(sums.units), block, draws)
    return {
        label: with_intervals(sums.by_unit(label), task, decision, weights) for label in sums.bands
    }


def bootstrap_weights(
    units: int, block: int | None = None, draws: int = 1000, seed: int = 0
) -> NDArray[np.int64] | None:
    """How often each unit is in each bootstrap sample: (draw, unit); None for a single block.

    Units are cut into runs of `block` neighbours, and whole runs are drawn with replacement.
    """
    block = block or (3 if units >= 12 else 1)
    if block < 1 or draws < 1:
        raise ValueError(f"block and draws must be at least 1, not {block} and {draws}")
    blocks = -(-units // block)
    if blocks < 2:
        return None
    drawn = np.random.default_rng(seed).multinomial(blocks, np.full(blocks, 1 / blocks), draws)
    return np.repeat(drawn, block, axis=1)[:, :units]


def with_intervals(
    by_unit: Counts,
    task: Task,
    decision: Any,  # noqa: ANN401 - the task's own
    weights: NDArray[np.int64] | None,
) -> dict[str, Score]:
    """All metrics of (unit, ...) counts, pooled, with intervals from `bootstrap_weights`."""
    values = dict(task.metrics(by_unit.sum(axis=0), decision))
    n = int(values.pop(task.counted))
    if weights is None:
        return {name: Score(_finite(value), None, None, n) for name, value in values.items()}
    # Floats, of which sums of counts are exact, for the speed of their products.
    drawn = np.tensordot(weights.astype(np.float64), by_unit.astype(np.float64), axes=1)
    samples = task.metrics(drawn.astype(np.int64), decision)
    return {
        name: Score(_finite(value), *percentile_interval(samples[name]), n)
        for name, value in values.items()
    }


def percentile_interval(sample: NDArray[np.float64]) -> tuple[float | None, float | None]:
    """The 95 % interval of bootstrap samples (draw,), of those that are defined; None of none."""
    sample = sample[np.isfinite(sample)]
    if not sample.size:
        return None, None
    low, high = np.percentile(sample, [2.5, 97.5])
    return float(low), float(high)


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
