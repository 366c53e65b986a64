"""Figures, tables and facts of a report, of any task; a task with more to show has its own kind."""

from __future__ import annotations

from typing import Any

import xarray as xr
from matplotlib.figure import Figure

from nephoscope.evaluation.protocol import Evaluation
from nephoscope.evaluation.sample import LabelledSample
from nephoscope.plots.scores import plot_intervals
from nephoscope.reports.document import MOST_ROWS
from nephoscope.reports.sections import Blocks
from nephoscope.reports.words import band_name, focus_of, title_of


class Pictures:
    """What a report shows; it is shown every sample on the way.

    Args:
        decision: the task's, of the model.
        unit: what is independent of one another: "day", "frame" ...
    """

    def __init__(self, decision: Any, unit: str) -> None:  # noqa: ANN401 - the task's own
        self.decision, self.unit = decision, unit

    def look(self, sample: LabelledSample, variables: xr.Dataset) -> None:
        """Let a sample pass by with what is published of it."""

    def facts(self, evaluation: Evaluation) -> dict[str, Any]:
        """What `scores.json` says besides what every task has."""
        del evaluation
        return {}

    def tables(self, evaluation: Evaluation) -> dict[str, str]:
        """Name of a file → its text."""
        del evaluation
        return {}

    def blocks(self, evaluation: Evaluation) -> Blocks:
        """What sections of a report hold below their figures, besides what every task has."""
        del evaluation
        return {}

    def figures(self, evaluation: Evaluation) -> dict[str, Figure]:
        """Name → figure: the main score by unit and latitude, and beside the baselines."""
        main, name, found = focus_of(evaluation).main, evaluation.model["name"], {}
        title, scores = title_of(main), evaluation.scores
        pooled = scores.overall[main].value
        if evaluation.truth != "frame" and 1 < len(scores.by_day) <= MOST_ROWS:
            days = {day: each[main] for day, each in scores.by_day.items()}
            by = f"{name} by {evaluation.unit}"
            found["days"] = plot_intervals(days, title, by, pooled=pooled)
        if evaluation.placed:
            bands = {band_name(b): scores.by_band[b][main] for b in sorted(scores.by_band)[::-1]}
            by = f"{name} by latitude, north at the top"
            found["latitude"] = plot_intervals(bands, title, by, pooled=pooled)
        if evaluation.baselines:
            compared = {name: scores.overall[main]}
            compared |= {each: s.overall[main] for each, s in evaluation.baselines.items()}
            best_first = dict(sorted(compared.items(), key=lambda each: -(each[1].value or 0.0)))
            by = f"{name} and what it must beat"
            found["baselines"] = plot_intervals(best_first, title, by, marked=name)
        return found
