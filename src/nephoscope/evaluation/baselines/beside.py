"""A model beside its baselines: what it is better by, over the same units."""

from __future__ import annotations

from nephoscope.evaluation.intervals import Score, Scores
from nephoscope.evaluation.paired import by_unit, paired_scores
from nephoscope.evaluation.protocol import Evaluation


def paired_with_baselines(found: Evaluation) -> dict[str, dict[str, Score]]:
    """Name of a baseline → the model's metrics less its own, with intervals over the same units.

    A metric that a baseline does not have (a ranking is no probability) is not told.

    Raises:
        UsageError: a baseline was scored on other units.
    """
    return {name: _paired(found, each) for name, each in found.baselines.items()}


def _paired(found: Evaluation, baseline: Scores) -> dict[str, Score]:
    mine = found.scores
    differences = paired_scores(
        by_unit(mine.sums), by_unit(baseline.sums), found.task, (mine.decision, baseline.decision)
    )
    return {
        name: each if baseline.overall[name].value is not None else Score(None, None, None, each.n)
        for name, each in differences.items()
    }
