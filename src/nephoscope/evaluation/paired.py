"""Paired differences: of two models' scores over the same units, with intervals.

Both models meet the same weather, so what one granule adds to a score it adds to both: the
difference is known far better than either score. Every bootstrap sample draws the same units for
both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nephoscope.errors import UsageError
from nephoscope.evaluation.intervals import Score, bootstrap_weights, percentile_interval
from nephoscope.evaluation.sums import Sums
from nephoscope.tasks import Counts, Task


@dataclass(frozen=True)
class Drawn:
    """Metrics of one model over all units, and over each bootstrap sample of them.

    Attributes:
        units: sorted.
        whole: name of a metric → its value over all.
        samples: name → (draw,); none where there is but one block of units.
        n: items that were counted.
    """

    units: list[str]
    whole: dict[str, float]
    samples: dict[str, NDArray[np.float64]]
    n: int


def drawn_scores(
    counts: Mapping[str, Counts],
    task: Task,
    decision: Any,  # noqa: ANN401 - the task's own
    *,
    block: int | None = None,
    draws: int = 1000,
) -> Drawn:
    """Metrics of one model over bootstrap samples: the same for every model of the same units.

    Args:
        counts: unit → what the task counted.
        task: that counted.
        decision: of the model.
        block: units drawn together; see `bootstrap_weights`.
        draws: bootstrap samples.

    Raises:
        UsageError: there are no units.
    """
    units = sorted(counts)
    if not units:
        raise UsageError("differences are of scores over the same units: there are none")
    stacked = np.stack([counts[unit] for unit in units])
    whole = dict(task.metrics(stacked.sum(axis=0), decision))
    n = int(whole.pop(task.counted))
    weights = bootstrap_weights(len(units), block, draws)
    if weights is None:
        return Drawn(units, whole, {}, n)
    drawn = np.tensordot(weights.astype(np.float64), stacked.astype(np.float64), axes=1)
    samples = task.metrics(drawn.astype(np.int64), decision)
    return Drawn(units, whole, {name: np.asarray(samples[name]) for name in whole}, n)


def differences(first: Drawn, second: Drawn) -> dict[str, Score]:
    """Differences of all metrics, first less second, with 95 % percentile intervals.

    Raises:
        UsageError: the units differ.
    """
    if first.units != second.units:
        lacking = sorted({*first.units} ^ {*second.units})
        raise UsageError(
            f"differences are of scores over the same units: {len(first.units)} and "
            f"{len(second.units)} were scored, and not of both {', '.join(lacking[:3])}"
        )
    names = (name for name in first.whole if name in second.whole)
    return {name: _difference(name, first, second) for name in names}


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
    one, other = (
        drawn_scores(counts, task, decision, block=block, draws=draws)
        for counts, decision in zip((first, second), decisions, strict=True)
    )
    return differences(one, other)


def by_unit(sums: Sums, label: int | str | None = None) -> dict[str, Counts]:
    """Unit → counts of sums, of one label or of all."""
    return dict(zip(sums.units, sums.by_unit(label), strict=True))


def _difference(name: str, first: Drawn, second: Drawn) -> Score:
    value = float(first.whole[name]) - float(second.whole[name])
    if not np.isfinite(value):
        return Score(None, None, None, first.n)
    if not first.samples:
        return Score(value, None, None, first.n)
    samples = first.samples[name] - second.samples[name]
    return Score(value, *percentile_interval(samples), first.n)
