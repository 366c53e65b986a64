"""Paired differences: of two models' scores over the same units, with intervals.

Both models meet the same weather, so what one granule adds to a score it adds to both: the
difference is known far better than either score. Every bootstrap sample draws the same units for
both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nephoscope.errors import UsageError
from nephoscope.evaluation.intervals import Score, bootstrap_weights, percentile_interval
from nephoscope.evaluation.sums import Sums
from nephoscope.tasks import Counts, Task


def paired_scores(
    first: Mapping[str, Counts],
    second: Mapping[str, Counts],
    task: Task,
    decisions: tuple[Any, Any],
    *,
    block: int | None = None,
    draws: int = 1000,
) -> dict[str, Score]:
    """Differences of all metrics, first less second, with 95 % percentile intervals.

    Args:
        first: unit → what the task counted of the first.
        second: unit → what it counted of the second, of the same units.
        task: that counted both.
        decisions: of the first and of the second.
        block: units drawn together; see `bootstrap_weights`.
        draws: bootstrap samples.

    Returns:
        name of a metric → difference, None where either is not defined; `n` is the first's.

    Raises:
        UsageError: the units differ, or there is none.
    """
    units = sorted(first)
    if units != sorted(second) or not units:
        lacking = sorted({*first} ^ {*second})
        raise UsageError(
            f"differences are of scores over the same units: {len(first)} and {len(second)} were "
            f"scored, and not of both {', '.join(lacking[:3]) or 'any'}"
        )
    pair = [np.stack([counts[unit] for unit in units]) for counts in (first, second)]
    whole = [task.metrics(each.sum(axis=0), mine) for each, mine in _with(pair, decisions)]
    weights = bootstrap_weights(len(units), block, draws)
    drawn: list[dict[str, Any]] = []
    if weights is not None:
        for each, mine in _with(pair, decisions):
            counts = np.tensordot(weights.astype(np.float64), each.astype(np.float64), axes=1)
            drawn.append(task.metrics(counts.astype(np.int64), mine))
    n = int(whole[0][task.counted])
    return {
        name: _difference(name, whole, drawn, n)
        for name in whole[0]
        if name in whole[1] and name != task.counted
    }


def by_unit(sums: Sums, label: int | str | None = None) -> dict[str, Counts]:
    """Unit → counts of sums, of one label or of all."""
    return dict(zip(sums.units, sums.by_unit(label), strict=True))


def _with(pair: list[Counts], decisions: tuple[Any, Any]) -> zip[tuple[Counts, Any]]:
    return zip(pair, decisions, strict=True)


def _difference(
    name: str, whole: list[dict[str, Any]], drawn: list[dict[str, Any]], n: int
) -> Score:
    value = float(whole[0][name]) - float(whole[1][name])
    if not np.isfinite(value):
        return Score(None, None, None, n)
    if not drawn:
        return Score(value, None, None, n)
    samples = np.asarray(drawn[0][name]) - np.asarray(drawn[1][name])
    return Score(value, *percentile_interval(samples), n)
